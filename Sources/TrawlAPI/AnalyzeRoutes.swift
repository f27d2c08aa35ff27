internal import TrawlAnalysis
internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON

/// `_analyze`: what an analyzer makes of a text.
enum AnalyzeRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .post], ["/_analyze", "/{index}/_analyze"],
            "index prefer_local analyzer tokenizer filter char_filter field text explain "
                + "attributes normalizer", lane: .search, analyze)
    ]

    private static let maxTokenCount = 10_000

    private static func analyze(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        var body = try request.optionalBodyObject() ?? [:]
        for key in body.keys
        where ![
            "analyzer", "tokenizer", "filter", "char_filter", "field", "text", "explain",
            "attributes", "normalizer",
        ].contains(key) {
            throw APIError.illegalArgument(
                "Unknown parameter [\(key)] in request body or parameter is of the wrong "
                    + "type[\(APIRequest.token(body[key]!))] ")
        }
        for key in ["analyzer", "tokenizer", "field", "normalizer", "text", "explain"] {
            if body[key] == nil, let value = request.http.parameter(key) {
                body[key] = key == "explain" ? .bool(value != "false") : .string(value)
            }
        }
        for key in ["filter", "char_filter", "attributes"] where body[key] == nil {
            if let list = request.list(key) { body[key] = .array(list.map { .string($0) }) }
        }
        guard let texts = texts(body["text"]), !texts.isEmpty else {
            throw APIError.validation(["text is missing"])
        }
        let index = try request["index"].map {
            try services.catalog.readTarget($0, now: services.now).index
        }
        let analyzer = try chosen(body, index)
        let explains = body["explain"]?.boolValue ?? false
        let limit =
            index?.limit("index.analyze.max_token_count", default: maxTokenCount)
            ?? maxTokenCount
        if explains { return try explain(analyzer, texts, body, limit) }
        var tokens: [JSONValue] = []
        var place = Place()
        for text in texts {
            let trace = analyzer.trace(Array(text.utf8))
            tokens += describe(trace.last.buffer, text, &place)
            try check(tokens.count, limit)
        }
        return .value(["tokens": .array(tokens)])
    }

    private static func check(_ count: Int, _ limit: Int) throws {
        if count <= limit { return }
        throw APIError(
            500, "illegal_state_exception",
            "The number of tokens produced by calling _analyze has exceeded the allowed maximum of "
                + "[\(limit)]. This limit can be set by changing the "
                + "[index.analyze.max_token_count] index level setting.")
    }

    private static func texts(_ value: JSONValue?) -> [String]? {
        switch value {
        case .string(let text): [text]
        case .array(let list): list.map { $0.stringValue ?? $0.description }
        case .number(let number): [number.literal]
        case .bool(let bool): [String(bool)]
        default: nil
        }
    }

    private static func chosen(_ body: JSONObject, _ index: IndexMetadata?) throws -> Analyzer {
        let catalog = index?.mapping.analyzers ?? AnalyzerCatalog()
        let filters = list(body["filter"])
        let charFilters = list(body["char_filter"])
        if let name = body["normalizer"]?.stringValue {
            guard let index else {
                throw APIError.illegalArgument(
                    "analysis based on a normalizer requires an index")
            }
            guard index.mapping.analyzers.hasNormalizer(named: name) else {
                throw APIError.illegalArgument("failed to find normalizer under [\(name)]")
            }
            return try index.mapping.analyzers.normalizer(named: name)
        }
        if let name = body["analyzer"]?.stringValue {
            guard catalog.hasAnalyzer(named: name) else {
                throw APIError.illegalArgument(
                    "failed to find \(index == nil ? "global " : "")analyzer [\(name)]")
            }
            return try catalog.analyzer(named: name)
        }
        if let tokenizer = body["tokenizer"] {
            return try catalog.assemble(
                tokenizer: tokenizer, filters: filters, charFilters: charFilters)
        }
        if !filters.isEmpty || !charFilters.isEmpty {
            return try catalog.assemble(
                tokenizer: nil, filters: filters, charFilters: charFilters)
        }
        if let field = body["field"]?.stringValue {
            guard let index else {
                throw APIError.illegalArgument(
                    "analysis based on a specific field requires an index")
            }
            if let analyzer = try index.mapping.indexAnalyzer(of: field) { return analyzer }
            return try catalog.assemble(tokenizer: "keyword")
        }
        return catalog.defaultAnalyzer
    }

    private static func list(_ value: JSONValue?) -> [JSONValue] {
        switch value {
        case .array(let list): list
        case nil, .null?: []
        case let one?: [one]
        }
    }

    /// Where the next text begins: a hundred positions and one character further.
    private struct Place {
        var position = 0
        var offset = 0
        var isFirst = true
    }

    private static func describe(
        _ buffer: TokenBuffer, _ text: String, _ place: inout Place
    ) -> [JSONValue] {
        let units = UTF16Offsets(text)
        var tokens: [JSONValue] = []
        var position = place.position - 1
        for token in buffer.tokens {
            position += Int(token.positionIncrement)
            var object: JSONObject = [
                "token": .string(
                    String(
                        decoding: buffer.arena[
                            Int(token.termStart)..<Int(token.termStart + token.termByteCount)],
                        as: UTF8.self)),
                "start_offset": JSONValue(place.offset + units[Int(token.startByteOffset)]),
                "end_offset": JSONValue(place.offset + units[Int(token.endByteOffset)]),
                "type": .string(token.type.name), "position": JSONValue(position),
            ]
            if token.positionLength > 1 {
                object["positionLength"] = JSONValue(Int(token.positionLength))
            }
            tokens.append(.object(object))
        }
        place.position = position + 1 + 100
        place.offset += units.count + 1
        return tokens
    }

    private static func explain(
        _ analyzer: Analyzer, _ texts: [String], _ body: JSONObject, _ limit: Int
    ) throws -> APIResponse {
        let traces = texts.map { ($0, analyzer.trace(Array($0.utf8))) }
        func tokens(_ stage: (AnalysisTrace) -> AnalysisTrace.Stage) throws -> JSONValue {
            var place = Place()
            let list = traces.flatMap { text, trace in
                Self.describe(stage(trace).buffer, text, &place).map(extended)
            }
            try check(list.count, limit)
            return .array(list)
        }
        let isNamed =
            body["analyzer"] != nil
            || (body["tokenizer"] == nil && body["filter"] == nil && body["char_filter"] == nil)
        let first = traces[0].1
        if isNamed {
            return .value([
                "detail": [
                    "custom_analyzer": false,
                    "analyzer": [
                        "name": body["analyzer"] ?? "default", "tokens": try tokens { $0.last },
                    ],
                ]
            ])
        }
        let charFilters = first.charFilters.enumerated().map { i, filter -> JSONValue in
            [
                "name": .string(filter.name),
                "filtered_text": .array(
                    traces.map {
                        .string(String(decoding: $0.1.charFilters[i].text, as: UTF8.self))
                    }),
            ]
        }
        let filters = try first.filters.indices.map { i -> JSONValue in
            [
                "name": .string(first.filters[i].name), "tokens": try tokens { $0.filters[i] },
            ]
        }
        var detail: JSONObject = ["custom_analyzer": true]
        if !charFilters.isEmpty { detail["charfilters"] = .array(charFilters) }
        detail["tokenizer"] = [
            "name": .string(first.tokenizer.name), "tokens": try tokens { $0.tokenizer },
        ]
        if !filters.isEmpty { detail["tokenfilters"] = .array(filters) }
        return .value(["detail": .object(detail)])
    }

    private static func extended(_ token: JSONValue) -> JSONValue {
        var token = token
        let bytes = Array((token["token"]?.stringValue ?? "").utf8)
        let hex = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        token["bytes"] = .string("[\(hex.joined(separator: " "))]")
        if token["positionLength"] == nil { token["positionLength"] = 1 }
        token["termFrequency"] = 1
        return token
    }
}

/// Byte offsets of a text as UTF-16 offsets, which is how the API counts.
struct UTF16Offsets {
    private let units: [Int32]?
    let count: Int

    init(_ text: String) {
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            units = nil
            count = text.utf8.count
            return
        }
        var units: [Int32] = []
        units.reserveCapacity(text.utf8.count + 1)
        var at: Int32 = 0
        for scalar in text.unicodeScalars {
            for _ in 0..<UTF8.width(scalar) { units.append(at) }
            at += scalar.value > 0xffff ? 2 : 1
        }
        units.append(at)
        self.units = units
        count = Int(at)
    }

    subscript(byteOffset: Int) -> Int {
        guard let units else { return byteOffset }
        return Int(units[min(byteOffset, units.count - 1)])
    }
}
