/// A directory belongs to this process until the lock is released or goes.
///
/// The holder writes who it is into the file `lock`. The lock itself is the system's and ends
/// with the process, however it ends; a `lock` file left behind means nothing.
package final class DirectoryLock: Sendable {
    package static let fileName = "lock"

    package let path: String
    private let onRelease: @Sendable () -> Void

    init(path: String, onRelease: @escaping @Sendable () -> Void) {
        self.path = path
        self.onRelease = onRelease
    }

    deinit { onRelease() }

    static func describe(pid: Int32, holder: String?) -> String {
        "process \(pid)" + (holder.map { " (\($0))" } ?? "")
    }
}
