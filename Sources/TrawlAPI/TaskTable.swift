internal import Synchronization
internal import TrawlJSON

/// Long work that clients may ask about: what runs, and what came of what has ended.
final class TaskTable: Sendable {
    struct Task: Sendable {
        var number: Int
        var action: String
        var description: String
        /// Milliseconds since 1970.
        var startedAt: Int64
        var began = ContinuousClock.now
        var status: JSONValue?
        var response: JSONValue?
        var error: JSONValue?
        /// The header by which the client knows its request.
        var opaqueID: String?
        var isCancelled = false
        /// Documents a second; nil for as many as can be.
        var rate: Double?
        var isCompleted = false
    }

    private struct State {
        var last = 0
        var tasks: [Int: Task] = [:]
        var order: [Int] = []
    }

    /// How many ended tasks are remembered.
    private static let memory = 1000
    private let state = Mutex(State())

    func begin(
        _ action: String, _ description: String, now: Int64, opaqueID: String? = nil
    ) -> Int {
        state.withLock { state in
            state.last += 1
            state.tasks[state.last] = Task(
                number: state.last, action: action, description: description, startedAt: now,
                opaqueID: opaqueID)
            state.order.append(state.last)
            if state.order.count > Self.memory, let first = state.order.first,
                state.tasks[first]?.isCompleted == true
            {
                state.tasks[first] = nil
                state.order.removeFirst()
            }
            return state.last
        }
    }

    func report(_ number: Int, _ status: JSONValue) {
        state.withLock { $0.tasks[number]?.status = status }
    }

    func end(_ number: Int, response: JSONValue? = nil, error: JSONValue? = nil) {
        state.withLock { state in
            state.tasks[number]?.response = response
            state.tasks[number]?.error = error
            state.tasks[number]?.isCompleted = true
        }
    }

    func setRate(_ number: Int, _ rate: Double?) {
        state.withLock { $0.tasks[number]?.rate = rate }
    }

    func rate(_ number: Int) -> Double? { state.withLock { $0.tasks[number]?.rate } }

    /// Forgets a task that answered whoever began it.
    func forget(_ number: Int) {
        state.withLock { state in
            state.tasks[number] = nil
            state.order.removeAll { $0 == number }
        }
    }

    func cancel(_ number: Int) -> Bool {
        state.withLock { state in
            guard state.tasks[number]?.isCompleted == false else { return false }
            state.tasks[number]?.isCancelled = true
            return true
        }
    }

    func isCancelled(_ number: Int) -> Bool {
        state.withLock { $0.tasks[number]?.isCancelled ?? false }
    }

    subscript(number: Int) -> Task? { state.withLock { $0.tasks[number] } }

    var running: [Task] {
        state.withLock { state in
            state.tasks.values.filter { !$0.isCompleted }.sorted { $0.number < $1.number }
        }
    }
}
