import Testing
import TrawlIndex
import TrawlJSON
import TrawlQuery

@testable import TrawlSearch

@Suite("Searcher")
struct SearchTests {
    private static let properties: JSONValue = [
        "body": ["type": "text", "fields": ["raw": ["type": "keyword"]]],
        "title": ["type": "text"], "tag": ["type": "keyword"], "n": ["type": "long"],
        "price": ["type": "double"], "when": ["type": "date"], "ip": ["type": "ip"],
        "ok": ["type": "boolean"], "place": ["type": "geo_point"],
        "low": ["type": "keyword", "normalizer": "lowercase"],
    ]

    private func library() throws -> SearchFixture {
        let fixture = try SearchFixture(properties: Self.properties)
        let documents: [(String, JSONValue)] = [
            (
                "1",
                [
                    "body": "the quick brown fox jumps", "title": "fox", "tag": ["a", "b"], "n": 5,
                    "price": 1.5, "when": "2024-01-01", "ip": "10.0.0.1", "ok": true,
                    "place": ["lat": 52.5, "lon": 13.4], "low": "Red",
                ]
            ),
            (
                "2",
                [
                    "body": "quick dogs and quick cats", "title": "dogs", "tag": "b", "n": [1, 9],
                    "price": 2.5, "when": "2024-02-10T12:00:00Z", "ip": "10.0.0.200",
                    "place": ["lat": 48.85, "lon": 2.35], "low": "blue",
                ]
            ),
            (
                "3",
                ["body": "lazy dog sleeps", "tag": "c", "n": 7, "when": "2023-12-31", "ok": false]
            ),
            ("4", ["body": "fox quick fox", "title": "quick fox", "price": 0.5]),
            ("5", ["body": "brown sugar quick", "tag": ["b", "z"], "n": 5]),
        ]
        for (i, (id, source)) in documents.enumerated() {
            try fixture.put(id, source)
            if i == 2 { _ = try fixture.writer.refresh() }
        }
        return fixture
    }

    private func ids(_ fixture: SearchFixture, _ query: JSONValue) throws -> Set<String> {
        Set(try fixture.search(["query": query]).ids)
    }

    @Test("each kind of query finds what it should")
    func kinds() throws {
        let fixture = try library()
        let cases: [(JSONValue, Set<String>)] = [
            (["match_phrase": ["body": "quick brown"]], ["1"]),
            (["match_phrase": ["body": ["query": "brown quick", "slop": 1]]], ["5"]),
            (["match_phrase": ["body": ["query": "brown quick", "slop": 2]]], ["1", "5"]),
            (["match_phrase": ["body": ["query": "quick fox", "slop": 1]]], ["1", "4"]),
            (["match_phrase_prefix": ["body": "quick br"]], ["1"]),
            (["match_phrase_prefix": ["body": "qui"]], ["1", "2", "4", "5"]),
            (["match_bool_prefix": ["body": ["query": "lazy do", "operator": "and"]]], ["3"]),
            (["match": ["body": ["query": "qiuck", "fuzziness": "AUTO"]]], ["1", "2", "4", "5"]),
            (["match": ["body": ["query": "zzz", "zero_terms_query": "all"]]], []),
            (
                ["match": ["body": ["query": "...", "zero_terms_query": "all"]]],
                ["1", "2", "3", "4", "5"]
            ),
            (["wildcard": ["body": "d?g*"]], ["2", "3"]),
            (["regexp": ["body": "(fox|dog)s?"]], ["1", "2", "3", "4"]),
            (["prefix": ["tag": "z"]], ["5"]),
            (["term": ["low": "RED"]], ["1"]),
            (["prefix": ["low": "BL"]], ["2"]),
            (["term": ["tag": ["value": "B", "case_insensitive": true]]], ["1", "2", "5"]),
            (["term": ["ok": true]], ["1"]),
            (["term": ["ip": "10.0.0.0/25"]], ["1"]),
            (["range": ["ip": ["gte": "10.0.0.100", "lt": "10.0.1.0"]]], ["2"]),
            (["range": ["when": ["gte": "2024-01-01", "lt": "2024-01-01||+1M"]]], ["1"]),
            (["range": ["when": ["gte": "now", "lt": "now+60d/d"]]], ["1", "3"]),
            (["range": ["price": ["gt": 1.5]]], ["2"]),
            (["range": ["n": ["gte": 8, "lte": 20]]], ["2"]),
            (["range": ["n": ["gte": 20, "lte": 8]]], []),
            (["range": ["tag": ["gte": "c"]]], ["3", "5"]),
            (["terms": ["n": [1, 7]]], ["2", "3"]),
            (["terms": ["_id": ["3", "9"]]], ["3"]),
            (["ids": ["values": ["1", "4", "77"]]], ["1", "4"]),
            (["exists": ["field": "price"]], ["1", "2", "4"]),
            (["exists": ["field": "title"]], ["1", "2", "4"]),
            (["bool": ["must_not": [["exists": ["field": "title"]]]]], ["3", "5"]),
            (["query_string": ["query": "title:fox AND -dogs"]], ["1", "4"]),
            (["query_string": ["query": "body:(brown OR lazy) n:[6 TO *]"]], ["1", "2", "3", "5"]),
            (
                ["query_string": ["query": "+quick +_exists_:tag", "default_field": "body"]],
                ["1", "2", "5"]
            ),
            (["query_string": ["query": "fox", "fields": ["title^2", "body"]]], ["1", "4"]),
            (
                [
                    "simple_query_string": [
                        "query": "quick -fox", "fields": ["body"], "default_operator": "and",
                    ]
                ], ["2", "5"]
            ),
            (
                [
                    "multi_match": [
                        "query": "quick dogs", "fields": ["title", "body"], "type": "cross_fields",
                        "operator": "and",
                    ]
                ], ["2"]
            ),
            (
                [
                    "combined_fields": [
                        "query": "fox brown", "fields": ["title", "body"], "operator": "and",
                    ]
                ], ["1"]
            ),
            (["geo_distance": ["distance": "100km", "place": ["lat": 52.4, "lon": 13.0]]], ["1"]),
            (
                [
                    "geo_bounding_box": [
                        "place": ["top_left": "50,0", "bottom_right": "45,10"]
                    ]
                ], ["2"]
            ),
            (
                ["terms_set": ["tag": ["terms": ["a", "b", "z"], "minimum_should_match": 2]]],
                ["1", "5"]
            ),
            (["match": ["nothing": "x"]], []),
            (["term": ["n": 5]], ["1", "5"]),
            (["term": ["n": 5.5]], []),
        ]
        for (query, expected) in cases { #expect(try ids(fixture, query) == expected, "\(query)") }
    }

    @Test("phrases with slop are counted as Lucene counts them")
    func slop() {
        func frequency(_ slots: [(Int, Int, [UInt32])], _ slop: Int) -> Float {
            var phrase = SloppyPhrase(slots: slots, slop: slop, alternatives: false)
            return phrase.frequency()
        }
        #expect(frequency([(0, -1, [0]), (1, -1, [1])], 2) == 1)
        #expect(frequency([(0, -1, [0]), (1, -1, [3])], 2) == Float(1) / 3)
        #expect(frequency([(0, -1, [3]), (1, -1, [2])], 2) == Float(1) / 3)
        #expect(frequency([(0, -1, [0, 10]), (1, -1, [1, 12])], 2) == 1.5)
        // The same word twice needs two places.
        #expect(frequency([(0, 0, [4]), (1, 0, [4])], 5) == 0)
        #expect(frequency([(0, 0, [4, 5]), (1, 0, [4, 5])], 0) == 1)
    }

    @Test("what does not fit the mapping is refused in the words of Elasticsearch")
    func refusals() throws {
        let fixture = try library()
        func reason(_ body: JSONValue) -> (String, String)? {
            do {
                _ = try fixture.search(body)
                return nil
            } catch let error as QueryError {
                return (error.type, error.reason)
            } catch { return nil }
        }
        let number = reason(["query": ["match": ["n": "abc"]]])
        #expect(number?.0 == "query_shard_exception")
        #expect(number?.1.hasPrefix("failed to create query: ") == true)
        #expect(
            reason(["sort": [["nope": "asc"]]])?.1
                == "No mapping found for [nope] in order to sort on")
        #expect(
            reason(["sort": [["body": "asc"]]])?.1.hasPrefix(
                "Text fields are not optimised for operations that require per-document field "
                    + "data like aggregations and sorting") == true)
        let clauses = (0..<1025).map { JSONValue.object(["term": ["n": JSONValue($0)]]) }
        let many = reason(["query": ["bool": ["should": .array(clauses)]]])
        #expect(many?.1 == "failed to create query: maxClauseCount is set to 1024")
        #expect(
            reason(["query": ["query_string": ["query": "a AND"]]])?.1
                == "Failed to parse query [a AND]")
        #expect(
            reason(["query": ["regexp": ["tag": .string(String(repeating: "a", count: 1001))]]])?
                .1.hasPrefix("failed to create query: The length of regex [1001]") == true)
        #expect(
            reason(["query": ["prefix": ["n": "1"]]])?.1
                == "Can only use prefix queries on keyword, text and wildcard fields - not on [n] "
                + "which is of type [long]")
    }

    @Test("sorting by values, missing ones and modes; search_after goes on where a page ended")
    func sorting() throws {
        let fixture = try library()
        func order(_ sort: JSONValue, _ more: JSONValue = [:]) throws -> [String] {
            var body = more
            body["sort"] = sort
            return try fixture.search(body).ids
        }
        #expect(try order([["n": "asc"]]) == ["2", "1", "5", "3", "4"])
        #expect(try order([["n": "desc"]]) == ["2", "3", "1", "5", "4"])
        #expect(
            try order([["n": ["order": "asc", "missing": "_first"]]]) == ["4", "2", "1", "5", "3"])
        #expect(try order([["n": ["order": "asc", "missing": 6]]]) == ["2", "1", "5", "4", "3"])
        #expect(try order([["n": ["order": "asc", "mode": "sum"]]]) == ["1", "5", "3", "2", "4"])
        #expect(try order([["tag": "asc"]]) == ["1", "2", "5", "3", "4"])
        #expect(try order([["tag": "desc"]]) == ["5", "3", "1", "2", "4"])
        #expect(try order([["price": "asc"]]) == ["4", "1", "2", "3", "5"])
        #expect(try order([["when": "desc"]]) == ["2", "1", "3", "4", "5"])
        #expect(try order(["_doc"]) == ["1", "2", "3", "4", "5"])
        #expect(try order([["_doc": "desc"]]) == ["5", "4", "3", "2", "1"])
        #expect(
            try order([["_geo_distance": ["place": [2.0, 48.0], "order": "asc", "unit": "km"]]])
                == ["2", "1", "3", "4", "5"])
        #expect(
            try order([["zzz": ["order": "asc", "unmapped_type": "long"]], ["n": "asc"]])
                == ["2", "1", "5", "3", "4"])
        // Page by page, whatever the keys.
        let sorts: [JSONValue] = [
            [["n": "asc"], ["_doc": "asc"]], [["tag": "desc"], ["_doc": "asc"]],
            [["price": ["order": "desc", "missing": "_first"]], ["_doc": "asc"]],
            [["_score": "desc"], ["_doc": "asc"]], [["when": "asc"], ["_doc": "desc"]],
        ]
        for sort in sorts {
            let query: JSONValue = ["match": ["body": "quick fox dog"]]
            let all = try fixture.search(["query": query, "sort": sort])
            var pages: [String] = []
            var after: [JSONValue]?
            while true {
                var body: JSONValue = ["query": query, "sort": sort, "size": 1]
                if let after { body["search_after"] = .array(after) }
                let page = try fixture.search(body)
                guard let hit = page.hits.first else { break }
                pages.append(hit.id)
                after = hit.sort.map(\.json)
                if pages.count > 20 { break }
            }
            #expect(pages == all.ids, "\(sort)")
        }
    }

    @Test("totals are exact up to the limit that was asked for")
    func totals() throws {
        let fixture = try library()
        let query: JSONValue = ["match": ["body": "quick"]]
        #expect(try fixture.search(["query": query]).result.total == .init(value: 4, isExact: true))
        let limited = try fixture.search(["query": query, "track_total_hits": 2]).result
        #expect(limited.total == .init(value: 2, isExact: false))
        let none = try fixture.search(["query": query, "track_total_hits": false])
        #expect(none.hits.count == 4)
        let counted = try fixture.searcher().count(
            try QueryDSL.parse(query), .init(now: fixture.now))
        #expect(counted.total.value == 4)
    }

    @Test("post_filter, min_score, terminate_after, collapse, rescore and slices")
    func options() throws {
        let fixture = try library()
        let query: JSONValue = ["match": ["body": "quick"]]
        let filtered = try fixture.search([
            "query": query, "post_filter": ["term": ["tag": "b"]],
        ])
        #expect(Set(filtered.ids) == ["1", "2", "5"])
        #expect(filtered.result.total.value == 3)
        let all = try fixture.search(["query": query])
        let least = all.hits[2].score ?? 0
        let high = try fixture.search(["query": query, "min_score": JSONValue(least)])
        #expect(high.ids == Array(all.ids.prefix(3)) && high.result.total.value == 3)
        let early = try fixture.search(["query": query, "terminate_after": 2])
        #expect(early.result.terminatedEarly && early.result.total.value == 2)
        let groups = try fixture.search([
            "query": ["match_all": [:]], "collapse": ["field": "n"], "sort": [["price": "asc"]],
        ])
        #expect(groups.ids == ["4", "1", "2", "3"])
        let rescored = try fixture.search([
            "query": query,
            "rescore": [
                "window_size": 10,
                "query": [
                    "rescore_query": ["match": ["body": "brown"]], "rescore_query_weight": 10,
                ],
            ],
        ])
        #expect(Set(rescored.ids.prefix(2)) == ["1", "5"])
        var slices: [String] = []
        for id in 0..<3 {
            slices += try fixture.search(["slice": ["id": JSONValue(id), "max": 3]]).ids
        }
        #expect(slices.sorted() == ["1", "2", "3", "4", "5"])
    }

    @Test("a hit shows what was asked for")
    func fetching() throws {
        let fixture = try library()
        let answer = try fixture.search([
            "query": [
                "bool": [
                    "should": [
                        ["term": ["body": ["value": "fox", "_name": "fox"]]],
                        ["term": ["body": ["value": "lazy", "_name": "lazy"]]],
                    ]
                ]
            ], "_source": ["includes": ["t*"], "excludes": ["title"]], "version": true,
            "seq_no_primary_term": true, "size": 10, "explain": true,
            "docvalue_fields": ["n", ["field": "when", "format": "yyyy"]],
            "fields": ["title", "body.raw", ["field": "when", "format": "yyyy/MM"]],
        ])
        let first = try #require(answer.hits.first { $0.id == "1" })
        #expect(first.source.map { String(decoding: $0, as: UTF8.self) } == #"{"tag":["a","b"]}"#)
        #expect(first.matchedQueries.map(\.name) == ["fox"])
        #expect(first.version == 1 && first.sequence == 0 && first.term == 1)
        #expect(first.fields["n"] == [5])
        #expect(first.fields["when"] == ["2024/01"])
        #expect(first.fields["body.raw"] == ["the quick brown fox jumps"])
        let explanation = try #require(first.explanation)
        #expect(Float(explanation.value) == first.score)
        let text = "\(explanation.json)"
        #expect(text.contains("weight(body:fox in 0) [PerFieldSimilarity], result of:"))
        #expect(text.contains("idf, computed as log(1 + (N - n + 0.5) / (n + 0.5)) from:"))
        let none = try fixture.search(["_source": false, "size": 1])
        #expect(none.hits[0].source == nil)
        let whole = try fixture.search(["query": ["ids": ["values": ["3"]]]])
        #expect(
            whole.hits[0].source.map { String(decoding: $0, as: UTF8.self) }
                == #"{"body":"lazy dog sleeps","tag":"c","n":7,"when":"2023-12-31","ok":false}"#)
    }

    @Test("a profile tells the clauses apart and changes no score")
    func profile() throws {
        let fixture = try library()
        let query: JSONValue = [
            "bool": [
                "must": [["match": ["body": "quick fox"]]], "filter": [["exists": ["field": "n"]]],
            ]
        ]
        let plain = try fixture.search(["query": query])
        let watched = try fixture.search(["query": query, "profile": true])
        #expect(watched.hits.map(\.score) == plain.hits.map(\.score))
        let root = watched.result.profile?["query"]?[0]
        #expect(root?["type"] == "BooleanQuery")
        #expect(
            root?["description"]
                == "+(body:quick body:fox) #ConstantScore(FieldExistsQuery [field=n])")
        #expect(root?["children"]?[0]?["children"]?[1]?["description"] == "body:fox")
        #expect(root?["children"]?[0]?["breakdown"]?["next_doc_count"]?.intValue ?? 0 > 0)
    }

    @Test("a search whose time is over answers with what it has, flagged")
    func deadline() throws {
        let fixture = try library()
        let searcher = try fixture.searcher()
        let clock = SearchClock(deadline: .now - .seconds(1))
        let request = try SearchBody.parse(["query": ["match_all": [:]]])
        let result = try searcher.search(request, .init(now: fixture.now, clock: clock))
        #expect(result.timedOut && result.found.isEmpty)
        let gone = SearchClock(isCancelled: { true })
        #expect(try searcher.search(request, .init(now: fixture.now, clock: gone)).timedOut)
    }

    @Test("cached filters give the same answers, and are used")
    func caching() throws {
        let fixture = try SearchFixture(properties: Self.properties)
        for i in 0..<3000 {
            try fixture.put("\(i)", ["n": JSONValue(i % 100), "tag": .string("t\(i % 7)")])
        }
        let query: JSONValue = [
            "bool": ["filter": [["range": ["n": ["gte": 10, "lt": 20]]], ["term": ["tag": "t3"]]]]
        ]
        let plain = try fixture.search(["query": query, "size": 1000])
        for _ in 0..<4 {
            let searcher = try fixture.searcher(usingCache: true)
            let cached = try fixture.search(["query": query, "size": 1000], on: searcher)
            #expect(cached.ids == plain.ids && !cached.ids.isEmpty)
        }
        #expect(fixture.cache.counts.hits >= 2)
        // A delete shows although the bits stay.
        try fixture.writer.delete(id: plain.ids[0])
        let searcher = try fixture.searcher(usingCache: true)
        let after = try fixture.search(["query": query, "size": 1000], on: searcher)
        #expect(after.ids == Array(plain.ids.dropFirst()))
    }

    @Test("several synonyms at one position count as one word")
    func combined() throws {
        let fixture = try SearchFixture(properties: ["a": ["type": "text"], "b": ["type": "text"]])
        try fixture.put("1", ["a": "x y", "b": "x"])
        try fixture.put("2", ["a": "x", "b": "z z z"])
        try fixture.put("3", ["a": "y"])
        let searcher = try fixture.searcher()
        let query: JSONValue = ["combined_fields": ["query": "x", "fields": ["a", "b^2"]]]
        let answer = try fixture.search(["query": query], on: searcher)
        #expect(answer.ids == ["1", "2"])
        // By hand: df 2 of 3; total length 4 + 2 * 4; document 1 has frequency 3, length 4.
        let idf = Float(0.4700036292457356)
        let average: Float = 12.0 / 3
        let scaled: Float = 0.75 * 4
        let inverse: Float = 1 / (1.2 * ((1 - 0.75) + scaled / average))
        #expect(answer.hits[0].score == idf - idf / (1 + 3 * inverse))
        let explanation = try searcher.explain(
            try QueryDSL.parse(query), id: "1", .init(now: fixture.now))
        #expect(explanation.map { Float($0.value) } == answer.hits[0].score)
    }
}
