package import TrawlJSON

/// `binary`: base64 in the source, searchable in no way.
package struct BinaryType: FieldType {
    package var storage: FieldStorage

    package var typeName: String { "binary" }
    package var family: FieldFamily { .binary }

    static let descriptor = FieldTypeDescriptor(
        name: "binary",
        rules: [.meta, .store, ParameterRule("doc_values", .bool, false)],
        make: { (definition, context) throws(SchemaError) in
            BinaryType(
                storage: FieldStorage(
                    column: definition.parameters.bool("doc_values") ? .bytes : .none))
        })

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        guard kind != .null else { return }
        guard kind == .string, let bytes = Base64.decode(text) else {
            throw SchemaError(
                type: "json_parse_exception",
                reason: "Failed to decode VALUE_STRING as base64 (MIME-NO-LINEFEEDS)")
        }
        if storage.column == .bytes {
            document.add(bytes: bytes.span, to: field, asTerm: false, asValue: true)
        } else {
            document.markPresent(field)
        }
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        throw .illegalArgument("Binary fields do not support searching")
    }

    package func display(bytes: [UInt8]) -> JSONValue { .string(Base64.encode(bytes)) }
}

enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for index in text.indices {
            let byte = text[index]
            let value: UInt8
            switch byte {
            case 65...90: value = byte - 65
            case 97...122: value = byte - 71
            case 48...57: value = byte + 4
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="):
                padding += 1
                continue
            case 10, 13: continue
            default: return nil
            }
            guard padding == 0 else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 1
            if count % 4 == 0 {
                out += [
                    UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 8),
                    UInt8(truncatingIfNeeded: bits),
                ]
                bits = 0
            }
        }
        switch count % 4 {
        case 0: return padding == 0 ? out : nil
        case 2 where padding == 0 || padding == 2:
            out.append(UInt8(truncatingIfNeeded: bits >> 4))
        case 3 where padding <= 1:
            out.append(UInt8(truncatingIfNeeded: bits >> 10))
            out.append(UInt8(truncatingIfNeeded: bits >> 2))
        default: return nil
        }
        return out
    }

    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for index in 0..<3 {
                bits = bits << 8 | UInt32(index < group.count ? group[start + index] : 0)
            }
            for index in 0..<4 {
                out.append(
                    index <= group.count
                        ? alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)]
                        : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
