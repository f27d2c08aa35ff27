import Glibc
import Synchronization
import Testing
import TrawlFiles
import TrawlLog
import TrawlTestKit
import TrawlThreads

/// A way to a partition on which batches get lost, come twice, come late and in another order, and
/// answers get lost, from one seed.
private final class BadWay: ProducerTransport {
    private struct Parcel: Sendable {
        var records: [LogRecord]
        var stamp: ProducerStamp
        var answer: (@Sendable (Result<Range<Int64>, LogError>) -> Void)?
    }

    private struct State {
        var random: SplitMix64
        var parcels: [Parcel] = []
        var isOver = false
        var repeated = 0
        var refused = 0
        /// Refused for good when it holds this value.
        var poison: [UInt8]?
    }

    private let log: LogPartition
    private let state: Mutex<State>
    let mischief: Double
    private let changed = Signal()

    init(_ log: LogPartition, random: SplitMix64, mischief: Double, poison: [UInt8]? = nil) {
        self.log = log
        self.mischief = mischief
        state = Mutex(State(random: random, poison: poison))
        _ = SystemThread(name: "bad-way") { [self] in carry() }
    }

    var figures: (repeated: Int, refused: Int) {
        state.withLock { ($0.repeated, $0.refused) }
    }

    func end() { changed.change { state.withLock { $0.isOver = true } } }

    private static func chance(_ share: Double, _ state: inout State) -> Bool {
        Double.random(in: 0..<1, using: &state.random) < share
    }

    func send(
        _ records: [LogRecord], _ stamp: ProducerStamp,
        answer: @escaping @Sendable (Result<Range<Int64>, LogError>) -> Void
    ) {
        changed.change {
            state.withLock { state in
                if Self.chance(mischief, &state) { return }
                let keepsAnswer = !Self.chance(mischief, &state)
                state.parcels.append(
                    Parcel(records: records, stamp: stamp, answer: keepsAnswer ? answer : nil))
                if Self.chance(mischief, &state) {
                    state.repeated += 1
                    state.parcels.append(Parcel(records: records, stamp: stamp, answer: nil))
                }
            }
        }
    }

    private func carry() {
        while true {
            let parcel: Parcel?? = changed.wait {
                state.withLock { state -> Parcel?? in
                    if state.isOver { return .some(nil) }
                    guard !state.parcels.isEmpty else { return nil }
                    var place = 0
                    if Self.chance(mischief, &state) {
                        place = Int.random(in: state.parcels.indices, using: &state.random)
                    }
                    return .some(state.parcels.remove(at: place))
                }
            }
            guard case .some(.some(let parcel)) = parcel else { return }
            let isPoisoned = state.withLock { state in
                state.poison.map { poison in parcel.records.contains { $0.value == poison } }
                    ?? false
            }
            let result: Result<Range<Int64>, LogError>
            if isPoisoned {
                result = .failure(.tooLarge(byteCount: 1, limit: 0))
            } else {
                result = Result { () throws(LogError) in
                    try log.append(parcel.records, producer: parcel.stamp)
                }
            }
            if case .failure = result { state.withLock { $0.refused += 1 } }
            parcel.answer?(result)
        }
    }
}

@Suite("LogProducer", .randomized(rounds: 4))
struct LogProducerTests {
    private func log() throws -> LogPartition {
        var options = LogOptions()
        options.freeWatermark = 0
        return try LogPartition.open(MemoryFileStore(), options: options, syncer: LogSyncer())
    }

    private func values(_ log: LogPartition) throws -> [Int] {
        var values: [Int] = []
        var next = log.startOffset
        while next < log.endOffset {
            let records = try log.read(from: next)
            values += records.map { record in
                Int(String(decoding: record.value ?? [], as: UTF8.self)) ?? -1
            }
            next = records.last!.offset + 1
        }
        return values
    }

    private func record(_ number: Int) -> LogRecord {
        LogRecord(key: nil, value: Array(String(number).utf8))
    }

    /// Which record was confirmed at which offset, in the order of the confirmations.
    private final class Confirmed: Sendable {
        let list = Mutex<[(number: Int, result: Result<Int64, LogError>)]>([])
    }

    private func options() -> LogProducer.Options {
        var options = LogProducer.Options()
        options.recordsInBatch = 7
        options.recordsAtOnce = 100
        options.answerTimeout = .milliseconds(30)
        options.pause = .milliseconds(1)
        return options
    }

    @Test("whatever happens on the way, each record is there once, in order, and confirmed so")
    func badWay() throws {
        let log = try log()
        let way = BadWay(log, random: RandomContext.generator(), mischief: 0.15)
        let producer = LogProducer(id: 9, options: options(), transport: way)
        let confirmed = Confirmed()
        let count = 1500
        for number in 0..<count {
            producer.send(record(number)) { result in
                confirmed.list.withLock { $0.append((number, result)) }
            }
        }
        producer.flush()
        producer.close()
        way.end()
        #expect(try values(log) == Array(0..<count))
        let list = confirmed.list.withLock { $0 }
        #expect(list.map(\.number) == Array(0..<count))
        #expect(list.allSatisfy { $0.result == .success(Int64($0.number)) })
        // The way was as bad as it should be.
        #expect(way.figures.repeated > 0 && way.figures.refused > 0)
        #expect(!producer.send(record(0)), "a closed producer takes nothing")
    }

    @Test("a batch that can never be written says so, and what follows is written in order")
    func poison() throws {
        let log = try log()
        let way = BadWay(
            log, random: RandomContext.generator(), mischief: 0.1, poison: Array("300".utf8))
        let producer = LogProducer(id: 9, options: options(), transport: way)
        let confirmed = Confirmed()
        for number in 0..<600 {
            producer.send(record(number)) { result in
                confirmed.list.withLock { $0.append((number, result)) }
            }
        }
        producer.flush()
        producer.close()
        way.end()
        let list = confirmed.list.withLock { $0 }
        let failed = Set(list.filter { (try? $0.result.get()) == nil }.map(\.number))
        #expect(failed.contains(300) && failed.count <= 7)
        let written = (0..<600).filter { !failed.contains($0) }
        #expect(try values(log) == written)
        #expect(list.count == 600)
    }

    @Test("one that takes a producer's place ends it: nothing of the old one is written any more")
    func fenced() throws {
        let log = try log()
        let old = LogProducer(id: 9, options: options(), transport: log)
        old.send(record(0))
        old.flush()
        let new = LogProducer(id: 9, epoch: 1, options: options(), transport: log)
        new.send(record(1))
        new.flush()
        let confirmed = Confirmed()
        for number in 10..<40 {
            old.send(record(number)) { result in
                confirmed.list.withLock { $0.append((number, result)) }
            }
        }
        old.flush()
        old.close()
        new.send(record(2))
        new.close()
        #expect(try values(log) == [0, 1, 2])
        #expect(confirmed.list.withLock { $0.allSatisfy { (try? $0.result.get()) == nil } })
    }
}

@Suite("Producers of a partition")
struct PartitionProducersTests {
    @Test("producers that never come back are forgotten, the oldest first; those of late are known")
    func forgotten() throws {
        var options = LogOptions()
        options.freeWatermark = 0
        let log = try LogPartition.open(
            MemoryFileStore(), options: options, syncer: LogSyncer())
        let record = LogRecord(key: nil, value: [0])
        func send(_ id: Int64, _ sequence: Int32) throws -> Int64 {
            try log.append(
                [record], producer: ProducerStamp(id: id, epoch: 0, sequence: sequence)
            ).lowerBound
        }
        for id in 0..<10_001 { #expect(try send(Int64(id), 0) == Int64(id)) }
        #expect(try send(10_000, 0) == 10_000, "known, and not written again")
        #expect(try send(2000, 0) == 2000)
        #expect(try send(10_000, 1) == 10_001)
        #expect(throws: LogError.outOfOrder(producer: 3, expected: 0, found: 1)) {
            try send(3, 1)
        }
    }
}
