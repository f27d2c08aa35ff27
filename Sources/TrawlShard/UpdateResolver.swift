internal import TrawlDocument
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlScript
internal import TrawlSegment

/// What a partial update makes of a document.
enum UpdateResolver {
    enum Resolution: Equatable {
        case replace([UInt8])
        case delete
        case noop
    }

    /// - Throws: `SchemaError` when the update cannot be done: no document, a script that fails.
    static func resolve(
        _ update: Change.Update, of id: DocumentID, found: IndexWriter.Found?
    ) throws(SchemaError) -> Resolution {
        let body = try parse(update.body)
        let isScripted = body["script"] != nil
        guard let found else { return try insert(body, id: id, isScripted: isScripted) }
        guard !found.source.isEmpty else {
            throw SchemaError(
                type: "document_source_missing_exception",
                reason: "[\(id)]: document source missing")
        }
        let old = try parse(found.source)
        if isScripted {
            return try run(body, on: old, id: id, version: found.facts.version, operation: "index")
        }
        guard let patch = body["doc"]?.objectValue else {
            throw SchemaError(
                type: "action_request_validation_exception",
                reason: "Validation Failed: 1: script or doc is missing;")
        }
        var merged = old
        let isChanged = merge(patch, into: &merged)
        if !isChanged, body["detect_noop"]?.boolValue ?? true { return .noop }
        return .replace(JSONValue.object(merged).serialized())
    }

    private static func parse(_ bytes: [UInt8]) throws(SchemaError) -> JSONObject {
        do throws(JSONError) {
            if case .object(let object) = try JSONValue.parse(bytes) { return object }
        } catch {
            throw SchemaError(
                type: "x_content_parse_exception", reason: error.description)
        }
        throw SchemaError(type: "x_content_parse_exception", reason: "an object is expected")
    }

    private static func insert(
        _ body: JSONObject, id: DocumentID, isScripted: Bool
    ) throws(SchemaError) -> Resolution {
        if body["doc_as_upsert"]?.boolValue == true, let doc = body["doc"]?.objectValue {
            return .replace(JSONValue.object(doc).serialized())
        }
        guard let upsert = body["upsert"]?.objectValue else {
            throw SchemaError(
                type: "document_missing_exception", reason: "[\(id)]: document missing")
        }
        if isScripted, body["scripted_upsert"]?.boolValue == true {
            return try run(body, on: upsert, id: id, version: nil, operation: "create")
        }
        return .replace(JSONValue.object(upsert).serialized())
    }

    private static func run(
        _ body: JSONObject, on source: JSONObject, id: DocumentID, version: Int64?,
        operation: String
    ) throws(SchemaError) -> Resolution {
        let script = try Script(body["script"] ?? .null)
        var context = ScriptContext(
            source: source, operation: operation, id: id.string, version: version)
        try script.run(&context)
        switch context.operation {
        case "none", "noop": return .noop
        case "delete": return version == nil ? .noop : .delete
        case "index", "create":
            return .replace(JSONValue.object(context.source).serialized())
        case let other:
            throw SchemaError(
                type: "illegal_argument_exception",
                reason: "Operation type [\(other)] not allowed, only [noop, index, delete] are "
                    + "allowed")
        }
    }

    /// Puts the members of the patch in: objects member by member, everything else in place of
    /// what was there.
    ///
    /// - Returns: Whether anything is different afterwards.
    static func merge(_ patch: JSONObject, into object: inout JSONObject) -> Bool {
        var isChanged = false
        for (key, value) in patch.members {
            if case .object(let inner) = value, case .object(var old)? = object[key] {
                if merge(inner, into: &old) {
                    object[key] = .object(old)
                    isChanged = true
                }
            } else if object[key] != value {
                object[key] = value
                isChanged = true
            }
        }
        return isChanged
    }
}
