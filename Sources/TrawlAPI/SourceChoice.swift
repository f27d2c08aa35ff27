internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// Which parts of a document's source are wanted: `_source`, `_source_includes`,
/// `_source_excludes`, in the query or in a body.
struct SourceChoice: Sendable {
    var filter = SourceSelection.all
    /// Whether the request said anything about it.
    var isAsked = false

    var isEnabled: Bool { filter.isEnabled }

    init(_ request: APIRequest, _ body: JSONValue?) throws {
        if let body {
            self = try SourceChoice(json: body)
            isAsked = true
        }
        if let text = request["_source"] {
            isAsked = true
            switch text {
            case "true", "": filter = .all
            case "false": filter = .none
            default: filter = SourceSelection(includes: Self.split(text))
            }
        }
        if let includes = request["_source_includes"] {
            isAsked = true
            filter.includes = Self.split(includes)
        }
        if let excludes = request["_source_excludes"] {
            isAsked = true
            filter.excludes = Self.split(excludes)
        }
    }

    /// `true`, `false`, a name, a list of names, or `{includes, excludes}`.
    init(json: JSONValue) throws {
        isAsked = true
        switch json {
        case .bool(let isEnabled): filter = SourceSelection(isEnabled: isEnabled)
        case .string(let text): filter = SourceSelection(includes: [text])
        case .array(let list):
            filter = SourceSelection(includes: list.compactMap(\.stringValue))
        case .object(let object):
            func names(_ keys: [String]) -> [String] {
                for key in keys {
                    if let list = object[key]?.arrayValue { return list.compactMap(\.stringValue) }
                    if let text = object[key]?.stringValue { return [text] }
                }
                return []
            }
            filter = SourceSelection(
                includes: names(["includes", "include"]), excludes: names(["excludes", "exclude"]))
        default:
            throw APIError.parsing(
                "Expected one of [VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT] but "
                    + "found [\(APIRequest.token(json))]")
        }
    }

    private static func split(_ text: String) -> [String] {
        text.split(separator: ",").map(String.init)
    }

    /// The source as it came, or what the names leave of it.
    func apply(_ source: [UInt8]) -> [UInt8] {
        if filter.isWhole { return source }
        guard let value = try? JSONValue.parse(source) else { return source }
        return Self.select(value, filter).serialized()
    }

    static func select(_ value: JSONValue, _ filter: SourceSelection) -> JSONValue {
        guard case .object(let object) = value else { return value }
        return .object(keep(object, path: "", filter, included: filter.includes.isEmpty))
    }

    private static func keep(
        _ object: JSONObject, path: String, _ filter: SourceSelection, included: Bool
    ) -> JSONObject {
        var result = JSONObject()
        for (key, value) in object {
            let full = path.isEmpty ? key : path + "." + key
            if filter.excludes.contains(where: { Wildcard.matches($0, full) }) { continue }
            let isIncluded =
                included || filter.includes.contains { Wildcard.matches($0, full) }
            let mayHold = isIncluded || filter.includes.contains { leads($0, from: full) }
            if !mayHold { continue }
            if let kept = keepValue(value, full, filter, isIncluded) { result[key] = kept }
        }
        return result
    }

    private static func keepValue(
        _ value: JSONValue, _ full: String, _ filter: SourceSelection, _ isIncluded: Bool
    ) -> JSONValue? {
        switch value {
        case .object(let inner):
            let kept = keep(inner, path: full, filter, included: isIncluded)
            return kept.isEmpty && !inner.isEmpty && !isIncluded ? nil : .object(kept)
        case .array(let list):
            let kept = list.compactMap { keepValue($0, full, filter, isIncluded) }
            return kept.isEmpty && !isIncluded ? nil : .array(kept)
        default: return isIncluded ? value : nil
        }
    }

    /// Whether a pattern may match something below a path.
    private static func leads(_ pattern: String, from path: String) -> Bool {
        if pattern.hasPrefix(path + ".") { return true }
        guard let star = pattern.firstIndex(of: "*") else { return false }
        let head = pattern[..<star]
        if (path + ".").hasPrefix(head) { return true }
        // A star may stand for any part of the path, dots too.
        return Wildcard.matches(String(pattern[...star]), path + ".")
    }
}
