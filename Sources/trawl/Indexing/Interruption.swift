internal import Glibc
internal import Synchronization

/// Ctrl-C and a polite kill: noted, and looked at between two batches, so that what was sent is
/// answered and the program ends with a true word about what is durable.
enum Interruption {
    private static let noted = Atomic<Bool>(false)

    static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                // A second one ends the program at once.
                if Interruption.noted.exchange(true, ordering: .relaxed) { _exit(130) }
            }
        }
    }

    static var isRequested: Bool { noted.load(ordering: .relaxed) }
}
