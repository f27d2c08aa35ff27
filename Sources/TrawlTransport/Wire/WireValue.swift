internal import TrawlBytes

/// What travels between nodes, as a tree: a few kinds of values, each told by a byte.
///
///      0 null
///      1 false, 2 true
///      3 integer: zigzag varint            4 integer above Int64.max: varint
///      5 double: bits, u64                 6 float: bits, u32
///      7 text: counted                     8 bytes: counted
///      9 list: count, values              10 record: count, each: key counted, value
///
/// Numbers with a fraction travel as their bits, so that scores are the same on both sides. A
/// record names its members, so that a node may leave out what another does not know.
enum WireValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case double(UInt64)
    case float(UInt32)
    case text(String)
    case bytes([UInt8])
    case list([WireValue])
    case record([Member])

    struct Member: Sendable, Equatable {
        var key: String
        var value: WireValue
    }

    /// Deeper than any query that the API takes; a peer cannot exhaust the stack.
    static let maxDepth = 2000

    func write(to writer: inout ByteWriter) {
        switch self {
        case .null: writer.write(0 as UInt8)
        case .bool(let value): writer.write(UInt8(value ? 2 : 1))
        case .integer(let value):
            writer.write(3 as UInt8)
            writer.writeZigzag(value)
        case .unsigned(let value):
            writer.write(4 as UInt8)
            writer.writeVarint(value)
        case .double(let bits):
            writer.write(5 as UInt8)
            writer.write(bits)
        case .float(let bits):
            writer.write(6 as UInt8)
            writer.write(bits)
        case .text(let text):
            writer.write(7 as UInt8)
            writer.write(text)
        case .bytes(let bytes):
            writer.write(8 as UInt8)
            writer.write(counted: bytes)
        case .list(let values):
            writer.write(9 as UInt8)
            writer.writeVarint(values.count)
            for value in values { value.write(to: &writer) }
        case .record(let members):
            writer.write(10 as UInt8)
            writer.writeVarint(members.count)
            for member in members {
                writer.write(member.key)
                member.value.write(to: &writer)
            }
        }
    }

    init(from reader: inout ByteReader, depth: Int = 0) throws(CorruptionError) {
        guard depth < Self.maxDepth else { throw reader.damaged("values nested too deeply") }
        switch try reader.read(UInt8.self) {
        case 0: self = .null
        case 1: self = .bool(false)
        case 2: self = .bool(true)
        case 3: self = .integer(try reader.readZigzag())
        case 4: self = .unsigned(try reader.readVarint())
        case 5: self = .double(try reader.read())
        case 6: self = .float(try reader.read())
        case 7: self = .text(try reader.readString())
        case 8: self = .bytes(Array(try reader.readCounted()))
        case 9:
            var values: [WireValue] = []
            for _ in 0..<(try Self.count(&reader)) {
                values.append(try WireValue(from: &reader, depth: depth + 1))
            }
            self = .list(values)
        case 10:
            var members: [Member] = []
            for _ in 0..<(try Self.count(&reader)) {
                let key = try reader.readString()
                members.append(
                    Member(key: key, value: try WireValue(from: &reader, depth: depth + 1)))
            }
            self = .record(members)
        case let kind: throw reader.damaged("a value of kind \(kind)")
        }
    }

    /// Every element takes a byte at least, so a count beyond the rest is a lie.
    private static func count(_ reader: inout ByteReader) throws(CorruptionError) -> Int {
        let count = try reader.readCount()
        guard count <= reader.remaining else { throw reader.damaged("\(count) values") }
        return count
    }

    /// As sixteen bytes, the lowest first.
    init(_ value: Int128) {
        let bits = UInt128(bitPattern: value)
        self = .bytes((0..<16).map { UInt8(truncatingIfNeeded: bits >> UInt128($0 * 8)) })
    }

    subscript(key: String) -> WireValue? {
        guard case .record(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }
}

/// Values to bytes for another node, and back.
///
///     let bytes = try Wire.encode(question)
///     let question = try Wire.decode(ShardQuestion.self, from: bytes)
///
/// A part that is new in a request or an answer travels as soon as its type is `Codable`.
package enum Wire {
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = WireEncoder()
        try encoder.place(value)
        var writer = ByteWriter()
        encoder.slot.value.write(to: &writer)
        return writer.bytes
    }

    package static func decode<T: Decodable>(
        _ type: T.Type, from bytes: some Collection<UInt8>
    ) throws -> T {
        var reader = ByteReader(Array(bytes), file: "frame")
        let value = try WireValue(from: &reader)
        guard reader.isAtEnd else { throw reader.damaged("\(reader.remaining) bytes too many") }
        return try WireDecoder(value: value).value(type)
    }
}
