internal import Glibc

/// A fixed number of threads and a bounded queue in front of them.
///
/// `@unchecked`: `queue`, `head`, `running` and `stopped` are only touched with `lock` held; the
/// threads are made in `init` and joined in `stop`.
@safe package final class WorkerPool: @unchecked Sendable {
    package typealias Work = @Sendable () -> Void

    package let name: String
    package let threadCount: Int
    package let queueLimit: Int
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let wake: UnsafeMutablePointer<pthread_cond_t>
    private var queue: [Work?] = []
    private var head = 0
    private var running = 0
    private var completed = 0
    private var rejected = 0
    private var stopped = false
    private var threads: [pthread_t] = []

    package init(name: String, threadCount: Int, queueLimit: Int) {
        self.name = name
        self.threadCount = threadCount
        self.queueLimit = queueLimit
        unsafe lock = .allocate(capacity: 1)
        unsafe wake = .allocate(capacity: 1)
        unsafe pthread_mutex_init(lock, nil)
        unsafe pthread_cond_init(wake, nil)
        for _ in 0..<threadCount {
            var thread = pthread_t()
            let context = unsafe Unmanaged.passRetained(self).toOpaque()
            let code = unsafe pthread_create(
                &thread, nil,
                { context in
                    let pool = unsafe Unmanaged<WorkerPool>.fromOpaque(context!)
                        .takeRetainedValue()
                    pool.work()
                    return nil
                }, context)
            precondition(code == 0, "no thread for pool \(name): error \(code)")
            threads.append(thread)
        }
    }

    deinit {
        unsafe pthread_cond_destroy(wake)
        unsafe pthread_mutex_destroy(lock)
        unsafe wake.deallocate()
        unsafe lock.deallocate()
    }

    /// - Returns: false when the queue is full or the pool has stopped; the work is not done then.
    package func submit(_ work: @escaping Work) -> Bool {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        if stopped || queue.count - head >= queueLimit {
            rejected += 1
            return false
        }
        queue.append(work)
        unsafe pthread_cond_signal(wake)
        return true
    }

    package struct Figures: Sendable {
        package var active = 0
        package var queued = 0
        package var completed = 0
        package var rejected = 0
    }

    package var figures: Figures {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return Figures(
            active: running, queued: queue.count - head, completed: completed, rejected: rejected)
    }

    /// Does what is queued, then ends the threads.
    package func stop() {
        unsafe pthread_mutex_lock(lock)
        stopped = true
        let waiting = threads
        threads = []
        unsafe pthread_cond_broadcast(wake)
        unsafe pthread_mutex_unlock(lock)
        for thread in waiting { pthread_join(thread, nil) }
    }

    private func work() {
        unsafe pthread_mutex_lock(lock)
        while true {
            while head == queue.count && !stopped { unsafe pthread_cond_wait(wake, lock) }
            if head == queue.count { break }
            let work = queue[head]!
            queue[head] = nil
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: queue.capacity <= 1024)
                head = 0
            } else if head >= 1024 {
                queue.removeFirst(head)
                head = 0
            }
            running += 1
            unsafe pthread_mutex_unlock(lock)
            work()
            unsafe pthread_mutex_lock(lock)
            running -= 1
            completed += 1
        }
        unsafe pthread_mutex_unlock(lock)
    }
}
