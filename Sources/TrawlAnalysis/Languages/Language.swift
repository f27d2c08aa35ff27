/// How texts of a language are analysed. One language a file; the list is `Language.all`.
struct Language: Sendable {
    enum Words: Sendable {
        case standard
        case icuWords(locale: String, addsBigrams: Bool)
    }

    enum Step: Sendable {
        case lowercase
        case lowercaseIn(LocaleLowercaseFilter.Language)
        case possessive
        case elision([String])
        /// Irish: words that a hyphen leaves behind.
        case hyphenations([String])
        case stop
        /// The words of the setting `stem_exclusion` are marked before it.
        case stem(String)
        case overrides([(String, String)])
        /// A filter that needs no settings, by its type.
        case filter(String)
        /// Traditional characters as simplified ones, when the setting `fold` asks for it.
        case folding
    }

    let name: String
    var charFilters: [(String, any CharFilter)] = []
    var tokenizer = Words.standard
    let steps: [Step]
    /// Words with white space between them.
    var stopWords = ""

    var stopWordList: [String] { stopWords.split(whereSeparator: \.isWhitespace).map(String.init) }

    static let all: [String: Language] = Dictionary(
        uniqueKeysWithValues: [
            arabic, armenian, basque, bengali, brazilian, bulgarian, catalan, chinese, cjk, czech,
            danish, dutch, english, englishCommon, estonian, finnish, french, galician, german,
            greek, hindi,
            hungarian, indonesian, irish, italian, japanese, latvian, lithuanian, norwegian,
            persian, portuguese, romanian, russian, sorani, spanish, swedish, thai, turkish,
        ].map { ($0.name, $0) })

    /// What the list `_name_` of a stop filter holds.
    static func stopWords(named name: String) -> [String]? {
        if let language = all[name] { return language.stopWordList }
        switch name {
        case "czeck": return czech.stopWordList
        case "portugese": return portuguese.stopWordList
        default: return nil
        }
    }

    func analyzer(
        named name: String, _ settings: AnalysisSettings
    ) throws(AnalysisError) -> Analyzer {
        let tokenizer: NamedTokenizer =
            switch self.tokenizer {
            case .standard: NamedTokenizer("standard", UnicodeWordTokenizer())
            case .icuWords(let locale, let addsBigrams):
                NamedTokenizer(
                    addsBigrams ? "icu_words_and_bigrams" : "icu_tokenizer",
                    ICUWordTokenizer(locale: locale, addsBigrams: addsBigrams))
            }
        var filters: [NamedTokenFilter] = []
        let context = FilterContext(
            parts: AnalysisParts(), tokenizer: tokenizer, charFilters: [], precedingFilters: [])
        func add(_ name: String, _ filter: any TokenFilter) {
            filters.append(NamedTokenFilter(name, filter))
        }
        for step in steps {
            switch step {
            case .lowercase: add("lowercase", LowercaseFilter())
            case .lowercaseIn(let language):
                add("\(language.rawValue)_lowercase", LocaleLowercaseFilter(language: language))
            case .possessive: add("english_possessive", EnglishPossessiveFilter())
            case .elision(let articles): add("elision", ElisionFilter(articles))
            case .hyphenations(let words): add("hyphenation", StopFilter(words, ignoresCase: true))
            case .stop:
                let words = try settings.words("stopwords", default: stopWordList)
                if !words.isEmpty { add("stop", StopFilter(words)) }
            case .stem(let stemmer):
                let kept = try settings.words("stem_exclusion")
                if !kept.isEmpty { add("keyword_marker", KeywordMarkerFilter(kept)) }
                guard let filter = Stemmers.filter(named: stemmer) else {
                    preconditionFailure("no stemmer \(stemmer) for \(self.name)")
                }
                add("\(stemmer)_stemmer", filter)
            case .overrides(let pairs): add("stemmer_override", StemmerOverrideFilter(pairs))
            case .filter(let type):
                guard
                    let filter = try ComponentCatalog.tokenFilter(
                        type, AnalysisSettings(path: type), context)
                else { preconditionFailure("no filter \(type) for \(self.name)") }
                add(type, filter)
            case .folding:
                guard let fold = try settings.string("fold"), fold != "none" else { continue }
                guard fold == "simplified",
                    let filter = TransformFilter(id: "Traditional-Simplified")
                else {
                    throw settings.error("fold", "unknown folding [\(fold)]: use [simplified]")
                }
                add("traditional_to_simplified", filter)
            }
        }
        return Analyzer(
            name: name, charFilters: charFilters.map { NamedCharFilter($0.0, $0.1) },
            tokenizer: tokenizer, filters: filters)
    }
}
