internal import Synchronization
internal import TrawlErrors
internal import TrawlThreads

/// Brings batches to a partition, which may be elsewhere.
package protocol ProducerTransport: Sendable {
    /// The answer comes once, late or never, on any thread.
    func send(
        _ records: [LogRecord], _ stamp: ProducerStamp,
        answer: @escaping @Sendable (Result<Range<Int64>, LogError>) -> Void)
}

/// Sends records to a partition in the order given, several batches on their way at a time, each
/// again until it is answered, and tells of each record where it came to stand.
///
/// The partition takes a producer's batches only in the order of their sequences and knows those of
/// its window again. So whatever gets lost, comes twice or comes late on the way, each record is
/// there once and in order.
package final class LogProducer: Sendable {
    package struct Options: Sendable {
        /// As many as the partition knows again.
        package var batchesOnTheirWay = ProducerTable.window
        package var recordsInBatch = 1000
        /// `send` waits while so many records are not confirmed.
        package var recordsAtOnce = 10_000
        /// When a batch without an answer is sent again.
        package var answerTimeout = Duration.seconds(5)
        /// Before a batch that was refused for now is sent again.
        package var pause = Duration.milliseconds(20)

        package init() {}
    }

    /// The record's offset, or why it can never be written.
    package typealias Confirmation = @Sendable (Result<Int64, LogError>) -> Void

    private struct Entry: Sendable {
        var record: LogRecord
        var confirm: Confirmation
    }

    private struct Batch: Sendable {
        var entries: [Entry]
        var stamp: ProducerStamp
        /// Counts sendings.
        var attempt = 0
        var sendAgainAt: ContinuousClock.Instant
        var offsets: Range<Int64>?
    }

    private struct State: Sendable {
        var queue: [Entry] = []
        var batches: [Batch] = []
        var nextSequence: Int32 = 0
        var epoch: Int16
        var unconfirmed = 0
        var isClosing = false
    }

    private enum Step {
        case send([(records: [LogRecord], stamp: ProducerStamp, attempt: Int)])
        case confirm([(Entry, Result<Int64, LogError>)])
        case sleep(Duration)
        case end
    }

    private let id: Int64
    private let options: Options
    private let transport: any ProducerTransport
    private let state: Mutex<State>
    private let changed = Signal()
    private let thread = Mutex<SystemThread?>(nil)

    /// - Parameters:
    ///   - id: Of this producer alone; of one that takes another's place, with a later epoch.
    package init(
        id: Int64, epoch: Int16 = 0, options: Options = Options(),
        transport: any ProducerTransport
    ) {
        self.id = id
        self.options = options
        self.transport = transport
        state = Mutex(State(epoch: epoch))
        thread.withLock {
            $0 = SystemThread(name: "trawl-producer") { [self] in run() }
        }
    }

    /// Takes a record, waiting while too many are under way. What is written is confirmed in the
    /// order of the records, on a thread of the producer.
    ///
    /// - Returns: False when the producer is closed; then nothing is confirmed.
    @discardableResult
    package func send(_ record: LogRecord, confirm: @escaping Confirmation = { _ in }) -> Bool {
        changed.wait {
            state.withLock { state in
                if state.isClosing { return false }
                guard state.unconfirmed < options.recordsAtOnce else { return nil }
                state.queue.append(Entry(record: record, confirm: confirm))
                state.unconfirmed += 1
                return true
            }
        }.map { (taken: Bool) in
            changed.change {}
            return taken
        } ?? false
    }

    /// Returns when everything sent so far is confirmed.
    package func flush() {
        _ = changed.wait { state.withLock { $0.unconfirmed == 0 } ? true : nil }
    }

    /// Confirms what was sent, and ends.
    package func close() {
        changed.change { state.withLock { $0.isClosing = true } }
        thread.withLock { $0 }?.join()
    }

    private func run() {
        while true {
            let step = state.withLock { next(&$0) }
            switch step {
            case .send(let batches):
                for (records, stamp, attempt) in batches {
                    transport.send(records, stamp) { [weak self] result in
                        self?.note(result, of: stamp, attempt: attempt)
                    }
                }
            case .confirm(let entries):
                for (entry, result) in entries { entry.confirm(result) }
                changed.change { state.withLock { $0.unconfirmed -= entries.count } }
            case .sleep(let time):
                _ = changed.wait(timeout: time) {
                    state.withLock { hasWork($0, .now) } ? true : nil
                }
            case .end: return
            }
        }
    }

    private func hasWork(_ state: State, _ now: ContinuousClock.Instant) -> Bool {
        (state.batches.first.map { $0.offsets != nil } ?? false)
            || (!state.queue.isEmpty && state.batches.count < options.batchesOnTheirWay)
            || state.batches.contains { $0.offsets == nil && $0.sendAgainAt <= now }
            || (state.isClosing && state.unconfirmed == 0)
    }

    private func next(_ state: inout State) -> Step {
        let now = ContinuousClock.now
        var done: [(Entry, Result<Int64, LogError>)] = []
        while let first = state.batches.first, let offsets = first.offsets {
            for (entry, offset) in zip(first.entries, offsets) {
                done.append((entry, .success(offset)))
            }
            state.batches.removeFirst()
        }
        if !done.isEmpty { return .confirm(done) }
        while !state.queue.isEmpty, state.batches.count < options.batchesOnTheirWay {
            let entries = Array(state.queue.prefix(options.recordsInBatch))
            state.queue.removeFirst(entries.count)
            state.batches.append(
                Batch(
                    entries: entries,
                    stamp: ProducerStamp(
                        id: id, epoch: state.epoch, sequence: state.nextSequence),
                    sendAgainAt: now))
            state.nextSequence = ProducerTable.sequence(
                after: state.nextSequence, Int32(entries.count))
        }
        var sending: [(records: [LogRecord], stamp: ProducerStamp, attempt: Int)] = []
        for i in state.batches.indices
        where state.batches[i].offsets == nil && state.batches[i].sendAgainAt <= now {
            state.batches[i].attempt += 1
            state.batches[i].sendAgainAt = now + options.answerTimeout
            let batch = state.batches[i]
            sending.append((batch.entries.map(\.record), batch.stamp, batch.attempt))
        }
        if !sending.isEmpty { return .send(sending) }
        if state.isClosing, state.batches.isEmpty, state.queue.isEmpty { return .end }
        let due = state.batches.filter { $0.offsets == nil }.map(\.sendAgainAt).min()
        return .sleep(due.map { max(.milliseconds(1), $0 - now) } ?? .seconds(1))
    }

    private func note(
        _ result: Result<Range<Int64>, LogError>, of stamp: ProducerStamp, attempt: Int
    ) {
        let failed: [(Entry, LogError)] = state.withLock { state in
            guard let place = state.batches.firstIndex(where: { $0.stamp == stamp }) else {
                return []
            }
            switch result {
            case .success(let offsets):
                state.batches[place].offsets = offsets
            case .failure(let error):
                guard state.batches[place].offsets == nil else { return [] }
                if Self.mayGoLater(error) {
                    // Of an earlier sending it means nothing any more.
                    guard state.batches[place].attempt == attempt else { return [] }
                    state.batches[place].sendAgainAt = .now + options.pause
                } else {
                    return giveUp(place, error, &state)
                }
            }
            return []
        }
        for (entry, error) in failed { entry.confirm(.failure(error)) }
        changed.change { state.withLock { $0.unconfirmed -= failed.count } }
    }

    private static func mayGoLater(_ error: LogError) -> Bool {
        if case .outOfOrder = error { return true }
        return switch error.kind {
        case .overloaded, .unavailable, .timedOut: true
        default: false
        }
    }

    /// A batch that can never be written goes; none after it can have been, so these begin a new
    /// epoch, and whatever of the old one is still on its way is refused.
    private func giveUp(
        _ place: Int, _ error: LogError, _ state: inout State
    ) -> [(Entry, LogError)] {
        let gone = state.batches.remove(at: place)
        var failed = gone.entries.map { ($0, error) }
        if case .producerFenced = error {
            // Another took this one's place: nothing of it is written any more.
            failed += state.batches[place...].flatMap(\.entries).map { ($0, error) }
            failed += state.queue.map { ($0, error) }
            state.batches.removeSubrange(place...)
            state.queue = []
            state.isClosing = true
            return failed
        }
        guard
            place == state.batches.startIndex
                || state.batches[..<place].allSatisfy({ $0.offsets != nil })
        else {
            // Those before it are not answered yet: they are known again under their own numbers,
            // so the rest waits for them.
            state.batches.insert(gone, at: place)
            state.batches[place].sendAgainAt = .now + options.pause
            return []
        }
        state.epoch += 1
        var sequence: Int32 = 0
        for i in state.batches.indices[place...] {
            state.batches[i].stamp = ProducerStamp(id: id, epoch: state.epoch, sequence: sequence)
            state.batches[i].attempt += 1
            state.batches[i].offsets = nil
            state.batches[i].sendAgainAt = .now
            sequence = ProducerTable.sequence(
                after: sequence, Int32(state.batches[i].entries.count))
        }
        state.nextSequence = sequence
        return failed
    }
}

/// A partition of this process.
extension LogPartition: ProducerTransport {
    /// Where a batch stands is known at once, that it is durable later, or the other way round.
    private final class Halves: Sendable {
        let state = Mutex<(offsets: Range<Int64>?, isDurable: Bool)>((nil, false))
    }

    package func send(
        _ records: [LogRecord], _ stamp: ProducerStamp,
        answer: @escaping @Sendable (Result<Range<Int64>, LogError>) -> Void
    ) {
        let halves = Halves()
        do throws(LogError) {
            let offsets = try append(records, producer: stamp, epoch: nil) { error in
                if let error { return answer(.failure(error)) }
                let known = halves.state.withLock { state in
                    state.isDurable = true
                    return state.offsets
                }
                if let known { answer(.success(known)) }
            }
            let isDurable = halves.state.withLock { state in
                state.offsets = offsets
                return state.isDurable
            }
            if isDurable { answer(.success(offsets)) }
        } catch {
            answer(.failure(error))
        }
    }
}
