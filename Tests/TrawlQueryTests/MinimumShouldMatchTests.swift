import Testing

@testable import TrawlQuery

@Suite("MinimumShouldMatch")
struct MinimumShouldMatchTests {
    @Test(
        "every form counts as Elasticsearch counts",
        arguments: [
            ("2", 5, 2), ("-1", 5, 4), ("-9", 5, 0), ("75%", 5, 3), ("-25%", 5, 4), ("7", 5, 7),
            ("2<75%", 2, 2), ("2<75%", 3, 2), ("2<75%", 4, 3), ("2<-25% 9<-3", 9, 7),
            ("2<-25% 9<-3", 10, 7), ("3 < 90%", 10, 9), ("100%", 4, 4), ("0%", 4, 0),
        ])
    func forms(spec: String, optional: Int, expected: Int) throws {
        #expect(try MinimumShouldMatch(spec).count(among: optional) == expected)
    }

    @Test("what is no number is an error")
    func wrong() {
        #expect(throws: QueryError.numberFormat("abc")) {
            try MinimumShouldMatch("abc").count(among: 3)
        }
    }

    @Test("automatic fuzziness grows with the length")
    func fuzziness() throws {
        let auto = try Fuzziness(parsing: "AUTO")
        #expect(["ab", "abc", "abcde", "abcdef"].map { auto.edits(for: $0) } == [0, 1, 1, 2])
        #expect(try Fuzziness(parsing: "auto:4,7").edits(for: "abcd") == 1)
        #expect(throws: QueryError.self) { try Fuzziness(parsing: "3") }
    }
}
