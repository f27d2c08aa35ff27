package import TrawlJSON

/// What a type of PostgreSQL is in a document.
///
///      boolean                       false, true
///      smallint … bigint, oid        a number
///      real, double, numeric         a number, digit for digit; NaN and infinities are left out
///      json, jsonb                   nested, as it is
///      date, timestamp(tz)           a text with a T, of UTC a Z; infinities are left out
///      bytea                         base64
///      arrays                        arrays of the above, NULL within them null
///      anything else                 the text that PostgreSQL has for it
///      NULL                          left out
package enum PgKind: Sendable, Equatable {
    case boolean, integer, decimal, json, date, timestamp, bytes, text, word
    indirect case array(of: PgKind)

    /// By the object identifiers of the types that every server has.
    package init(type: UInt32) {
        self =
            switch type {
            case 16: .boolean
            case 20, 21, 23, 26: .integer
            case 700, 701, 1700: .decimal
            case 114, 3802: .json
            case 1082: .date
            case 1114, 1184: .timestamp
            case 17: .bytes
            case 18, 19, 25, 1042, 1043: .text
            default: .word
            }
    }

    var fieldKind: SourceField.Kind {
        switch self {
        case .boolean: .boolean
        case .integer: .long
        case .decimal: .double
        case .json: .json
        case .date, .timestamp: .date
        case .bytes: .binary
        case .text: .text
        case .word: .keyword
        case .array(let element): element.fieldKind
        }
    }

    var name: String {
        if case .array(let element) = self { return element.name + "[]" }
        return "\(self)"
    }

    // MARK: Values

    /// Writes a member of a document, unless the value is one that is left out.
    package func write(_ text: [UInt8], as field: String, to writer: inout JSONWriter) {
        guard isSayable(text) else { return }
        writer.key(field)
        write(text, to: &writer)
    }

    private func isSayable(_ text: [UInt8]) -> Bool {
        switch self {
        case .decimal, .date, .timestamp:
            // NaN, Infinity, infinity, -infinity.
            guard let last = text.last else { return false }
            return last | 0x20 != UInt8(ascii: "y") && last != UInt8(ascii: "N")
        default: return true
        }
    }

    private func write(_ text: [UInt8], to writer: inout JSONWriter) {
        switch self {
        case .boolean: writer.value(text.first == UInt8(ascii: "t"))
        case .integer: writer.raw(text)
        case .decimal:
            if JSONNumber(literal: String(decoding: text, as: UTF8.self)) != nil {
                writer.raw(text)
            } else {
                write(plain: text, to: &writer)
            }
        case .json: writer.raw(Self.trimmed(text))
        case .timestamp: writer.value(Self.timestamp(text))
        case .bytes: writer.value(Base64.text(Self.bytes(hex: text)))
        case .date, .text, .word: write(plain: text, to: &writer)
        case .array(let element):
            guard let parsed = PgArray.parse(text) else { return write(plain: text, to: &writer) }
            element.write(parsed, to: &writer)
        }
    }

    private func write(plain text: [UInt8], to writer: inout JSONWriter) {
        writer.value(String(decoding: text, as: UTF8.self))
    }

    private func write(_ array: PgArray, to writer: inout JSONWriter) {
        switch array {
        case .null: writer.null()
        case .value(let text):
            if isSayable(text) { write(text, to: &writer) } else { writer.null() }
        case .list(let elements):
            writer.startArray()
            for element in elements { write(element, to: &writer) }
            writer.endArray()
        }
    }

    private static func trimmed(_ text: [UInt8]) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 9 && byte <= 13 }
        var slice = text[...]
        while let first = slice.first, isSpace(first) { slice = slice.dropFirst() }
        while let last = slice.last, isSpace(last) { slice = slice.dropLast() }
        return slice
    }

    /// `2026-01-31 10:00:00.5+00` becomes `2026-01-31T10:00:00.5Z`.
    static func timestamp(_ text: [UInt8]) -> String {
        var bytes = text
        if let space = bytes.firstIndex(of: 0x20) { bytes[space] = UInt8(ascii: "T") }
        if bytes.suffix(3).elementsEqual("+00".utf8) {
            bytes.removeLast(3)
            bytes.append(UInt8(ascii: "Z"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `\x00ff`.
    static func bytes(hex: [UInt8]) -> [UInt8] {
        guard hex.starts(with: "\\x".utf8) else { return hex }
        func digit(_ byte: UInt8) -> UInt8 {
            byte <= UInt8(ascii: "9") ? byte &- 0x30 : (byte | 0x20) &- 0x57
        }
        return stride(from: 2, to: hex.count - 1, by: 2).map {
            digit(hex[$0]) << 4 | digit(hex[$0 + 1])
        }
    }
}

/// An array as PostgreSQL writes it: `{a,"b, c",NULL,{d}}`, maybe with its bounds before it.
package enum PgArray: Sendable, Equatable {
    case null
    case value([UInt8])
    case list([PgArray])

    /// Nil when it is none.
    package static func parse(_ text: [UInt8]) -> PgArray? {
        var rest = text[...]
        if rest.first == UInt8(ascii: "[") {
            guard let equal = rest.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            rest = rest[(equal + 1)...]
        }
        guard let list = list(&rest, depth: 0), rest.isEmpty else { return nil }
        return list
    }

    private static func list(_ rest: inout ArraySlice<UInt8>, depth: Int) -> PgArray? {
        guard depth < 16, rest.popFirst() == UInt8(ascii: "{") else { return nil }
        var elements: [PgArray] = []
        if rest.first == UInt8(ascii: "}") {
            rest.removeFirst()
            return .list([])
        }
        while let first = rest.first {
            switch first {
            case UInt8(ascii: "{"):
                guard let inner = list(&rest, depth: depth + 1) else { return nil }
                elements.append(inner)
            case UInt8(ascii: "\""):
                guard let value = quoted(&rest) else { return nil }
                elements.append(.value(value))
            default:
                var value: [UInt8] = []
                while let byte = rest.first, byte != UInt8(ascii: ","), byte != UInt8(ascii: "}") {
                    value.append(byte)
                    rest.removeFirst()
                }
                let isNull = value.elementsEqual("NULL".utf8)
                elements.append(isNull ? .null : .value(value))
            }
            switch rest.popFirst() {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "}"): return .list(elements)
            default: return nil
            }
        }
        return nil
    }

    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        rest.removeFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return value
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped)
            default: value.append(byte)
            }
        }
        return nil
    }
}
