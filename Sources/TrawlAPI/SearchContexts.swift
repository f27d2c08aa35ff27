internal import Synchronization

/// Views of indices that clients keep open between requests.
final class SearchContexts: Sendable {
    private let open = Mutex<[String: Int]>([:])

    var openCount: Int { open.withLock { $0.count } }
}
