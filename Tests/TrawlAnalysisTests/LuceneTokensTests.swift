import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlTestKit

@Suite("Analyzer against Lucene's tokens")
struct LuceneTokensTests {
    @Test(
        "terms, offsets, increments and types are Lucene's",
        arguments: ["standard", "english", "cjk"])
    func tokens(name: String) throws {
        guard let file = SharedText.lines("conformance/lucene-tokens/\(name).jsonl") else { return }
        let analyzer = try AnalyzerCatalog().analyzer(named: name)
        var cases = 0
        var tokens = 0
        for line in file {
            let example = try JSONValue.parse(line)
            let text = try #require(example["text"]?.stringValue)
            let expected = try #require(example["tokens"]?.arrayValue).map(\.description)
            let buffer = analyzer.analyze(text)
            var offsets = UTF16Offsets(text)
            let actual = buffer.tokens.map { token in
                JSONValue.array([
                    .string(buffer.termString(of: token)),
                    JSONValue(offsets.units(at: Int(token.startByteOffset))),
                    JSONValue(offsets.units(at: Int(token.endByteOffset))),
                    JSONValue(Int(token.positionIncrement)), .string(token.type.name),
                ]).description
            }
            #expect(actual == expected, "\(text.prefix(80))")
            cases += 1
            tokens += actual.count
        }
        print("lucene-tokens \(name): \(cases) texts, \(tokens) tokens")
        #expect(cases == 135)
    }
}
