import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlTestKit

@Suite("Analysis of bad input")
struct BadInputTests {
    @Test("bytes that are not UTF-8 are read as U+FFFD and offsets stay those of the input")
    func invalid() throws {
        let analyzer = try AnalyzerCatalog().analyzer(named: "standard")
        var buffer = TokenBuffer()
        analyzer.analyze([0x61, 0xFF, 0x62, 0xC0, 0x80, 0xED, 0xA0, 0x80, 0x63], into: &buffer)
        #expect(buffer.tokens.map(buffer.termString) == ["a", "b", "c"])
        #expect(buffer.tokens.map(\.startByteOffset) == [0, 2, 8])
        #expect(buffer.tokens.map(\.endByteOffset) == [1, 3, 9])
    }

    @Test("random bytes break no analyzer, and offsets stay within the text", .randomized())
    func random() throws {
        var random = RandomContext.generator()
        let catalog = AnalyzerCatalog()
        var buffer = TokenBuffer()
        for name in catalog.names {
            let analyzer = try catalog.analyzer(named: name)
            for _ in 0..<2 {
                let ranges: [ClosedRange<UInt32>] = [
                    0x20...0x7E, 0xC0...0x24F, 0x300...0x36F, 0x600...0x6FF, 0xE00...0xE7F,
                    0x3040...0x30FF, 0x4E00...0x4FFF, 0x1F300...0x1F6FF, 0xFF00...0xFFEF,
                ]
                var text = ""
                for _ in 0..<Int.random(in: 0...60, using: &random) {
                    let range = ranges.randomElement(using: &random)!
                    if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
                        text.unicodeScalars.append(scalar)
                    }
                }
                var bytes = Array(text.utf8)
                if Bool.random(using: &random), !bytes.isEmpty {
                    bytes[bytes.indices.randomElement(using: &random)!] = UInt8.random(
                        in: 0...255, using: &random)
                }
                analyzer.analyze(bytes, into: &buffer)
                var position = -1
                for token in buffer.tokens {
                    position += Int(token.positionIncrement)
                    #expect(position >= 0, "\(name)")
                    #expect(
                        0 <= token.startByteOffset && token.startByteOffset <= token.endByteOffset)
                    #expect(Int(token.endByteOffset) <= bytes.count, "\(name) \(bytes)")
                    #expect(token.positionLength >= 1)
                    let term = Array(buffer.term(of: token))
                    #expect(String(validating: term, as: UTF8.self) != nil, "\(name) \(bytes)")
                }
            }
        }
    }

    /// These analyzers take long texts without a break in a time that only linear work can keep, in a
    /// build without optimisation on a busy machine.
    @Test(
        "a token of 400 KB and forty thousand marks take linear time",
        arguments: ["standard", "english", "chinese", "thai", "french", "simple", "fingerprint"])
    func huge(name: String) throws {
        let analyzer = try AnalyzerCatalog().analyzer(named: name)
        var buffer = TokenBuffer()
        let texts = [
            [UInt8](repeating: 0x79, count: 400_000),
            Array(("a" + String(repeating: "\u{301}", count: 40_000)).utf8),
            Array(String(repeating: "ก", count: 8_000).utf8),
            Array(String(repeating: "a.", count: 30_000).utf8),
        ]
        for text in texts {
            let time = ContinuousClock().measure { analyzer.analyze(text, into: &buffer) }
            #expect(time < .seconds(30), "\(name): \(time)")
        }
    }

    @Test("a standard token longer than 255 units is cut there, whatever it is made of")
    func longTokens() throws {
        let analyzer = try AnalyzerCatalog().analyzer(named: "standard")
        let lengths = { (text: String) in analyzer.terms(text).map(\.utf16.count) }
        #expect(lengths(String(repeating: "x", count: 600)) == [255, 255, 90])
        #expect(lengths(String(repeating: "é", count: 300)) == [255, 45])
        #expect(lengths("a" + String(repeating: "\u{301}", count: 300)) == [255])
        #expect(lengths(String(repeating: "𝒜", count: 200)) == [254, 146])
    }

    @Test("synonym rules that lead in circles end")
    func cyclicSynonyms() throws {
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: "whitespace",
            filters: [
                [
                    "type": "synonym_graph",
                    "synonyms": ["a => b", "b => a", "c, d", "d, c", "e => e e"],
                ]
            ])
        #expect(analyzer.terms("a b c e") == ["b", "a", "d", "c", "e", "e"])
        // One filter after the other goes round the circle once, and phrases in circles do not grow.
        let round: JSONValue = [
            "type": "synonym",
            "synonyms": ["a => b", "b => c", "c => a", "x y => y x", "y x => x y"],
        ]
        let twice = try AnalyzerCatalog().assemble(
            tokenizer: "whitespace", filters: [round, round])
        #expect(twice.terms("a b c x y") == ["c", "a", "b", "x", "y"])
    }

    @Test(
        "an unknown name is an error that says what is not known, and what may have been meant",
        arguments: [
            (
                #"{"analyzer":{"a":{"type":"engish"}}}"#,
                "Unknown analyzer type [engish] for [a] -> did you mean [english]?"
            ),
            (
                #"{"analyzer":{"a":{"tokenizer":"standart"}}}"#,
                "Custom Analyzer [a] failed to find tokenizer under name [standart] "
                    + "-> did you mean [standard]?"
            ),
            (
                #"{"analyzer":{"a":{"tokenizer":"standard","filter":["xyzzy"]}}}"#,
                "Custom Analyzer [a] failed to find filter under name [xyzzy]"
            ),
            (
                #"{"analyzer":{"a":{"tokenizer":"standard","char_filter":["htmlstrip"]}}}"#,
                "Custom Analyzer [a] failed to find char_filter under name [htmlstrip] "
                    + "-> did you mean [html_strip]?"
            ),
            (
                #"{"tokenizer":{"t":{"type":"ngrams"}}}"#,
                "Unknown tokenizer type [ngrams] for [t] -> did you mean [ngram]?"
            ),
            (
                #"{"filter":{"f":{"type":"stemmer","language":"klingon"}}}"#,
                "Invalid stemmer class specified: klingon"
            ),
            (
                #"{"filter":{"f":{"type":"snowball","language":"Klingon"}}}"#,
                "Invalid stemmer class or language specified: Klingon"
            ),
        ])
    func unknownNames(text: String, message: String) throws {
        let value = try JSONValue.parse(#"{"analysis":"# + text + "}")
        let error = #expect(throws: AnalysisError.self) { try AnalyzerCatalog(settings: value) }
        #expect(error?.message == message)
        #expect(error?.setting.hasPrefix("analysis.") ?? false)
    }

    @Test("what makes very many tokens of one needs the index's leave, as in Elasticsearch")
    func limits() throws {
        let gram: JSONValue = ["type": "ngram", "min_gram": 1, "max_gram": 3]
        #expect(
            throws: AnalysisError(
                .invalidSetting, setting: "analysis.tokenizer.t.max_gram",
                "The difference between max_gram and min_gram in NGram Tokenizer must be less than "
                    + "or equal to: [1] but was [2]. This limit can be set by changing the "
                    + "[index.max_ngram_diff] index level setting.")
        ) { try AnalyzerCatalog(settings: ["analysis": ["tokenizer": ["t": gram]]]) }
        let allowed = try AnalyzerCatalog(settings: [
            "index": [
                "max_ngram_diff": 2,
                "analysis": [
                    "tokenizer": ["t": gram], "analyzer": ["a": ["tokenizer": "t"]],
                ],
            ]
        ])
        #expect(
            try allowed.analyzer(named: "a").terms("abc") == ["a", "ab", "abc", "b", "bc", "c"])
        let shingle: JSONValue = ["type": "shingle", "max_shingle_size": 5]
        #expect(
            throws: AnalysisError(
                .invalidSetting, setting: "analysis.filter.f.max_shingle_size",
                "In Shingle TokenFilter the difference between max_shingle_size and "
                    + "min_shingle_size (and +1 if outputting unigrams) must be less than or equal "
                    + "to: [3] but was [4]. This limit can be set by changing the "
                    + "[index.max_shingle_diff] index level setting.")
        ) { try AnalyzerCatalog(settings: ["analysis": ["filter": ["f": shingle]]]) }
    }

    @Test(
        "wrong settings are errors that name the setting",
        arguments: [
            (
                #"{"analysis":{"filter":{"f":{"type":"length","min":"x"}}}}"#,
                "analysis.filter.f.min"
            ),
            (
                #"{"analysis":{"filter":{"f":{"type":"stop","stopwords":"_klingon_"}}}}"#,
                "analysis.filter.f.stopwords"
            ),
            (#"{"analysis":{"filter":{"f":{"type":"synonym"}}}}"#, "analysis.filter.f.synonyms"),
            (
                #"{"analysis":{"tokenizer":{"t":{"type":"pattern","pattern":"(a"}}}}"#,
                "analysis.tokenizer.t.pattern"
            ),
            (
                #"{"analysis":{"analyzer":{"a":{"type":"custom"}}}}"#,
                "analysis.analyzer.a.tokenizer"
            ),
            (#"{"analysis":{"analyzer":{"a":{"type":"engish"}}}}"#, "analysis.analyzer.a.type"),
            (#"{"analysis":{"filter":[]}}"#, "analysis.filter"),
            (
                #"{"analysis":{"normalizer":{"n":{"filter":["stop"]}}}}"#,
                "analysis.normalizer.n.filter"
            ),
            (
                #"{"analysis":{"filter":{"f":{"type":"edge_ngram","min_gram":3,"max_gram":2}}}}"#,
                "analysis.filter.f.min_gram"
            ),
        ])
    func settings(text: String, setting: String) throws {
        let value = try JSONValue.parse(text)
        let error = #expect(throws: AnalysisError.self) { try AnalyzerCatalog(settings: value) }
        #expect(error?.setting == setting, "\(String(describing: error))")
    }
}
