import Testing
import TrawlIndex
import TrawlJSON
import TrawlQuery
import TrawlTestKit

@testable import TrawlSearch

/// What every kind of query promises, kind by kind.
@Suite("Every kind of query")
struct QueryKindsTests {
    private static func fixture() throws -> SearchFixture {
        let fixture = try SearchFixture(properties: [
            "body": ["type": "text"], "title": ["type": "text"], "tag": ["type": "keyword"],
            "n": ["type": "long"], "price": ["type": "double"], "when": ["type": "date"],
            "place": ["type": "geo_point"],
        ])
        let words = ["quick", "brown", "fox", "dog", "lazy", "sleeps", "quiet", "foxes"]
        var random = SplitMix64(seed: 8)
        for i in 0..<40 {
            func text(_ count: Int) -> JSONValue {
                .string(
                    (0..<count).map { _ in words.randomElement(using: &random)! }
                        .joined(separator: " "))
            }
            try fixture.put(
                "\(i)",
                [
                    "body": text(3 + i % 7), "title": text(1 + i % 2),
                    "tag": .string("t\(i % 4)"), "n": JSONValue(i),
                    "price": JSONValue(Double(i) / 4), "place": .string("\(i),\(2 * i)"),
                    "when": .string("2024-02-\(i % 19 + 10)T0\(i % 10):30:00Z"),
                ])
            if i % 17 == 16 { _ = try fixture.writer.refresh() }
        }
        for i in [3, 11, 30] { try fixture.writer.delete(id: "\(i)") }
        return fixture
    }

    private static let match: JSONValue = ["match": ["body": "quick fox"]]

    /// Each finds something, and not everything unless it says so.
    static let kinds: [(name: String, query: JSONValue)] = [
        ("match", match),
        ("match, and", ["match": ["body": ["query": "quick fox", "operator": "and"]]]),
        (
            "match, most",
            ["match": ["body": ["query": "quick fox dog", "minimum_should_match": 2]]]
        ),
        ("match, fuzzy", ["match": ["body": ["query": "quikc fxo", "fuzziness": 1]]]),
        ("match_phrase", ["match_phrase": ["body": "quick fox"]]),
        ("match_phrase, slop", ["match_phrase": ["body": ["query": "quick fox", "slop": 3]]]),
        ("match_phrase_prefix", ["match_phrase_prefix": ["body": "quick fo"]]),
        ("match_bool_prefix", ["match_bool_prefix": ["body": "lazy fo"]]),
        ("best_fields", multi("best_fields")), ("most_fields", multi("most_fields")),
        ("cross_fields", multi("cross_fields")), ("phrase", multi("phrase")),
        ("phrase_prefix", multi("phrase_prefix")), ("bool_prefix", multi("bool_prefix")),
        (
            "combined_fields",
            ["combined_fields": ["query": "quick fox", "fields": ["title^2", "body"]]]
        ),
        ("query_string", ["query_string": ["query": "title:fox^2 OR body:\"quick fox\"~2"]]),
        (
            "simple_query_string",
            ["simple_query_string": ["query": "quick + fox* -dog", "fields": ["body"]]]
        ),
        ("term", ["term": ["body": ["value": "fox", "boost": 3]]]),
        ("terms", ["terms": ["tag": ["t1", "t2"], "boost": 2]]),
        (
            "terms_set",
            [
                "terms_set": ["body": ["terms": ["quick", "fox"], "minimum_should_match": 2]]
            ]
        ),
        ("range", ["range": ["n": ["gte": 5, "lt": 20, "boost": 1.5]]]),
        ("exists", ["exists": ["field": "tag", "boost": 4]]),
        ("prefix", ["prefix": ["body": "fo"]]), ("wildcard", ["wildcard": ["body": "*x"]]),
        ("regexp", ["regexp": ["body": "fox(es)?"]]),
        ("fuzzy", ["fuzzy": ["body": ["value": "foxs", "fuzziness": 1]]]),
        ("ids", ["ids": ["values": ["1", "2"], "boost": 2]]),
        (
            "bool",
            [
                "bool": [
                    "must": [match], "should": [["term": ["title": "fox"]]],
                    "filter": [["range": ["n": ["lt": 30]]]], "must_not": [["term": ["tag": "t3"]]],
                    "boost": 2,
                ]
            ]
        ),
        (
            "boosting",
            [
                "boosting": [
                    "positive": match, "negative": ["term": ["tag": "t1"]], "negative_boost": 0.3,
                ]
            ]
        ),
        ("constant_score", ["constant_score": ["filter": match, "boost": 7]]),
        (
            "dis_max",
            ["dis_max": ["queries": [match, ["term": ["title": "fox"]]], "tie_breaker": 0.3]]
        ),
        ("function_score", function([["field_value_factor": ["field": "n"]]])),
        (
            "decay",
            function([
                ["gauss": ["n": ["origin": 10, "scale": 5]], "weight": 2],
                ["exp": ["place": ["origin": "3,3", "scale": "300km"]]],
                ["linear": ["when": ["origin": "2024-02-15", "scale": "4d", "offset": "1d"]]],
            ])
        ),
        ("random_score", function([["random_score": ["seed": 5, "field": "_seq_no"]]])),
        ("geo_distance", ["geo_distance": ["distance": "900km", "place": "5,10"]]),
        (
            "geo_bounding_box",
            ["geo_bounding_box": ["place": ["top_left": "20,0", "bottom_right": "0,20"]]]
        ),
        ("match_all", ["match_all": ["boost": 1.25]]),
        (
            "distance_feature",
            ["distance_feature": ["field": "when", "origin": "2024-02-15", "pivot": "3d"]]
        ),
        ("named", ["match": ["body": ["query": "quick", "_name": "mine"]]]),
    ]

    private static func multi(_ type: String) -> JSONValue {
        [
            "multi_match": [
                "query": "quick fox", "fields": ["title^3", "bo*"], "type": .string(type),
                "tie_breaker": type.hasSuffix("fields") ? 0.2 : 0,
            ]
        ]
    }

    private static func function(_ functions: [JSONValue]) -> JSONValue {
        [
            "function_score": [
                "query": match, "functions": .array(functions), "score_mode": "sum",
                "boost_mode": "multiply",
            ]
        ]
    }

    /// Sums are the sums of their parts, to the last bit, all the way down.
    private func check(_ explanation: Explanation, _ context: String) {
        let parts = explanation.details.filter(\.isMatch)
        if explanation.description.hasSuffix("sum of:") {
            let sum = parts.reduce(0.0) { $0 + Double(Float($1.value)) }
            #expect(
                Float(explanation.value).bitPattern == Float(sum).bitPattern,
                "\(context): \(explanation)")
        }
        if explanation.description == "max of:" {
            #expect(
                Float(explanation.value) == parts.map { Float($0.value) }.max(), "\(context)")
        }
        for part in explanation.details { check(part, context) }
    }

    @Test("explains each score to the last bit, and why the others do not match")
    func explain() throws {
        let fixture = try Self.fixture()
        let searcher = try fixture.searcher()
        for (name, query) in Self.kinds {
            let answer = try fixture.search(["query": query, "size": 100], on: searcher)
            #expect(!answer.hits.isEmpty, "\(name) finds nothing")
            let scores = Dictionary(
                uniqueKeysWithValues: answer.hits.map { ($0.id, $0.score ?? .nan) })
            let parsed = try QueryDSL.parse(query)
            for i in 0..<40 {
                let found = try searcher.explain(parsed, id: "\(i)", .init(now: fixture.now))
                guard let explanation = found else {
                    #expect([3, 11, 30].contains(i))
                    continue
                }
                #expect(explanation.isMatch == (scores["\(i)"] != nil), "\(name) \(i)")
                guard let score = scores["\(i)"] else { continue }
                #expect(
                    Float(explanation.value).bitPattern == score.bitPattern,
                    "\(name) \(i): \(score) for \(explanation)")
                check(explanation, name)
            }
        }
    }

    @Test("a boost multiplies the score, wherever it stands")
    func boosts() throws {
        let fixture = try Self.fixture()
        let searcher = try fixture.searcher()
        for (name, query) in Self.kinds {
            let plain = try fixture.search(["query": query, "size": 100], on: searcher)
            let boosted = try fixture.search(
                ["query": ["bool": ["must": [query], "boost": 4]], "size": 100], on: searcher)
            // A power of two scales without rounding.
            #expect(boosted.ids == plain.ids, "\(name)")
            #expect(
                boosted.hits.map(\.score) == plain.hits.map { $0.score.map { $0 * 4 } }, "\(name)")
        }
    }

    @Test("the best k are the first k of all, whatever is counted; and names say who matched")
    func topAndNames() throws {
        let fixture = try Self.fixture()
        let searcher = try fixture.searcher()
        for (name, query) in Self.kinds {
            let all = try fixture.search(["query": query, "size": 100], on: searcher)
            for size in [1, 2, 5] {
                for counting: JSONValue in [true, false, 1, 7] {
                    let best = try fixture.search(
                        ["query": query, "size": JSONValue(size), "track_total_hits": counting],
                        on: searcher)
                    #expect(best.ids == Array(all.ids.prefix(size)), "\(name) \(size) \(counting)")
                    #expect(best.hits.map(\.score) == all.hits.prefix(size).map(\.score))
                    if let limit = counting.intValue, all.hits.count > limit {
                        #expect(best.result.total == .init(value: limit, isExact: false))
                    } else if counting != false {
                        #expect(best.result.total == all.result.total, "\(name) \(counting)")
                    }
                }
            }
        }
        let named: JSONValue = [
            "bool": [
                "should": [
                    ["term": ["body": ["value": "fox", "_name": "a"]]],
                    ["range": ["n": ["gte": 20, "_name": "b", "boost": 2]]],
                ]
            ]
        ]
        let fox = try fixture.search(["query": ["term": ["body": "fox"]], "size": 100])
        let foxes = Dictionary(uniqueKeysWithValues: fox.hits.map { ($0.id, $0.score) })
        for hit in try fixture.search(["query": named, "size": 100]).hits {
            let expected = (foxes[hit.id] != nil ? ["a"] : []) + (Int(hit.id)! >= 20 ? ["b"] : [])
            #expect(hit.matchedQueries.map(\.name).sorted() == expected)
            for named in hit.matchedQueries {
                #expect(named.score == (named.name == "a" ? foxes[hit.id]! : 2))
            }
        }
    }

    @Test("modes of function_score, by hand")
    func functionModes() throws {
        let fixture = try SearchFixture(properties: ["n": ["type": "long"]])
        try fixture.put("1", ["n": 4])
        func score(
            _ functions: JSONValue, _ mode: String, _ boostMode: String, query: Float = 3
        ) throws -> Float? {
            let body: JSONValue = [
                "function_score": [
                    "query": ["match_all": ["boost": JSONValue(Double(query))]],
                    "functions": functions, "score_mode": .string(mode),
                    "boost_mode": .string(boostMode),
                ]
            ]
            return try fixture.search(["query": body]).hits.first?.score
        }
        let two: JSONValue = [
            ["field_value_factor": ["field": "n", "factor": 2]],
            ["weight": 5, "filter": ["range": ["n": ["lte": 4]]]],
            ["weight": 1000, "filter": ["range": ["n": ["gt": 4]]]],
        ]
        // 8 and 5; the third does not apply. An average is divided by the weights, 1 and 5.
        for (mode, value) in [
            ("multiply", 40), ("sum", 13), ("first", 8), ("max", 8), ("min", 5), ("avg", 13.0 / 6),
        ] as [(String, Float)] {
            #expect(try score(two, mode, "replace") == value, "\(mode)")
        }
        for (mode, value) in [
            ("multiply", 39), ("replace", 13), ("sum", 16), ("avg", 8), ("max", 13), ("min", 3),
        ] as [(String, Float)] {
            #expect(try score(two, "sum", mode) == value, "\(mode)")
        }
        let decays: [(String, Float)] = [("gauss", 0.5), ("exp", 0.5), ("linear", 0.5)]
        for (curve, value) in decays {
            let at: (Int) throws -> Float? = { origin in
                try score(
                    [[curve: ["n": ["origin": JSONValue(origin), "scale": 2, "offset": 1]]]],
                    "sum", "replace")
            }
            #expect(try at(4) == 1, "\(curve) at its origin")
            #expect(try at(5) == 1, "\(curve) within its offset")
            let half = try #require(try at(7))
            #expect(abs(half - value) < 1e-6, "\(curve) at its scale")
        }
        #expect(try score([["linear": ["n": ["origin": 40, "scale": 2]]]], "sum", "replace") == 0)
    }

    @Test("dates are rounded and moved by the zone as the bound asks")
    func dates() throws {
        let fixture = try SearchFixture(properties: ["when": ["type": "date"]])
        for (id, time) in [
            ("before", "2024-02-09T23:30:00Z"), ("start", "2024-02-10T00:00:00Z"),
            ("noon", "2024-02-10T12:00:00Z"), ("end", "2024-02-10T23:59:59.999Z"),
            ("after", "2024-02-11T00:00:00Z"),
        ] { try fixture.put(id, ["when": .string(time)]) }
        func ids(_ range: JSONValue) throws -> [String] {
            try fixture.search(["query": ["range": ["when": range]]]).ids
        }
        let day = ["start", "noon", "end"]
        #expect(try ids(["gte": "2024-02-10||/d", "lte": "2024-02-10||/d"]) == day)
        #expect(try ids(["gt": "2024-02-09T10:00:00||/d", "lt": "2024-02-11T10:00:00||/d"]) == day)
        #expect(try ids(["gte": "2024-02-10", "lte": "2024-02-10"]) == day)
        #expect(try ids(["gt": "2024-02-10||/d"]) == ["after"])
        #expect(try ids(["lt": "2024-02-10"]) == ["before"])
        #expect(
            try ids(["gte": "2024-02-10", "lt": "2024-02-11", "time_zone": "+01:00"])
                == ["before", "start", "noon"])
        #expect(
            try ids(["gte": "10/02/2024", "lte": "10/02/2024", "format": "dd/MM/yyyy"]) == day)
        #expect(try ids(["gte": "2024-02-11", "lte": "2024-02-10"]) == [])
    }

    @Test("what is made to hurt is refused in the words of Elasticsearch, or soon done")
    func badInput() throws {
        let fixture = try Self.fixture()
        let searcher = try fixture.searcher()
        func refused(_ query: JSONValue) throws -> QueryError? {
            do {
                _ = try fixture.search(["query": query], on: searcher)
                return nil
            } catch let error as QueryError { return error }
        }
        let clock = ContinuousClock()
        let start = clock.now
        let term: JSONValue = ["term": ["body": "fox"]]
        let many = JSONValue.array(Array(repeating: term, count: 100_000))
        let wide = try refused(["bool": ["should": many]])
        #expect(wide?.type == "query_shard_exception")
        #expect(wide?.reason == "failed to create query: maxClauseCount is set to 1024")
        #expect(wide?.causes.first?.type == "too_many_clauses")
        let part = JSONValue.array(Array(repeating: term, count: 1000))
        let halves: JSONValue = [["bool": ["should": part]], ["bool": ["should": part]]]
        let nested = try refused(["bool": ["must": halves]])
        #expect(nested?.type == "too_many_nested_clauses")
        #expect(
            nested?.reason
                == "Query contains too many nested clauses; maxClauseCount is set to 1024")
        var deep: JSONValue = ["match_all": [:]]
        for _ in 0..<1000 { deep = ["bool": ["must": deep]] }
        #expect(try refused(deep) != nil)
        let long = String(repeating: "ab", count: 5000)
        #expect(try refused(["fuzzy": ["body": ["value": .string(long), "fuzziness": 2]]]) == nil)
        #expect(try refused(["match": ["body": ["query": .string(long), "fuzziness": 2]]]) == nil)
        #expect(
            try refused(["wildcard": ["body": .string(String(repeating: "*a", count: 500))]]) == nil
        )
        #expect(try refused(["wildcard": ["body": "*"]]) == nil)
        // Exponential for a backtracking matcher; here the states are bounded.
        let power = String(repeating: "(f|fo|o)*", count: 40) + "x{50}"
        _ = try refused(["regexp": ["body": .string(power)]])
        let wanted = "(.*a){30}(.*b){30}~(.*c.*){20}"
        _ = try refused(["regexp": ["body": .string(wanted)]])
        #expect(try fixture.search(["query": ["term": ["nothing": "x"]]], on: searcher).ids == [])
        #expect(
            try fixture.search(["query": ["range": ["n": ["gt": 9, "lt": 3]]]], on: searcher).ids
                == [])
        #expect(try refused(["term": ["n": "abc"]])?.type == "query_shard_exception")
        #expect(clock.now - start < .seconds(20))
    }
}
