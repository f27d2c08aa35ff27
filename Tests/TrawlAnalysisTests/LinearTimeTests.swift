import Glibc
import Testing
import TrawlAnalysis
import TrawlJSON

/// Texts that no one wrote, through everything that looks at more than one character at a time.
@Suite("Time and memory of analysis")
struct LinearTimeTests {
    /// CPU seconds of this thread, so that other work on the machine does not count.
    private func seconds(_ work: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = now()
        work()
        return now() - start
    }

    private func repeated(_ piece: String, upTo byteCount: Int) -> [UInt8] {
        let piece = Array(piece.utf8)
        var text: [UInt8] = []
        while text.count + piece.count <= byteCount { text += piece }
        return text
    }

    /// Each takes eight times as much text in about eight times the time. A quadratic step takes
    /// sixty-four times as long, and shows.
    private func expectLinear(_ analyzer: Analyzer, _ piece: String, _ name: String) {
        var buffer = TokenBuffer()
        let small = repeated(piece, upTo: 3_000)
        let large = repeated(piece, upTo: 24_000)
        analyzer.analyze(small, into: &buffer)
        let short = (0..<2).map { _ in seconds { analyzer.analyze(small, into: &buffer) } }.min()!
        var long = seconds { analyzer.analyze(large, into: &buffer) }
        // Once more before it is called slow: a cold cache is no quadratic step.
        if long > 24 * short { long = seconds { analyzer.analyze(large, into: &buffer) } }
        #expect(long < 24 * short + 0.005, "\(name) on \"\(piece)\": \(short) s, \(long) s")
    }

    static let marks = "a\u{301}\u{323}\u{315}"

    @Test(
        "char filters take time linear in the text",
        arguments: [
            #"{"type":"html_strip"}"#, #"{"type":"icu_normalizer"}"#,
            #"{"type":"icu_normalizer","name":"nfkd"}"#,
            #"{"type":"mapping","mappings":["aaaaaaab => x","<a => y"]}"#,
            #"{"type":"pattern_replace","pattern":"(a+)+!","replacement":"$1"}"#,
            #"{"type":"pattern_replace","pattern":"a*b|a","replacement":"x"}"#,
            #"{"type":"pattern_replace","pattern":"a(?=.{0,9}b)","replacement":"x"}"#,
        ])
    func charFilters(definition: String) throws {
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: "keyword", charFilters: [try JSONValue.parse(definition)])
        for piece in ["a", "<", "<a \"", "<!--", "&", "\u{301}\u{323}"] {
            expectLinear(analyzer, piece, definition)
        }
    }

    @Test(
        "tokenizers take time linear in the text",
        arguments: [
            #"{"type":"standard"}"#, #"{"type":"standard","max_token_length":1000000}"#,
            #"{"type":"icu_tokenizer"}"#, #"{"type":"icu_words_and_bigrams"}"#,
            #"{"type":"letter"}"#, #"{"type":"whitespace"}"#, #"{"type":"ngram"}"#,
            #"{"type":"edge_ngram","max_gram":9}"#, #"{"type":"path_hierarchy","skip":100000}"#,
            #"{"type":"uax_url_email"}"#, #"{"type":"pattern","pattern":"(a|a)*b"}"#,
            #"{"type":"pattern","pattern":"(x+x+)+y","group":0}"#,
        ])
    func tokenizers(definition: String) throws {
        let analyzer = try AnalyzerCatalog().assemble(tokenizer: try JSONValue.parse(definition))
        for piece in ["a", "a.", "a'", "/", "@a", "ก", "日", Self.marks] {
            expectLinear(analyzer, piece, definition)
        }
    }

    @Test(
        "token filters take time linear in a token",
        arguments: [
            #"{"type":"lowercase"}"#, #"{"type":"lowercase","language":"turkish"}"#,
            #"{"type":"uppercase"}"#, #"{"type":"asciifolding","preserve_original":true}"#,
            #"{"type":"icu_folding"}"#, #"{"type":"icu_normalizer"}"#,
            #"{"type":"icu_transform","id":"NFD; [:M:] Remove; NFC"}"#,
            #"{"type":"word_delimiter_graph","catenate_all":true,"preserve_original":true}"#,
            #"{"type":"pattern_replace","pattern":"(a+)+$","replacement":""}"#,
            #"{"type":"pattern_capture","patterns":["(a*)*b","(([a-z])+.)+[A-Z]"]}"#,
            #"{"type":"keyword_marker","keywords_pattern":"(a|aa)+c"}"#,
            #"{"type":"elision"}"#, #"{"type":"apostrophe"}"#, #"{"type":"trim"}"#,
            #"{"type":"reverse"}"#, #"{"type":"truncate","length":5}"#,
            #"{"type":"edge_ngram","max_gram":5}"#, #"{"type":"ngram"}"#,
            #"{"type":"cjk_bigram"}"#, #"{"type":"cjk_width"}"#, #"{"type":"decimal_digit"}"#,
            #"{"type":"porter_stem"}"#, #"{"type":"stemmer","language":"german"}"#,
            #"{"type":"stemmer","language":"greek"}"#, #"{"type":"hindi_normalization"}"#,
        ])
    func filters(definition: String) throws {
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: "keyword", filters: [try JSONValue.parse(definition)])
        for piece in ["a", "a-A1'", "日", Self.marks] {
            expectLinear(analyzer, piece, definition)
        }
    }

    @Test(
        "token filters take time linear in the number of tokens",
        arguments: [
            #"{"type":"asciifolding","preserve_original":true}"#, #"{"type":"shingle"}"#,
            #"{"type":"unique"}"#, #"{"type":"unique","only_on_same_position":true}"#,
            #"{"type":"fingerprint"}"#, #"{"type":"cjk_bigram"}"#,
            #"{"type":"synonym_graph","synonyms":["é, e, ee e","e => é","é é é, e e"]}"#,
            #"{"type":"synonym","synonyms":["é, e, ee e","e => é","é é é, e e"]}"#,
            #"{"type":"multiplexer","filters":["lowercase","uppercase"]}"#,
            #"{"type":"limit","max_token_count":10}"#, #"{"type":"stop","stopwords":["é"]}"#,
            #"{"type":"common_grams","common_words":["é"]}"#, #"{"type":"keyword_repeat"}"#,
        ])
    func tokens(definition: String) throws {
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: "whitespace", filters: [try JSONValue.parse(definition), "flatten_graph"])
        for piece in ["é ", "e é x "] { expectLinear(analyzer, piece, definition) }
    }

    @Test("a token of ten megabytes is one keyword, or standard tokens of 255 units")
    func tenMegabytes() throws {
        let text = [UInt8](repeating: 0x78, count: 10_000_000)
        var buffer = TokenBuffer()
        let catalog = AnalyzerCatalog()
        try catalog.analyzer(named: "keyword").analyze(text, into: &buffer)
        #expect(buffer.tokens.map(\.termByteCount) == [10_000_000])
        // What makes a term of the beginning of a token does not need all of it.
        try catalog.assemble(
            tokenizer: "keyword", filters: [["type": "truncate", "length": 8], "porter_stem"]
        ).analyze(text, into: &buffer)
        #expect(buffer.tokens.map(buffer.termString) == ["xxxxxxxx"])
        for name in ["standard", "whitespace"] {
            try catalog.analyzer(named: name).analyze(text, into: &buffer)
            #expect(buffer.tokens.count == (10_000_000 + 254) / 255, "\(name)")
            let isWhole = buffer.tokens.dropLast().allSatisfy { $0.termByteCount == 255 }
            #expect(isWhole)
            // The terms are pieces of the text: nothing was copied.
            #expect(buffer.arena.count == 10_000_000)
        }
    }

    @Test("a million combining marks are cut like any long token, and normalised in parts")
    func millionMarks() throws {
        // Two classes of marks in turn: putting them in order is what takes time.
        let text = [0x61] + repeated("\u{301}\u{323}", upTo: 4_000_000)
        var buffer = TokenBuffer()
        let catalog = AnalyzerCatalog()
        try catalog.analyzer(named: "standard").analyze(text, into: &buffer)
        #expect(buffer.tokens.first.map { Int($0.termByteCount) } == 1 + 254 * 2)
        let normalizing = try catalog.assemble(
            tokenizer: "keyword", filters: ["icu_normalizer"])
        normalizing.analyze(text, into: &buffer)
        #expect(buffer.tokens.count == 1)
        #expect(
            try catalog.assemble(
                tokenizer: "keyword", filters: ["icu_normalizer"]
            ).terms("a\u{301}\u{323}").map { Array($0.utf8) } == [Array("\u{1EA1}\u{301}".utf8)])
    }
}
