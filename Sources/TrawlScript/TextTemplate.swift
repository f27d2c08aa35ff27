package import TrawlJSON
package import TrawlSchema

/// A text with values in it, in the language of Mustache: `{{name}}`, sections, inverted
/// sections, and the functions `toJson`, `join` and `url` of Elasticsearch.
///
///     let template = try TextTemplate("{\"size\": {{size}}{{^size}}10{{/size}}}", escape: .json)
///     template.text(["size": 5])
package struct TextTemplate: Sendable, Equatable {
    /// What is done to values in two braces; those in three stand as they are.
    package enum Escape: Sendable, Equatable {
        case none
        /// As within a JSON string.
        case json
    }

    indirect enum Part: Sendable, Equatable {
        case text(String)
        case value([String], isEscaped: Bool)
        case section([String], [Part])
        case inverted([String], [Part])
        case toJSON([String])
        case join([String], delimiter: String)
        case url([Part])
    }

    private let parts: [Part]
    private let escape: Escape

    package init(_ text: String, escape: Escape = .none) throws(SchemaError) {
        var reader = TemplateReader(text)
        parts = try reader.parts(until: nil)
        self.escape = escape
    }

    /// Whether the text is the same for all values.
    package var isConstant: Bool {
        parts.allSatisfy { if case .text = $0 { true } else { false } }
    }

    package func text(_ values: JSONObject) -> String {
        var text = ""
        write(parts, [.object(values)], to: &text)
        return text
    }

    // MARK: Writing

    private func write(_ parts: [Part], _ scopes: [JSONValue], to text: inout String) {
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .value(let path, let isEscaped):
                let shown = Self.shown(Self.find(path, scopes))
                text += isEscaped ? escaped(shown) : shown
            case .section(let path, let inner):
                writeSection(Self.find(path, scopes), inner, scopes, to: &text)
            case .inverted(let path, let inner):
                if Self.isFalse(Self.find(path, scopes)) { write(inner, scopes, to: &text) }
            case .toJSON(let path): text += (Self.find(path, scopes) ?? .null).description
            case .join(let path, let delimiter):
                let list = Self.find(path, scopes)?.arrayValue ?? []
                text += list.map(Self.shown).joined(separator: delimiter)
            case .url(let inner):
                var plain = ""
                write(inner, scopes, to: &plain)
                text += Self.percentEncoded(plain)
            }
        }
    }

    private func writeSection(
        _ value: JSONValue?, _ inner: [Part], _ scopes: [JSONValue], to text: inout String
    ) {
        guard let value, !Self.isFalse(value) else { return }
        if case .array(let list) = value {
            for element in list { write(inner, scopes + [element], to: &text) }
        } else {
            write(inner, scopes + [value], to: &text)
        }
    }

    private static func isFalse(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null?, .bool(false)?: true
        case .array(let list)?: list.isEmpty
        case .string(let text)?: text.isEmpty
        default: false
        }
    }

    /// The innermost scope that knows the first name decides.
    private static func find(_ path: [String], _ scopes: [JSONValue]) -> JSONValue? {
        if path == ["."] { return scopes.last }
        for scope in scopes.reversed() {
            guard let first = member(path[0], of: scope) else { continue }
            var value: JSONValue? = first
            for name in path.dropFirst() { value = value.flatMap { member(name, of: $0) } }
            return value
        }
        return nil
    }

    private static func member(_ name: String, of value: JSONValue) -> JSONValue? {
        switch value {
        case .object(let object): return object[name]
        case .array(let list):
            if name == "size" { return JSONValue(list.count) }
            return Int(name).flatMap { list.indices.contains($0) ? list[$0] : nil }
        default: return nil
        }
    }

    private static func shown(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null?: ""
        case let value?: ScriptMath.text(value)
        }
    }

    private func escaped(_ text: String) -> String {
        switch escape {
        case .none: text
        case .json: String(JSONValue.string(text).description.dropFirst().dropLast())
        }
    }

    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x2A: bytes.append(byte)
            case 0x20: bytes.append(0x2B)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Reads a template into its parts.
private struct TemplateReader {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    private func failure(_ reason: String) -> SchemaError {
        SchemaError(
            type: "general_script_exception",
            reason: "Failed to compile inline script [\(rest)] using lang [mustache]",
            causes: [.init(type: "mustache_exception", reason: reason)])
    }

    mutating func parts(until name: String?) throws(SchemaError) -> [TextTemplate.Part] {
        var parts: [TextTemplate.Part] = []
        while !rest.isEmpty {
            guard let open = rest.firstRange(of: "{{") else { break }
            if open.lowerBound > rest.startIndex {
                parts.append(.text(String(rest[..<open.lowerBound])))
            }
            rest = rest[open.upperBound...]
            let isTriple = rest.first == "{"
            let close = isTriple ? "}}}" : "}}"
            guard let end = rest.firstRange(of: close) else {
                throw failure("Improperly closed variable in the template")
            }
            let tag = rest[..<end.lowerBound].drop { $0 == "{" }.trimmed
            rest = rest[end.upperBound...]
            guard let sign = tag.first else { continue }
            let inner = String(tag.dropFirst().trimmed)
            switch sign {
            case _ where isTriple: parts.append(.value(Self.path(tag), isEscaped: false))
            case "!": continue
            case "&": parts.append(.value(Self.path(inner), isEscaped: false))
            case "#": parts.append(try section(inner))
            case "^": parts.append(.inverted(Self.path(inner), try self.parts(until: inner)))
            case "/":
                guard inner == name else {
                    throw failure("Mismatched start/end tags: \(name ?? "none") != \(inner)")
                }
                return parts
            default: parts.append(.value(Self.path(tag), isEscaped: true))
            }
        }
        if let name { throw failure("Failed to close '\(name)' tag") }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        rest = ""
        return parts
    }

    private mutating func section(_ name: String) throws(SchemaError) -> TextTemplate.Part {
        let body = try parts(until: name)
        func path() throws(SchemaError) -> [String] {
            guard body.count == 1, case .text(let text) = body[0] else {
                throw failure(
                    "Mustache function [\(name)] must contain one and only one identifier")
            }
            return Self.path(text.trimmed)
        }
        if name == "toJson" { return .toJSON(try path()) }
        if name == "url" { return .url(body) }
        if name == "join" { return .join(try path(), delimiter: ",") }
        if name.hasPrefix("join "), let quote = name.firstRange(of: "delimiter='") {
            return .join(try path(), delimiter: String(name[quote.upperBound...].dropLast()))
        }
        return .section(Self.path(name), body)
    }

    private static func path(_ text: some StringProtocol) -> [String] {
        text == "." ? ["."] : String(text).split(separator: ".").map { String($0) }
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    package var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
