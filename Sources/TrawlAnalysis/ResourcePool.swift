internal import Synchronization

/// Objects with state (stemmers, break iterators) that analyses borrow one at a time.
///
/// There are at most as many as analyses ran at once; a borrowed object belongs to one thread
/// until it comes back, which is why its type need not be safe to share.
final class ResourcePool<Resource: AnyObject>: Sendable {
    /// Moves an object between threads; only the pool's lock hands it over.
    private struct Idle: @unchecked Sendable { var object: Resource }

    private let idle = Mutex<[Idle]>([])
    private let make: @Sendable () -> Resource

    init(make: @escaping @Sendable () -> Resource) { self.make = make }

    func borrow<Result>(_ body: (Resource) -> Result) -> Result {
        let object = idle.withLock { $0.popLast() } ?? Idle(object: make())
        defer { idle.withLock { $0.append(object) } }
        return body(object.object)
    }
}
