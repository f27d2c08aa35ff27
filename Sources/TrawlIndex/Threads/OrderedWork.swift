/// Work on several threads whose results are used in the order of the inputs, so that what comes
/// of them does not depend on how many threads there were.
///
/// Parsing and analysing documents goes through here on its way to an `IndexWriter`.
package enum OrderedWork {
    private struct State<Output: Sendable>: Sendable {
        /// The number of the next input, and whether there are no more.
        var next = 0
        var inputCount: Int?
        /// Results that are not used yet, by number.
        var done: [Int: Result<Output, any Error>] = [:]
        var used = 0
        var isStopped = false
    }

    /// - Parameters:
    ///   - threadCount: How many threads work beside the calling one, which only consumes.
    ///   - window: How many results may wait, finished or under way.
    ///   - next: Gives the next input, nil at the end. Called from one thread at a time.
    ///   - makeWorker: Called once on each thread; what it returns works on that thread alone.
    ///   - consume: Called in the calling thread with every result, in order of the inputs.
    /// - Throws: What `next`, a worker or `consume` throws first, in order of the inputs. Inputs
    ///   after it are not consumed.
    package static func run<Input: Sendable, Output: Sendable>(
        threadCount: Int, window: Int,
        next: @escaping @Sendable () throws -> Input?,
        makeWorker: @escaping @Sendable () throws -> (Input) throws -> Output,
        consume: (Output) throws -> Void
    ) throws {
        precondition(threadCount > 0 && window >= threadCount)
        let state = Monitor(State<Output>())
        let inputs = Monitor(())
        let running = Monitor(threadCount)
        for _ in 0..<threadCount {
            OwnThread.start {
                work(state, inputs, window: window, next: next, makeWorker: makeWorker)
                running.withLock { $0 -= 1 }
            }
        }
        defer {
            state.withLock { $0.isStopped = true }
            running.withLock(when: { $0 == 0 }) { _ in }
        }
        while true {
            let result = state.withLock(when: {
                $0.done[$0.used] != nil
                    || $0.inputCount.map { [used = $0.used] in $0 <= used }
                        ?? false
            }) { state -> Result<Output, any Error>? in
                guard let result = state.done.removeValue(forKey: state.used) else { return nil }
                state.used += 1
                return result
            }
            guard let result else { return }
            try consume(try result.get())
        }
    }

    private static func work<Input: Sendable, Output: Sendable>(
        _ state: Monitor<State<Output>>, _ inputs: Monitor<Void>, window: Int,
        next: () throws -> Input?, makeWorker: () throws -> (Input) throws -> Output
    ) {
        let made = Result { try makeWorker() }
        while true {
            // A number and its input are taken together, or the order would be lost.
            let taken: (number: Int, input: Result<Input, any Error>)? = inputs.withLock { _ in
                let number = state.withLock(when: {
                    $0.isStopped || $0.inputCount != nil || $0.next - $0.used < window
                }) { state -> Int? in
                    guard !state.isStopped, state.inputCount == nil else { return nil }
                    defer { state.next += 1 }
                    return state.next
                }
                guard let number else { return nil }
                do {
                    guard let input = try next() else {
                        state.withLock { $0.inputCount = number }
                        return nil
                    }
                    return (number, .success(input))
                } catch { return (number, .failure(error)) }
            }
            guard let taken else { return }
            let result = Result { try made.get()(try taken.input.get()) }
            state.withLock { $0.done[taken.number] = result }
        }
    }
}
