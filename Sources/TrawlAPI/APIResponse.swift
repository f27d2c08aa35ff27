internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlSchema

/// An answer before it is put into the form that the request asked for.
struct APIResponse: Sendable {
    enum Body: Sendable {
        case empty
        case text(String)
        /// JSON text, compact. Searches and documents are written straight into bytes.
        case json([UInt8])
        case value(JSONValue)
    }

    var status: Int
    var body: Body
    var headers: [(name: String, value: String)] = []

    init(_ status: Int = 200, _ body: Body) {
        self.status = status
        self.body = body
    }

    static func value(_ value: JSONValue, status: Int = 200) -> APIResponse {
        APIResponse(status, .value(value))
    }

    static let acknowledged = APIResponse.value(["acknowledged": true])

    func adding(_ name: String, _ value: String) -> APIResponse {
        var copy = self
        copy.headers.append((name, value))
        return copy
    }
}

/// `filter_path`: which parts of an answer are wanted.
///
/// Patterns are paths with `*` for any part of one name and `**` for any names in between; those
/// that begin with `-` say what is not wanted. Arrays do not count as a step.
struct PathFilter: Sendable {
    private var includes: [[String]] = []
    private var excludes: [[String]] = []

    init(_ text: String) {
        for item in text.split(separator: ",") {
            let item = item.drop { $0 == " " }
            if item.hasPrefix("-") {
                excludes.append(Self.steps(item.dropFirst()))
            } else {
                includes.append(Self.steps(item))
            }
        }
    }

    /// Dots separate names; `\.` is a dot within one.
    private static func steps(_ text: Substring) -> [String] {
        var steps = [""]
        var escaped = false
        for character in text {
            if escaped {
                steps[steps.count - 1].append(character)
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "." {
                steps.append("")
            } else {
                steps[steps.count - 1].append(character)
            }
        }
        return steps
    }

    func apply(_ value: JSONValue) -> JSONValue {
        var result: JSONValue? = value
        if !includes.isEmpty { result = include(value, includes) }
        if !excludes.isEmpty, let kept = result { result = exclude(kept, excludes) }
        return result ?? [:]
    }

    private func include(_ value: JSONValue, _ patterns: [[String]]) -> JSONValue? {
        switch value {
        case .object(let object):
            var kept = JSONObject()
            for (key, member) in object {
                let (matched, rest) = advance(patterns, over: key)
                if matched {
                    kept[key] = member
                } else if !rest.isEmpty, let inner = include(member, rest) {
                    kept[key] = inner
                }
            }
            return kept.isEmpty ? nil : .object(kept)
        case .array(let array):
            let kept = array.compactMap { include($0, patterns) }
            return kept.isEmpty ? nil : .array(kept)
        default: return nil
        }
    }

    private func exclude(_ value: JSONValue, _ patterns: [[String]]) -> JSONValue? {
        switch value {
        case .object(let object):
            var kept = JSONObject()
            for (key, member) in object {
                let (matched, rest) = advance(patterns, over: key)
                if matched { continue }
                kept[key] = rest.isEmpty ? member : exclude(member, rest)
            }
            return kept.isEmpty && !object.isEmpty ? nil : .object(kept)
        case .array(let array):
            let kept = array.compactMap { exclude($0, patterns) }
            return kept.isEmpty && !array.isEmpty ? nil : .array(kept)
        default: return value
        }
    }

    /// What is left of the patterns below a name, and whether one of them ends with it.
    private func advance(
        _ patterns: [[String]], over name: String
    ) -> (matched: Bool, rest: [[String]]) {
        var matched = false
        var rest: [[String]] = []
        for pattern in patterns {
            guard let first = pattern.first else { continue }
            if first == "**" {
                rest.append(pattern)
                let after = Array(pattern.dropFirst())
                if after.isEmpty { matched = true }
                if let next = after.first, Wildcard.matches(next, name) {
                    if after.count == 1 { matched = true }
                    rest.append(Array(after.dropFirst()))
                }
            } else if Wildcard.matches(first, name) {
                if pattern.count == 1 {
                    matched = true
                } else {
                    rest.append(Array(pattern.dropFirst()))
                }
            }
        }
        return (matched, rest.filter { !$0.isEmpty })
    }
}

/// JSON values as YAML, block style, strings in double quotes.
enum YAML {
    static func text(_ value: JSONValue) -> String {
        var text = "---\n"
        write(value, indent: 0, inline: false, to: &text)
        return text
    }

    private static func write(
        _ value: JSONValue, indent: Int, inline: Bool, to text: inout String
    ) {
        let pad = String(repeating: " ", count: indent)
        switch value {
        case .object(let object) where !object.isEmpty:
            for (i, (key, member)) in object.enumerated() {
                if !(inline && i == 0) { text += pad }
                text += plain(key) ? key : quoted(key)
                text += ":"
                writeMember(member, indent: indent, to: &text)
            }
        case .array(let array) where !array.isEmpty:
            for (i, element) in array.enumerated() {
                if !(inline && i == 0) { text += pad }
                text += "- "
                write(element, indent: indent + 2, inline: true, to: &text)
            }
        default: text += scalar(value) + "\n"
        }
    }

    private static func writeMember(_ value: JSONValue, indent: Int, to text: inout String) {
        switch value {
        case .object(let object) where !object.isEmpty:
            text += "\n"
            write(value, indent: indent + 2, inline: false, to: &text)
        case .array(let array) where !array.isEmpty:
            text += "\n"
            write(value, indent: indent, inline: false, to: &text)
        default: text += " " + scalar(value) + "\n"
        }
    }

    private static func scalar(_ value: JSONValue) -> String {
        switch value {
        case .string(let string): quoted(string)
        default: value.description
        }
    }

    private static func quoted(_ text: String) -> String { JSONValue.string(text).description }

    private static func plain(_ key: String) -> Bool {
        !key.isEmpty
            && key.utf8.allSatisfy {
                ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z"))
                    || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
                    || $0 == UInt8(ascii: "-")
            } && !(key.utf8.first! >= UInt8(ascii: "0") && key.utf8.first! <= UInt8(ascii: "9"))
    }
}
