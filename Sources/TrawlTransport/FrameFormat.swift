internal import TrawlBytes

/// How calls travel between nodes after the handshake.
///
///      0        4        8      9            17
///      +--------+--------+------+------------+---------+
///      | length | crc    | kind | request id | body    |
///      | u32    | u32    | u8   | u64        |         |
///      +--------+--------+------+------------+---------+
///
/// - `length` counts what comes after the checksum; the checksum is the CRC-32C of just that.
/// - kind 0, a call: method counted, milliseconds to the deadline as a varint, then its arguments.
/// - kind 1, an answer: whatever the method answers.
/// - kind 2, a failure: kind, code, reason counted, then the detail.
/// - kind 3, a cancellation: nothing; the caller does not wait any more.
///
/// A frame that is not what was sent ends the connection: what comes after it cannot be found.
struct Frame: Sendable, Equatable {
    enum Kind: UInt8, Sendable { case call, answer, failure, cancel }

    static let headerByteCount = 8
    private static let fixedByteCount = 9
    static let maxByteCount = 256 << 20

    var kind: Kind
    var request: UInt64
    var body: [UInt8]

    func bytes() -> [UInt8] {
        var writer = ByteWriter(reserving: Self.headerByteCount + Self.fixedByteCount + body.count)
        writer.write(UInt32(Self.fixedByteCount + body.count))
        writer.write(0 as UInt32)
        writer.write(kind.rawValue)
        writer.write(request)
        writer.write(raw: body)
        writer.patch(
            Checksum.of(writer.bytes.dropFirst(Self.headerByteCount)), at: 4)
        return writer.bytes
    }

    static func read(from socket: Socket) throws(TransportError) -> Frame {
        let header = try socket.read(headerByteCount)
        let length = Int(number(header[0..<4]))
        guard (fixedByteCount...maxByteCount).contains(length) else {
            throw TransportError(.malformed, peer: socket.name, "a frame of \(length) bytes")
        }
        let content = try socket.read(length)
        guard Checksum.of(content) == number(header[4..<8]) else {
            throw TransportError(
                .malformed, peer: socket.name, "the checksum of a frame does not fit")
        }
        guard let kind = Kind(rawValue: content[0]) else {
            throw TransportError(.malformed, peer: socket.name, "a frame of kind \(content[0])")
        }
        var request: UInt64 = 0
        for byte in content[1..<fixedByteCount].reversed() { request = request << 8 | UInt64(byte) }
        return Frame(kind: kind, request: request, body: Array(content[fixedByteCount...]))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// The body of a call.
struct CallBody: Sendable, Equatable {
    var method: String
    var timeout: Duration
    var arguments: [UInt8]

    func bytes() -> [UInt8] {
        var writer = ByteWriter(reserving: method.utf8.count + 12 + arguments.count)
        writer.write(method)
        writer.writeVarint(max(0, Int(timeout / .milliseconds(1))))
        writer.write(raw: arguments)
        return writer.bytes
    }

    init(method: String, timeout: Duration, arguments: [UInt8]) {
        self.method = method
        self.timeout = timeout
        self.arguments = arguments
    }

    init(_ bytes: [UInt8]) throws(CorruptionError) {
        var reader = ByteReader(bytes, file: "call")
        method = try reader.readString()
        timeout = .milliseconds(try reader.readCount())
        arguments = Array(try reader.readRaw(reader.remaining))
    }
}

extension PeerFailure {
    func bytes() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(kindName)
        writer.write(code)
        writer.write(reason)
        writer.write(raw: detail)
        return writer.bytes
    }

    init(_ bytes: [UInt8]) throws(CorruptionError) {
        var reader = ByteReader(bytes, file: "failure")
        kindName = try reader.readString()
        code = try reader.readString()
        reason = try reader.readString()
        detail = Array(try reader.readRaw(reader.remaining))
    }
}
