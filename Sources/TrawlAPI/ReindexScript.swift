internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlScript

/// The script of `_reindex`: may change a document, where it goes and under which id, or say that
/// it is to be left out or deleted there.
struct ReindexScript {
    private let script: Script

    init(_ json: JSONValue, _ services: Services) throws {
        script = try Script(try StoredScripts(services.catalog.scripts).resolved(json))
    }

    private static let known = [
        "_index", "_id", "_version", "_routing", "_source", "op", "_now",
    ]

    /// Nil when nothing is to be done.
    func applied(to write: WriteRequest, version: Int64?) throws -> WriteRequest? {
        let source = try JSONValue.parse(write.source)
        var ctx: JSONObject = [
            "_index": .string(write.index), "_id": write.id.map { .string($0) } ?? .null,
            "_routing": write.routing.map { .string($0) } ?? .null,
            "_version": version.map { JSONValue($0) } ?? .null, "_source": source,
            "op": write.kind == .create ? "create" : "index",
        ]
        try script.run(on: &ctx)
        for key in ctx.keys where !Self.known.contains(key) {
            throw APIError.illegalArgument("Invalid fields added to context [\(key)]")
        }
        var write = write
        let operation = ctx["op"]?.stringValue ?? "null"
        switch operation {
        case "noop", "none": return nil
        case "index", "create": break
        case "delete": write.kind = .delete
        default:
            throw APIError.illegalArgument(
                "Operation type [\(operation)] not allowed, only [noop, index, delete] are allowed")
        }
        guard let index = ctx["_index"]?.stringValue else {
            throw APIError.illegalArgument("Can't reindex without a destination index!")
        }
        write.index = index
        write.id = ctx["_id"]?.stringValue
        write.routing = ctx["_routing"]?.stringValue
        write.source = ctx["_source"]?.serialized() ?? []
        return write
    }
}

/// Scripts of requests that name a stored one.
struct StoredScripts {
    private let scripts: [String: JSONObject]

    init(_ scripts: [String: JSONObject]) { self.scripts = scripts }

    /// The script with its text in place of its id.
    func resolved(_ script: JSONValue) throws -> JSONValue {
        guard let id = script["id"]?.stringValue else { return script }
        guard var stored = scripts[id] else {
            throw APIError.resourceNotFound("unable to find script [\(id)]")
        }
        stored["params"] = script["params"]
        stored["options"] = nil
        return .object(stored)
    }

    /// A body of a search in which stored scripts stand as texts: shards know no ids.
    func writtenOut(in body: [UInt8]) throws -> [UInt8] {
        guard !scripts.isEmpty, Self.mentions(body),
            let value = try? JSONValue.parse(body)
        else { return body }
        return try writtenOut(value).serialized()
    }

    private static func mentions(_ body: [UInt8]) -> Bool {
        let wanted = Array("\"script\"".utf8)
        guard body.count > wanted.count else { return false }
        return (0...body.count - wanted.count).contains {
            body[$0] == wanted[0] && body[$0..<$0 + wanted.count].elementsEqual(wanted)
        }
    }

    private func writtenOut(_ value: JSONValue) throws -> JSONValue {
        switch value {
        case .array(let elements): return .array(try elements.map { try writtenOut($0) })
        case .object(let object):
            var result = JSONObject()
            for (key, value) in object {
                result[key] =
                    key == "script" && value["id"]?.stringValue != nil
                    ? try resolved(value) : try writtenOut(value)
            }
            return .object(result)
        default: return value
        }
    }
}
