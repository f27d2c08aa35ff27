internal import Glibc
internal import TrawlAnalysis
internal import TrawlJSON

/// `trawl analyze`: what becomes of a text, stage by stage.
enum AnalyzeCommand {
    static let command = Command(
        name: "analyze", summary: "Show what an analyzer makes of a text, stage by stage.",
        operands: "TEXT|-", operandCount: 0...1,
        details: "Each stage (char filters, tokenizer, every token filter) is shown with its "
            + "tokens, their offsets in UTF-16 units, positions and types. A filter may be a name "
            + "or a JSON object with a \"type\". With - the text comes from standard input.",
        options: [
            .value("analyzer", "NAME", "A built-in analyzer, or one of --settings.", short: "a"),
            .value("tokenizer", "NAME|JSON", "Put an analyzer together from a tokenizer…"),
            .value("filter", "NAME|JSON", "…its token filters, in order…", repeats: true),
            .value("char-filter", "NAME|JSON", "…and char filters.", repeats: true),
            .value("settings", "FILE", "Index settings (JSON) with analyzers of your own."),
            .flag("terms", nil, "Print the terms alone, a line for each line of the text."),
            .flag("list", nil, "List the built-in analyzers."),
            .json,
        ],
        examples: [
            "trawl analyze \"The quick foxes\" --analyzer english",
            "trawl analyze \"全文検索エンジン\" --analyzer japanese",
            "trawl analyze \"Wi-Fi\" --tokenizer whitespace --filter word_delimiter_graph "
                + "--filter lowercase",
        ], action: run)

    private static func run(
        _ arguments: Arguments, _ output: inout Output
    ) throws -> ExitStatus {
        var catalog = AnalyzerCatalog()
        if let path = arguments.value("settings") {
            catalog = try AnalyzerCatalog(settings: try JSONValue.parse(try bytes(ofFile: path)))
        }
        if arguments.has("list") {
            for name in catalog.names { output.line(name) }
            return .success
        }
        guard let operand = arguments.operands.first else {
            throw UsageError("give a text, or - for standard input", help: "trawl analyze --help")
        }
        let text = operand == "-" ? try bytes(of: STDIN_FILENO) : Array(operand.utf8)
        let analyzer = try analyzer(arguments, catalog)
        if arguments.has("terms") {
            var buffer = TokenBuffer()
            var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
            if lines.last?.isEmpty ?? false { lines.removeLast() }
            for line in lines {
                analyzer.analyze(Array(line), into: &buffer)
                output.line(buffer.tokens.map(buffer.termString).joined(separator: " "))
            }
            return .success
        }
        let trace = analyzer.trace(text)
        if arguments.has("json") {
            output.write(raw: json(trace, text).serialized(pretty: true))
            output.line()
        } else {
            show(trace, text, &output)
        }
        return .success
    }

    private static func analyzer(
        _ arguments: Arguments, _ catalog: AnalyzerCatalog
    ) throws -> Analyzer {
        let parts = ["tokenizer", "filter", "char-filter"].filter(arguments.has)
        if let name = arguments.value("analyzer") {
            if let part = parts.first {
                throw UsageError("--analyzer and --\(part) exclude each other")
            }
            return try catalog.analyzer(named: name)
        }
        if parts.isEmpty { return catalog.defaultAnalyzer }
        return try catalog.assemble(
            tokenizer: try arguments.value("tokenizer").map(definition),
            filters: try arguments.values("filter").map(definition),
            charFilters: try arguments.values("char-filter").map(definition))
    }

    private static func definition(_ text: String) throws -> JSONValue {
        text.hasPrefix("{") ? try JSONValue.parse(text) : .string(text)
    }

    private static func bytes(ofFile path: String) throws -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw UsageError("cannot read \(path)") }
        defer { close(descriptor) }
        return try bytes(of: descriptor)
    }

    private static func bytes(of descriptor: Int32) throws -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            // The buffer lives through the call and is as long as it says.
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            if count == 0 { return all }
            if count < 0 { throw UsageError("cannot read the text") }
            all += piece[..<count]
        }
    }

    // MARK: For people

    private static func show(_ trace: AnalysisTrace, _ text: [UInt8], _ output: inout Output) {
        for filter in trace.charFilters {
            output.line(output.styled("char filter \(filter.name)", .bold))
            output.line("  " + visible(String(decoding: filter.text, as: UTF8.self)))
            output.line()
        }
        show("tokenizer", trace.tokenizer, previous: nil, text, &output)
        var previous = trace.tokenizer
        for stage in trace.filters {
            show("filter", stage, previous: previous, text, &output)
            previous = stage
        }
    }

    private static func show(
        _ kind: String, _ stage: AnalysisTrace.Stage, previous: AnalysisTrace.Stage?,
        _ text: [UInt8], _ output: inout Output
    ) {
        let rows = rows(stage, text)
        let count = rows.count == 1 ? "1 token" : "\(rows.count) tokens"
        let isSame = previous.map { self.rows($0, text) == rows } ?? false
        output.line(
            output.styled("\(kind) \(stage.name)", .bold) + "  "
                + output.styled(isSame ? "no change" : count, .dim))
        if isSame { return output.line() }
        var table = TextTable([
            ("  position", .right), ("token", .left), ("offsets", .right), ("type", .left),
        ])
        for row in rows { table.add(row) }
        for line in table.lines() { output.line(line) }
        output.line()
    }

    private static func rows(_ stage: AnalysisTrace.Stage, _ text: [UInt8]) -> [[String]] {
        var offsets = UTF16Offsets(text)
        var position = -1
        return stage.buffer.tokens.map { token in
            position += Int(token.positionIncrement)
            let length = token.positionLength
            let start = offsets.units(at: Int(token.startByteOffset))
            let end = offsets.units(at: Int(token.endByteOffset))
            return [
                length > 1 ? "\(position)–\(position + Int(length))" : "\(position)",
                visible(stage.buffer.termString(of: token)), "\(start)–\(end)",
                token.type.name + (token.isKeyword ? " keyword" : ""),
            ]
        }
    }

    /// Control characters as pictures, so that a line stays a line.
    private static func visible(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x20: result.append(Unicode.Scalar(0x2400 + scalar.value)!)
            case 0x7F: result.append("\u{2421}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    // MARK: For machines

    private static func json(_ trace: AnalysisTrace, _ text: [UInt8]) -> JSONValue {
        let charFilters = trace.charFilters.map { filter in
            JSONValue.object([
                "name": .string(filter.name),
                "filtered_text": .array([.string(String(decoding: filter.text, as: UTF8.self))]),
            ])
        }
        func stage(_ stage: AnalysisTrace.Stage) -> JSONValue {
            var offsets = UTF16Offsets(text)
            var position = -1
            let tokens = stage.buffer.tokens.map { token in
                position += Int(token.positionIncrement)
                var object: JSONObject = [
                    "token": .string(stage.buffer.termString(of: token)),
                    "start_offset": JSONValue(offsets.units(at: Int(token.startByteOffset))),
                    "end_offset": JSONValue(offsets.units(at: Int(token.endByteOffset))),
                    "type": .string(token.type.name), "position": JSONValue(position),
                ]
                if token.positionLength > 1 {
                    object["positionLength"] = JSONValue(Int(token.positionLength))
                }
                if token.isKeyword { object["keyword"] = true }
                return JSONValue.object(object)
            }
            return .object(["name": .string(stage.name), "tokens": .array(tokens)])
        }
        return [
            "detail": [
                "custom_analyzer": true, "charfilters": .array(charFilters),
                "tokenizer": stage(trace.tokenizer),
                "tokenfilters": .array(trace.filters.map(stage)),
            ]
        ]
    }
}
