internal import Synchronization

/// The analyzers that need no settings, and the types that settings may start from.
enum BuiltInAnalyzers {
    static let names =
        [
            "standard", "simple", "whitespace", "keyword", "stop", "pattern", "fingerprint",
            "snowball", "icu_analyzer",
        ] + Language.all.keys.sorted()

    static let standard = Analyzer(
        name: "standard", tokenizer: NamedTokenizer("standard", UnicodeWordTokenizer()),
        filters: [NamedTokenFilter("lowercase", LowercaseFilter())])

    static let lowercaseNormalizer = Analyzer(
        name: "lowercase", tokenizer: NamedTokenizer("keyword", KeywordTokenizer()),
        filters: [NamedTokenFilter("lowercase", LowercaseFilter())])

    /// Made when first asked for: the word lists of all languages are not free.
    private static let made = Mutex<[String: Analyzer]>([:])

    static func analyzer(named name: String) throws(AnalysisError) -> Analyzer? {
        if let analyzer = made.withLock({ $0[name] }) { return analyzer }
        guard let analyzer = try make(name, name: name, AnalysisSettings(path: name)) else {
            return nil
        }
        return made.withLock { known in
            if let first = known[name] { return first }
            known[name] = analyzer
            return analyzer
        }
    }

    /// An analyzer of a type with settings of its own, or nil when there is no such type.
    static func make(
        _ type: String, name: String, _ settings: AnalysisSettings
    ) throws(AnalysisError) -> Analyzer? {
        let words = NamedTokenizer("standard", UnicodeWordTokenizer())
        let lowercase = NamedTokenFilter("lowercase", LowercaseFilter())
        func stop(_ fallback: [String]) throws(AnalysisError) -> [NamedTokenFilter] {
            let list = try settings.words("stopwords", default: fallback)
            return list.isEmpty ? [] : [NamedTokenFilter("stop", StopFilter(list))]
        }
        switch type {
        case "standard":
            let length = try settings.int("max_token_length", default: 255, in: 1...1_048_576)
            return Analyzer(
                name: name,
                tokenizer: NamedTokenizer(
                    "standard", UnicodeWordTokenizer(maxTokenLength: length)),
                filters: [lowercase] + (try stop([])))
        case "simple":
            return Analyzer(
                name: name,
                tokenizer: NamedTokenizer(
                    "lowercase", CharacterRunTokenizer(of: .letters, lowercases: true)))
        case "whitespace":
            return Analyzer(
                name: name,
                tokenizer: NamedTokenizer("whitespace", CharacterRunTokenizer(of: .notWhitespace)))
        case "keyword":
            return Analyzer(name: name, tokenizer: NamedTokenizer("keyword", KeywordTokenizer()))
        case "stop":
            return Analyzer(
                name: name,
                tokenizer: NamedTokenizer(
                    "lowercase", CharacterRunTokenizer(of: .letters, lowercases: true)),
                filters: try stop(Language.english.stopWordList))
        case "pattern":
            var filters: [NamedTokenFilter] = []
            if try settings.bool("lowercase", default: true) { filters.append(lowercase) }
            return Analyzer(
                name: name,
                tokenizer: NamedTokenizer(
                    "pattern", try PatternTokenizer.make(settings: settings)),
                filters: filters + (try stop([])))
        case "fingerprint":
            let separator = try settings.string("separator") ?? " "
            return Analyzer(
                name: name, tokenizer: words,
                filters: [
                    lowercase,
                    NamedTokenFilter("asciifolding", ASCIIFoldingFilter(keepsOriginal: false)),
                ] + (try stop([])) + [
                    NamedTokenFilter(
                        "fingerprint",
                        FingerprintFilter(
                            separator: Array(separator.utf8),
                            largest: try settings.int("max_output_size", default: 255)))
                ])
        case "snowball":
            let language = try settings.string("language") ?? "English"
            guard let algorithm = Stemmers.snowballAlgorithm(language) else {
                throw settings.error(
                    "language", "Invalid stemmer class or language specified: \(language)")
            }
            let list = Language.stopWords(named: language.lowercased()) ?? []
            return Analyzer(
                name: name, tokenizer: words,
                filters: [lowercase] + (try stop(list)) + [
                    NamedTokenFilter("snowball", Stemmers.snowball(algorithm))
                ])
        case "icu_analyzer":
            return Analyzer(
                name: name,
                charFilters: [NamedCharFilter("icu_normalizer", NormalizerCharFilter.casefold)],
                tokenizer: NamedTokenizer("icu_tokenizer", ICUWordTokenizer()),
                filters: [NamedTokenFilter("icu_folding", ICUFoldingFilter())])
        default: return try Language.all[type]?.analyzer(named: name, settings)
        }
    }
}
