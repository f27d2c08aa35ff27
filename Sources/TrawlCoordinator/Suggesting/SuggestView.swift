package import TrawlJSON
package import TrawlQuery

/// What suggesters ask of one shard. Counts are of living documents, so that sums over the shards
/// are what one shard with all documents would say.
package protocol SuggestView {
    /// The terms of a field within some edits of a word, without the word, and how many documents
    /// have each.
    func terms(
        of field: String, near word: String, edits: Int, prefixLength: Int
    ) throws -> [(term: String, docCount: Int)]
    /// How many documents have each term.
    func docCounts(of terms: [String], in field: String) throws -> [Int]
    /// How many documents have a field, and how many words they have in it together.
    func figures(of field: String) throws -> (docCount: Int, wordCount: Int)
    /// The best completions of a text, best first.
    func completions(_ suggest: CompletionSuggest, of text: String) throws -> ShardCompletions
}

/// What one shard completes a text to, and a way to read the documents.
package struct ShardCompletions {
    package struct Option: Sendable, Codable {
        package var text: String
        package var score: Float
        package var stamp: UInt64
        package var contexts: JSONObject

        package init(text: String, score: Float, stamp: UInt64, contexts: JSONObject) {
            self.text = text
            self.score = score
            self.stamp = stamp
            self.contexts = contexts
        }
    }

    package var options: [Option]
    /// Reads the document of an option, with what a request wants to see of its source.
    package var fetch: (Int, SourceSelection) throws -> Hit

    package init(options: [Option], fetch: @escaping (Int, SourceSelection) throws -> Hit) {
        self.options = options
        self.fetch = fetch
    }
}

/// One entry of `suggest` in an answer.
package struct SuggestAnswer: Sendable {
    package var name: String
    /// `term`, `phrase` or `completion`, as `typed_keys` wants it.
    package var form: String
    package var entries: [JSONValue]
}
