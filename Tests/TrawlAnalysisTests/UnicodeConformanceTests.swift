import Foundation
import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlTestKit

@Suite("Unicode's own test files")
struct UnicodeConformanceTests {
    private func scalars(_ field: some StringProtocol) -> String {
        String(
            String.UnicodeScalarView(
                field.split(separator: " ").compactMap {
                    UInt32($0, radix: 16).flatMap(Unicode.Scalar.init)
                }))
    }

    /// A segment is a token when it holds a letter, digit, kana, ideograph or picture; the
    /// tokenizer joins nothing else and gives ideographs and hiragana singly, as segments are.
    @Test("words are the segments of WordBreakTest that hold a letter, digit or picture")
    func words() throws {
        guard let lines = SharedText.lines("conformance/unicode-15.0/WordBreakTest.txt") else {
            return
        }
        let analyzer = try AnalyzerCatalog().assemble(tokenizer: "standard")
        var cases = 0
        var different: [String] = []
        for line in lines where line.hasPrefix("÷") {
            let rule = line.prefix { $0 != "#" }
            let segments = rule.split(separator: "÷").map { part in
                scalars(part.filter { $0 != "×" && $0 != "\t" })
            }.filter { !$0.isEmpty }
            // Runs of segments that have no word, and pictures, are the tokenizer's own matter.
            let words = segments.filter { segment in
                segment.unicodeScalars.contains { scalar in
                    scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
                        || scalar.value >= 0x3031 && scalar.value <= 0x3035
                }
            }
            let buffer = analyzer.analyze(segments.joined())
            let actual = buffer.tokens.filter { $0.type != .emoji }.map(buffer.termString)
            if actual != words { different.append("\(words) \(actual) \(rule)") }
            cases += 1
        }
        print("WordBreakTest: \(cases) lines, \(different.count) different")
        #expect(cases == 1823)
        // The documented difference, which is Lucene's as well: a picture after a letter and a
        // joiner (rule WB3c) is a token of its own.
        #expect(
            different.map { $0.split(separator: "] ").last.map(String.init) ?? "" }.map {
                $0.trimmingCharacters(in: .whitespaces)
            } == ["÷ 0061 × 200D × 1F6D1 ÷", "÷ 0061 × 200D × 2701 ÷"], "\(different.prefix(5))")
    }

    @Test("normalisation is that of NormalizationTest, part by part and whole")
    func normalization() throws {
        guard let lines = SharedText.lines("conformance/unicode-15.0/NormalizationTest.txt") else {
            return
        }
        let forms: [NormalForm] = [.nfc, .nfd, .nfkc, .nfkd]
        var cases = 0
        var failures: [String] = []
        let filters = try ["nfc", "nfkc"].map { name in
            try AnalyzerCatalog().assemble(
                tokenizer: "keyword",
                charFilters: [["type": "icu_normalizer", "name": .string(name)]])
        }
        for line in lines where line.first?.isHexDigit ?? false {
            let columns = line.split(separator: ";").prefix(5).map { Array(scalars($0).utf8) }
            // Columns of the expected forms of columns 1 to 3, and of 4 and 5.
            let expected = [[1, 3], [2, 4], [3, 3], [4, 4]]
            for (form, targets) in zip(forms, expected) {
                for (source, column) in columns.enumerated() {
                    let target = columns[source < 3 ? targets[0] : targets[1]]
                    if form.normalized(column) != target { failures.append(line) }
                }
            }
            if filters[0].normalize(columns[0]) != columns[1] { failures.append("filter " + line) }
            if filters[1].normalize(columns[0]) != columns[3] { failures.append("filter " + line) }
            cases += 1
        }
        print("NormalizationTest: \(cases) lines, \(failures.count) failures")
        #expect(cases == 19_074)
        #expect(failures == [], "\(failures.prefix(3))")
    }

    @Test(
        "ICU's words are those recorded from ICU 72",
        arguments: [
            "ar", "de", "el", "en", "es", "he", "hi", "ja", "km", "ko", "lo", "my", "ru", "th",
            "tr", "vi", "zh",
        ])
    func icuWords(language: String) throws {
        guard let lines = SharedText.lines("conformance/icu-words/\(language).jsonl") else {
            return
        }
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: ["type": "icu_tokenizer", "locale": .string(language)])
        var words = 0
        for line in lines {
            let example = try JSONValue.parse(line)
            let text = try #require(example["text"]?.stringValue)
            let expected = try #require(example["words"]?.arrayValue).map { word in
                "\(word[0]?.stringValue ?? "") \(word[1]?.intValue ?? -1) \(word[2]?.intValue ?? -1)"
            }
            let buffer = analyzer.analyze(text)
            var offsets = UTF16Offsets(text)
            let actual = buffer.tokens.map { token in
                "\(buffer.termString(of: token)) \(offsets.units(at: Int(token.startByteOffset)))"
                    + " \(offsets.units(at: Int(token.endByteOffset)))"
            }
            #expect(actual == expected, "\(text.prefix(60))")
            words += actual.count
        }
        print("icu-words \(language): \(lines.count) texts, \(words) words")
    }
}
