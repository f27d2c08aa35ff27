import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlTestKit

/// A token as `term@position`, with `+length` when it spans more than one.
private func graph(_ analyzer: Analyzer, _ text: String) -> [String] {
    let buffer = analyzer.analyze(text)
    var position = -1
    return buffer.tokens.map { token in
        position += Int(token.positionIncrement)
        let length = token.positionLength > 1 ? "+\(token.positionLength)" : ""
        return "\(buffer.termString(of: token))@\(position)\(length)"
    }
}

@Suite("Token filters")
struct TokenFilterTests {
    private func terms(
        _ text: String, tokenizer: JSONValue = "whitespace", _ filters: JSONValue...
    ) throws -> [String] {
        try AnalyzerCatalog().assemble(tokenizer: tokenizer, filters: filters).terms(text)
    }

    private func placed(
        _ text: String, tokenizer: JSONValue = "whitespace", _ filters: JSONValue...
    ) throws -> [String] {
        graph(try AnalyzerCatalog().assemble(tokenizer: tokenizer, filters: filters), text)
    }

    @Test("single terms change as documented")
    func simple() throws {
        #expect(try terms("Straße ÆRØ ﬁn", "asciifolding") == ["Strasse", "AERO", "fin"])
        #expect(
            try placed("É x Ö", ["type": "asciifolding", "preserve_original": true])
                == ["E@0", "É@0", "x@1", "O@2", "Ö@2"])
        #expect(try terms("Ａｂ Résumé", "icu_folding") == ["ab", "resume"])
        #expect(
            try terms("Å É", ["type": "icu_folding", "unicode_set_filter": "[^åÅ]"]) == ["Å", "e"])
        #expect(
            try terms("ﬁÅ", ["type": "icu_normalizer", "unicode_set_filter": "[^Å]"]) == ["fiÅ"])
        #expect(
            try terms("漢語", ["type": "icu_transform", "id": "Traditional-Simplified"]) == ["汉语"])
        #expect(try terms("٣४", "decimal_digit") == ["34"])
        #expect(try terms("ＴｅｓＴ ｶﾞｷﾞ", "cjk_width") == ["TesT", "ガギ"])
        #expect(try terms("abc é", "reverse") == ["cba", "é"])
        #expect(try terms("Türkiye'de", "apostrophe") == ["Türkiye"])
        #expect(try terms("l'eau L’eau x'y", "elision") == ["eau", "eau", "x'y"])
        #expect(try terms("abcdef", ["type": "truncate", "length": 3]) == ["abc"])
        #expect(try terms("I İ", ["type": "lowercase", "language": "turkish"]) == ["ı", "i"])
        #expect(try terms("ΆΣ", ["type": "lowercase", "language": "greek"]) == ["ασ"])
        #expect(
            try terms(" x ", tokenizer: "keyword", "trim") == ["x"])
        #expect(
            try terms(
                "a1b2", ["type": "pattern_replace", "pattern": "(\\d)", "replacement": "<$1>"])
                == ["a<1>b<2>"])
    }

    @Test("dropped tokens leave holes, also at the end")
    func holes() throws {
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: "whitespace", filters: [["type": "stop", "stopwords": ["the", "of"]]])
        let buffer = analyzer.analyze("the cat of the moon of")
        #expect(graph(analyzer, "the cat of the moon of") == ["cat@1", "moon@4"])
        #expect(buffer.trailingPositions == 1)
        #expect(try placed("a bb ccc", ["type": "length", "min": 2, "max": 2]) == ["bb@1"])
        #expect(try terms("a b c", ["type": "limit", "max_token_count": 2]) == ["a", "b"])
        #expect(
            try terms("a b c", ["type": "limit", "max_token_count": 1, "consume_all_tokens": true])
                == ["a"])
        #expect(try placed("a b a", "unique") == ["a@0", "b@1"])
    }

    @Test("grams and shingles stand where their tokens do")
    func grams() throws {
        #expect(
            try placed("abc", ["type": "ngram", "min_gram": 1, "max_gram": 2])
                == ["a@0", "ab@0", "b@0", "bc@0", "c@0"])
        #expect(
            try placed("abc", ["type": "edge_ngram", "min_gram": 2, "max_gram": 9])
                == ["ab@0", "abc@0"])
        #expect(
            try terms("a-b", tokenizer: ["type": "ngram", "token_chars": ["letter"]]) == ["a", "b"])
        #expect(
            try terms("日本語", tokenizer: ["type": "ngram", "min_gram": 2, "max_gram": 2])
                == ["日本", "本語"])
        #expect(
            try placed("please divide this", "shingle") == [
                "please@0", "please divide@0+2", "divide@1", "divide this@1+2", "this@2",
            ])
        #expect(
            try placed("a the b", ["type": "stop", "stopwords": "the"], "shingle")
                == ["a@0", "a _@0+2", "_ b@1+2", "b@2"])
        #expect(
            try placed("日本語 x", tokenizer: "standard", "cjk_bigram") == ["日本@0", "本語@1", "x@2"])
    }

    @Test("synonyms are paths between two nodes, as Lucene's SynonymGraphFilter has them")
    func synonymGraph() throws {
        let rules: JSONValue = ["usa, united states, u s a", "wifi => wi fi"]
        let filter: JSONValue = ["type": "synonym_graph", "synonyms": rules]
        #expect(
            try placed("the usa now", filter) == [
                "the@0", "united@1+1".replacing("+1", with: ""), "u@1+2", "usa@1+4", "states@2+3",
                "s@3", "a@4", "now@5",
            ])
        #expect(try placed("wifi x", filter) == ["wi@0", "fi@1", "x@2"])
        #expect(
            try placed("usa x", filter, "flatten_graph") == [
                "united@0", "u@0", "usa@0+3", "states@1+2", "s@1", "a@2", "x@3",
            ])
        let flat: JSONValue = ["type": "synonym", "synonyms": rules]
        #expect(
            try placed("usa now", flat) == [
                "usa@0", "united@0", "u@0", "now@1", "states@1", "s@1", "a@2",
            ])
    }

    @Test("synonym rules go through the filters before them")
    func synonymAnalysis() throws {
        #expect(
            try terms(
                "QUICK foxes", tokenizer: "standard", "lowercase",
                ["type": "synonym", "synonyms": ["Quick, FAST"], "expand": false])
                == ["quick", "foxes"])
        #expect(throws: AnalysisError.self) {
            try terms(
                "x", ["type": "stop", "stopwords": ["the"]],
                ["type": "synonym", "synonyms": ["the => a"]])
        }
    }

    @Test("word_delimiter_graph cuts and joins as Elasticsearch documents it")
    func wordDelimiter() throws {
        #expect(
            try placed(
                "Neil's-Super-Duper-XL500--42+AutoCoder", tokenizer: "keyword",
                "word_delimiter_graph")
                == ["Neil@0", "Super@1", "Duper@2", "XL@3", "500@4", "42@5", "Auto@6", "Coder@7"])
        #expect(
            try placed(
                "super-duper-xl-500", tokenizer: "keyword",
                ["type": "word_delimiter_graph", "catenate_words": true])
                == ["superduperxl@0+3", "super@0", "duper@1", "xl@2", "500@3"])
        #expect(
            try placed(
                "wi-fi", ["type": "word_delimiter_graph", "preserve_original": true])
                == ["wi-fi@0+2", "wi@0", "fi@1"])
        #expect(
            try terms("PowerShot", ["type": "word_delimiter", "split_on_case_change": false])
                == ["PowerShot"])
    }

    @Test("keywords are not stemmed")
    func keywords() throws {
        #expect(
            try terms(
                "running cats", ["type": "keyword_marker", "keywords": "cats"], "porter_stem")
                == ["run", "cats"])
        #expect(
            try placed("running", "keyword_repeat", "porter_stem", "remove_duplicates")
                == ["running@0", "run@0"])
        #expect(
            try terms(
                "mice", ["type": "stemmer_override", "rules": ["mice => mouse"]], "porter_stem")
                == ["mouse"])
    }

    @Test("a fingerprint and a multiplexer")
    func others() throws {
        #expect(
            try AnalyzerCatalog().analyzer(named: "fingerprint").terms(
                "Yes yes, Gödel said this sentence")
                == ["godel said sentence this yes"])
        #expect(
            try placed(
                "Going HOME",
                ["type": "multiplexer", "filters": ["lowercase", "lowercase, porter_stem"]])
                == ["Going@0", "going@0", "go@0", "HOME@1", "home@1"])
    }
}

@Suite("Tokenizers and char filters")
struct TokenizerTests {
    private func tokens(_ text: String, _ tokenizer: JSONValue) throws -> [String] {
        try AnalyzerCatalog().assemble(tokenizer: tokenizer).terms(text)
    }

    @Test("each cuts as documented")
    func examples() throws {
        #expect(try tokens("a-b1 c", "letter") == ["a", "b", "c"])
        #expect(try tokens("A\u{A0}b c", "whitespace") == ["A\u{A0}b", "c"])
        #expect(try tokens("Foo, bar_baz!", "pattern") == ["Foo", "bar_baz"])
        #expect(
            try tokens("'a', 'b,c'", ["type": "pattern", "pattern": "'([^']+)'", "group": 1])
                == ["a", "b,c"])
        #expect(
            try tokens(
                "MooseX::FTPClass2_beta",
                [
                    "type": "pattern",
                    "pattern":
                        "([^\\p{L}\\d]+)|(?<=\\D)(?=\\d)|(?<=\\d)(?=\\D)|(?<=[\\p{L}&&[^\\p{Lu}]])(?=\\p{Lu})|(?<=\\p{Lu})(?=\\p{Lu}[\\p{L}&&[^\\p{Lu}]])",
                ]) == ["Moose", "X", "FTP", "Class", "2", "beta"])
        #expect(
            try tokens("Grüße, Öl2 日本", ["type": "pattern", "pattern": "[^\\p{L}\\p{N}]+"])
                == ["Grüße", "Öl2", "日本"])
        #expect(
            try tokens("a-b c", ["type": "char_group", "tokenize_on_chars": ["whitespace", "-"]])
                == ["a", "b", "c"])
        #expect(try tokens("/a/b/c", "path_hierarchy") == ["/a", "/a/b", "/a/b/c"])
        #expect(
            try tokens(
                "a-b-c",
                ["type": "path_hierarchy", "delimiter": "-", "replacement": "/", "skip": 1])
                == ["/b", "/b/c"])
        #expect(
            try tokens("mail joe.x@example.com or https://a.io/x?y=1.", "uax_url_email")
                == ["mail", "joe.x@example.com", "or", "https://a.io/x?y=1"])
        #expect(try tokens("ab cd", ["type": "edge_ngram", "max_gram": 3]) == ["a", "ab", "ab "])
        #expect(try tokens("", "keyword") == [])
    }

    @Test("char filters keep the way back to the original offsets")
    func charFilters() throws {
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: "standard",
            charFilters: [
                "html_strip", ["type": "mapping", "mappings": ["ph => f", ":) => _happy_"]],
                ["type": "pattern_replace", "pattern": "(\\d+)-(?=\\d)", "replacement": "$1_"],
            ])
        let text = "<p>Caf&eacute; <b>photo</b> :) 12-34</p><script>no()</script> end"
        let buffer = analyzer.analyze(text)
        #expect(
            buffer.tokens.map(buffer.termString) == ["Café", "foto", "_happy_", "12_34", "end"])
        let original = Array(text.utf8)
        let parts = buffer.tokens.map {
            String(
                decoding: original[Int($0.startByteOffset)..<Int($0.endByteOffset)], as: UTF8.self)
        }
        #expect(parts == ["Caf&eacute;", "photo</b>", ":)", "12-34", "end"])
        let normalizer = try AnalyzerCatalog().assemble(
            tokenizer: "whitespace", charFilters: ["icu_normalizer"])
        let wide = normalizer.analyze("㍿ Ｘe\u{301} ﬁ")
        #expect(wide.tokens.map(wide.termString) == ["株式会社", "xé", "fi"])
        #expect(wide.tokens.map(\.startByteOffset) == [0, 4, 11])
        #expect(wide.tokens.map(\.endByteOffset) == [3, 10, 14])
    }

    @Test("chinese has words and pairs, and every position of a run has a pair")
    func chinese() throws {
        let analyzer = try AnalyzerCatalog().analyzer(named: "chinese")
        #expect(
            graph(analyzer, "全文搜索 A") == [
                "全文@0", "全文@0", "文搜@1", "搜索@2", "搜索@2", "a@3",
            ])
        #expect(graph(analyzer, "我") == ["我@0"])
        let folding = try AnalyzerCatalog(settings: [
            "analyzer": ["tc": ["type": "chinese", "fold": "simplified"]]
        ]).analyzer(named: "tc")
        #expect(folding.terms("漢語") == folding.terms("汉语"))
    }

    @Test("normalize changes characters and drops nothing")
    func normalize() throws {
        let catalog = AnalyzerCatalog()
        #expect(try catalog.analyzer(named: "english").normalize("The*Foxes") == "the*foxes")
        #expect(try catalog.analyzer(named: "german").normalize("ÜBER") == "uber")
        #expect(try catalog.analyzer(named: "keyword").normalize("Ab") == "Ab")
    }
}
