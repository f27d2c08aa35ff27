internal import Glibc

/// A value behind a lock, for whose states one can wait.
@safe
final class Monitor<Value: Sendable>: @unchecked Sendable {
    // `value` is touched under `lock` alone.
    private var value: Value
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>

    init(_ value: Value) {
        self.value = value
        unsafe lock = .allocate(capacity: 1)
        unsafe changed = .allocate(capacity: 1)
        unsafe pthread_mutex_init(lock, nil)
        unsafe pthread_cond_init(changed, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(lock)
        unsafe changed.deallocate()
        unsafe lock.deallocate()
    }

    /// Whoever waits looks again afterwards.
    func withLock<R, Failure: Error>(_ body: (inout Value) throws(Failure) -> R) throws(Failure)
        -> R
    {
        unsafe pthread_mutex_lock(lock)
        defer {
            unsafe pthread_cond_broadcast(changed)
            unsafe pthread_mutex_unlock(lock)
        }
        return try body(&value)
    }

    /// Waits until the value is so, then behaves as `withLock`.
    func withLock<R, Failure: Error>(
        when isReady: (Value) -> Bool, _ body: (inout Value) throws(Failure) -> R
    ) throws(Failure) -> R {
        unsafe pthread_mutex_lock(lock)
        defer {
            unsafe pthread_cond_broadcast(changed)
            unsafe pthread_mutex_unlock(lock)
        }
        // The lock is free while this waits, so no access to `value` may span the wait.
        while !isReady(value) { unsafe pthread_cond_wait(changed, lock) }
        return try body(&value)
    }
}
