/// What a server sends of its changes: the messages of `pgoutput`, protocol version 1 and, without
/// streaming, 2.
///
/// All numbers are big-endian; texts end with a zero byte.
///
///      B  final position: u64   time: i64   transaction: u32
///      C  flags: u8   position: u64   end position: u64   time: i64
///      O  position: u64   name
///      R  table: u32   schema   name   replica identity: u8   columns: u16, each:
///            flags: u8 (1: of the identity)   name   type: u32   modifier: i32
///      Y  type: u32   schema   name
///      I  table: u32   'N' row
///      U  table: u32   ['K' key | 'O' old row]   'N' row
///      D  table: u32   'K' key | 'O' old row
///      T  tables: u32   options: u8   table: u32, each
///      M  flags: u8   position: u64   prefix   content: u32 and its bytes
///
/// A row: columns: u16, each 'n' (NULL), 'u' (a large value that did not change: not sent), or 't'
/// or 'b', a length: u32 and the bytes.
package enum PgOutputMessage: Sendable, Equatable {
    case begin(finalPosition: LogPosition, time: Int64, transaction: UInt32)
    case commit(position: LogPosition, end: LogPosition, time: Int64)
    case origin
    case relation(PgRelation)
    case type
    case insert(table: UInt32, new: [PgField])
    case update(table: UInt32, old: PgOldRow?, new: [PgField])
    case delete(table: UInt32, old: PgOldRow)
    case truncate(tables: [UInt32])
    case message(prefix: String, content: [UInt8])
}

package struct PgRelation: Sendable, Equatable {
    package struct Column: Sendable, Equatable {
        package var isOfIdentity: Bool
        package var name: String
        package var type: UInt32

        package init(isOfIdentity: Bool, name: String, type: UInt32) {
            self.isOfIdentity = isOfIdentity
            self.name = name
            self.type = type
        }
    }

    package var table: UInt32
    package var schema: String
    package var name: String
    package var identity: UInt8
    package var columns: [Column]

    package init(
        table: UInt32, schema: String, name: String, identity: UInt8, columns: [Column]
    ) {
        self.table = table
        self.schema = schema
        self.name = name
        self.identity = identity
        self.columns = columns
    }
}

package enum PgField: Sendable, Equatable {
    case null
    case unchanged
    case text([UInt8])
}

package enum PgOldRow: Sendable, Equatable {
    /// Only the columns of the replica identity have values.
    case key([PgField])
    /// All of it: replica identity FULL.
    case full([PgField])

    package var fields: [PgField] {
        switch self {
        case .key(let fields), .full(let fields): fields
        }
    }
}

/// What came is no message.
package struct PgOutputError: Error, Equatable, CustomStringConvertible {
    package var reason: String
    package var byteOffset: Int

    package var description: String { "byte \(byteOffset): \(reason)" }
}

/// Reads messages of `pgoutput`. A pure function of the bytes; never reads beyond them.
package struct PgOutputDecoder {
    private let bytes: ArraySlice<UInt8>
    private var next: Int

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        next = bytes.startIndex
    }

    package static func decode(
        _ bytes: ArraySlice<UInt8>
    ) throws(PgOutputError) -> PgOutputMessage {
        var decoder = PgOutputDecoder(bytes)
        let message = try decoder.message()
        guard decoder.next == bytes.endIndex else {
            throw decoder.failure("\(bytes.endIndex - decoder.next) bytes too many")
        }
        return message
    }

    private func failure(_ reason: String) -> PgOutputError {
        PgOutputError(reason: reason, byteOffset: next - bytes.startIndex)
    }

    private mutating func message() throws(PgOutputError) -> PgOutputMessage {
        switch try byte() {
        case UInt8(ascii: "B"):
            let position = LogPosition(try number(8))
            let time = Int64(bitPattern: try number(8))
            return .begin(
                finalPosition: position, time: time, transaction: UInt32(try number(4)))
        case UInt8(ascii: "C"):
            _ = try byte()
            let position = LogPosition(try number(8))
            let end = LogPosition(try number(8))
            return .commit(position: position, end: end, time: Int64(bitPattern: try number(8)))
        case UInt8(ascii: "O"):
            _ = try number(8)
            _ = try text()
            return .origin
        case UInt8(ascii: "R"): return .relation(try relation())
        case UInt8(ascii: "Y"):
            _ = try number(4)
            _ = try text()
            _ = try text()
            return .type
        case UInt8(ascii: "I"):
            let table = UInt32(try number(4))
            try expect("N")
            return .insert(table: table, new: try row())
        case UInt8(ascii: "U"):
            let table = UInt32(try number(4))
            var old: PgOldRow?
            switch try byte() {
            case UInt8(ascii: "K"):
                old = .key(try row())
                try expect("N")
            case UInt8(ascii: "O"):
                old = .full(try row())
                try expect("N")
            case UInt8(ascii: "N"): break
            case let other: throw failure("a row of kind \(other)")
            }
            return .update(table: table, old: old, new: try row())
        case UInt8(ascii: "D"):
            let table = UInt32(try number(4))
            switch try byte() {
            case UInt8(ascii: "K"): return .delete(table: table, old: .key(try row()))
            case UInt8(ascii: "O"): return .delete(table: table, old: .full(try row()))
            case let other: throw failure("a row of kind \(other)")
            }
        case UInt8(ascii: "T"):
            let count = Int(try number(4))
            _ = try byte()
            var tables: [UInt32] = []
            for _ in 0..<count { tables.append(UInt32(try number(4))) }
            return .truncate(tables: tables)
        case UInt8(ascii: "M"):
            _ = try byte()
            _ = try number(8)
            let prefix = try text()
            return .message(prefix: prefix, content: Array(try piece(Int(try number(4)))))
        case let kind: throw failure("a message of kind \(kind)")
        }
    }

    private mutating func relation() throws(PgOutputError) -> PgRelation {
        let table = UInt32(try number(4))
        let schema = try text()
        let name = try text()
        let identity = try byte()
        var columns: [PgRelation.Column] = []
        for _ in 0..<Int(try number(2)) {
            let flags = try byte()
            let name = try text()
            let type = UInt32(try number(4))
            _ = try number(4)
            columns.append(
                PgRelation.Column(isOfIdentity: flags & 1 == 1, name: name, type: type))
        }
        return PgRelation(
            table: table, schema: schema, name: name, identity: identity, columns: columns)
    }

    private mutating func row() throws(PgOutputError) -> [PgField] {
        let count = Int(try number(2))
        var fields: [PgField] = []
        fields.reserveCapacity(min(count, bytes.endIndex - next))
        for _ in 0..<count {
            switch try byte() {
            case UInt8(ascii: "n"): fields.append(.null)
            case UInt8(ascii: "u"): fields.append(.unchanged)
            case UInt8(ascii: "t"): fields.append(.text(Array(try piece(Int(try number(4))))))
            case UInt8(ascii: "b"): throw failure("a binary value, which was not asked for")
            case let kind: throw failure("a value of kind \(kind)")
            }
        }
        return fields
    }

    // MARK: Bytes

    private mutating func byte() throws(PgOutputError) -> UInt8 {
        guard next < bytes.endIndex else { throw failure("the message ends too early") }
        defer { next += 1 }
        return bytes[next]
    }

    private mutating func expect(_ kind: Unicode.Scalar) throws(PgOutputError) {
        let found = try byte()
        guard UInt32(found) == kind.value else { throw failure("a row of kind \(found)") }
    }

    private mutating func number(_ byteCount: Int) throws(PgOutputError) -> UInt64 {
        var value: UInt64 = 0
        for byte in try piece(byteCount) { value = value << 8 | UInt64(byte) }
        return value
    }

    private mutating func piece(_ count: Int) throws(PgOutputError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.endIndex - next else {
            throw failure("the message ends too early")
        }
        defer { next += count }
        return bytes[next..<next + count]
    }

    private mutating func text() throws(PgOutputError) -> String {
        guard let end = bytes[next...].firstIndex(of: 0) else {
            throw failure("a text without its end")
        }
        defer { next = end + 1 }
        return String(decoding: bytes[next..<end], as: UTF8.self)
    }
}

/// What is around the messages on the wire of a replication connection.
///
///      w  start: u64   end: u64   time: i64   message
///      k  end: u64   time: i64   wants an answer: u8
///      r  written, flushed, applied: u64 each   time: i64   wants an answer: u8     (ours)
package enum PgCopyData: Sendable, Equatable {
    case data(start: LogPosition, message: ArraySlice<UInt8>)
    case keepalive(end: LogPosition, wantsAnswer: Bool)

    package static func decode(_ bytes: [UInt8]) throws(PgOutputError) -> PgCopyData {
        func number(at place: Int) -> UInt64 {
            bytes[place..<place + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        switch bytes.first {
        case UInt8(ascii: "w") where bytes.count >= 25:
            return .data(start: LogPosition(number(at: 1)), message: bytes[25...])
        case UInt8(ascii: "k") where bytes.count == 18:
            return .keepalive(end: LogPosition(number(at: 1)), wantsAnswer: bytes[17] == 1)
        default:
            throw PgOutputError(
                reason:
                    "neither data nor a keepalive: kind \(bytes.first ?? 0), \(bytes.count) bytes",
                byteOffset: 0)
        }
    }

    /// - Parameter time: Microseconds since 2000.
    package static func status(
        received: LogPosition, durable: LogPosition, time: Int64, wantsAnswer: Bool
    ) -> [UInt8] {
        var bytes = [UInt8(ascii: "r")]
        for value in [
            received.value, durable.value, durable.value, UInt64(bitPattern: time),
        ] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
            }
        }
        bytes.append(wantsAnswer ? 1 : 0)
        return bytes
    }
}
