package import TrawlJSON

extension RequestReader {
    /// The `script` query.
    mutating func scriptQuery(_ object: JSONObject) throws(QueryError) -> Query {
        var script: JSONValue?
        let common = try options(object, of: "script") { reader, key, value throws(QueryError) in
            guard key == "script" else { return false }
            script = try reader.script(value, key)
            return true
        }
        guard let script else { throw fail(.parsing("script must be provided with a [script]")) }
        return Query(.script(script), boost: common.boost, name: common.name)
    }

    /// A script as requests write it: its text, or an object.
    func script(_ value: JSONValue, _ key: String) throws(QueryError) -> JSONValue {
        switch value {
        case .string: return value
        case .object(let object):
            for name in object.keys
            where !["source", "inline", "id", "lang", "params", "options"].contains(name) {
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[script] unknown field [\(name)]"), at: .key(key), .key(name))
            }
            if object["source"] == nil, object["inline"] == nil, object["id"] == nil {
                throw fail(
                    .illegalArgument(
                        "must specify either [source] for an inline script or [id] for a stored "
                            + "script"), at: .key(key))
            }
            return value
        default:
            throw fail(
                .parsing(
                    "unexpected value, expected START_OBJECT or VALUE_STRING but found "
                        + "[\(Self.token(value))]"), at: .key(key))
        }
    }

    /// `script_fields`.
    mutating func scriptFields(_ value: JSONValue) throws(QueryError) -> [ScriptField] {
        var fields: [ScriptField] = []
        for (name, value) in value.objectValue ?? [:] {
            guard case .object(let object) = value else {
                throw fail(
                    .parsing(
                        "Expected [START_OBJECT] in [\(name)] but found [\(Self.token(value))]"),
                    at: .key(name))
            }
            var field = ScriptField(name: name, script: .null)
            for (key, value) in object {
                switch key {
                case "script": field.script = try script(value, key)
                case "ignore_failure": field.ignoresFailure = try bool(value, key)
                default:
                    throw fail(
                        .parsing("Unknown key for a \(Self.token(value)) in [\(key)]."),
                        at: .key(name), .key(key))
                }
            }
            fields.append(field)
        }
        return fields
    }
}

/// A field of each hit that a script makes.
package struct ScriptField: Sendable, Hashable, Codable {
    package var name: String
    package var script: JSONValue
    package var ignoresFailure = false
}
