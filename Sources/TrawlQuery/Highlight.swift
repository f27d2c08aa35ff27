/// Which fields of a hit are shown as snippets, and how the words that were found are marked.
package struct Highlight: Sendable, Hashable, Codable {
    package enum BoundaryScanner: String, Sendable, Hashable, CaseIterable, Codable {
        case chars, word, sentence
    }

    package enum Encoder: String, Sendable, Hashable, Codable { case `default`, html }

    /// What may be said for all fields and, other, for one. Nil: not said.
    package struct Options: Sendable, Hashable, Codable {
        package var preTags: [String]?
        package var postTags: [String]?
        package var isOrderedByScore: Bool?
        package var fragmentSize: Int?
        package var numberOfFragments: Int?
        package var type: String?
        package var fragmenter: String?
        package var requiresFieldMatch: Bool?
        package var scanner: BoundaryScanner?
        package var boundaryMaxScan: Int?
        package var boundaryChars: String?
        package var locale: String?
        package var noMatchSize: Int?
        package var query: Query?
        /// In UTF-16 code units; what lies behind is not analysed.
        package var maxAnalyzedOffset: Int?

        package init() {}

        /// What is not said here as `others` say it.
        package func filled(from others: Options) -> Options {
            var filled = self
            filled.preTags = preTags ?? others.preTags
            filled.postTags = postTags ?? others.postTags
            filled.isOrderedByScore = isOrderedByScore ?? others.isOrderedByScore
            filled.fragmentSize = fragmentSize ?? others.fragmentSize
            filled.numberOfFragments = numberOfFragments ?? others.numberOfFragments
            filled.type = type ?? others.type
            filled.fragmenter = fragmenter ?? others.fragmenter
            filled.requiresFieldMatch = requiresFieldMatch ?? others.requiresFieldMatch
            filled.scanner = scanner ?? others.scanner
            filled.boundaryMaxScan = boundaryMaxScan ?? others.boundaryMaxScan
            filled.boundaryChars = boundaryChars ?? others.boundaryChars
            filled.locale = locale ?? others.locale
            filled.noMatchSize = noMatchSize ?? others.noMatchSize
            filled.query = query ?? others.query
            filled.maxAnalyzedOffset = maxAnalyzedOffset ?? others.maxAnalyzedOffset
            return filled
        }
    }

    package struct Field: Sendable, Hashable, Codable {
        /// May have `*`.
        package var name: String
        /// Those of the field, filled from those of all.
        package var options: Options
        /// Fields of the same text whose matches are marked as well.
        package var matchedFields: [String] = []
    }

    package static let defaultFragmentSize = 100
    package static let defaultNumberOfFragments = 5

    package var encoder = Encoder.default
    package var fields: [Field] = []

    package init() {}
}
