import Foundation
import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlQuery
import TrawlSchema

@testable import TrawlSearch

@Suite("QueryString against Lucene")
struct QueryStringConformanceTests {
    private func queryAnalyzer(_ name: String) throws -> QueryAnalyzer {
        let text: JSONValue = ["type": "text", "analyzer": .string(name)]
        let mapping = try MappingParser().parse([
            "properties": [
                "f": text, "title": text, "body": text, "date": text, "x": text, "http": text,
                "cat": text, "10": text, "y": text,
                "a": ["properties": ["b": ["properties": ["c": text]]]],
            ]
        ])
        return QueryAnalyzer(
            mapping: mapping, catalog: AnalyzerCatalog(), now: Instant(seconds: 0))
    }

    private func className(_ query: AnalyzedQuery) -> String {
        switch query {
        case .term: return "TermQuery"
        case .boolean: return "BooleanQuery"
        case .phrase: return "PhraseQuery"
        case .boosted: return "BoostQuery"
        case .all: return "MatchAllDocsQuery"
        case .constant: return "TermRangeQuery"
        case .expansion(let expansion):
            switch expansion.pattern {
            case .prefix: return "PrefixQuery"
            case .wildcard: return "WildcardQuery"
            case .regexp: return "RegexpQuery"
            case .fuzzy: return "FuzzyQuery"
            case .range: return "TermRangeQuery"
            }
        default: return "?"
        }
    }

    /// Without the wrappers that ours have and Lucene's have not.
    private func plain(_ query: AnalyzedQuery) -> AnalyzedQuery {
        switch query {
        case .constant(let inner): return plain(inner)
        case .boolean(let boolean):
            return .boolean(
                .init(
                    clauses: boolean.clauses.map { .init($0.occur, plain($0.query)) },
                    minimumShouldMatch: boolean.minimumShouldMatch))
        case .boosted(let inner, let boost): return .boosted(plain(inner), by: boost)
        case .exists(let field, _):
            return .byteRange(
                field: field, lower: nil, includesLower: true, upper: nil, includesUpper: true)
        default: return query
        }
    }

    @Test("every case of Lucene's classic parser")
    func classic() throws {
        guard let lines = SharedFiles.lines("conformance/queryparser/lucene-classic.jsonl") else {
            return
        }
        var count = 0
        var analyzers: [String: QueryAnalyzer] = [:]
        for line in lines {
            let example = try JSONValue.parse(line)
            // Phrases from a single word are an option of the parser that the API has not.
            guard let operation = example["op"]?.stringValue, operation != "PHRASE",
                let text = example["query"]?.stringValue,
                let name = example["analyzer"]?.stringValue,
                AnalyzerCatalog().hasAnalyzer(named: name)
            else { continue }
            count += 1
            var query = QueryStringQuery(text: text)
            query.defaultField = "f"
            query.operation = operation == "AND" ? .and : .or
            query.fuzzy.fuzziness = .edits(2)
            let analyzer = try analyzers[name] ?? queryAnalyzer(name)
            analyzers[name] = analyzer
            let made: AnalyzedQuery?
            do {
                made = try QueryStringBuilder(analyzer, query).parsed()
            } catch {
                made = nil
                #expect(example["error"] != nil, "\(operation) \(text): \(error)")
                continue
            }
            let expected = example["parsed"]?.stringValue
            #expect(
                made.map { plain($0).text(defaultField: "f") } == expected,
                "\(operation) \(name) \(text)")
            if let made { #expect(className(made) == example["class"]?.stringValue, "\(text)") }
        }
        #expect(count > 300)
        print("classic query strings: \(count) cases")
    }

    @Test("the forgiving syntax groups as Lucene's does")
    func simple() throws {
        let analyzer = try queryAnalyzer("standard")
        let cases: [(String, String)] = [
            ("cat dog", "cat dog"), ("cat + dog", "+cat +dog"), ("cat | dog", "cat dog"),
            ("cat + dog | bird", "(+cat +dog) bird"), ("-cat", "-cat *:*"),
            ("cat -dog", "cat (-dog *:*)"), ("\"cat dog\"~2", "\"cat dog\"~2"),
            ("ca*", "ca*"), ("cat~1", "cat~1"), ("(cat", "cat"), ("cat)", "cat"),
            ("cat + (dog | bird)", "+cat +(dog bird)"), ("cat ()", "cat"), ("\"cat", "cat"),
            ("| cat", "cat"), ("\\(cat\\)", "cat"), ("*", "*:*"),
        ]
        for (text, expected) in cases {
            var query = SimpleQueryStringQuery(text: text)
            query.fields = [FieldBoost("f")]
            let made = try SimpleQueryStringBuilder(analyzer, query).build()
            // Lucene lists what is excluded first.
            let shown = made.text(defaultField: "f").replacingOccurrences(
                of: "*:* -cat", with: "-cat *:*"
            ).replacingOccurrences(of: "*:* -dog", with: "-dog *:*")
            #expect(shown == expected, "\(text)")
        }
    }
}
