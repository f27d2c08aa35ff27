internal import Synchronization

/// A thread that merges whenever the policy of its writer wants it, until it is stopped.
///
/// Between merges it sleeps; `wake` shortens that, after a flush or a refresh. A merge that fails
/// is tried again after a pause that doubles up to a minute: want of space may pass.
package final class MergeThread: Sendable {
    private struct State {
        var isStopped = false
        var isWoken = false
        var isDone = false
        var lastFailure: String?
    }

    private let writer: IndexWriter
    private let state = Mutex(State())

    package init(_ writer: IndexWriter) {
        self.writer = writer
        OwnThread.start { self.run() }
    }

    package func wake() { state.withLock { $0.isWoken = true } }

    /// What the last merge that failed said; nil after one that did not.
    package var lastFailure: String? { state.withLock { $0.lastFailure } }

    /// Cancels what is under way and waits for the thread to end.
    package func stop() {
        writer.cancelMerges()
        state.withLock { $0.isStopped = true }
        while !state.withLock({ $0.isDone }) { Pause.sleep(.milliseconds(1)) }
        writer.resumeMerges()
    }

    private func run() {
        var pause = Duration.milliseconds(100)
        while !state.withLock({ $0.isStopped }) {
            do {
                let didMerge = try writer.mergeOnce()
                state.withLock { $0.lastFailure = nil }
                pause = .milliseconds(100)
                if !didMerge { rest(pause) }
            } catch {
                if state.withLock({ $0.isStopped }) { break }
                state.withLock { $0.lastFailure = "\(error)" }
                pause = min(pause * 2, .seconds(60))
                rest(pause)
            }
        }
        state.withLock { $0.isDone = true }
    }

    private func rest(_ duration: Duration) {
        var left = duration
        while left > .zero, !state.withLock({ $0.isStopped }) {
            let isWoken = state.withLock { state in
                defer { state.isWoken = false }
                return state.isWoken
            }
            if isWoken { return }
            Pause.sleep(.milliseconds(5))
            left -= .milliseconds(5)
        }
    }
}
