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
            tokenizer: ["type": "pattern", "pattern": "\n"],
            filters: [["type": "snowball", "language": .string(language)]])
        let words = Array(expected)
        var buffer = TokenBuffer()
        var wrong: [String] = []
        // The first thousand words twice, so that some are answered from the stems kept.
        for part in [words[...], words.prefix(1000)] {
            analyzer.analyze(Array(part.map(\.key).joined(separator: "\n").utf8), into: &buffer)
            #expect(buffer.tokens.count == part.count)
            for (pair, token) in zip(part, buffer.tokens)
            where !buffer.term(of: token).elementsEqual(pair.value.utf8) {
                wrong.append("\(pair.key) \(pair.value) \(buffer.termString(of: token))")
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
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(
                String.init)
            expected[parts[0]] = parts[2]
        }
        // Two letters are left alone; the list, made through a tokenizer, cannot show this one.
        expected["'s"] = "'s"
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
