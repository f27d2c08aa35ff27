import Foundation
import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlTestKit

@Suite("Stemmers against recorded stems")
struct StemmerConformanceTests {
    static let languages = [
        "armenian", "catalan", "dutch", "english", "finnish", "french", "german", "greek",
        "hindi", "indonesian", "italian", "norwegian", "porter", "romanian", "russian", "spanish",
        "swedish", "turkish", "yiddish",
    ]

    private func pairs(_ path: String) -> [(word: String, stem: String)]? {
        SharedText.lines(path)?.map { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
    }

    @Test("stems are Snowball's, with the differences of libstemmer 2.2", arguments: languages)
    func snowball(language: String) throws {
        guard let vocabulary = pairs("conformance/snowball/\(language).tsv") else { return }
        var expected = Dictionary(vocabulary.map { ($0.word, $0.stem) }) { $1 }
        for pair in pairs("conformance/snowball-2.2/\(language).tsv") ?? [] {
            expected[pair.word] = pair.stem
        }
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: "keyword", filters: [["type": "snowball", "language": .string(language)]])
        var buffer = TokenBuffer()
        var wrong: [String] = []
        // Twice, so that the second pass is answered from the stems that were kept.
        for _ in 0..<2 {
            for (word, stem) in expected {
                analyzer.analyze(Array(word.utf8), into: &buffer)
                let actual = buffer.tokens.first.map(buffer.termString) ?? ""
                if actual != stem { wrong.append("\(word) \(stem) \(actual)") }
            }
        }
        print("snowball \(language): \(expected.count) words")
        #expect(wrong == [], "\(wrong.prefix(5))")
    }

    @Test("porter_stem is Lucene's, which parts from Snowball's on the listed words")
    func porter() throws {
        guard let vocabulary = pairs("conformance/snowball/porter.tsv"),
            let differences = SharedText.lines("conformance/lucene-tokens/porter-differences.tsv")
        else { return }
        var expected = Dictionary(vocabulary.map { ($0.word, $0.stem) }) { $1 }
        for line in differences {
            let parts = line.split(separator: "\t").map(String.init)
            expected[parts[0]] = parts[2]
        }
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: "keyword", filters: ["porter_stem"])
        var wrong: [String] = []
        for (word, stem) in expected {
            let actual = analyzer.terms(word).first ?? ""
            if actual != stem { wrong.append("\(word) \(stem) \(actual)") }
        }
        print("porter: \(expected.count) words, \(differences.count) where Lucene differs")
        #expect(wrong == [], "\(wrong.prefix(5))")
        #expect(differences.count == 66)
    }
}
