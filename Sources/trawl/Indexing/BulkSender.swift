internal import Glibc
internal import Synchronization
internal import TrawlErrors
internal import TrawlHTTP
internal import TrawlJSON

/// Sends batches to a node, several at a time, and keeps what became of them.
///
/// A node that is overloaded (429) is asked again after a pause that doubles; a document that it
/// refuses is counted and told, and never stops the others; an answer that cannot be had stops
/// the run. Of two documents with one id the later one wins: batches that share an id are sent
/// one after the other.
final class BulkSender: Sendable {
    struct Reject: Sendable {
        var file: String
        var line: Int
        var reason: String
        var source: [UInt8]
    }

    struct Figures: Sendable {
        var acknowledged = 0
        var created = 0
        var rejected = 0
        var sentByteCount = 0
        var retries = 0
        /// Every batch below this number is acknowledged: what is durable in reading order.
        var doneBatches = 0
    }

    private struct State {
        var figures = Figures()
        var waiting = 0
        /// Ids of the batches that are under way.
        var idsUnderWay: Set<String> = []
        var doneOutOfOrder: Set<Int> = []
        var failure: (any Error)?
        /// Why the node takes nothing for now, as told last.
        var toldReason: String?
        var rejects: [Reject] = []
    }

    private let node: any NodeAccess
    private let target: String
    private let pool: WorkerPool
    private let maxWaiting: Int
    private let state = Mutex(State())
    private let patience: Duration

    /// - Parameter patience: How long a batch is sent again while the node takes nothing.
    init(_ node: any NodeAccess, index: String, threadCount: Int, patience: Duration) {
        self.node = node
        self.patience = patience
        target = "/\(PathText.escaped(index))/_bulk"
        maxWaiting = threadCount * 2
        pool = WorkerPool(name: "bulk", threadCount: threadCount, queueLimit: threadCount * 4)
    }

    var figures: Figures { state.withLock { $0.figures } }

    /// The rejects since the last call.
    func takeRejects() -> [Reject] {
        state.withLock { state in
            defer { state.rejects = [] }
            return state.rejects
        }
    }

    /// Hands a batch over; waits while too many are under way.
    func send(_ batch: BulkBatch) throws {
        let ids = Set(batch.entries.map(\.id))
        try waitUntil { $0.waiting < maxWaiting && $0.idsUnderWay.isDisjoint(with: ids) }
        state.withLock { state in
            state.waiting += 1
            state.idsUnderWay.formUnion(ids)
        }
        let isTaken = pool.submit { [self] in
            let outcome = Result { try deliver(batch) }
            state.withLock { state in
                state.waiting -= 1
                state.idsUnderWay.subtract(ids)
                if case .failure(let error) = outcome { state.failure = state.failure ?? error }
            }
        }
        precondition(isTaken, "the queue holds more than may wait")
    }

    /// Waits for all answers.
    func finish() throws {
        defer { pool.stop() }
        try waitUntil { $0.waiting == 0 }
    }

    private func waitUntil(_ isTrue: (State) -> Bool) throws {
        while true {
            let (done, failure) = state.withLock { (isTrue($0), $0.failure) }
            if let failure { throw failure }
            if done { return }
            usleep(500)
        }
    }

    private func deliver(_ batch: BulkBatch) throws {
        var batch = batch
        var pause: UInt32 = 50_000
        let deadline = ContinuousClock.now + patience
        while !batch.isEmpty {
            let response = try node.send(
                .post, target, headers: [("Content-Type", "application/x-ndjson")],
                body: batch.body)
            var again: [Int] = []
            var reason: String?
            if response.status == 429 || response.status == 503 {
                again = Array(batch.entries.indices)
                reason = NodeError(response.status, try? JSONValue.parse(response.body)).reason
            } else {
                let answer = try type(of: node).value(of: response)
                (again, reason) = take(answer, of: batch)
            }
            if again.isEmpty { break }
            if ContinuousClock.now > deadline {
                throw NodeError(
                    429,
                    [
                        "error": .string(
                            "the node took nothing for \(patience.components.seconds) s: "
                                + (reason ?? "it is overloaded"))
                    ])
            }
            if let reason { tell(reason) }
            state.withLock { $0.figures.retries += 1 }
            usleep(pause)
            pause = min(pause * 2, 2_000_000)
            batch = batch.only(again)
        }
        state.withLock { state in
            state.doneOutOfOrder.insert(batch.number)
            while state.doneOutOfOrder.remove(state.figures.doneBatches) != nil {
                state.figures.doneBatches += 1
            }
        }
    }

    /// Says once why nothing is taken for now: a full disk wants somebody to do something.
    private func tell(_ reason: String) {
        let kind = reason.prefix { !$0.isNumber }
        let isNew = state.withLock { state in
            defer { state.toldReason = String(kind) }
            return state.toldReason != String(kind)
        }
        if isNew { Output.error("waiting: \(reason)") }
    }

    /// Counts what was done.
    ///
    /// - Returns: The places of documents to send again, and why.
    private func take(_ answer: JSONValue, of batch: BulkBatch) -> ([Int], String?) {
        var again: [Int] = []
        var reason: String?
        let items = answer["items"]?.arrayValue ?? []
        let hasErrors = answer["errors"]?.boolValue ?? true
        state.withLock { state in
            for (place, item) in items.enumerated() where place < batch.entries.count {
                let result = item.objectValue?.values.first ?? [:]
                let status = result["status"]?.intValue ?? 500
                if status < 300 || !hasErrors {
                    state.figures.acknowledged += 1
                    if status == 201 { state.figures.created += 1 }
                    state.figures.sentByteCount += batch.entries[place].range.count
                } else if status == 429 {
                    again.append(place)
                    reason = reason ?? Self.reason(result)
                } else {
                    let entry = batch.entries[place]
                    state.figures.rejected += 1
                    state.rejects.append(
                        Reject(
                            file: entry.file, line: entry.line, reason: Self.reason(result),
                            source: Array(batch.source(of: entry))))
                }
            }
        }
        return (again, reason)
    }

    private static func reason(_ result: JSONValue) -> String {
        let error = result["error"]
        var text = error?["reason"]?.stringValue ?? "refused"
        if let cause = error?["caused_by"]?["reason"]?.stringValue { text += ": " + cause }
        return text
    }
}
