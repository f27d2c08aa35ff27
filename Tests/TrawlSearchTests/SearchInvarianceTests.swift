import Testing
import TrawlIndex
import TrawlJSON
import TrawlQuery
import TrawlTestKit

@testable import TrawlSearch

/// Random documents in random segments, with deletes, updates and merges, asked random queries:
/// the hits, the bits of their scores and their order are those of looking at every document.
@Suite("Search against every document")
struct SearchInvarianceTests {
    static let properties: JSONValue = [
        "body": ["type": "text"], "title": ["type": "text"], "tags": ["type": "keyword"],
        "n": ["type": "long"],
    ]

    private static let words = [
        "a1", "b1", "cat", "cats", "dog", "bird", "bard", "fish", "the", "of", "tree", "three",
        "rare", "common", "zebra", "x", "cut", "act",
    ]

    struct Chance {
        var random: SplitMix64

        mutating func number(_ range: ClosedRange<Int>) -> Int {
            .random(in: range, using: &random)
        }
        mutating func often(_ percent: Int) -> Bool { number(1...100) <= percent }

        /// Early words are far more frequent.
        mutating func word() -> String {
            let i = min(number(0...17), number(0...17))
            return SearchInvarianceTests.words[i]
        }

        mutating func text(_ count: Int) -> String {
            (0..<count).map { _ in word() }.joined(separator: " ")
        }

        mutating func query(_ depth: Int) -> JSONValue {
            let field: String = often(70) ? "body" : "title"
            switch number(0...(depth > 0 ? 20 : 13)) {
            case 0, 1: return ["match": [field: .string(text(number(1...4)))]]
            case 2:
                return [
                    "match": [field: ["query": .string(text(number(1...3))), "operator": "and"]]
                ]
            case 3:
                let count = number(2...4)
                return [
                    "match": [
                        field: [
                            "query": .string(text(count)),
                            "minimum_should_match": JSONValue(number(1...count)),
                        ]
                    ]
                ]
            case 4: return ["match_phrase": [field: .string(text(number(1...3)))]]
            case 5:
                return [
                    "term": [field: ["value": .string(word()), "boost": JSONValue(number(1...5))]]
                ]
            case 6: return ["term": ["tags": .string(word())]]
            case 7: return ["terms": ["tags": [.string(word()), .string(word())]]]
            case 8:
                let low = number(-5...40)
                return [
                    "range": ["n": ["gte": JSONValue(low), "lt": JSONValue(low + number(0...30))]]
                ]
            case 9: return ["exists": ["field": .string(["n", "tags", "title"][number(0...2)])]]
            case 10: return ["prefix": [field: .string(String(word().prefix(number(1...2))))]]
            case 11:
                return [
                    "fuzzy": [
                        field: ["value": .string(word()), "fuzziness": JSONValue(number(1...2))]
                    ]
                ]
            case 12: return ["match_all": ["boost": JSONValue(number(1...3))]]
            case 13:
                return [
                    "multi_match": [
                        "query": .string(text(2)), "fields": ["body", "title"],
                        "type": often(50) ? "best_fields" : "most_fields",
                    ]
                ]
            case 14, 15, 16:
                var bool: JSONValue = [:]
                for key in ["must", "should", "filter", "must_not"] where often(50) {
                    let clauses = (0..<number(1...3)).map { _ in query(depth - 1) }
                    bool[key] = .array(clauses)
                }
                if bool["must"] == nil, bool["should"] == nil, bool["filter"] == nil {
                    bool["must"] = [query(depth - 1)]
                }
                if let should = bool["should"]?.arrayValue, often(30) {
                    bool["minimum_should_match"] = JSONValue(number(0...should.count))
                }
                if often(30) { bool["boost"] = JSONValue(number(1...4)) }
                return ["bool": bool]
            case 17:
                return [
                    "constant_score": [
                        "filter": query(depth - 1), "boost": JSONValue(number(1...9)),
                    ]
                ]
            case 18:
                return [
                    "dis_max": [
                        "queries": .array((0..<number(1...3)).map { _ in query(depth - 1) }),
                        "tie_breaker": often(50) ? 0 : 0.5,
                    ]
                ]
            case 19:
                return [
                    "boosting": [
                        "positive": query(depth - 1), "negative": query(depth - 1),
                        "negative_boost": 0.25,
                    ]
                ]
            default:
                return [
                    "function_score": [
                        "query": query(depth - 1),
                        "field_value_factor": ["field": "n", "missing": 1],
                    ]
                ]
            }
        }
    }

    private func document(_ id: String, _ chance: inout Chance) -> ReferenceSearch.Document {
        var document = ReferenceSearch.Document(id: id, body: [], title: [], tags: [])
        // Mostly short; some so long that their length is kept rounded.
        let length = chance.often(10) ? chance.number(20...90) : chance.number(0...12)
        document.body = (0..<length).map { _ in chance.word() }
        if chance.often(60) {
            document.title = (0..<chance.number(1...4)).map { _ in chance.word() }
        }
        if chance.often(60) {
            document.tags = Array(Set((0..<chance.number(1...3)).map { _ in chance.word() }))
        }
        if chance.often(70) { document.number = Int64(chance.number(0...50)) }
        return document
    }

    private func json(_ document: ReferenceSearch.Document) -> JSONValue {
        var json: JSONValue = ["body": .string(document.body.joined(separator: " "))]
        if !document.title.isEmpty {
            json["title"] = .string(document.title.joined(separator: " "))
        }
        if !document.tags.isEmpty { json["tags"] = .array(document.tags.map { .string($0) }) }
        if let number = document.number { json["n"] = JSONValue(number) }
        return json
    }

    /// A thousand small rounds find more than a few large ones; some are large all the same.
    @Test(
        "hits, float bits and order depend on the living documents alone",
        .randomized(rounds: 1000))
    func invariance() throws {
        var chance = Chance(random: RandomContext.generator())
        let fixture = try SearchFixture(properties: Self.properties)
        var reference = ReferenceSearch()
        let isLarge = chance.often(1)
        for _ in 0..<chance.number(1...(isLarge ? 120 : 16)) {
            let id = "d\(chance.number(0...(isLarge ? 70 : 9)))"
            reference.documents.removeAll { $0.id == id }
            if chance.often(12) {
                try fixture.writer.delete(id: id)
            } else {
                let new = document(id, &chance)
                reference.documents.append(new)
                try fixture.put(id, json(new))
            }
            if chance.often(8) { _ = try fixture.writer.refresh() }
            if chance.often(2) { try fixture.writer.forceMerge(to: 1) }
        }
        let searcher = try fixture.searcher()
        for _ in 0..<(isLarge ? 25 : 2) {
            let query = chance.query(2)
            let expected = reference.hits(query)
            let size = chance.often(50) ? 10_000 : chance.number(0...5)
            let answer = try fixture.search(
                ["query": query, "size": JSONValue(size)], on: searcher)
            let wanted = expected.prefix(size)
            #expect(answer.ids == wanted.map(\.id), "\(query)")
            #expect(
                answer.hits.map { $0.score?.bitPattern } == wanted.map { $0.score.bitPattern },
                "\(query): \(answer.hits.map(\.score)) for \(wanted.map(\.score))")
            #expect(answer.result.total == .init(value: expected.count, isExact: true), "\(query)")
            // Why agrees with what.
            for (id, score) in expected.prefix(3) {
                let explanation = try searcher.explain(
                    try QueryDSL.parse(query), id: id, .init(now: fixture.now))
                #expect(explanation?.isMatch == true, "\(query)")
                #expect(
                    explanation.map { Float($0.value).bitPattern } == score.bitPattern,
                    "\(query) \(id)")
            }
            if let other = reference.documents.first(where: { doc in
                !expected.contains { $0.id == doc.id }
            }) {
                let explanation = try searcher.explain(
                    try QueryDSL.parse(query), id: other.id, .init(now: fixture.now))
                #expect(explanation?.isMatch == false, "\(query)")
            }
        }
    }

    @Test("shards that share their statistics score as one index", .randomized(rounds: 12))
    func shards() throws {
        var chance = Chance(random: RandomContext.generator())
        let shards = try (0..<3).map { _ in try SearchFixture(properties: Self.properties) }
        var reference = ReferenceSearch()
        for i in 0..<chance.number(1...80) {
            let new = document("d\(i)", &chance)
            reference.documents.append(new)
            let shard = shards[chance.number(0...2)]
            shard.nextStamp = UInt64(i)
            try shard.put(new.id, json(new))
            if chance.often(10) { _ = try shard.writer.refresh() }
        }
        let searchers = try shards.map { try $0.searcher() }
        for _ in 0..<15 {
            let query = chance.query(2)
            let request = try SearchBody.parse(["query": query, "size": 1000])
            var statistics = RankingStatistics()
            for searcher in searchers {
                statistics =
                    statistics + (try searcher.statistics(for: request, now: shards[0].now))
            }
            var found: [(id: String, score: Float, stamp: UInt64)] = []
            for searcher in searchers {
                let conditions = Searcher.Conditions(statistics: statistics, now: shards[0].now)
                let result = try searcher.search(request, conditions)
                for hit in try FetchPhase(request, searcher, conditions).hits(result.found) {
                    found.append((hit.id, hit.score ?? 0, hit.stamp))
                }
            }
            found.sort { $0.score == $1.score ? $0.stamp < $1.stamp : $0.score > $1.score }
            let expected = reference.hits(query)
            #expect(found.map(\.id) == expected.map(\.id), "\(query)")
            #expect(
                found.map(\.score.bitPattern) == expected.map(\.score.bitPattern), "\(query)")
        }
    }
}
