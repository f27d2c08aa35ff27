internal import CPosix
internal import Glibc

/// A thread of the system that runs one closure.
package final class SystemThread: Sendable {
    private let done = Signal()
    private let isDone = Flag()

    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        let box = Box { [done, isDone] in
            unsafe trawl_name_thread(name)
            body()
            done.change { isDone.value = true }
        }
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                let box = unsafe Unmanaged<Box>.fromOpaque(context!).takeRetainedValue()
                box.body()
                return nil
            }, Unmanaged.passRetained(box).toOpaque())
        precondition(code == 0, "no thread could be made")
        pthread_detach(thread)
    }

    /// Waits until the closure has returned.
    package func join() { _ = done.wait { isDone.value ? true : nil } }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Read and written under `done`'s lock only.
    private final class Flag: @unchecked Sendable { var value = false }
}
