package import TrawlJSON

/// What a request wants suggested: words near those that were typed, phrases, or completions.
package struct Suggest: Sendable, Codable {
    package enum Form: Sendable, Codable {
        case term(TermSuggest)
        case phrase(PhraseSuggest)
        case completion(CompletionSuggest)

        /// As `typed_keys` shows it.
        package var name: String {
            switch self {
            case .term: "term"
            case .phrase: "phrase"
            case .completion: "completion"
            }
        }
    }

    package struct Entry: Sendable, Codable {
        package var name: String
        package var text: String
        package var form: Form
    }

    package var entries: [Entry] = []

    package init() {}
}

/// Words of a field that are near each word of the text.
package struct TermSuggest: Sendable, Codable {
    /// For which words something is suggested, and what.
    package enum Mode: String, Sendable, CaseIterable, Codable { case missing, popular, always }
    package enum Order: String, Sendable, CaseIterable, Codable { case score, frequency }
    package enum Distance: String, Sendable, CaseIterable, Codable {
        case `internal`
        case damerauLevenshtein = "damerau_levenshtein"
        case levenshtein
        case jaroWinkler = "jaro_winkler"
        case ngram
    }

    package var field = ""
    package var analyzer: String?
    package var size: Int?
    package var order = Order.score
    package var mode = Mode.missing
    package var distance = Distance.internal
    package var accuracy = 0.5
    package var maxEdits = 2
    package var prefixLength = 1
    package var minWordLength = 4
    /// From 1 on a number of documents, below a share of them.
    package var minDocFrequency = 0.0
    package var maxTermFrequency = 0.01

    package static let defaultSize = 5

    package init() {}
}

/// The whole text with some of its words replaced, the likeliest first.
package struct PhraseSuggest: Sendable, Codable {
    package enum Smoothing: Sendable, Codable {
        case stupidBackoff(discount: Double)
        case laplace(alpha: Double)
        case linear(trigram: Double, bigram: Double, unigram: Double)
    }

    /// A query that a suggestion must find something with.
    /// What stands around a word that was changed.
    package struct Tags: Sendable, Codable {
        package var pre: String
        package var post: String
    }

    package struct Collate: Sendable, Codable {
        package var source: String
        package var params: JSONObject
        package var prunes: Bool
    }

    package var field = ""
    package var analyzer: String?
    package var size = TermSuggest.defaultSize
    package var gramSize: Int?
    package var confidence = 1.0
    package var realWordErrorLikelihood = 0.95
    /// From 1 on a number of words, below a share of them.
    package var maxErrors = 1.0
    package var separator = " "
    package var smoothing = Smoothing.stupidBackoff(discount: 0.4)
    package var generators: [TermSuggest] = []
    package var tags: Tags?
    package var collate: Collate?
    package var tokenLimit = 10

    package init() {}
}

/// Inputs of a completion field that go on from what was typed.
package struct CompletionSuggest: Sendable, Codable {
    package struct Fuzzy: Sendable, Codable {
        package var edits = 1
        package var transpositions = true
        package var minLength = 3
        package var prefixLength = 1
    }

    package struct Regex: Sendable, Codable {
        package var flags = RegexpFlags.all
        package var maxDeterminizedStates = 10_000
    }

    package enum Match: Sendable, Codable {
        case prefix
        case fuzzy(Fuzzy)
        case regex(Regex)
    }

    package struct NamedContexts: Sendable, Codable {
        package var name: String
        package var values: [Context]
    }

    package struct Context: Sendable, Codable {
        package var value: JSONValue
        package var boost: Float = 1
        package var isPrefix = false
        package var precision: JSONValue?
    }

    package var field = ""
    package var analyzer: String?
    package var size = TermSuggest.defaultSize
    package var skipsDuplicates = false
    package var match = Match.prefix
    /// By the name of the context.
    package var contexts: [NamedContexts] = []

    package init() {}
}
