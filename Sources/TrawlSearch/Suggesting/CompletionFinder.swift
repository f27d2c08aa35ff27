internal import TrawlAnalysis
internal import TrawlBytes
package import TrawlIndex
package import TrawlJSON
internal import TrawlPostings
package import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// An input of a completion field that goes on from what was typed, and the document it is of.
package struct Completion: Sendable {
    package var text: String
    package var score: Float
    package var place: Snapshot.Place
    package var stamp: UInt64
    /// The contexts that matched, by name.
    package var contexts = JSONObject()
}

/// Finds the heaviest completions of a text among the terms of a field.
///
/// Documents are read only where contexts have to be compared, the heaviest first.
package struct CompletionFinder {
    /// A completion among the terms of a segment, before its documents are known.
    private struct Candidate {
        var score: Float
        var input: [UInt8]
        var segment: Int
        var entry: TermEntry

        func precedes(_ other: Candidate) -> Bool {
            if score != other.score { return score > other.score }
            return input.lexicographicallyPrecedes(other.input)
        }
    }

    private let searcher: Searcher
    private let suggest: CompletionSuggest
    private let text: String
    private let field: Mapping.Field
    private let type: CompletionType

    /// - Throws: When the field is none that completes, or the contexts are not as it wants them.
    package init(_ suggest: CompletionSuggest, text: String, _ searcher: Searcher) throws {
        guard let field = searcher.mapping.field(suggest.field) else {
            throw QueryError.illegalArgument("no mapping found for field [\(suggest.field)]")
        }
        guard let type = field.type as? CompletionType else {
            throw QueryError.illegalArgument(
                "Field [\(suggest.field)] is not a completion suggest field")
        }
        self.searcher = searcher
        self.suggest = suggest
        self.text = text
        self.field = field
        self.type = type
        try checkContexts()
    }

    private func checkContexts() throws(QueryError) {
        let isAsked = suggest.contexts.contains { !$0.values.isEmpty }
        if type.contexts.isEmpty {
            if isAsked {
                throw .illegalArgument("suggester [completion] doesn't expect any context")
            }
            return
        }
        if !isAsked { throw .illegalArgument("Missing mandatory contexts in context query") }
        let names = type.contexts.map(\.name)
        for name in suggest.contexts.map(\.name) where !names.contains(name) {
            throw .illegalArgument(
                "Unknown context name [\(name)], must be one of [\(names.joined(separator: ", "))]")
        }
    }

    /// The best, at most `size` of the request, each of a document of its own. Equal scores go by
    /// the text, then by the order of ingestion.
    package func best() throws -> [Completion] {
        // Boosts of contexts change the order, so that nothing may be left out before.
        let isBoosted = suggest.contexts.contains { $0.values.contains { $0.boost != 1 } }
        var capacity = isBoosted ? Int.max : max(256, suggest.size * 8)
        while true {
            let (candidates, isCut) = try candidates(capacity)
            let found = try expand(candidates, isBoosted: isBoosted)
            if found.count >= suggest.size || !isCut { return found }
            capacity = .max
        }
    }

    // MARK: Terms

    private func candidates(_ capacity: Int) throws -> (best: [Candidate], isCut: Bool) {
        var candidates: [Candidate] = []
        var isCut = false
        for (index, segment) in searcher.snapshot.segments.enumerated() {
            guard let postings = segment.field(field.path)?.postings else { continue }
            try forEachCompletion(of: postings) { term, entry, boost in
                guard let (_, weight, input) = CompletionTerm.decode(term) else { return }
                let score = Self.score(weight, boost)
                candidates.append(
                    Candidate(score: score, input: Array(input), segment: index, entry: entry))
                if capacity < Int.max / 2, candidates.count >= 2 * capacity {
                    candidates.sort { $0.precedes($1) }
                    candidates.removeLast(candidates.count - capacity)
                    isCut = true
                }
            }
        }
        candidates.sort { $0.precedes($1) }
        return (candidates, isCut)
    }

    /// As Lucene's: a factor of zero is none.
    private static func score(_ weight: Int, _ boost: Float) -> Float {
        boost == 0 ? Float(weight) : weight == 0 ? boost : Float(weight) * boost
    }

    private func key() throws(QueryError) -> [UInt8] {
        let name = suggest.analyzer ?? type.searchAnalyzer
        do {
            let analyzer = try searcher.catalog.analyzer(forMapping: name)
            return CompletionTerm.key(of: analyzer.analyze(text), type.rules)
        } catch {
            throw .illegalArgument("analyzer [\(name)] not found")
        }
    }

    private func forEachCompletion(
        of postings: FieldPostings,
        _ body: (ArraySlice<UInt8>, TermEntry, _ boost: Float) throws -> Void
    ) throws {
        let lead = [CompletionTerm.lead]
        switch suggest.match {
        case .fuzzy(let fuzzy):
            let key = try key()
            let word = String(decoding: key, as: UTF8.self)
            let length = word.unicodeScalars.count
            if length < fuzzy.minLength || fuzzy.edits == 0 || length <= fuzzy.prefixLength {
                fallthrough
            }
            let automaton = PrefixAutomaton(
                LevenshteinAutomaton(
                    word, maxEdits: fuzzy.edits, prefixLength: fuzzy.prefixLength,
                    transpositions: fuzzy.transpositions))
            try postings.forEachTerm(withPrefix: lead, matching: automaton) { term, entry, _ in
                var shared = 0
                for (a, b) in zip(term.dropFirst(), key) {
                    if a != b { break }
                    shared += 1
                }
                try body(term, entry, Float(shared))
                return true
            }
        case .prefix:
            let key = try key()
            if key.isEmpty { return }
            try postings.forEachTerm(withPrefix: lead + key) { term, entry in
                try body(term, entry, 0)
                return true
            }
        case .regex(let regex):
            let pattern = try RegexpPattern.compile(
                text, flags: regex.flags, caseInsensitive: false,
                limit: regex.maxDeterminizedStates)
            try postings.forEachTerm(withPrefix: lead, matching: PrefixAutomaton(pattern)) {
                term, entry, _ in
                try body(term, entry, 0)
                return true
            }
            if pattern.isExhausted {
                throw QueryError.tooComplex(text, limit: regex.maxDeterminizedStates)
            }
        }
    }

    // MARK: Documents

    private func expand(_ candidates: [Candidate], isBoosted: Bool) throws -> [Completion] {
        let reader = CompletionContextReader(searcher, field, type, suggest)
        var found: [Completion] = []
        var next = 0
        while next < candidates.count {
            if !isBoosted, distinct(found).count >= suggest.size { break }
            // Candidates that nothing tells apart but their documents, together.
            var group: [Completion] = []
            let first = candidates[next]
            while next < candidates.count, candidates[next].score == first.score,
                candidates[next].input == first.input
            {
                try addDocuments(of: candidates[next], reader, to: &group)
                next += 1
            }
            found += group.sorted { $0.stamp < $1.stamp }
        }
        if isBoosted {
            found = found.enumerated().sorted {
                $0.element.score == $1.element.score
                    ? $0.offset < $1.offset : $0.element.score > $1.element.score
            }.map(\.element)
        }
        return Array(distinct(found).prefix(suggest.size))
    }

    private func addDocuments(
        of candidate: Candidate, _ reader: CompletionContextReader, to group: inout [Completion]
    ) throws {
        let segment = searcher.snapshot.segments[candidate.segment]
        guard let postings = segment.field(field.path)?.postings else { return }
        var docs: [Int] = []
        try unsafe postings.open(candidate.entry).forEachBlock { block, _ in
            for i in block.indices { unsafe docs.append(Int(block[i])) }
        }
        let text = String(decoding: candidate.input, as: UTF8.self)
        for doc in docs where segment.isLive(doc) {
            var completion = Completion(
                text: text, score: candidate.score,
                place: .init(segment: candidate.segment, doc: doc),
                stamp: segment.reader.identity.stamp(of: doc))
            if !type.contexts.isEmpty {
                guard let match = try reader.match(segment.reader.source(of: doc), input: text)
                else { continue }
                completion.contexts = match.contexts
                completion.score *= match.boost
            }
            group.append(completion)
        }
    }

    /// The first of each document, and of each text when that is wanted.
    private func distinct(_ completions: [Completion]) -> [Completion] {
        var places: Set<Snapshot.Place> = []
        var texts: Set<String> = []
        return completions.filter { completion in
            guard places.insert(completion.place).inserted else { return false }
            return !suggest.skipsDuplicates || texts.insert(completion.text).inserted
        }
    }
}

/// What another automaton accepts, with anything behind it.
struct PrefixAutomaton<Base: TermAutomaton>: TermAutomaton {
    enum State {
        case within(Base.State)
        case behind
    }

    private let base: Base

    init(_ base: Base) { self.base = base }

    private func state(_ inner: Base.State) -> State {
        base.accepts(inner) ? .behind : .within(inner)
    }

    var start: State { state(base.start) }

    func step(_ state: State, _ byte: UInt8) -> State? {
        switch state {
        case .behind: return .behind
        case .within(let inner):
            // The key ends before the weight.
            if byte == CompletionTerm.lead { return nil }
            return base.step(inner, byte).map { self.state($0) }
        }
    }

    func accepts(_ state: State) -> Bool {
        if case .behind = state { true } else { false }
    }
}
