/// Every component by the name of its type. A new one is one file and one line here.
enum ComponentCatalog {
    static let tokenizerNames = [
        "standard", "letter", "lowercase", "whitespace", "keyword",
    ]

    static func tokenizer(
        _ type: String, _ settings: AnalysisSettings
    ) throws(AnalysisError) -> (any Tokenizer)? {
        switch type {
        case "standard": return try UnicodeWordTokenizer(maxTokenLength: maxTokenLength(settings))
        case "letter":
            return try CharacterRunTokenizer(of: .letters, maxTokenLength: maxTokenLength(settings))
        case "lowercase":
            return try CharacterRunTokenizer(
                of: .letters, maxTokenLength: maxTokenLength(settings), lowercases: true)
        case "whitespace":
            return try CharacterRunTokenizer(
                of: .notWhitespace, maxTokenLength: maxTokenLength(settings))
        case "keyword": return KeywordTokenizer()
        default: return nil
        }
    }

    private static func maxTokenLength(_ settings: AnalysisSettings) throws(AnalysisError) -> Int {
        try settings.int("max_token_length", default: 255, in: 1...1_048_576)
    }

    static let charFilterNames: [String] = []

    static func charFilter(
        _ type: String, _ settings: AnalysisSettings
    ) throws(AnalysisError) -> (any CharFilter)? {
        switch type {
        default: return nil
        }
    }

    static let filterNames = ["lowercase", "uppercase", "stop", "porter_stem"]

    static func tokenFilter(
        _ type: String, _ settings: AnalysisSettings, _ context: FilterContext
    ) throws(AnalysisError) -> (any TokenFilter)? {
        switch type {
        case "lowercase":
            if let name = try settings.string("language") {
                guard let language = LocaleLowercaseFilter.Language(rawValue: name) else {
                    throw settings.error(
                        "language", "language [\(name)] not support for lower case")
                }
                return LocaleLowercaseFilter(language: language)
            }
            return LowercaseFilter()
        case "uppercase": return UppercaseFilter()
        case "stop":
            return try StopFilter(
                settings.words("stopwords", default: English.stopWords),
                ignoresCase: settings.bool("ignore_case", default: false),
                keepsLast: !settings.bool("remove_trailing", default: true))
        case "porter_stem": return StemFilter { PorterTermStemmer() }
        default: return nil
        }
    }
}

extension CodePointSet {
    static let notWhitespace = CodePointSet(
        ranges: complement([
            0x09...0x0D, 0x1C...0x20, 0x1680...0x1680, 0x2000...0x2006, 0x2008...0x200A,
            0x2028...0x2029, 0x205F...0x205F, 0x3000...0x3000,
        ]))
}
