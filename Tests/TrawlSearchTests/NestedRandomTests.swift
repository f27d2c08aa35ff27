import Testing
import TrawlBytes
import TrawlIndex
import TrawlJSON
import TrawlQuery
import TrawlTestKit

@testable import TrawlSearch

/// Random documents with objects in objects, in random segments, with deletes, updates and
/// merges: what is found, scored, sorted, shown and aggregated is what looking at each object
/// comes to.
@Suite("Nested documents against every object")
struct NestedRandomTests {
    static let properties: JSONValue = [
        "title": ["type": "text"], "k": ["type": "keyword"],
        "items": [
            "type": "nested",
            "properties": [
                "t": ["type": "text"], "k": ["type": "keyword"], "n": ["type": "long"],
                "subs": [
                    "type": "nested",
                    "properties": ["t": ["type": "text"], "n": ["type": "long"]],
                ],
            ],
        ],
        "links": [
            "type": "nested", "include_in_root": true, "properties": ["t": ["type": "text"]],
        ],
    ]

    private static let words = ["cat", "dog", "bird", "fish", "tree", "rare"]

    private struct Chance {
        var random: SplitMix64

        mutating func number(_ range: ClosedRange<Int>) -> Int {
            .random(in: range, using: &random)
        }
        mutating func often(_ percent: Int) -> Bool { number(1...100) <= percent }
        mutating func one<T>(of values: [T]) -> T { values[number(0...values.count - 1)] }
        mutating func word() -> String { words[min(number(0...5), number(0...5))] }
        mutating func text(_ count: Int) -> [String] { (0..<count).map { _ in word() } }

        /// A document, and what its JSON is.
        mutating func document(_ id: String) -> (ReferenceNested.Node, JSONValue) {
            var json: JSONValue = [:]
            var children: [ReferenceNested.Node] = []
            let title = text(number(0...4))
            let tag = word()
            json["title"] = .string(title.joined(separator: " "))
            json["k"] = .string(tag)
            var items: [JSONValue] = []
            for offset in 0..<(often(30) ? 0 : number(1...4)) {
                let (node, own) = item(id, offset)
                children.append(node)
                items.append(own)
            }
            // An object alone is as good as an array of one.
            if items.count == 1, often(50) {
                json["items"] = items[0]
            } else if !items.isEmpty {
                json["items"] = .array(items)
            }
            var links: [JSONValue] = []
            var linked: [String] = []
            for offset in 0..<number(0...2) {
                let words = text(number(1...3))
                linked += words
                links.append(["t": .string(words.joined(separator: " "))])
                children.append(
                    .init(path: "links", id: id, offset: offset, texts: ["links.t": words]))
            }
            if !links.isEmpty { json["links"] = .array(links) }
            let root = ReferenceNested.Node(
                path: "", id: id, offset: 0, texts: ["title": title, "links.t": linked],
                tags: ["k": [tag]])
            root.children = children
            for child in children { child.parent = root }
            return (root, json)
        }

        private mutating func item(
            _ id: String, _ offset: Int
        ) -> (ReferenceNested.Node, JSONValue) {
            let words = text(number(0...4))
            let tags = text(number(0...2))
            let numbers = (0..<number(0...2)).map { _ in number(-5...9) }
            var json: JSONValue = ["t": .string(words.joined(separator: " "))]
            if !tags.isEmpty { json["k"] = .array(tags.map { .string($0) }) }
            if !numbers.isEmpty { json["n"] = .array(numbers.map { JSONValue($0) }) }
            let node = ReferenceNested.Node(
                path: "items", id: id, offset: offset, texts: ["items.t": words],
                tags: ["items.k": tags], numbers: ["items.n": numbers])
            var subs: [JSONValue] = []
            for place in 0..<number(0...2) {
                let words = text(number(1...3))
                let value = number(0...9)
                subs.append(["t": .string(words.joined(separator: " ")), "n": JSONValue(value)])
                let sub = ReferenceNested.Node(
                    path: "items.subs", id: id, offset: place, texts: ["items.subs.t": words],
                    numbers: ["items.subs.n": [value]])
                sub.parent = node
                node.children.append(sub)
            }
            if !subs.isEmpty { json["subs"] = .array(subs) }
            return (node, json)
        }

        private mutating func leaf(_ path: String) -> JSONValue {
            let text: String
            switch path {
            case "": text = one(of: ["title", "title", "links.t"])
            case "items": text = "items.t"
            case "items.subs": text = "items.subs.t"
            default: text = "links.t"
            }
            switch number(0...5) {
            case 0: return ["match_all": ["boost": JSONValue(number(1...3))]]
            case 1 where path == "items": return ["term": ["items.k": .string(word())]]
            case 1 where path.isEmpty: return ["term": ["k": .string(word())]]
            case 2 where path == "items":
                return ["range": ["items.n": ["gte": JSONValue(number(-6...9))]]]
            case 2 where path == "items.subs":
                return ["range": ["items.subs.n": ["gte": JSONValue(number(0...9))]]]
            case 3: return ["exists": ["field": .string(text)]]
            // A field of another level has no value here.
            case 4 where often(15): return ["match": ["items.t": .string(word())]]
            default:
                return ["match": [text: .string(self.text(number(1...3)).joined(separator: " "))]]
            }
        }

        mutating func query(_ depth: Int, path: String = "") -> JSONValue {
            if depth == 0 { return leaf(path) }
            switch number(0...5) {
            case 0: return leaf(path)
            case 1, 2:
                var bool: JSONValue = [:]
                for key in ["must", "should", "filter", "must_not"] where often(45) {
                    let clauses = (0..<number(1...2)).map { _ in query(depth - 1, path: path) }
                    bool[key] = .array(clauses)
                }
                if bool["must"] == nil, bool["should"] == nil, bool["filter"] == nil {
                    bool["must"] = [query(depth - 1, path: path)]
                }
                return ["bool": bool]
            default:
                let inner =
                    path.isEmpty
                    ? one(of: ["items", "items", "items.subs", "links"]) : "items.subs"
                if path == "links" || path == "items.subs" { return leaf(path) }
                return nested(inner, query(depth - 1, path: inner))
            }
        }

        mutating func nested(_ path: String, _ query: JSONValue) -> JSONValue {
            var body: JSONValue = ["path": .string(path), "query": query]
            if often(70) {
                body["score_mode"] = .string(one(of: ["avg", "sum", "min", "max", "none"]))
            }
            if often(20) { body["boost"] = 2 }
            return ["nested": body]
        }
    }

    private static func fill(
        _ fixtures: [SearchFixture], _ reference: ReferenceNested, _ chance: inout Chance,
        upTo limit: Int
    ) throws {
        for stamp in 0..<chance.number(1...limit) {
            let number = chance.number(0...limit / 2)
            let id = "d\(number)"
            let fixture = fixtures[number % fixtures.count]
            reference.roots.removeAll { $0.id == id }
            if chance.often(15) {
                try fixture.writer.delete(id: id)
            } else {
                let (node, json) = chance.document(id)
                reference.roots.append(node)
                fixture.nextStamp = UInt64(stamp)
                try fixture.put(id, json)
            }
            if chance.often(12) { _ = try fixture.writer.refresh() }
            if chance.often(3) { try fixture.writer.forceMerge(to: 1) }
            if chance.often(3) { try fixture.writer.commit(payload: [UInt8(stamp % 200)]) }
        }
    }

    @Test("hits, float bits and order", .randomized(rounds: 150))
    func queries() throws {
        var chance = Chance(random: RandomContext.generator())
        let fixture = try SearchFixture(properties: Self.properties)
        let reference = ReferenceNested()
        try Self.fill([fixture], reference, &chance, upTo: chance.often(5) ? 120 : 20)
        let searcher = try fixture.searcher(usingCache: chance.often(30))
        #expect(searcher.snapshot.liveCount == reference.roots.count)
        for _ in 0..<8 {
            let query = chance.query(3)
            let expected = reference.hits(query)
            let answer = try fixture.search(["query": query, "size": 1000], on: searcher)
            #expect(answer.ids == expected.map(\.node.id), "\(query)")
            #expect(
                answer.hits.map { $0.score?.bitPattern } == expected.map { $0.score.bitPattern },
                "\(query): \(answer.hits.map(\.score)) for \(expected.map(\.score))")
            #expect(answer.result.total == .init(value: expected.count, isExact: true), "\(query)")
            for (node, score) in expected.prefix(2) {
                let explanation = try searcher.explain(
                    try QueryDSL.parse(query), id: node.id, .init(now: fixture.now))
                #expect(
                    explanation.map { Float($0.value).bitPattern } == score.bitPattern,
                    "\(query) \(node.id)")
            }
        }
    }

    @Test("shards that share their statistics score as one index", .randomized(rounds: 30))
    func shards() throws {
        var chance = Chance(random: RandomContext.generator())
        let shards = try (0..<3).map { _ in try SearchFixture(properties: Self.properties) }
        let reference = ReferenceNested()
        try Self.fill(shards, reference, &chance, upTo: 40)
        let searchers = try shards.map { try $0.searcher() }
        for _ in 0..<10 {
            let query = chance.query(3)
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
            #expect(found.map(\.id) == expected.map(\.node.id), "\(query)")
            #expect(
                found.map(\.score.bitPattern) == expected.map(\.score.bitPattern), "\(query)")
        }
    }

    @Test("inner hits are the objects that matched, with their places", .randomized(rounds: 60))
    func innerHits() throws {
        var chance = Chance(random: RandomContext.generator())
        let fixture = try SearchFixture(properties: Self.properties)
        let reference = ReferenceNested()
        try Self.fill([fixture], reference, &chance, upTo: 30)
        let searcher = try fixture.searcher()
        for _ in 0..<6 {
            let path = chance.one(of: ["items", "items.subs", "links"])
            let inner = chance.query(1, path: path)
            let size = chance.number(0...4)
            let from = chance.number(0...2)
            let query: JSONValue = [
                "nested": [
                    "path": .string(path), "query": inner,
                    "inner_hits": ["size": JSONValue(size), "from": JSONValue(from)],
                ]
            ]
            let answer = try fixture.search(["query": query, "size": 1000], on: searcher)
            for hit in answer.hits {
                let root = try #require(reference.roots.first { $0.id == hit.id })
                let found = root.within(path).enumerated().compactMap { place, node in
                    reference.score(inner, node).map { (place, node, $0) }
                }.sorted { $0.2 == $1.2 ? $0.0 < $1.0 : $0.2 > $1.2 }
                let shown = try #require(hit.inner.first)
                #expect(shown.total == found.count)
                #expect(shown.maxScore?.bitPattern == found.first?.2.bitPattern)
                let page = found.dropFirst(from).prefix(size)
                #expect(
                    shown.hits.map { $0.score?.bitPattern } == page.map { $0.2.bitPattern },
                    "\(query)")
                for (one, expected) in zip(shown.hits, page) {
                    #expect(one.id == hit.id)
                    #expect(one.nested.map(\.offset) == Self.offsets(of: expected.1))
                    #expect(
                        one.nested.map(\.field)
                            == (path == "items.subs" ? ["items", "subs"] : [path]))
                    let words = expected.1.texts["\(path).t"] ?? []
                    let source = try JSONValue.parse(one.source ?? [])
                    #expect(source["t"]?.stringValue == words.joined(separator: " "))
                }
            }
        }
    }

    private static func offsets(of node: ReferenceNested.Node) -> [Int] {
        (node.parent.map { $0.path.isEmpty ? [] : offsets(of: $0) } ?? []) + [node.offset]
    }

    @Test("sorting takes the values of the objects that a filter leaves", .randomized(rounds: 40))
    func sorting() throws {
        var chance = Chance(random: RandomContext.generator())
        let fixture = try SearchFixture(properties: Self.properties)
        let reference = ReferenceNested()
        try Self.fill([fixture], reference, &chance, upTo: 30)
        let searcher = try fixture.searcher()
        for _ in 0..<8 {
            let isInner = chance.often(40)
            let filter = chance.query(1, path: isInner ? "items.subs" : "items")
            let outer = chance.query(1, path: "items")
            let mode = chance.one(of: ["min", "max", "sum", "avg"])
            let isDescending = chance.often(50)
            var nested: JSONValue = ["path": .string(isInner ? "items.subs" : "items")]
            nested["filter"] = filter
            if isInner { nested = ["path": "items", "filter": outer, "nested": nested] }
            let field = isInner ? "items.subs.n" : "items.n"
            let body: JSONValue = [
                "size": 1000,
                "sort": [
                    [
                        field: [
                            "order": isDescending ? "desc" : "asc", "mode": .string(mode),
                            "nested": nested,
                        ]
                    ]
                ],
            ]
            let answer = try fixture.search(body, on: searcher)
            func value(_ root: ReferenceNested.Node) -> Double? {
                let nodes = root.within(isInner ? "items.subs" : "items").filter { node in
                    if reference.score(filter, node) == nil { return false }
                    if !isInner { return true }
                    return node.around("items").map { reference.score(outer, $0) != nil } ?? false
                }
                let values = nodes.flatMap { $0.numbers[field] ?? [] }.map(Double.init)
                if values.isEmpty { return nil }
                let sum = values.reduce(0, +)
                switch mode {
                case "min": return values.min()
                case "max": return values.max()
                case "sum": return sum
                default: return (sum / Double(values.count)).rounded()
                }
            }
            let expected = reference.roots.enumerated().map {
                ($0.offset, $0.element, value($0.element))
            }
            .sorted { left, right in
                guard let a = left.2 else { return right.2 == nil && left.0 < right.0 }
                guard let b = right.2 else { return true }
                return a == b ? left.0 < right.0 : (a < b) != isDescending
            }
            #expect(answer.ids == expected.map(\.1.id), "\(body)")
        }
    }

    @Test("nested and reverse_nested count objects and documents", .randomized(rounds: 40))
    func aggregations() throws {
        var chance = Chance(random: RandomContext.generator())
        let fixtures = try (0..<chance.number(1...3)).map { _ in
            try SearchFixture(properties: Self.properties)
        }
        let reference = ReferenceNested()
        try Self.fill(fixtures, reference, &chance, upTo: 50)
        let query = chance.query(2)
        let filter = chance.query(1, path: "items")
        let body: JSONValue = [
            "size": 0, "query": query,
            "aggs": [
                "items": [
                    "nested": ["path": "items"],
                    "aggs": [
                        "k": [
                            "terms": ["field": "items.k", "size": 100, "order": ["_key": "asc"]],
                            "aggs": [
                                "n": ["sum": ["field": "items.n"]],
                                "back": [
                                    "reverse_nested": [:],
                                    "aggs": [
                                        "k": [
                                            "terms": [
                                                "field": "k", "size": 100,
                                                "order": ["_key": "asc"],
                                            ]
                                        ]
                                    ],
                                ],
                            ],
                        ],
                        "some": [
                            "filter": filter,
                            "aggs": [
                                "subs": [
                                    "nested": ["path": "items.subs"],
                                    "aggs": [
                                        "n": ["sum": ["field": "items.subs.n"]],
                                        "up": ["reverse_nested": ["path": "items"]],
                                        "top": ["reverse_nested": [:]],
                                    ],
                                ]
                            ],
                        ],
                    ],
                ]
            ],
        ]
        let answer = try JSONValue.parse(try AggregationRandomTests.run(body, on: fixtures))
        let roots = reference.roots.filter { reference.score(query, $0) != nil }
        let items = roots.flatMap { $0.within("items") }
        var buckets: [JSONValue] = []
        for key in Set(items.flatMap { $0.tags["items.k"] ?? [] }).sorted() {
            let own = items.filter { $0.tags["items.k"]?.contains(key) ?? false }
            let parents = roots.filter { root in own.contains { $0.parent === root } }
            let inner = Set(parents.flatMap { $0.tags["k"] ?? [] }).sorted().map { tag in
                [
                    "key": .string(tag),
                    "doc_count": JSONValue(parents.count { $0.tags["k"] == [tag] }),
                ]
                    as JSONValue
            }
            let sum = own.flatMap { $0.numbers["items.n"] ?? [] }.reduce(0, +)
            buckets.append([
                "key": .string(key), "doc_count": JSONValue(own.count),
                "n": ["value": JSONValue(sum)],
                "back": [
                    "doc_count": JSONValue(parents.count),
                    "k": [
                        "doc_count_error_upper_bound": 0, "sum_other_doc_count": 0,
                        "buckets": .array(inner),
                    ],
                ],
            ])
        }
        let some = items.filter { reference.score(filter, $0) != nil }
        let subs = some.flatMap { $0.within("items.subs") }
        let expected: JSONValue = [
            "items": [
                "doc_count": JSONValue(items.count),
                "k": [
                    "doc_count_error_upper_bound": 0, "sum_other_doc_count": 0,
                    "buckets": .array(buckets),
                ],
                "some": [
                    "doc_count": JSONValue(some.count),
                    "subs": [
                        "doc_count": JSONValue(subs.count),
                        "n": [
                            "value": JSONValue(
                                subs.flatMap { $0.numbers["items.subs.n"] ?? [] }.reduce(0, +))
                        ],
                        "up": [
                            "doc_count": JSONValue(some.count { !$0.children.isEmpty })
                        ],
                        "top": [
                            "doc_count": JSONValue(
                                roots.count { root in subs.contains { $0.id == root.id } })
                        ],
                    ],
                ],
            ]
        ]
        #expect(
            AggregationRandomTests.same(AggregationRandomTests.plain(answer), expected),
            "\(body)\nis \(answer)\nnot \(expected)")
    }
}
