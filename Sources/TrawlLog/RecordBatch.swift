package import TrawlBytes

/// Records that were written together: Kafka's message format, version 2.
///
///      0            8          12          16      17         21
///      +------------+----------+-----------+-------+----------+------------+
///      | baseOffset | length   | leader    | magic | crc      | attributes |
///      | i64        | i32      | epoch i32 | 2     | u32      | i16        |
///      +------------+----------+-----------+-------+----------+------------+
///      23           27         35          43         51       53         57       61
///      +------------+----------+-----------+----------+--------+----------+--------+---------+
///      | last       | first    | latest    | producer | its    | base     | record | records |
///      | delta i32  | time i64 | time i64  | id i64   | epoch  | sequence | count  |         |
///      +------------+----------+-----------+----------+--------+----------+--------+---------+
///
/// - Numbers are big-endian. `length` counts from byte 12. The CRC-32C covers byte 21 to the end.
/// - No producer: id, epoch and sequence are -1.
/// - A record is a zigzag varint of its length, then: attributes (0), time and offset relative to
///   the batch, key, value (length -1 for none), count of headers, each a key and a value.
/// - `baseOffset` and `leader epoch` are outside of the checksum, as in Kafka: the log gives them.
/// - Batches are not compressed (attributes 0). After compaction, records are missing inside a
///   batch and the batch keeps its offsets.
package enum RecordBatch {
    package static let headerByteCount = 61

    /// What stands before the records.
    package struct Header: Sendable, Equatable {
        package var baseOffset: Int64
        package var byteCount: Int
        package var leaderEpoch: Int32
        package var crc: UInt32
        package var lastOffsetDelta: Int32
        package var baseTimestamp: Int64
        package var maxTimestamp: Int64
        package var producer: ProducerStamp?
        package var recordCount: Int32

        package var lastOffset: Int64 { baseOffset + Int64(lastOffsetDelta) }
    }

    // MARK: Writing

    /// - Parameter offsets: Given when some records are missing between others (compaction); else
    ///   the records follow each other from `baseOffset`.
    package static func encode(
        _ records: [LogRecord], baseOffset: Int64, leaderEpoch: Int32,
        producer: ProducerStamp? = nil, keepingOffsets lastOffsetDelta: Int32? = nil
    ) -> [UInt8] {
        precondition(!records.isEmpty)
        let baseTime = records[0].timestamp
        var size = headerByteCount
        for record in records {
            size += 24 + (record.key?.count ?? 0) + (record.value?.count ?? 0)
            for header in record.headers {
                size += 8 + header.key.utf8.count + (header.value?.count ?? 0)
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes.append(contentsOf: repeatElement(0, count: headerByteCount))
        var body: [UInt8] = []
        for (i, record) in records.enumerated() {
            body.removeAll(keepingCapacity: true)
            body.append(0)
            append(record.timestamp - baseTime, to: &body)
            append(lastOffsetDelta == nil ? Int64(i) : record.offset - baseOffset, to: &body)
            append(record.key, to: &body)
            append(record.value, to: &body)
            append(Int64(record.headers.count), to: &body)
            for header in record.headers {
                append(Array(header.key.utf8), to: &body)
                append(header.value, to: &body)
            }
            append(Int64(body.count), to: &bytes)
            bytes.append(contentsOf: body)
        }
        let maxTime = records.reduce(baseTime) { max($0, $1.timestamp) }
        put(UInt64(bitPattern: baseOffset), 8, at: 0, in: &bytes)
        put(UInt64(bytes.count - 12), 4, at: 8, in: &bytes)
        put(UInt64(UInt32(bitPattern: leaderEpoch)), 4, at: 12, in: &bytes)
        bytes[16] = 2
        let last = lastOffsetDelta ?? Int32(records.count - 1)
        put(UInt64(UInt32(bitPattern: last)), 4, at: 23, in: &bytes)
        put(UInt64(bitPattern: baseTime), 8, at: 27, in: &bytes)
        put(UInt64(bitPattern: maxTime), 8, at: 35, in: &bytes)
        put(UInt64(bitPattern: producer?.id ?? -1), 8, at: 43, in: &bytes)
        put(UInt64(UInt16(bitPattern: producer?.epoch ?? -1)), 2, at: 51, in: &bytes)
        put(UInt64(UInt32(bitPattern: producer?.sequence ?? -1)), 4, at: 53, in: &bytes)
        put(UInt64(records.count), 4, at: 57, in: &bytes)
        put(UInt64(Checksum.of(bytes[21...])), 4, at: 17, in: &bytes)
        return bytes
    }

    /// Gives a batch its place. Not a part of the checksum.
    package static func place(
        _ bytes: inout [UInt8], baseOffset: Int64, leaderEpoch: Int32
    ) {
        put(UInt64(bitPattern: baseOffset), 8, at: 0, in: &bytes)
        put(UInt64(UInt32(bitPattern: leaderEpoch)), 4, at: 12, in: &bytes)
    }

    private static func put(_ value: UInt64, _ width: Int, at place: Int, in bytes: inout [UInt8]) {
        for i in 0..<width {
            bytes[place + i] = UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - i)))
        }
    }

    private static func append(_ value: Int64, to bytes: inout [UInt8]) {
        Varint.append(Varint.zigzag(value), to: &bytes)
    }

    private static func append(_ field: [UInt8]?, to bytes: inout [UInt8]) {
        append(Int64(field?.count ?? -1), to: &bytes)
        if let field { bytes.append(contentsOf: field) }
    }

    // MARK: Reading

    private static func number(_ bytes: ArraySlice<UInt8>, at place: Int, _ width: Int) -> UInt64 {
        var value: UInt64 = 0
        for i in 0..<width { value = value << 8 | UInt64(bytes[bytes.startIndex + place + i]) }
        return value
    }

    /// The header of the batch at the start of `bytes`; nil when no batch can start so. The
    /// checksum is not looked at.
    package static func header(of bytes: ArraySlice<UInt8>) -> Header? {
        guard bytes.count >= headerByteCount, bytes[bytes.startIndex + 16] == 2 else { return nil }
        let length = Int32(truncatingIfNeeded: number(bytes, at: 8, 4))
        let producerID = Int64(bitPattern: number(bytes, at: 43, 8))
        let header = Header(
            baseOffset: Int64(bitPattern: number(bytes, at: 0, 8)),
            byteCount: Int(length) + 12,
            leaderEpoch: Int32(truncatingIfNeeded: number(bytes, at: 12, 4)),
            crc: UInt32(number(bytes, at: 17, 4)),
            lastOffsetDelta: Int32(truncatingIfNeeded: number(bytes, at: 23, 4)),
            baseTimestamp: Int64(bitPattern: number(bytes, at: 27, 8)),
            maxTimestamp: Int64(bitPattern: number(bytes, at: 35, 8)),
            producer: producerID < 0
                ? nil
                : ProducerStamp(
                    id: producerID,
                    epoch: Int16(truncatingIfNeeded: number(bytes, at: 51, 2)),
                    sequence: Int32(truncatingIfNeeded: number(bytes, at: 53, 4))),
            recordCount: Int32(truncatingIfNeeded: number(bytes, at: 57, 4)))
        guard header.byteCount >= headerByteCount, header.baseOffset >= 0,
            header.lastOffsetDelta >= 0, header.recordCount >= 0
        else { return nil }
        return header
    }

    /// Whether the bytes of one whole batch are those that were written.
    package static func isIntact(_ bytes: ArraySlice<UInt8>, header: Header) -> Bool {
        bytes.count == header.byteCount && Checksum.of(bytes.dropFirst(21)) == header.crc
    }

    /// The records of one whole batch whose checksum is right.
    package static func records(
        of bytes: ArraySlice<UInt8>, header: Header, file: String
    ) throws(CorruptionError) -> [LogRecord] {
        var reader = ByteReader(bytes.dropFirst(headerByteCount), file: file)
        guard bytes[bytes.startIndex + 22] & 7 == 0 else {
            throw reader.damaged("a compressed batch, which this log does not write")
        }
        var records: [LogRecord] = []
        records.reserveCapacity(Int(header.recordCount))
        for _ in 0..<header.recordCount {
            _ = try reader.readZigzag()
            _ = try reader.read(UInt8.self)
            let time = header.baseTimestamp &+ (try reader.readZigzag())
            let offset = header.baseOffset &+ (try reader.readZigzag())
            let key = try field(&reader)
            let value = try field(&reader)
            var headers: [LogRecord.Header] = []
            for _ in 0..<max(0, try reader.readZigzag()) {
                let name = String(decoding: try field(&reader) ?? [], as: UTF8.self)
                headers.append(LogRecord.Header(name, try field(&reader)))
            }
            records.append(
                LogRecord(
                    key: key, value: value, headers: headers, timestamp: time, offset: offset))
        }
        return records
    }

    private static func field(_ reader: inout ByteReader) throws(CorruptionError) -> [UInt8]? {
        let count = try reader.readZigzag()
        if count < 0 { return nil }
        return Array(try reader.readRaw(Int(count)))
    }
}
