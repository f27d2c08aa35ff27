internal import Synchronization
internal import TrawlDocument
internal import TrawlThreads

/// Brings the records of one topic into one index: one thread, one position for each partition.
///
/// A batch is written to the index, what the index refuses goes to the topic's dead letters, then
/// the position is noted. After a crash in between the batch comes again and changes nothing: each
/// change carries its place as its origin, which the shards keep in their commits.
final class RoutePump: Sendable {
    let pair: RouteTable.Pair
    private let identity: UInt64
    private let topics: LogTopics
    private let target: any DeliveryTarget
    private let routes: @Sendable () -> [TopicRoute]
    private let arrivals: Arrivals
    private let isStopping = Atomic(false)
    private let lastProblem = Mutex<String?>(nil)
    private let thread = Mutex<SystemThread?>(nil)

    /// - Parameter routes: Those of the pair, as they are at the moment.
    init(
        _ pair: RouteTable.Pair, identity: UInt64, topics: LogTopics,
        target: any DeliveryTarget, arrivals: Arrivals,
        routes: @escaping @Sendable () -> [TopicRoute]
    ) {
        self.pair = pair
        self.identity = identity
        self.topics = topics
        self.target = target
        self.arrivals = arrivals
        self.routes = routes
    }

    /// The consumer group under which the position is kept.
    static func group(_ index: String) -> String { "route:" + index }

    /// Why it does not go on at the moment; nil while it does.
    var problem: String? { lastProblem.withLock { $0 } }

    func start() {
        thread.withLock { $0 = SystemThread(name: "trawl-route") { [self] in run() } }
    }

    /// Returns when the batch under way is done with.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        arrivals.announce()
        thread.withLock { $0 }?.join()
    }

    private var isOver: Bool { isStopping.load(ordering: .relaxed) }

    private func run() {
        var pause = Duration.milliseconds(100)
        while !isOver {
            let seen = arrivals.count
            var hasMoved = false
            do {
                for number in 0..<(try topics.options(of: pair.topic).partitionCount)
                where !isOver {
                    if try step(number) { hasMoved = true }
                }
                lastProblem.withLock { $0 = nil }
                pause = .milliseconds(100)
                // Others may append without a word: the library, a producer of this process.
                if !hasMoved { arrivals.wait(beyond: seen, timeout: .milliseconds(200)) }
            } catch {
                lastProblem.withLock { $0 = "\(error)" }
                sleep(pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    private func sleep(_ time: Duration) {
        let end = ContinuousClock.now + time
        while !isOver, ContinuousClock.now < end {
            arrivals.wait(beyond: arrivals.count, timeout: min(time, .milliseconds(50)))
        }
    }

    private struct Postponed: Error, CustomStringConvertible {
        var description: String
    }

    /// Delivers the next batch of a partition; false when there is none.
    private func step(_ number: Int) throws -> Bool {
        let log = try topics.partition(number, of: pair.topic)
        let group = Self.group(pair.index)
        let position = try topics.committed(group, of: pair.topic)[number] ?? 0
        let start = max(position, log.startOffset)
        let end = log.endOffset
        guard start < end else { return false }
        let records = try log.read(from: start)
        // Nothing left by compaction: the log goes on after it.
        let next = records.last.map { $0.offset + 1 } ?? end
        let routes = routes()
        let mine = records.filter { record in routes.contains { $0.matches(record) } }
        try deliver(mine, of: number)
        try topics.commit(next, partition: number, group: group, of: pair.topic)
        return true
    }

    private func deliver(_ records: [LogRecord], of number: Int) throws {
        func refuse(_ record: LogRecord, _ type: String, _ reason: String) throws {
            try topics.letters(number, of: pair.topic, makes: true)?.add(
                record, at: record.offset, type: type, reason: reason, target: pair.index)
        }
        let source =
            "route/\(pair.topic)/\(pair.index)/\(String(identity, radix: 16))/\(number)"
        var changes: [Change] = []
        var sent: [LogRecord] = []
        for record in records {
            do throws(CodecFailure) {
                var change = try Self.change(of: record, topic: pair.topic, partition: number)
                // Its own request id may be another's; the place is enough.
                change.requestID = nil
                change.origin =
                    ChangeOrigin(
                        source: source,
                        place: .init(position: UInt64(record.offset) + 1, index: 0)
                    ).text
                changes.append(change)
                sent.append(record)
            } catch let failure {
                try refuse(record, "not_a_change", failure.reason)
            }
        }
        if changes.isEmpty { return }
        var postponed: String?
        for (record, result) in zip(sent, target.deliver(changes, to: pair.index)) {
            switch result {
            case .done, .failedLater, .conflict: break
            case .refused(let type, let reason): try refuse(record, type, reason)
            case .postponed(let reason): postponed = postponed ?? reason
            }
        }
        // The whole batch comes again: what was done is known by its place.
        if let postponed { throw Postponed(description: postponed) }
    }

    /// A record as a change: its key is the document's id, or its place where it has none; its
    /// value the document, or none for a delete; headers as in the log of a shard.
    static func change(
        of record: LogRecord, topic: String, partition: Int
    ) throws(CodecFailure) -> Change {
        var record = record
        if record.key == nil {
            record.key = Array("\(topic)-\(partition)-\(record.offset)".utf8)
        }
        return try ChangeCodec.change(of: record)
    }
}

/// Wakes those who wait for records of any topic.
final class Arrivals: Sendable {
    private let signal = Signal()
    private let counter = Atomic(0)

    var count: Int { counter.load(ordering: .relaxed) }

    func announce() {
        signal.change { _ = counter.wrappingAdd(1, ordering: .relaxed) }
    }

    func wait(beyond seen: Int, timeout: Duration) {
        _ = signal.wait(timeout: timeout) {
            self.counter.load(ordering: .relaxed) != seen ? true : nil
        }
    }
}
