internal import Glibc

/// Lets the calling thread sleep. For threads of our own, never inside a task.
enum Pause {
    static func sleep(_ duration: Duration) {
        let parts = duration.components
        var rest = timespec(
            tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
        // Interrupted by a signal, it goes on with the rest.
        var left = timespec()
        while unsafe nanosleep(&rest, &left) == -1, errno == EINTR { rest = left }
    }
}
