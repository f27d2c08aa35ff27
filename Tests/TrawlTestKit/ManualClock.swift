internal import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualClock: Sendable {
    private let time: Mutex<Duration>

    package init(at time: Duration = .zero) { self.time = Mutex(time) }

    package var now: Duration { time.withLock { $0 } }

    package func advance(by step: Duration) {
        precondition(step >= .zero, "time does not run backwards")
        time.withLock { $0 += step }
    }
}
