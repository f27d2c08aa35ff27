import Glibc
import Synchronization
import Testing
import TrawlDocument
import TrawlFiles
import TrawlLog
import TrawlTestKit

/// Indices in memory that keep the last place of each source, as shards do.
private final class MemoryIndices: DeliveryTarget {
    struct State {
        var documents: [String: [String: [UInt8]]] = [:]
        var applied: [String: [Int64]] = [:]
        var last: [String: ChangeOrigin.Place] = [:]
        var requests: Set<String> = []
        /// How many calls from now on are answered by nothing but a postponement.
        var postponements = 0
        /// After how many changes of a call the rest is postponed.
        var cut = Int.max
    }

    let state = Mutex(State())

    func letterBooks() -> [ShardLetters] { [] }
    var now: Int64 { 0 }

    func deliver(_ changes: [Change], to index: String) -> [DeliveryResult] {
        state.withLock { state in
            if state.postponements > 0 {
                state.postponements -= 1
                return changes.map { _ in .postponed(reason: "away") }
            }
            let cut = state.cut
            state.cut = .max
            return changes.enumerated().map { place, change in
                if place >= cut { return .postponed(reason: "cut off") }
                return Self.apply(change, index, &state)
            }
        }
    }

    private static func apply(
        _ change: Change, _ index: String, _ state: inout State
    ) -> DeliveryResult {
        if let request = change.requestID {
            if !state.requests.insert(index + request).inserted {
                return .done(result: "noop", offset: 0)
            }
        }
        guard case .index(let source) = change.operation else {
            return .refused(type: "unfit", reason: "no document")
        }
        if source.first == UInt8(ascii: "!") { return .refused(type: "unfit", reason: "bad") }
        if let origin = change.origin.flatMap({ ChangeOrigin($0) }), let place = origin.place {
            let key = index + origin.source
            if let last = state.last[key], place <= last {
                return .done(result: "noop", offset: 0)
            }
            state.last[key] = place
            state.applied[index, default: []].append(Int64(place.position) - 1)
        }
        state.documents[index, default: [:]][change.id.string] = source
        return .done(result: "created", offset: 0)
    }
}

@Suite("LogService")
struct LogServiceTests {
    private func open(
        _ store: any FileStore, _ indices: MemoryIndices
    ) throws -> LogService {
        var options = LogOptions()
        options.freeWatermark = 0
        return try LogService(store, options: options, syncer: LogSyncer(), target: indices)
    }

    private func wait(
        _ what: String, _ condition: () throws -> Bool
    ) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !(try condition()) {
            try #require(ContinuousClock.now < deadline, "waited in vain: \(what)")
            usleep(5000)
        }
    }

    private func record(_ key: String, _ value: String, route: String? = nil) -> LogRecord {
        LogRecord(
            key: Array(key.utf8), value: Array(value.utf8),
            headers: route.map { [.init("route", Array($0.utf8))] } ?? [])
    }

    private func lag(_ service: LogService, _ name: String) throws -> Int64 {
        let route = try #require(service.routes.first { $0.name == name })
        return try service.deliveries(of: route).map(\.lag).reduce(0, +)
    }

    @Test("each record goes once to each index whose routes fit it, also when several do")
    func fanOut() throws {
        let store = MemoryFileStore()
        let indices = MemoryIndices()
        let service = try open(store, indices)
        service.start()
        defer { service.stop() }
        try service.topics.create("t")
        _ = try service.append([record("old", "0")], to: "t", partition: nil, producer: nil)
        try service.put(
            TopicRoute(name: "all", topic: "t", match: .all, indices: ["x", "y"]),
            fromStart: false)
        try service.put(
            TopicRoute(name: "eu", topic: "t", match: .pattern("eu.#"), indices: ["x", "z"]),
            fromStart: true)
        _ = try service.append(
            [record("a", "1", route: "eu.a"), record("b", "2", route: "us")], to: "t",
            partition: nil, producer: nil)
        try wait("everything is delivered") {
            try lag(service, "all") == 0 && lag(service, "eu") == 0
        }
        let state = indices.state.withLock { ($0.applied, $0.documents) }
        #expect(state.0["x"] == [1, 2])
        #expect(state.0["y"] == [1, 2])
        // From the start; the record there before has no route that fits.
        #expect(state.0["z"] == [1])
        #expect(state.1["x"]?.keys.sorted() == ["a", "b"])
    }

    @Test("what is postponed comes again, whole and in order, and is applied once")
    func postponed() throws {
        let store = MemoryFileStore()
        let indices = MemoryIndices()
        let service = try open(store, indices)
        defer { service.stop() }
        try service.topics.create("t")
        try service.put(
            TopicRoute(name: "all", topic: "t", match: .all, indices: ["x"]), fromStart: true)
        _ = try service.append(
            (0..<20).map { record("\($0)", $0 == 3 ? "!" : "v") }, to: "t", partition: nil,
            producer: nil)
        indices.state.withLock {
            $0.postponements = 2
            $0.cut = 7
        }
        service.start()
        try wait("everything is delivered") { try lag(service, "all") == 0 }
        #expect(
            indices.state.withLock { $0.applied["x"] } == (0..<20).filter { $0 != 3 })
        // The one that was refused came by more than once, and is one letter.
        let letters = try service.letters(of: "topic:t", limit: 10, onlyOpen: true)
        #expect(letters.map(\.letter.offset) == [3])
        #expect(letters.first?.letter.target == "x")
    }

    @Test("routes, positions and letters are found again; a mended letter is sent once")
    func again() throws {
        let store = MemoryFileStore()
        let indices = MemoryIndices()
        do {
            let service = try open(store, indices)
            try service.topics.create("t")
            try service.put(
                TopicRoute(
                    name: "h", topic: "t", match: .headers(["route": "r"], needsAll: false),
                    indices: ["x"]), fromStart: true)
            service.start()
            _ = try service.append(
                [record("1", "!", route: "r"), record("2", "ok", route: "r")], to: "t",
                partition: nil, producer: nil)
            try wait("both are looked at") { try lag(service, "h") == 0 }
            service.stop()
        }
        let service = try open(store, indices)
        service.start()
        defer { service.stop() }
        #expect(service.routes.map(\.name) == ["h"])
        _ = try service.append(
            [record("3", "ok", route: "r")], to: "t", partition: nil, producer: nil)
        try wait("the third is delivered") { try lag(service, "h") == 0 }
        #expect(indices.state.withLock { $0.applied["x"] } == [1, 2])
        let letter = try #require(
            try service.letters(of: nil, limit: 10, onlyOpen: true).first)
        #expect(letter.address.description == "topic:t/0/0")
        #expect(
            try service.replay(letter.address) == .refused(type: "unfit", reason: "bad"))
        var mended = letter.letter.record
        mended.value = Array("good".utf8)
        try service.mend(letter.address, with: mended)
        #expect(try service.replay(letter.address) == .done(result: "created", offset: 0))
        #expect(indices.state.withLock { $0.documents["x"]?["1"] } == Array("good".utf8))
        #expect(throws: LogError.letterClosed(0, status: "replayed")) {
            try service.replay(letter.address)
        }
        #expect(throws: LogError.self) { try service.removeTopic("t") }
        try service.removeRoute("h")
        #expect(try service.topics.groups(of: "t").isEmpty)
        try service.removeTopic("t")
        #expect(throws: LogError.unknownRoute("h")) { try service.removeRoute("h") }
    }
}
