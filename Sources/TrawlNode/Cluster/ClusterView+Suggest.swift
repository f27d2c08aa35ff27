internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlQuery

extension ViewQuestions.Suggest.Asked {
    /// What a view of this node tells.
    func told(by view: any ShardView) throws -> ViewQuestions.Suggest.Told {
        var told = ViewQuestions.Suggest.Told()
        switch self {
        case .terms(let field, let word, let edits, let prefixLength):
            let found = try view.terms(
                of: field, near: word, edits: edits, prefixLength: prefixLength)
            told.words = found.map(\.term)
            told.numbers = found.map(\.docCount)
        case .docCounts(let terms, let field):
            told.numbers = try view.docCounts(of: terms, in: field)
        case .figures(let field):
            let figures = try view.figures(of: field)
            told.numbers = [figures.docCount, figures.wordCount]
        case .termFigures(let terms, let field):
            told.numbers = try view.figures(of: terms, in: field).numbers
        case .completions(let suggest, let text):
            told.options = try view.completions(suggest, of: text).options
        case .completed(let suggest, let text, let option, let source):
            told.hit = try view.completions(suggest, of: text).fetch(option, source)
        }
        return told
    }
}

extension ClusterView {
    func terms(
        of field: String, near word: String, edits: Int, prefixLength: Int
    ) throws -> [(term: String, docCount: Int)] {
        let told = try scatter.suggest(
            self, .terms(field: field, near: word, edits: edits, prefixLength: prefixLength))
        return zip(told.words, told.numbers).map { ($0, $1) }
    }

    func docCounts(of terms: [String], in field: String) throws -> [Int] {
        try scatter.suggest(self, .docCounts(terms: terms, field: field)).numbers
    }

    func figures(of field: String) throws -> (docCount: Int, wordCount: Int) {
        let numbers = try scatter.suggest(self, .figures(field: field)).numbers
        guard numbers.count == 2 else {
            throw CoordinatorError(
                .internalFault, "illegal_state_exception", "\(key): a malformed answer")
        }
        return (numbers[0], numbers[1])
    }

    func figures(of terms: [[UInt8]], in field: String) throws -> TermFigures {
        let told = try scatter.suggest(self, .termFigures(terms: terms, field: field))
        guard let figures = TermFigures(numbers: told.numbers, termCount: terms.count) else {
            throw CoordinatorError(
                .internalFault, "illegal_state_exception", "\(key): a malformed answer")
        }
        return figures
    }

    func completions(
        _ suggest: CompletionSuggest, of text: String
    ) throws -> ShardCompletions {
        let told = try scatter.suggest(self, .completions(suggest, text: text))
        return ShardCompletions(options: told.options) { [self] option, source in
            let again = try scatter.suggest(
                self, .completed(suggest, text: text, option: option, source))
            guard let hit = again.hit else {
                throw CoordinatorError(
                    .notFound, "search_context_missing_exception",
                    "\(key): the completed document is gone")
            }
            return hit
        }
    }
}
