internal import TrawlThreads

/// Makes appends durable: one thread for each disk, which syncs whatever was written meanwhile.
///
/// A sync takes as long for one record as for a thousand, so those who come while one is running
/// share the next.
package final class LogSyncer: Sendable {
    private struct Queue {
        var waiting: [LogPartition] = []
        var isStopped = false
    }

    /// Guarded by the signal's lock.
    private final class State: @unchecked Sendable { var queue = Queue() }

    private let signal = Signal()
    private let state = State()

    package init() {
        let (signal, state) = (signal, state)
        _ = SystemThread(name: "trawl-log-sync") {
            while true {
                let batch: [LogPartition]? = signal.wait {
                    if !state.queue.waiting.isEmpty {
                        defer { state.queue.waiting = [] }
                        return state.queue.waiting
                    }
                    return state.queue.isStopped ? .some([]) : nil
                }
                guard let batch, !batch.isEmpty else { return }
                for partition in batch { partition.syncNow() }
            }
        }
    }

    deinit {
        let state = state
        signal.change { state.queue.isStopped = true }
    }

    /// The partition has something to sync. It says so once until it is synced.
    func enqueue(_ partition: LogPartition) {
        signal.change { state.queue.waiting.append(partition) }
    }
}
