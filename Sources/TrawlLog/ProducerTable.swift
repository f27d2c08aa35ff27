internal import TrawlBytes

/// The last batches of each producer, so that one that comes again is answered and not written.
struct ProducerTable: Sendable, Equatable {
    struct Batch: Sendable, Equatable {
        var sequence: Int32
        var recordCount: Int32
        var baseOffset: Int64
    }

    struct Producer: Sendable, Equatable {
        var epoch: Int16
        /// Oldest first.
        var batches: [Batch]
    }

    enum Verdict: Equatable {
        case new
        /// It was written before, from this offset.
        case repeated(baseOffset: Int64)
    }

    /// How many batches may be on their way, as in Kafka.
    static let window = 5

    /// Of more producers, those whose last batch is the oldest are forgotten: programs that send once
    /// under a number of their own and never come back must not be kept for ever. One that comes back
    /// after so many others is told to begin anew.
    static let limit = 10_000

    private(set) var producers: [Int64: Producer] = [:]

    func check(_ stamp: ProducerStamp, recordCount: Int32) throws(LogError) -> Verdict {
        guard let producer = producers[stamp.id] else {
            // Otherwise its first batch, come late, could never be written any more.
            guard stamp.sequence == 0 else {
                throw .outOfOrder(producer: stamp.id, expected: 0, found: stamp.sequence)
            }
            return .new
        }
        if stamp.epoch < producer.epoch {
            throw .producerFenced(
                producer: stamp.id, epoch: stamp.epoch, current: producer.epoch)
        }
        if stamp.epoch > producer.epoch {
            guard stamp.sequence == 0 else {
                throw .outOfOrder(producer: stamp.id, expected: 0, found: stamp.sequence)
            }
            return .new
        }
        if let again = producer.batches.first(where: {
            $0.sequence == stamp.sequence && $0.recordCount == recordCount
        }) {
            return .repeated(baseOffset: again.baseOffset)
        }
        guard let last = producer.batches.last else { return .new }
        let expected = Self.sequence(after: last.sequence, last.recordCount)
        guard stamp.sequence == expected else {
            throw .outOfOrder(producer: stamp.id, expected: expected, found: stamp.sequence)
        }
        return .new
    }

    /// Sequences go round after the largest number.
    static func sequence(after sequence: Int32, _ count: Int32) -> Int32 {
        Int32((Int64(sequence) + Int64(count)) % (Int64(Int32.max) + 1))
    }

    mutating func note(_ stamp: ProducerStamp, recordCount: Int32, baseOffset: Int64) {
        var producer = producers[stamp.id] ?? Producer(epoch: stamp.epoch, batches: [])
        if producer.epoch != stamp.epoch {
            producer = Producer(epoch: stamp.epoch, batches: [])
        }
        producer.batches.append(
            Batch(sequence: stamp.sequence, recordCount: recordCount, baseOffset: baseOffset))
        if producer.batches.count > Self.window { producer.batches.removeFirst() }
        producers[stamp.id] = producer
        if producers.count > Self.limit { forgetOldest() }
    }

    /// Some at once, as finding them means looking at all.
    private mutating func forgetOldest() {
        let places = producers.map { (id: $0.key, last: $0.value.batches.last?.baseOffset ?? -1) }
            .sorted { ($0.last, $0.id) < ($1.last, $1.id) }
        for (id, _) in places.prefix(Self.limit / 10) { producers[id] = nil }
    }

    init() {}

    func write(to writer: inout ByteWriter) {
        writer.writeVarint(producers.count)
        for (id, producer) in producers.sorted(by: { $0.key < $1.key }) {
            writer.writeZigzag(id)
            writer.write(producer.epoch)
            writer.writeVarint(producer.batches.count)
            for batch in producer.batches {
                writer.write(batch.sequence)
                writer.write(batch.recordCount)
                writer.write(batch.baseOffset)
            }
        }
    }

    init(from reader: inout ByteReader) throws(CorruptionError) {
        for _ in 0..<(try reader.readCount()) {
            let id = try reader.readZigzag()
            var producer = Producer(epoch: try reader.read(), batches: [])
            for _ in 0..<(try reader.readCount()) {
                producer.batches.append(
                    Batch(
                        sequence: try reader.read(), recordCount: try reader.read(),
                        baseOffset: try reader.read()))
            }
            producers[id] = producer
        }
    }
}
