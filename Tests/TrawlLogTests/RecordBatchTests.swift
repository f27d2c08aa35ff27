internal import Testing
internal import TrawlBytes
internal import TrawlDocument
internal import TrawlLog
internal import TrawlTestKit

@Suite("RecordBatch", .randomized())
struct RecordBatchTests {
    /// Field by field from the description of Kafka's message format v2.
    @Test("the bytes are those of Kafka's message format v2")
    func bytes() {
        let record = LogRecord(
            key: [0x6b], value: [0x76, 0x76], headers: [.init("h", [1])], timestamp: 1000)
        let bytes = RecordBatch.encode(
            [record], baseOffset: 258, leaderEpoch: 7,
            producer: ProducerStamp(id: 9, epoch: 2, sequence: 5))
        let body: [UInt8] = [
            0x1c,  // 14 bytes follow
            0x00, 0x00, 0x00,  // attributes, time delta, offset delta
            0x02, 0x6b, 0x04, 0x76, 0x76,  // key, value
            0x02, 0x02, 0x68, 0x02, 0x01,  // one header
            // the length counts what follows it
        ]
        #expect(Array(bytes[61...]) == body.dropLast(0).map { $0 }.withLength())
        #expect(Array(bytes[0..<8]) == [0, 0, 0, 0, 0, 0, 1, 2])
        #expect(Array(bytes[8..<12]) == [0, 0, 0, UInt8(bytes.count - 12)])
        #expect(Array(bytes[12..<17]) == [0, 0, 0, 7, 2])
        let crc = Checksum.of(bytes[21...])
        #expect(
            Array(bytes[17..<21]) == (0..<4).map { UInt8(truncatingIfNeeded: crc >> (24 - 8 * $0)) }
        )
        #expect(Array(bytes[21..<27]) == [0, 0, 0, 0, 0, 0])
        #expect(Array(bytes[27..<35]) == [0, 0, 0, 0, 0, 0, 3, 0xe8])
        #expect(
            Array(bytes[43..<61]) == [
                0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 0, 0, 0, 5, 0, 0, 0, 1,
            ])
    }

    @Test("records come back as they went in")
    func roundTrip() throws {
        var random = RandomContext.generator()
        let records = LogRecords.random(count: Int.random(in: 1...40, using: &random), &random)
        let bytes = RecordBatch.encode(records, baseOffset: 1 << 40, leaderEpoch: 3)
        let header = try #require(RecordBatch.header(of: bytes[...]))
        #expect(header.byteCount == bytes.count && header.leaderEpoch == 3)
        #expect(RecordBatch.isIntact(bytes[...], header: header))
        let decoded = try RecordBatch.records(of: bytes[...], header: header, file: "f")
        #expect(decoded.map(\.offset) == records.indices.map { Int64($0) + 1 << 40 })
        #expect(decoded.map(LogRecords.content) == records.map(LogRecords.content))
        var flipped = bytes
        flipped[Int.random(in: 21..<bytes.count, using: &random)] ^= 4
        #expect(!RecordBatch.isIntact(flipped[...], header: header))
    }

    @Test("a change comes back from its record, whatever it carries")
    func changes() throws {
        let operations: [Change.Operation] = [
            .index(source: [1, 2]), .create(source: []), .delete, .update(.init(body: [3])),
        ]
        let conditions: [Change.Condition] = [
            .none, .sequence(offset: 3, epoch: 2), .version(4), .external(version: 5),
            .externalOrEqual(version: 6),
        ]
        for operation in operations {
            for condition in conditions {
                for isFull in [false, true] {
                    let change = Change(
                        id: DocumentID("ä"), operation: operation, routing: isFull ? "r" : nil,
                        condition: condition, requestID: isFull ? "q" : nil,
                        stamp: isFull ? .max : 0, schemaVersion: isFull ? 12 : 0,
                        origin: isFull ? "pg:0/16" : nil)
                    let record = ChangeCodec.record(of: change, timestamp: 5)
                    #expect(try ChangeCodec.change(of: record) == change)
                }
            }
        }
        #expect(throws: CodecFailure.self) {
            try ChangeCodec.change(of: LogRecord(key: nil, value: [1]))
        }
    }
}

extension [UInt8] {
    /// The record's own length in front: zigzag of the count of what follows.
    fileprivate func withLength() -> [UInt8] { [UInt8((count - 1) * 2)] + dropFirst() }
}

enum LogRecords {
    static func random(count: Int, _ random: inout SplitMix64) -> [LogRecord] {
        (0..<count).map { i in
            func bytes(_ limit: Int) -> [UInt8]? {
                if Int.random(in: 0..<6, using: &random) == 0 { return nil }
                return (0..<Int.random(in: 0...limit, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            }
            return LogRecord(
                key: bytes(10), value: bytes(300),
                headers: (0..<Int.random(in: 0...2, using: &random)).map {
                    .init("h\($0)", bytes(20))
                }, timestamp: 1000 + Int64(i))
        }
    }

    /// Without the offset.
    static func content(_ record: LogRecord) -> LogRecord {
        var record = record
        record.offset = 0
        return record
    }
}
