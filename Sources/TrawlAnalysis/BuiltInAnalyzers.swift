internal import Synchronization

/// The analyzers that need no settings, and the types that settings may start from.
enum BuiltInAnalyzers {
    static let names = ["standard", "simple", "whitespace", "keyword", "stop", "english"]

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
                filters: try stop(English.stopWords))
        case "english":
            return Analyzer(
                name: name, tokenizer: words,
                filters: [
                    NamedTokenFilter("english_possessive", EnglishPossessiveFilter()), lowercase,
                ] + (try stop(English.stopWords)) + [
                    NamedTokenFilter("porter_stem", StemFilter { PorterTermStemmer() })
                ])
        default: return nil
        }
    }
}
