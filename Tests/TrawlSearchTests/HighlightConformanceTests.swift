import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlQuery
import TrawlSchema
import TrawlTestKit

@testable import TrawlSearch

@Suite("Highlighting against Lucene")
struct HighlightConformanceTests {
    private func queryAnalyzer(_ name: String) throws -> QueryAnalyzer {
        let mapping = try MappingParser().parse([
            "properties": ["f": ["type": "text", "analyzer": .string(name)]]
        ])
        return QueryAnalyzer(
            mapping: mapping, catalog: AnalyzerCatalog(), now: Instant(seconds: 0))
    }

    private func spans(
        of text: String, _ queryText: String, _ analyzer: QueryAnalyzer, _ name: String
    ) throws -> [[Int]] {
        var query = QueryStringQuery(text: queryText)
        query.defaultField = "f"
        let terms = try HighlightTerms(
            try analyzer.analyze(Query(.queryString(query))), of: "f")
        let tokens = ValueTokens.analyzed(try analyzer.catalog.analyzer(named: name))
        var found = FoundWords()
        return TextMarks(terms, tokens: tokens)
            .tokens(of: Array(text.utf8), found: &found)
            .filter { $0.word != nil }.map { [$0.start, $0.end] }
    }

    @Test("the unified highlighter marks what Lucene's marks: every case")
    func unified() throws {
        guard let bytes = try SharedData.bytes("conformance/highlight/lucene-unified.jsonl")
        else { return }
        var analyzers: [String: QueryAnalyzer] = [:]
        var passed = 0
        var count = 0
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let example = try JSONValue.parse(String(line))
            let name = try #require(example["analyzer"]?.stringValue)
            let query = try #require(example["query"]?.stringValue)
            let text = try #require(example["text"]?.stringValue)
            let expected = (example["spans"]?.arrayValue ?? []).map { span in
                (span.arrayValue ?? []).compactMap(\.intValue)
            }
            let analyzer = try analyzers[name] ?? queryAnalyzer(name)
            analyzers[name] = analyzer
            let marked = try spans(of: text, query, analyzer, name)
            count += 1
            if marked == expected { passed += 1 }
            #expect(marked == expected, "\(name): \(query)")
        }
        print("highlighting: \(passed) of \(count) cases as Lucene has them")
        #expect(count == 731)
    }
}
