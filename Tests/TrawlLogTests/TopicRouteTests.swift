import Testing
import TrawlFiles
import TrawlLog
import TrawlTestKit

@Suite("TopicRoute", .randomized())
struct TopicRouteTests {
    @Test(
        "a star is one word, a number sign any number of them",
        arguments: [
            ("eu.orders.new", "eu.orders.new", true), ("eu.orders", "eu.*", true),
            ("eu.orders.new", "eu.*", false), ("eu.orders.new", "eu.#", true),
            ("eu", "eu.#", true), ("us.orders", "eu.#", false), ("a.b.c.d", "#.c.*", true),
            ("a.b.c.d", "*.#.d", true), ("d", "*.#.d", false), ("anything.at.all", "#", true),
            ("", "#", true), ("", "*", true), ("a", "*.*", false), ("a..b", "a.*.b", true),
            ("eu.orders", "eu.ord*", false),
        ])
    func patterns(key: String, pattern: String, fits: Bool) {
        #expect(TopicRoute.fits(key, pattern) == fits)
    }

    /// Tries everything that a sign may stand for.
    private func fits(_ words: ArraySlice<Substring>, _ parts: ArraySlice<Substring>) -> Bool {
        guard let part = parts.first else { return words.isEmpty }
        if part == "#" {
            return (0...words.count).contains { fits(words.dropFirst($0), parts.dropFirst()) }
        }
        guard let word = words.first, part == "*" || part == word else { return false }
        return fits(words.dropFirst(), parts.dropFirst())
    }

    @Test("patterns equal trying everything")
    func random() {
        var random = RandomContext.generator()
        for _ in 0..<500 {
            let key = (0..<Int.random(in: 1...6, using: &random))
                .map { _ in ["a", "b", ""].randomElement(using: &random)! }.joined(separator: ".")
            let pattern = (0..<Int.random(in: 1...6, using: &random))
                .map { _ in ["a", "b", "*", "#"].randomElement(using: &random)! }
                .joined(separator: ".")
            let words = key.split(separator: ".", omittingEmptySubsequences: false)[...]
            let parts = pattern.split(separator: ".", omittingEmptySubsequences: false)[...]
            #expect(
                TopicRoute.fits(key, pattern) == fits(words, parts), "\(key) under \(pattern)")
        }
    }

    private func route(_ match: TopicRoute.Match) -> TopicRoute {
        TopicRoute(name: "r", topic: "t", match: match, indices: ["b", "a", "b"])
    }

    @Test("the header route is compared before the key; headers by all of them or any")
    func records() {
        func record(_ key: String?, _ headers: [String: String]) -> LogRecord {
            LogRecord(
                key: key.map { Array($0.utf8) }, value: nil,
                headers: headers.map { .init($0.key, Array($0.value.utf8)) })
        }
        #expect(route(.all).indices == ["a", "b"])
        #expect(route(.exact("k")).matches(record("k", [:])))
        #expect(!route(.exact("k")).matches(record("k", ["route": "other"])))
        #expect(route(.exact("k")).matches(record("x", ["route": "k"])))
        #expect(!route(.exact("k")).matches(record(nil, [:])))
        #expect(route(.pattern("a.*")).matches(record(nil, ["route": "a.b"])))
        #expect(route(.all).matches(record(nil, [:])))
        let wanted = ["kind": "order", "land": "de"]
        let both = record(nil, ["kind": "order", "land": "de", "more": ""])
        let one = record(nil, ["kind": "order", "land": "fr"])
        #expect(route(.headers(wanted, needsAll: true)).matches(both))
        #expect(!route(.headers(wanted, needsAll: true)).matches(one))
        #expect(route(.headers(wanted, needsAll: false)).matches(one))
        #expect(!route(.headers(wanted, needsAll: false)).matches(record(nil, ["land": "fr"])))
    }
}
