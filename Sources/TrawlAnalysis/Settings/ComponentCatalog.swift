/// Every component by the name of its type. A new one is one file and one line here.
enum ComponentCatalog {
    static let tokenizerNames = [
        "standard", "letter", "lowercase", "whitespace", "keyword", "classic", "icu_tokenizer",
        "thai", "ngram", "edge_ngram", "pattern", "simple_pattern", "simple_pattern_split",
        "char_group", "path_hierarchy", "uax_url_email", "icu_words_and_bigrams",
    ]

    static func tokenizer(
        _ type: String, _ settings: AnalysisSettings
    ) throws(AnalysisError) -> (any Tokenizer)? {
        switch type {
        case "standard":
            return try UnicodeWordTokenizer(maxTokenLength: maxTokenLength(settings))
        case "letter":
            return try CharacterRunTokenizer(of: .letters, maxTokenLength: maxTokenLength(settings))
        case "lowercase":
            return try CharacterRunTokenizer(
                of: .letters, maxTokenLength: maxTokenLength(settings), lowercases: true)
        case "whitespace":
            return try CharacterRunTokenizer(
                of: .notWhitespace, maxTokenLength: maxTokenLength(settings))
        case "keyword": return KeywordTokenizer()
        case "icu_tokenizer":
            return ICUWordTokenizer(locale: try settings.string("locale") ?? "")
        case "thai": return ICUWordTokenizer(locale: "th")
        case "icu_words_and_bigrams":
            return ICUWordTokenizer(
                locale: try settings.string("locale") ?? "", addsBigrams: true)
        case "ngram", "nGram": return try NGramTokenizer(settings: settings, isEdge: false)
        case "edge_ngram", "edgeNGram":
            return try NGramTokenizer(settings: settings, isEdge: true)
        case "pattern": return try PatternTokenizer.make(settings: settings)
        case "simple_pattern":
            return PatternTokenizer.make(try settings.regex("pattern"), group: 0)
        case "simple_pattern_split": return PatternTokenizer.make(try settings.regex("pattern"))
        case "char_group": return try CharGroupTokenizer.make(settings: settings)
        case "path_hierarchy", "PathHierarchy":
            return try PathHierarchyTokenizer(settings: settings)
        case "uax_url_email":
            return try URLEmailTokenizer(maxTokenLength: maxTokenLength(settings))
        default: return nil
        }
    }

    private static func maxTokenLength(_ settings: AnalysisSettings) throws(AnalysisError) -> Int {
        try settings.int("max_token_length", default: 255, in: 1...1_048_576)
    }

    static let charFilterNames = ["html_strip", "mapping", "pattern_replace", "icu_normalizer"]

    static func charFilter(
        _ type: String, _ settings: AnalysisSettings
    ) throws(AnalysisError) -> (any CharFilter)? {
        switch type {
        case "html_strip":
            return HTMLStripCharFilter(escapedTags: try settings.strings("escaped_tags") ?? [])
        case "mapping": return try MappingCharFilter(settings: settings)
        case "pattern_replace": return try PatternReplaceCharFilter(settings: settings)
        case "icu_normalizer":
            return NormalizerCharFilter(
                form: try normalForm(settings), set: try unicodeSet(settings))
        default: return nil
        }
    }

    private static func normalForm(_ settings: AnalysisSettings) throws(AnalysisError) -> NormalForm
    {
        let name = try settings.string("name") ?? "nfkc_cf"
        let decomposes = try settings.string("mode") == "decompose"
        switch name {
        case "nfc": return decomposes ? .nfd : .nfc
        case "nfd": return .nfd
        case "nfkc": return decomposes ? .nfkd : .nfkc
        case "nfkd": return .nfkd
        case "nfkc_cf": return .nfkcCasefold
        default: throw settings.error("name", "unknown normalization [\(name)]")
        }
    }

    private static func unicodeSet(
        _ settings: AnalysisSettings
    ) throws(AnalysisError) -> CodePointSet? {
        guard let pattern = try settings.string("unicode_set_filter") else { return nil }
        guard let set = CodePointSet(pattern: pattern) else {
            throw settings.error("unicode_set_filter", "malformed Unicode set [\(pattern)]")
        }
        return set
    }

    private static func limited(
        _ filter: any TermMappingFilter, _ settings: AnalysisSettings
    ) throws(AnalysisError) -> any TokenFilter {
        guard let set = try unicodeSet(settings) else { return filter }
        return LimitedMappingFilter(filter: filter, set: set)
    }

    static let filterNames = [
        "apostrophe", "arabic_normalization", "arabic_stem", "asciifolding", "brazilian_stem",
        "czech_stem", "delimited_payload", "dictionary_decompounder", "dutch_stem", "french_stem",
        "russian_stem", "bengali_normalization",
        "cjk_bigram", "cjk_width", "classic", "common_grams", "decimal_digit", "edge_ngram",
        "elision", "fingerprint", "flatten_graph", "german_normalization", "hindi_normalization",
        "icu_folding", "icu_normalizer", "icu_transform", "indic_normalization", "keep",
        "keep_types", "keyword_marker", "keyword_repeat", "length", "limit", "lowercase",
        "multiplexer", "ngram", "pattern_capture", "pattern_replace", "persian_normalization",
        "porter_stem", "remove_duplicates", "reverse", "scandinavian_folding",
        "scandinavian_normalization", "serbian_normalization", "shingle", "snowball",
        "sorani_normalization", "stemmer", "stemmer_override", "stop", "synonym", "synonym_graph",
        "trim", "truncate", "unique", "uppercase", "word_delimiter", "word_delimiter_graph",
    ]

    static func tokenFilter(
        _ type: String, _ settings: AnalysisSettings, _ context: FilterContext
    ) throws(AnalysisError) -> (any TokenFilter)? {
        switch type {
        case "apostrophe": return ApostropheFilter()
        case "asciifolding":
            return ASCIIFoldingFilter(
                keepsOriginal: try settings.bool("preserve_original", default: false))
        case "cjk_bigram": return try CJKBigramFilter(settings: settings)
        case "cjk_width": return CJKWidthFilter()
        case "common_grams": return try CommonGramsFilter(settings: settings)
        case "decimal_digit": return DecimalDigitFilter()
        case "delimited_payload": return try DelimitedPayloadFilter(settings: settings)
        case "dictionary_decompounder": return try DecompounderFilter(settings: settings)
        case "arabic_stem", "brazilian_stem", "czech_stem", "dutch_stem", "french_stem",
            "russian_stem":
            return Stemmers.filter(named: String(type.dropLast("_stem".count)))
        case "edge_ngram", "edgeNGram": return try NGramFilter(settings: settings, isEdge: true)
        case "elision": return try elision(settings)
        case "fingerprint":
            return FingerprintFilter(
                separator: Array((try settings.string("separator") ?? " ").utf8),
                largest: try settings.int("max_output_size", default: 255))
        case "flatten_graph": return FlattenGraphFilter()
        case "icu_folding": return try limited(ICUFoldingFilter(), settings)
        case "icu_normalizer":
            return try limited(NormalizerFilter(form: normalForm(settings)), settings)
        case "icu_transform":
            let id = try settings.string("id") ?? "Null"
            let isReversed = try settings.string("dir") == "reverse"
            guard let filter = TransformFilter(id: id, isReversed: isReversed) else {
                throw settings.error("id", "unknown transform [\(id)]")
            }
            return filter
        case "keep":
            return KeepFilter(
                try settings.words("keep_words"),
                ignoresCase: try settings.bool("keep_words_case", default: false))
        case "keep_types": return try keepTypes(settings)
        case "keyword_marker": return try KeywordMarkerFilter(settings: settings)
        case "keyword_repeat": return KeywordRepeatFilter()
        case "length":
            let low = try settings.int("min", default: 0)
            let high = try settings.int("max", default: Int(Int32.max))
            guard low <= high else {
                throw settings.error(
                    "min", "minimum length must not be greater than maximum length")
            }
            return LengthFilter(range: low...high)
        case "limit":
            // Nothing depends on it here: a text is always read to its end.
            _ = try settings.bool("consume_all_tokens", default: false)
            return LimitFilter(
                count: try settings.int("max_token_count", default: 1, in: 1...1 << 30))
        case "lowercase": return try lowercase(settings)
        case "multiplexer": return try MultiplexerFilter(settings: settings, context: context)
        case "ngram", "nGram": return try NGramFilter(settings: settings, isEdge: false)
        case "pattern_capture": return try PatternCaptureFilter(settings: settings)
        case "pattern_replace": return try PatternReplaceFilter(settings: settings)
        case "porter_stem": return StemFilter { PorterTermStemmer() }
        case "remove_duplicates": return UniqueFilter(onlyOnSamePosition: true)
        case "reverse": return ReverseFilter()
        case "shingle": return try ShingleFilter(settings: settings)
        case "snowball":
            let language = try settings.string("language") ?? "English"
            guard let algorithm = Stemmers.snowballAlgorithm(language) else {
                throw settings.error(
                    "language", "Invalid stemmer class or language specified: \(language)")
            }
            return Stemmers.snowball(algorithm)
        case "stemmer":
            let name = try settings.string("name")
            let language = try settings.string("language") ?? name ?? "porter"
            guard let filter = Stemmers.filter(named: language.lowercased()) else {
                throw settings.error("language", "Invalid stemmer class specified: \(language)")
            }
            return filter
        case "stemmer_override": return try StemmerOverrideFilter(settings: settings)
        case "stop":
            return StopFilter(
                try settings.words("stopwords", default: Language.english.stopWordList),
                ignoresCase: try settings.bool("ignore_case", default: false),
                keepsLast: !(try settings.bool("remove_trailing", default: true)))
        case "synonym":
            return try SynonymFilter(settings: settings, isGraph: false, context: context)
        case "synonym_graph":
            return try SynonymFilter(settings: settings, isGraph: true, context: context)
        case "trim": return TrimFilter()
        case "truncate":
            return TruncateFilter(length: try settings.int("length", default: 10, in: 1...1 << 30))
        case "unique":
            return UniqueFilter(
                onlyOnSamePosition: try settings.bool("only_on_same_position", default: false))
        case "uppercase": return UppercaseFilter()
        case "word_delimiter": return try WordDelimiterFilter(settings: settings, isGraph: false)
        case "word_delimiter_graph":
            return try WordDelimiterFilter(settings: settings, isGraph: true)
        default: return LanguageNormalizations.filter(type)
        }
    }

    private static func lowercase(
        _ settings: AnalysisSettings
    ) throws(AnalysisError) -> any TokenFilter {
        guard let name = try settings.string("language") else { return LowercaseFilter() }
        guard let language = LocaleLowercaseFilter.Language(rawValue: name) else {
            throw settings.error("language", "language [\(name)] not support for lower case")
        }
        return LocaleLowercaseFilter(language: language)
    }

    private static func elision(_ settings: AnalysisSettings) throws(AnalysisError) -> ElisionFilter
    {
        if settings.has("articles_path") {
            throw settings.error(
                "articles_path", "[articles_path] is not supported: use [articles]")
        }
        guard let articles = try settings.strings("articles") else {
            return ElisionFilter(ElisionFilter.frenchArticles)
        }
        return ElisionFilter(
            articles, ignoresCase: try settings.bool("articles_case", default: false))
    }

    private static func keepTypes(
        _ settings: AnalysisSettings
    ) throws(AnalysisError) -> KeepTypesFilter {
        guard let names = try settings.strings("types"), !names.isEmpty else {
            throw settings.error("types", "keep_types requires `types` to be configured")
        }
        let mode = try settings.string("mode") ?? "include"
        guard mode == "include" || mode == "exclude" else {
            throw settings.error(
                "mode",
                "`keep_types` tokenfilter mode can only be [include] or [exclude] but was [\(mode)]."
            )
        }
        let types = Set(TokenType.allCases.filter { names.contains($0.name) })
        return KeepTypesFilter(types: types, excludes: mode == "exclude")
    }
}
