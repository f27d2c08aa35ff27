import Testing
import TrawlErrors
import TrawlIndex
import TrawlJSON
import TrawlQuery
import TrawlTestKit

@testable import TrawlSearch

/// Random aggregations over random documents in random segments, with deletes and updates: what
/// looking at every document comes to, on one shard and on several, bit for bit.
@Suite("Aggregations against every document", .randomized(rounds: 12))
struct AggregationRandomTests {
    static let properties: JSONValue = [
        "k": ["type": "keyword"], "n": ["type": "long"], "d": ["type": "double"],
        "x": ["type": "double"], "on": ["type": "date", "format": "epoch_millis"],
        "b": ["type": "boolean"],
    ]

    struct Chance {
        var random: SplitMix64
        /// Every document has just one value of every field: columns are read in other ways.
        var isFull = false

        mutating func number(_ range: ClosedRange<Int>) -> Int {
            .random(in: range, using: &random)
        }
        mutating func often(_ percent: Int) -> Bool { number(1...100) <= percent }
        mutating func one<T>(of values: [T]) -> T { values[number(0...values.count - 1)] }

        private mutating func has(_ percent: Int) -> Bool { isFull || often(percent) }

        mutating func document(_ id: String) -> ReferenceAggregations.Document {
            var document = ReferenceAggregations.Document(id: id)
            if has(80) {
                document.words = Set(
                    (0..<number(1...(isFull ? 1 : 3))).map { _ in "w\(number(0...12))" }
                ).sorted()
            }
            if has(80) {
                document.numbers = (0..<number(1...(isFull ? 1 : 3))).map { _ in
                    Int64(number(-20...20))
                }.sorted()
            }
            if has(80) { document.real = Double(number(-400...400)) / 8 }
            if has(80) {
                document.time = Int64(number(-5...15)) * 43_200_000 + Int64(number(0...9))
            }
            if has(70) { document.flag = often(50) }
            return document
        }

        mutating func filter() -> JSONValue {
            switch number(0...3) {
            case 0: return ["term": ["k": .string("w\(number(0...13))")]]
            case 1: return ["term": ["b": .bool(often(50))]]
            case 2: return ["range": ["n": ["gte": JSONValue(number(-20...20))]]]
            default:
                let low = number(-40...40)
                return ["range": ["d": ["gte": JSONValue(low), "lt": JSONValue(low + 30)]]]
            }
        }

        mutating func metric() -> JSONValue {
            let kind = one(of: ["avg", "sum", "min", "max", "value_count", "stats", "cardinality"])
            let field =
                kind == "value_count" || kind == "cardinality"
                ? one(of: ["k", "n", "d", "on"]) : one(of: ["n", "d"])
            return [kind: ["field": .string(field)]]
        }

        mutating func children(_ depth: Int) -> JSONObject {
            var children = JSONObject()
            for i in 0..<number(0...2) {
                children["c\(i)"] = depth > 0 ? aggregation(depth - 1) : metric()
            }
            return children
        }

        mutating func aggregation(_ depth: Int, isTop: Bool = false) -> JSONValue {
            if often(25) { return metric() }
            var children = children(depth)
            let kind: String
            var options: JSONValue
            switch number(0...(isTop ? 11 : 9)) {
            case 0, 1, 2:
                kind = "terms"
                options = ["field": .string(one(of: ["k", "k", "n", "d", "b", "on"]))]
                termsOptions(&options, &children)
            case 3:
                kind = "multi_terms"
                options = ["terms": [["field": "k"], ["field": "n"]]]
                if often(50) { options["size"] = JSONValue(number(1...40)) }
            case 4:
                kind = "histogram"
                options = [
                    "field": .string(one(of: ["n", "d"])), "interval": JSONValue(number(3...9)),
                ]
                if often(50) { options["min_doc_count"] = JSONValue(number(0...2)) }
                if often(30) { options["offset"] = JSONValue(number(0...2)) }
            case 5:
                kind = "date_histogram"
                options = ["field": "on"]
                if often(50) {
                    options["fixed_interval"] = "36h"
                } else {
                    options["calendar_interval"] = "day"
                    if often(50) { options["time_zone"] = "+02:00" }
                }
                if often(30) { options["min_doc_count"] = 1 }
            case 6:
                kind = "range"
                options = [
                    "field": .string(one(of: ["n", "d"])),
                    "ranges": [
                        ["to": JSONValue(number(-9...9))],
                        ["from": JSONValue(number(-9...0)), "to": JSONValue(number(0...9))],
                        ["from": JSONValue(number(-9...9))],
                    ],
                ]
            case 7:
                kind = "filter"
                options = filter()
            case 8:
                kind = "filters"
                options = ["filters": [filter(), filter()], "other_bucket": .bool(often(50))]
            case 9:
                kind = often(50) ? "missing" : "top_hits"
                if kind == "missing" {
                    options = ["field": .string(one(of: ["k", "n", "d"]))]
                } else {
                    children = [:]
                    options = [
                        "size": JSONValue(number(1...4)), "sort": [["d": "desc"]], "_source": false,
                    ]
                }
            case 10:
                kind = "global"
                options = [:]
            default:
                kind = "composite"
                options = composite()
            }
            var result: JSONValue = [kind: options]
            if !children.isEmpty { result["aggs"] = .object(children) }
            return result
        }

        private mutating func termsOptions(
            _ options: inout JSONValue, _ children: inout JSONObject
        ) {
            let field = options["field"]!.stringValue!
            if often(50) { options["size"] = JSONValue(number(1...30)) }
            if often(30), field == "k" { options["missing"] = "none" }
            if often(30), field == "n" { options["missing"] = 77 }
            if often(30) { options["min_doc_count"] = JSONValue(number(0...3)) }
            if often(20), field == "k" { options["include"] = ["w1", "w2", "w3", "w12"] }
            if often(20), field == "k" { options["exclude"] = ["w2"] }
            switch number(0...5) {
            case 0: options["order"] = ["_key": .string(one(of: ["asc", "desc"]))]
            case 1: options["order"] = ["_count": "asc"]
            case 2:
                let inner: JSONValue = ["field": .string(one(of: ["n", "d"]))]
                children["m"] = .object([one(of: ["sum", "max", "avg"]): inner])
                options["order"] = ["m": .string(one(of: ["asc", "desc"]))]
            default: break
            }
        }

        private mutating func composite() -> JSONValue {
            func order(_ chance: inout Chance) -> JSONValue {
                .string(chance.often(50) ? "asc" : "desc")
            }
            var options: JSONValue = [
                "size": JSONValue(number(1...12)),
                "sources": [
                    ["a": ["terms": ["field": "k", "order": order(&self)]]],
                    [
                        "b": [
                            "terms": [
                                "field": "n", "order": order(&self),
                                "missing_bucket": .bool(often(50)),
                            ]
                        ]
                    ],
                ],
            ]
            if often(50) {
                options["after"] = [
                    "a": .string("w\(number(0...12))"), "b": JSONValue(number(-9...9)),
                ]
            }
            return options
        }
    }

    /// The documents, whole and cut into shards.
    private struct World {
        var reference: [ReferenceAggregations.Document] = []
        var whole: SearchFixture
        var shards: [SearchFixture]

        init(shardCount: Int) throws {
            whole = try SearchFixture(properties: AggregationRandomTests.properties)
            shards = try (0..<shardCount).map { _ in
                try SearchFixture(properties: AggregationRandomTests.properties)
            }
        }

        mutating func fill(_ chance: inout Chance) throws {
            for stamp in 0..<chance.number(0...150) {
                let number = chance.number(0...100)
                let id = "d\(number)"
                let shard = shards[number % shards.count]
                reference.removeAll { $0.id == id }
                if chance.often(12) {
                    try whole.writer.delete(id: id)
                    try shard.writer.delete(id: id)
                } else {
                    let new = chance.document(id)
                    reference.append(new)
                    for fixture in [whole, shard] {
                        fixture.nextStamp = UInt64(stamp)
                        try fixture.put(id, new.json)
                    }
                }
                if chance.often(8) { _ = try whole.writer.refresh() }
                if chance.often(8) { _ = try shard.writer.refresh() }
            }
        }
    }

    static func run(_ body: JSONValue, on fixtures: [SearchFixture]) throws -> [UInt8] {
        var request = try SearchBody.parse(body)
        // Histograms within histograms make many.
        request.aggregationLimits.maxBuckets = 1 << 18
        let reduction = Reduction(request.aggregationLimits)
        var sum: PartialAggregations?
        for (number, fixture) in fixtures.enumerated() {
            let searcher = try fixture.searcher()
            var conditions = Searcher.Conditions(now: fixture.now)
            let collector = try AggregationCollector(
                request, searcher, conditions, index: IndexFacts(name: "i"), shard: number,
                isOnlyShard: fixtures.count == 1)
            conditions.collectors = [collector]
            _ = try searcher.search(request, conditions)
            let partials = try collector.finish()
            if sum == nil { sum = partials } else { try sum?.merge(partials, reduction) }
        }
        return try sum!.results(of: request.aggregations, reduction).serialized(typedKeys: false)
    }

    /// Without what only repeats a value in another form; hits by their ids.
    static func plain(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map(plain))
        case .object(let object):
            if let hits = object["hits"] {
                return [
                    "hits": [
                        "total": hits["total"]!["value"]!,
                        "ids": .array(hits["hits"]!.arrayValue!.map { $0["_id"]! }),
                    ]
                ]
            }
            var result = JSONObject()
            for (key, value) in object where !key.hasSuffix("_as_string") {
                result[key] = plain(value)
            }
            return .object(result)
        default: return value
        }
    }

    /// Numbers are equal by value.
    static func same(_ a: JSONValue, _ b: JSONValue) -> Bool {
        switch (a, b) {
        case (.number(let x), .number(let y)): x == y || x.double == y.double
        case (.array(let x), .array(let y)): x.count == y.count && zip(x, y).allSatisfy(same)
        case (.object(let x), .object(let y)):
            x.count == y.count
                && x.allSatisfy { key, value in y[key].map { same(value, $0) } ?? false }
        default: a == b
        }
    }

    @Test("every aggregation comes to what looking at each document comes to")
    func reference() throws {
        var chance = Chance(random: RandomContext.generator())
        chance.isFull = chance.often(50)
        var world = try World(shardCount: chance.number(2...4))
        try world.fill(&chance)
        let reference = ReferenceAggregations(all: world.reference)
        for _ in 0..<40 {
            let aggregation = chance.aggregation(2, isTop: true)
            let query = chance.often(50) ? chance.filter() : Optional<JSONValue>.none
            var body: JSONValue = ["size": 0, "aggs": ["a": aggregation]]
            body["query"] = query
            let documents =
                query.map { query in
                    world.reference.filter { reference.matchesQuery($0, query) }
                } ?? world.reference
            let expected = reference.results(["a": aggregation], documents)
            let one: [UInt8]
            do { one = try Self.run(body, on: [world.whole]) } catch {
                Issue.record("\(body): \(error)")
                continue
            }
            let many = try Self.run(body, on: world.shards)
            let found = Self.plain(try JSONValue.parse(one))
            #expect(Self.same(found, expected), "\(body)\n is \(found)\nnot \(expected)")
            let text = (String(decoding: one, as: UTF8.self), String(decoding: many, as: UTF8.self))
            #expect(text.0 == text.1, "\(body)")
        }
    }

    @Test("more values than the memory allows are refused with the name of the limit")
    func budget() throws {
        let fixture = try SearchFixture(properties: Self.properties)
        for number in 0..<2000 { try fixture.put("d\(number)", ["n": JSONValue(number * 99_991)]) }
        for kind in ["terms", "percentiles", "cardinality"] {
            var request = try SearchBody.parse(["aggs": ["a": [kind: ["field": "n"]]]])
            request.aggregationLimits.maxByteCount = 10_000
            let searcher = try fixture.searcher()
            var conditions = Searcher.Conditions(now: fixture.now)
            conditions.collectors = [
                try AggregationCollector(
                    request, searcher, conditions, index: IndexFacts(), shard: 0,
                    isOnlyShard: true)
            ]
            let error = #expect(throws: AggregationError.self) {
                try searcher.search(request, conditions)
            }
            #expect(error?.code == "circuit_breaking_exception")
            #expect(error?.kind == .overloaded)
            #expect(error?.description.contains("data for [<agg [a]>]") == true)
        }
    }

    @Test("sums of any doubles, spreads and percentiles are the same bits on one shard and many")
    func invariance() throws {
        var chance = Chance(random: RandomContext.generator())
        var world = try World(shardCount: chance.number(2...4))
        try world.fill(&chance)
        let inner: JSONObject = [
            "sum": ["sum": ["field": "x"]], "spread": ["extended_stats": ["field": "x"]],
            "percent": ["percentiles": ["field": "x"]],
            "rank": ["percentile_ranks": ["field": "x", "values": [0, 3.3]]],
            "weighted": ["weighted_avg": ["value": ["field": "x"], "weight": ["field": "d"]]],
            "deviation": ["median_absolute_deviation": ["field": "x"]],
            "distinct": ["cardinality": ["field": "x", "precision_threshold": 10]],
        ]
        var outer = inner
        outer["k"] = ["terms": ["field": "k", "order": ["sum": "desc"]], "aggs": .object(inner)]
        let body: JSONValue = ["size": 0, "aggs": .object(outer)]
        let one = try Self.run(body, on: [world.whole])
        let many = try Self.run(body, on: world.shards)
        #expect(one == many)
        // The exact sum, rounded once.
        let values = world.reference.compactMap { $0.real.map { $0 * 1.1 + 1e-3 } }
        let sum = try JSONValue.parse(one)["sum"]?["value"]?.doubleValue ?? .nan
        #expect((sum - values.reduce(0, +)).magnitude < 1e-9)
    }
}

extension ReferenceAggregations {
    func matchesQuery(_ document: Document, _ query: JSONValue) -> Bool {
        results(["q": ["filter": query]], [document])["q"]?["doc_count"] == 1
    }
}
