internal import Synchronization
internal import TrawlCoordinator
internal import TrawlQuery

/// Views of indices that clients keep open between requests: scrolls and points in time. Each
/// holds its snapshot until its time is over.
final class SearchContexts: Sendable {
    struct Scroll: Sendable {
        var view: SearchView
        var request: SearchRequest
        /// Where the next page begins.
        var after: [SortValue]?
        var afterStamp: UInt64?
        var served = 0
        var totalAsInt = false
    }

    struct Point: Sendable {
        var view: SearchView
        var createdAt: Int64
    }

    private struct Entry<Value: Sendable>: Sendable {
        var value: Value
        var deadline: ContinuousClock.Instant
        var keepAlive: Duration
    }

    private struct State: Sendable {
        var scrolls: [String: Entry<Scroll>] = [:]
        var points: [String: Entry<Point>] = [:]
    }

    static let maxOpenScrolls = 500
    static let maxOpenPoints = 300
    static let maxKeepAlive = Duration.seconds(24 * 3600)
    private let state = Mutex(State())

    var openCount: Int {
        state.withLock { state in
            Self.expire(&state)
            return state.scrolls.count + state.points.count
        }
    }

    private static func expire(_ state: inout State) {
        let now = ContinuousClock.now
        state.scrolls = state.scrolls.filter { $0.value.deadline > now }
        state.points = state.points.filter { $0.value.deadline > now }
    }

    static func checkKeepAlive(
        _ keepAlive: Duration, _ text: String, _ services: Services
    ) throws {
        let name = "search.max_keep_alive"
        let catalog = services.catalog
        let setting =
            catalog.transientSettings.text(name) ?? catalog.persistentSettings.text(name)
        let limit = try setting.map { try TimeValue.parse($0, of: name) } ?? maxKeepAlive
        if keepAlive > limit {
            throw APIError.illegalArgument(
                "Keep alive for request (\(text)) is too large. It must be less than "
                    + "(\(setting ?? "1d")). This limit can be set by changing the "
                    + "[search.max_keep_alive] cluster level setting.")
        }
    }

    func open(_ scroll: Scroll, keepAlive: Duration) throws -> String {
        let id = RandomID.make() + RandomID.make()
        try state.withLock { state in
            Self.expire(&state)
            if state.scrolls.count >= Self.maxOpenScrolls {
                throw APIError(
                    500, "exception",
                    "Trying to create too many scroll contexts. Must be less than or equal to: "
                        + "[\(Self.maxOpenScrolls)]. This limit can be set by changing the "
                        + "[search.max_open_scroll_context] setting.")
            }
            state.scrolls[id] = Entry(
                value: scroll, deadline: .now + keepAlive, keepAlive: keepAlive)
        }
        return id
    }

    func scroll(_ id: String) -> Scroll? {
        state.withLock { state in
            Self.expire(&state)
            return state.scrolls[id]?.value
        }
    }

    func update(_ id: String, _ scroll: Scroll, keepAlive: Duration?) {
        state.withLock { state in
            guard var entry = state.scrolls[id] else { return }
            entry.value = scroll
            if let keepAlive { entry.keepAlive = keepAlive }
            entry.deadline = .now + entry.keepAlive
            state.scrolls[id] = entry
        }
    }

    func closeScrolls(_ ids: [String]?) -> Int {
        state.withLock { state in
            Self.expire(&state)
            let ids = ids ?? Array(state.scrolls.keys)
            return ids.count { state.scrolls.removeValue(forKey: $0) != nil }
        }
    }

    func open(_ point: Point, keepAlive: Duration) throws -> String {
        let id = RandomID.make() + RandomID.make()
        try state.withLock { state in
            Self.expire(&state)
            if state.points.count >= Self.maxOpenPoints {
                throw APIError.rejected(
                    "Trying to create too many Point In Time contexts. Must be less than or equal "
                        + "to: [\(Self.maxOpenPoints)]. This limit can be set by changing the "
                        + "[search.max_open_pit_context] setting.")
            }
            state.points[id] = Entry(
                value: point, deadline: .now + keepAlive, keepAlive: keepAlive)
        }
        return id
    }

    func point(_ id: String, keepAlive: Duration?) -> Point? {
        state.withLock { state in
            Self.expire(&state)
            guard var entry = state.points[id] else { return nil }
            if let keepAlive { entry.keepAlive = max(keepAlive, entry.keepAlive) }
            entry.deadline = .now + entry.keepAlive
            state.points[id] = entry
            return entry.value
        }
    }

    /// The ids that there were, of those named; all that there are when none is named.
    func closePoints(_ ids: [String]?) -> [(id: String, existed: Bool)] {
        state.withLock { state in
            Self.expire(&state)
            return (ids ?? state.points.keys.sorted()).map {
                ($0, state.points.removeValue(forKey: $0) != nil)
            }
        }
    }

    var points: [(id: String, createdAt: Int64, keepAlive: Duration)] {
        state.withLock { state in
            Self.expire(&state)
            return state.points.map { ($0.key, $0.value.value.createdAt, $0.value.keepAlive) }
                .sorted { $0.id < $1.id }
        }
    }
}
