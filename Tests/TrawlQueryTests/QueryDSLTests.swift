import Testing
import TrawlJSON
import TrawlTestKit

@testable import TrawlQuery

@Suite("QueryDSL")
struct QueryDSLTests {
    private func parse(_ text: String) throws -> Query {
        try QueryDSL.parse(text: Array(text.utf8))
    }

    private func failure(_ text: String) -> QueryError? {
        do {
            _ = try QueryDSL.parse(text: Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "a wrong query is refused with the type and the words of Elasticsearch",
        arguments: [
            (
                #"{"matchh":{}}"#, "parsing_exception",
                "unknown query [matchh] did you mean any of [match, match_all]?"
            ),
            (#"{"foo":{}}"#, "parsing_exception", "unknown query [foo]"),
            (
                #"{"match":{"a":"x","b":"y"}}"#, "parsing_exception",
                "[match] query doesn't support multiple fields, found [a] and [b]"
            ),
            (
                #"{"term":"x"}"#, "parsing_exception",
                "[term] query malformed, no start_object after query name"
            ),
            (
                #"{"term":{"a":["x"]}}"#, "parsing_exception",
                "[term] query does not support array of values"
            ),
            (
                #"{"match":{"a":{"query":"x","foo":1}}}"#, "parsing_exception",
                "[match] query does not support [foo]"
            ),
            (
                #"{"match":{"a":{"query":"x","boost":[]}}}"#, "parsing_exception",
                "[match] unknown token [START_ARRAY] after [boost]"
            ),
            (#"{}"#, "illegal_argument_exception", "query malformed, empty clause found"),
            (#"[]"#, "parsing_exception", "[_na] query malformed, must start with start_object"),
            (
                #"{"match_all":{},"term":{}}"#, "parsing_exception",
                "[match_all] malformed query, expected [END_OBJECT] but found [FIELD_NAME]"
            ),
            (
                #"{"bool":{"mustt":[]}}"#, "x_content_parse_exception",
                "[1:10] [bool] unknown field [mustt] did you mean any of [must, must_not]?"
            ),
            (
                #"{"terms":{"a":["x",null]}}"#, "illegal_argument_exception",
                "No value specified for terms query"
            ),
            (
                #"{"exists":{}}"#, "parsing_exception",
                "[exists] must be provided with a [field]"
            ),
            (
                #"{"match":{"a":{"query":"x","fuzziness":7}}}"#, "illegal_argument_exception",
                "Valid edit distances are [0, 1, 2] but was [7]"
            ),
            (
                #"{"range":{"a":{"gt":1,"foo":2}}}"#, "parsing_exception",
                "[range] query does not support [foo]"
            ),
            (
                #"{"constant_score":{}}"#, "parsing_exception",
                "[constant_score] requires a 'filter' element"
            ),
            (
                #"{"match_all":{"boost":-1}}"#, "illegal_argument_exception",
                "negative [boost] are not allowed in [match_all], use a value between 0 and 1 to "
                    + "deboost"
            ),
        ])
    func errors(text: String, type: String, reason: String) {
        let error = failure(text)
        #expect(error?.type == type)
        #expect(error?.reason == reason)
    }

    @Test("an error names the line and the column of what is wrong")
    func places() {
        let error = failure("{\n  \"bool\": {\n    \"must\": [{\"x\": {}}]\n  }\n}")
        #expect(error?.type == "x_content_parse_exception")
        #expect(error?.reason == "[3:20] [bool] failed to parse field [must]")
        let inner = error?.causes.first
        #expect(inner?.reason == "unknown query [x]")
        #expect(inner?.line == 3)
        #expect(inner?.column == 20)
        #expect(inner?.causes.first?.reason == "[3:20] unknown field [x]")
    }

    @Test("queries nested too deep are refused before the stack is")
    func depth() {
        let text =
            String(repeating: #"{"bool":{"must":"#, count: 400) + #"{"match_all":{}}"#
            + String(repeating: "}}", count: 400)
        var error = failure(text)
        while let cause = error?.causes.first { error = cause }
        #expect(error?.reason.hasPrefix("The nested depth of the query exceeds") == true)
    }

    @Test("boosts and names are read wherever a query stands")
    func common() throws {
        let query = try parse(
            #"{"bool":{"must":{"term":{"a":{"value":1,"boost":"2.5","_name":"n"}}},"boost":3}}"#)
        #expect(query.boost == 3)
        guard case .bool(let bool) = query.kind else { return #expect(Bool(false)) }
        #expect(bool.must.first?.boost == 2.5)
        #expect(bool.must.first?.name == "n")
        let short = try parse(#"{"prefix":{"a":"x"}}"#)
        #expect(short == Query(.prefix(PatternQuery(field: "a", pattern: "x"))))
    }

    @Test("a wrapped query is unwrapped")
    func wrapper() throws {
        let query = try parse(#"{"wrapper":{"query":"eyJtYXRjaF9hbGwiOnt9fQ=="}}"#)
        #expect(query == Query(.matchAll))
    }

    @Test("points are read in all their forms")
    func points() throws {
        let forms: [JSONValue] = [
            ["lat": 40, "lon": -70], [-70, 40], "40,-70", "POINT (-70 40)",
        ]
        for form in forms {
            #expect(try GeoPoint(parsing: form) == GeoPoint(latitude: 40, longitude: -70))
        }
        let hash = try GeoPoint(parsing: "drm3btev3e86")
        #expect(abs(hash.latitude - 41.12) < 0.01 && abs(hash.longitude + 71.34) < 0.01)
    }
}

@Suite("SearchBody")
struct SearchBodyTests {
    private func parse(_ text: String) throws -> SearchRequest {
        try SearchBody.parse(text: Array(text.utf8))
    }

    @Test("a body is read with its defaults")
    func defaults() throws {
        let request = try parse("{}")
        #expect(request.size == 10)
        #expect(request.trackTotalHits == .upTo(10_000))
        #expect(request.source == .all)
    }

    @Test("sorting has short and long forms")
    func sort() throws {
        let request = try parse(
            #"{"sort":["a",{"b":"desc"},{"c":{"order":"desc","missing":"_first","mode":"max"}},"#
                + #""_score",{"_geo_distance":{"p":[1,2],"unit":"km"}}]}"#)
        #expect(request.sort.count == 5)
        #expect(request.sort[1].order == .desc)
        guard case .field(let c) = request.sort[2].by else { return #expect(Bool(false)) }
        #expect(c.missing == .first && c.mode == .max)
        #expect(request.sort[3] == SortKey(by: .score, order: .desc))
        guard case .geoDistance(let geo) = request.sort[4].by else { return #expect(Bool(false)) }
        #expect(geo.unitMeters == 1000 && geo.points == [.init(latitude: 2, longitude: 1)])
        #expect(try parse(#"{"sort":"_score"}"#).sort.isEmpty)
    }

    @Test("what the body does not know is an error with a place")
    func unknown() {
        #expect {
            try parse(#"{"size":1,"foo":"x"}"#)
        } throws: { error in
            let error = error as? QueryError
            return error?.reason == "Unknown key for a VALUE_STRING in [foo]."
                && error?.column == 17
        }
        #expect {
            try parse(#"{"from":10000,"size":10}"#)
        } throws: { error in
            (error as? QueryError)?.reason.hasPrefix(
                "Result window is too large, from + size must be less than or equal to: [10000] "
                    + "but was [10010]") == true
        }
        #expect {
            try parse(#"{"size":-1}"#)
        } throws: { error in
            (error as? QueryError)?.reason == "[size] parameter cannot be negative, found [-1]"
        }
    }

    @Test("random damage to a body is an error and never a crash")
    func damage() throws {
        let text =
            #"{"query":{"bool":{"must":[{"match":{"a":{"query":"x","fuzziness":"AUTO"}}},"#
            + #"{"query_string":{"query":"a AND (b OR c*) [1 TO 2]"}}],"filter":{"range":{"n":"#
            + #"{"gte":1,"lt":5}}}}},"sort":[{"a":{"order":"asc"}}],"_source":{"includes":["a*"]},"#
            + #""rescore":{"window_size":5,"query":{"rescore_query":{"match_all":{}}}}}"#
        var random = SplitMix64(seed: 7)
        for _ in 0..<2000 {
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let i = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.remove(at: i)
                case 1: bytes[i] = UInt8.random(in: 32...126, using: &random)
                default: bytes.insert(bytes.randomElement(using: &random) ?? 0, at: i)
                }
            }
            do throws(QueryError) {
                _ = try SearchBody.parse(text: bytes)
            } catch {
                #expect(!error.reason.isEmpty)
            }
        }
    }
}

@Suite("QueryStringSyntax")
struct QueryStringSyntaxTests {
    @Test("bare words run together and operators end a run")
    func runs() throws {
        guard case .clauses(let clauses) = try QueryStringSyntax.parse("a b c AND d") else {
            return #expect(Bool(false))
        }
        #expect(clauses.map(\.isRun) == [true, false, false])
        #expect(clauses[0].node == .leaf(.init(field: nil, form: .text("a b"))))
        #expect(clauses[2].conjunction == .and)
    }

    @Test("any text is a tree or an error, in bounded time")
    func damage() {
        let alphabet = Array("ab +-!&|()[]{}^\"~*?:\\/TOAND \u{3000}1.5中")
        var random = SplitMix64(seed: 3)
        for _ in 0..<3000 {
            let count = Int.random(in: 0..<40, using: &random)
            let text = String(
                (0..<count).map { _ in alphabet.randomElement(using: &random) ?? " " })
            _ = try? QueryStringSyntax.parse(text)
            _ = try? SimpleQueryString.parse(text, flags: .all)
        }
        let deep = String(repeating: "(", count: 100_000)
        #expect(throws: QueryError.self) { try QueryStringSyntax.parse(deep) }
        #expect((try? SimpleQueryString.parse(deep, flags: .all)) != nil)
        let closed = deep + "a" + String(repeating: ")", count: 100_000)
        #expect(throws: QueryError.self) { try QueryStringSyntax.parse(closed) }
        #expect(throws: QueryError.self) { try SimpleQueryString.parse(closed, flags: .all) }
    }
}
