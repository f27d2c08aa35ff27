import Glibc
import Synchronization
import Testing
import TrawlJSON
import TrawlQuery
import TrawlTestKit

@testable import TrawlSearch

/// A search asks whether it may go on, often enough, whatever it is busy with.
@Suite("Cancellation")
struct CancellationTests {
    /// Counts how often it is asked, and the most processor time between two times.
    private final class Watch: Sendable {
        private struct State {
            var count = 0
            var last = Watch.now
            var longest = 0
        }

        private let state = Mutex(State())
        /// The call from which on it says that nobody waits any more.
        let stopsAt: Int

        init(stopsAt: Int = .max) { self.stopsAt = stopsAt }

        /// Nanoseconds of this thread, so that other work on the machine does not count.
        static var now: Int {
            var time = timespec()
            unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return time.tv_sec * 1_000_000_000 + time.tv_nsec
        }

        func ask() -> Bool {
            state.withLock { state in
                let now = Self.now
                state.longest = max(state.longest, now - state.last)
                state.last = now
                state.count += 1
                return state.count >= stopsAt
            }
        }

        var count: Int { state.withLock { $0.count } }
        var longest: Int { state.withLock { $0.longest } }
    }

    private static let docCount = 6000

    private static func fixture() throws -> SearchFixture {
        let fixture = try SearchFixture(properties: [
            "body": ["type": "text"], "n": ["type": "long"], "place": ["type": "geo_point"],
            "m": ["type": "long", "index": false], "tag": ["type": "keyword"],
        ])
        var random = SplitMix64(seed: 31)
        for i in 0..<docCount {
            var words = ["a", "b"]
            for _ in 0..<8 {
                words.append("w\(Int.random(in: 0..<3000, using: &random))")
            }
            words.shuffle(using: &random)
            try fixture.put(
                "\(i)",
                [
                    "body": .string(words.joined(separator: " ")), "n": JSONValue(i),
                    "m": JSONValue(i % 77), "tag": .string("t\(i)"),
                    "place": .string("\(i % 80),\(i % 170)"),
                ])
        }
        return fixture
    }

    private static let queries: [(String, JSONValue)] = [
        ("term", ["term": ["body": "a"]]),
        ("disjunction", ["match": ["body": "a b w1 w2 w3 w4 w5 w6"]]),
        ("conjunction", ["match": ["body": ["query": "a b", "operator": "and"]]]),
        ("phrase", ["match_phrase": ["body": "a b"]]),
        ("sloppy phrase", ["match_phrase": ["body": ["query": "a b", "slop": 4]]]),
        ("prefix", ["prefix": ["body": "w"]]),
        ("wildcard", ["wildcard": ["body": "*7*"]]),
        ("wildcard that fits nothing", ["wildcard": ["body": "*x*y"]]),
        ("regexp", ["regexp": ["body": "(w|x)*[0-9]+1"]]),
        ("fuzzy", ["fuzzy": ["body": ["value": "w2999", "fuzziness": 2]]]),
        ("range of strings", ["range": ["tag": ["gte": "t1"]]]),
        ("range over a column", ["range": ["m": ["gte": 10]]]),
        (
            "terms",
            ["terms": ["body": .array((0..<2000).map { .string("w\($0)") })]]
        ),
        ("geo distance", ["geo_distance": ["distance": "900km", "place": "10,10"]]),
        (
            "function",
            [
                "function_score": [
                    "query": ["match_all": [:]], "field_value_factor": ["field": "n"],
                ]
            ]
        ),
        (
            "nested clauses",
            ["bool": ["must": [["dis_max": ["queries": [["match": ["body": "a w7"]]]]]]]]
        ),
    ]

    @Test("every kind of query is left while it runs, and asks within 50 ms")
    func kinds() throws {
        let fixture = try Self.fixture()
        let searcher = try fixture.searcher()
        for (name, query) in Self.queries {
            for counts in [true, false] {
                let request = try SearchBody.parse([
                    "query": query, "size": 10, "track_total_hits": .bool(counts),
                ])
                let watch = Watch()
                let clock = SearchClock(patience: 64) { watch.ask() }
                let whole = try searcher.search(request, .init(now: fixture.now, clock: clock))
                #expect(!whole.timedOut, "\(name)")
                // What is pruned may be over before it has to ask.
                let isPruned = !counts || name == "term"
                #expect(isPruned || watch.count >= 3, "\(name) asks \(watch.count) times")
                #expect(watch.longest < 50_000_000, "\(name) does not ask for long")
                // The first time is before anything is done.
                for stop in Set([2, watch.count / 2, watch.count])
                where stop > 1 && stop <= watch.count {
                    let gone = Watch(stopsAt: stop)
                    let clock = SearchClock(patience: 64) { gone.ask() }
                    let part = try searcher.search(
                        request, .init(now: fixture.now, clock: clock))
                    #expect(part.timedOut, "\(name) goes on")
                    #expect(gone.count == stop, "\(name) asks again although it is over")
                    #expect(part.total.value <= whole.total.value, "\(name)")
                }
            }
        }
    }

    @Test("sums and bits of a search that was left do not show in the next")
    func leavesRoomClean() throws {
        let fixture = try Self.fixture()
        let searcher = try fixture.searcher()
        let request = try SearchBody.parse(["query": Self.queries[1].1, "size": 50])
        let whole = try searcher.search(request, .init(now: fixture.now))
        for stop in 2..<12 {
            let watch = Watch(stopsAt: stop)
            let clock = SearchClock(patience: 256) { watch.ask() }
            _ = try searcher.search(request, .init(now: fixture.now, clock: clock))
            let again = try searcher.search(request, .init(now: fixture.now))
            #expect(again.found.map(\.place) == whole.found.map(\.place))
            #expect(again.found.map(\.score) == whole.found.map(\.score))
            #expect(again.total == whole.total)
        }
    }
}
