internal import TrawlHTTP
internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlJSON

/// Many documents in one request.
enum BulkRoutes {
    static let routes: [Route] = [
        Route(
            [.post, .put], ["/_bulk", "/{index}/_bulk"],
            "refresh routing timeout pipeline require_alias wait_for_active_shards _source "
                + "_source_includes _source_excludes type batch_size list_executed_pipelines",
            lane: .write, bulk)
    ]

    private static func bulk(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        guard request.hasContent else { throw APIError.parse("request body is required") }
        let refresh = try WriteParameters.refresh(request)
        try WriteParameters.checkActiveShards(request)
        var body = BulkBody(
            bytes: request.content, index: request.path["index"], routing: request["routing"],
            requiresAlias: try request.bool("require_alias"),
            pipeline: try WriteParameters.pipeline(request))
        let items = try body.read()
        if items.isEmpty { throw APIError.validation(["no requests added"]) }
        let problems = items.compactMap(\.problem)
        if !problems.isEmpty { throw APIError.validation(problems) }
        var answers: [WriteAnswer?] = Array(repeating: nil, count: items.count)
        let good = items.indices.filter { items[$0].error == nil }
        let (written, pipelineTime) = services.coordinator.writeThroughPipelines(
            good.map { items[$0].write })
        for (place, answer) in zip(good, written) { answers[place] = answer }
        if refresh != .no { try refreshAll(answers.compactMap { $0 }, services) }
        let usual = try SourceChoice(request, nil)
        var errors = false
        var writer = JSONWriter(reserving: items.count * 200)
        writer.startArray()
        for (item, answer) in zip(items, answers) {
            writer.startObject()
            writer.key(item.write.kind.rawValue)
            writer.startObject()
            let isFine = try write(
                item, answer, refresh == .now, usual, services, to: &writer)
            if !isFine { errors = true }
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
        var whole = JSONWriter(reserving: writer.bytes.count + 64)
        whole.startObject()
        whole.key("took")
        whole.value(Int((ContinuousClock.now - request.began) / .milliseconds(1)))
        if let pipelineTime {
            whole.key("ingest_took")
            whole.value(Int(pipelineTime / .milliseconds(1)))
        }
        whole.key("errors")
        whole.value(errors)
        whole.key("items")
        whole.raw(writer.bytes)
        whole.endObject()
        return APIResponse(200, .json(whole.bytes))
    }

    private static func refreshAll(_ answers: [WriteAnswer], _ services: Services) throws {
        var done: Set<String> = []
        for answer in answers
        where (try? answer.result.get()) != nil
            && done.insert("\(answer.index)/\(answer.shard)").inserted
        {
            try services.refresh(answer)
        }
    }

    /// Writes one item. False when it failed.
    private static func write(
        _ item: BulkBody.Item, _ answer: WriteAnswer?, _ forcedRefresh: Bool,
        _ usual: SourceChoice, _ services: Services, to writer: inout JSONWriter
    ) throws -> Bool {
        let error = item.error ?? answer.flatMap { WriteOutcome.error($0, services) }
        if let error {
            writer.key("_index")
            writer.value(answer?.index ?? item.write.index)
            writer.key("_id")
            if let id = answer?.id ?? item.write.id, !id.isEmpty {
                writer.value(id)
            } else {
                writer.null()
            }
            writer.key("status")
            writer.value(error.status)
            writer.key("error")
            writer.value(error.object())
            return false
        }
        guard let answer, let written = try? answer.result.get() else { return false }
        let isNoop = if case .noop = written.outcome { true } else { false }
        WriteOutcome.write(answer, written, forcedRefresh: forcedRefresh && !isNoop, to: &writer)
        if item.write.kind == .update {
            let selection = item.source ?? usual
            if selection.isAsked, selection.isEnabled {
                try DocumentRoutes.writeGet(answer, selection, services, to: &writer)
            }
        }
        writer.key("status")
        writer.value(WriteOutcome.describe(written)!.status)
        return true
    }
}

/// The body of `_bulk`: a line that says what to do, and for most kinds a line with a document.
struct BulkBody {
    struct Item {
        var write: WriteRequest
        /// What the item alone fails with.
        var error: APIError?
        /// What the whole request fails with.
        var problem: String?
        /// `_source` of an update.
        var source: SourceChoice?
    }

    private let bytes: [UInt8]
    private let index: String?
    private let routing: String?
    private let requiresAlias: Bool
    private let pipeline: String?
    private var at = 0
    private var lineNumber = 0

    init(
        bytes: [UInt8], index: String?, routing: String?, requiresAlias: Bool, pipeline: String?
    ) {
        self.pipeline = pipeline
        self.bytes = bytes
        self.index = index
        self.routing = routing
        self.requiresAlias = requiresAlias
    }

    /// The next line without its end; nil at the end of the body.
    private mutating func line() throws -> ArraySlice<UInt8>? {
        if at >= bytes.count { return nil }
        guard let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) else {
            throw APIError.illegalArgument(
                "The bulk request must be terminated by a newline [\\n]")
        }
        defer { at = end + 1 }
        lineNumber += 1
        var line = bytes[at..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    mutating func read() throws -> [Item] {
        if bytes.last != UInt8(ascii: "\n") {
            throw APIError.illegalArgument(
                "The bulk request must be terminated by a newline [\\n]")
        }
        var items: [Item] = []
        while let line = try line() {
            if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { continue }
            items.append(try item(line))
        }
        return items
    }

    private mutating func item(_ line: ArraySlice<UInt8>) throws -> Item {
        let number = lineNumber
        func malformed(_ what: String) -> APIError {
            .illegalArgument("Malformed action/metadata line [\(number)], \(what)")
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(line)
        } catch {
            throw APIRequest.badJSON(error)
        }
        guard let action = value.objectValue else {
            throw malformed(
                "expected START_OBJECT or END_OBJECT but found [\(APIRequest.token(value))]")
        }
        guard let (name, metadata) = action.members.first else {
            throw malformed("expected FIELD_NAME but found [END_OBJECT]")
        }
        guard let kind = WriteRequest.Kind(rawValue: name) else {
            throw malformed(
                "expected field [create], [delete], [index] or [update] but found [\(name)]")
        }
        guard let metadata = metadata.objectValue else {
            throw malformed(
                "expected START_OBJECT but found [\(APIRequest.token(metadata))]")
        }
        if action.count > 1 {
            throw malformed("expected END_OBJECT but found [FIELD_NAME]")
        }
        var item = Item(
            write: WriteRequest(kind: kind, index: index ?? "", id: nil))
        item.write.routing = routing
        item.write.requiresAlias = requiresAlias
        item.write.pipeline = pipeline
        try read(metadata, into: &item, number)
        if kind != .delete {
            guard let document = try self.line() else {
                throw APIError.illegalArgument(
                    "Malformed action/metadata line [\(number)], expected a document after it")
            }
            item.write.source = Array(document)
            if kind == .update { try readUpdate(&item) }
        }
        if item.write.index.isEmpty { item.problem = "index is missing" }
        if kind == .delete || kind == .update, item.write.id == nil {
            item.problem = "id is missing"
        }
        if let id = item.write.id, id.isEmpty {
            item.error = .illegalArgument("if _id is specified it must not be empty")
        }
        if let id = item.write.id, id.utf8.count > DocumentID.maxByteCount {
            item.problem =
                "id [\(id)] is too long, must be no longer than 512 bytes but was: "
                + "\(id.utf8.count)"
        }
        return item
    }

    private func read(_ metadata: JSONObject, into item: inout Item, _ number: Int) throws {
        var version: Int64?
        var versionType: String?
        var sequence: Int64?
        var term: Int64?
        for (key, value) in metadata {
            func text() throws -> String? {
                switch value {
                case .string(let text): return text
                case .number(let number): return number.literal
                case .bool(let bool): return String(bool)
                case .null: return nil
                default:
                    throw APIError.illegalArgument(
                        "Malformed action/metadata line [\(number)], expected a simple value for "
                            + "field [\(key)] but found [\(APIRequest.token(value))]")
                }
            }
            switch key {
            case "_index":
                item.write.index = try text() ?? ""
            case "_id": item.write.id = try text()
            case "routing", "_routing": item.write.routing = try text()
            case "version", "_version": version = try text().flatMap { Int64($0) }
            case "version_type", "_version_type": versionType = try text()
            case "if_seq_no": sequence = try text().flatMap { Int64($0) }
            case "if_primary_term": term = try text().flatMap { Int64($0) }
            case "require_alias": item.write.requiresAlias = value.boolValue ?? false
            case "op_type":
                if item.write.kind == .index, try text() == "create" { item.write.kind = .create }
            case "pipeline": item.write.pipeline = try text()
            case "retry_on_conflict", "_retry_on_conflict", "dynamic_templates",
                "list_executed_pipelines":
                break
            case "_source": item.source = try SourceChoice(json: value)
            default:
                throw APIError.illegalArgument(
                    "Action/metadata line [\(number)] contains an unknown parameter [\(key)]")
            }
        }
        do {
            item.write.condition = try WriteParameters.condition(
                kind: item.write.kind, version: version, versionType: versionType,
                sequence: sequence, term: term)
        } catch let error as APIError {
            if error.type == "action_request_validation_exception" {
                item.problem = String(
                    error.reason.dropFirst("Validation Failed: 1: ".count).dropLast())
            } else {
                item.error = error
            }
        }
    }

    private func readUpdate(_ item: inout Item) throws {
        do {
            let value = try JSONValue.parse(item.write.source)
            guard let object = value.objectValue else {
                throw APIError.xContentParse(
                    "[UpdateRequest] Expected START_OBJECT but was: \(APIRequest.token(value))")
            }
            try DocumentRoutes.checkUpdate(object)
            if let source = object["_source"] { item.source = try SourceChoice(json: source) }
            if let sequence = object["if_seq_no"]?.numberValue?.int64,
                let term = object["if_primary_term"]?.numberValue?.int64
            {
                item.write.condition = .sequence(offset: sequence, epoch: term)
            }
        } catch let error as APIError {
            if error.type == "action_request_validation_exception" {
                item.problem = String(
                    error.reason.dropFirst("Validation Failed: 1: ".count).dropLast())
            } else {
                throw error
            }
        } catch let error as JSONError {
            throw APIRequest.badJSON(error)
        }
    }
}
