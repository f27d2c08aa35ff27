internal import TrawlPostings
internal import TrawlQuery

/// Walks the terms of a field that a pattern stands for.
struct TermWalker {
    private let expansion: TermExpansion
    private let clock: SearchClock
    /// What a step over a term costs, in documents looked at.
    private static let work = 16

    init(_ expansion: TermExpansion, _ clock: SearchClock) {
        self.expansion = expansion
        self.clock = clock
    }

    /// Calls back with each term, and how much it counts: 1, or less the more edits it took.
    func forEachTerm(
        of field: FieldPostings,
        _ body: (ArraySlice<UInt8>, TermEntry, Float) throws -> Bool
    ) throws {
        switch expansion.pattern {
        case .prefix(let prefix, false):
            try field.forEachTerm(withPrefix: prefix) { term, entry in
                try clock.check(after: Self.work)
                return try body(term, entry, 1)
            }
        case .prefix(let prefix, true):
            let pattern = WildcardPattern.escaped(String(decoding: prefix, as: UTF8.self))
            try walk(
                WildcardPattern.compile(
                    pattern + "*", caseInsensitive: true, limit: expansion.maxStates), field, body)
        case .wildcard(let pattern, let caseInsensitive):
            try walk(
                WildcardPattern.compile(
                    pattern, caseInsensitive: caseInsensitive, limit: expansion.maxStates), field,
                body)
        case .regexp(let pattern, let flags, let caseInsensitive):
            let automaton = try RegexpPattern.compile(
                pattern, flags: flags, caseInsensitive: caseInsensitive,
                limit: expansion.maxStates)
            try walk(([], automaton), field, body)
        case .fuzzy(let word, let edits, let prefixLength, let transpositions):
            try fuzzy(word, edits, prefixLength, transpositions, field, body)
        case .range(let lower, let includesLower, let upper, let includesUpper):
            var cursor = TermsCursor(field)
            guard try lower.map({ try cursor.seek(to: $0) }) ?? cursor.advance() else { return }
            repeat {
                try clock.check(after: Self.work)
                let term = cursor.term
                if let lower, !includesLower, term.elementsEqual(lower) { continue }
                if let upper {
                    if upper.lexicographicallyPrecedes(term) { return }
                    if !includesUpper, term.elementsEqual(upper) { return }
                }
                guard try body(term, cursor.entry, 1) else { return }
            } while try cursor.advance()
        }
    }

    private func walk(
        _ pattern: (prefix: [UInt8], rest: PatternAutomaton), _ field: FieldPostings,
        _ body: (ArraySlice<UInt8>, TermEntry, Float) throws -> Bool
    ) throws {
        try field.forEachTerm(
            withPrefix: pattern.prefix, matching: pattern.rest,
            watching: { try clock.check(after: Self.work) }
        ) { term, entry, _ in try body(term, entry, 1) }
        if pattern.rest.isExhausted {
            throw QueryError.tooComplex("automaton", limit: expansion.maxStates)
        }
    }

    private func fuzzy(
        _ word: String, _ edits: Int, _ prefixLength: Int, _ transpositions: Bool,
        _ field: FieldPostings, _ body: (ArraySlice<UInt8>, TermEntry, Float) throws -> Bool
    ) throws {
        let length = word.unicodeScalars.count
        if edits == 0 || prefixLength >= length {
            let term = Array(word.utf8)
            if let entry = try field.find(term) { _ = try body(term[...], entry, 1) }
            return
        }
        let automaton = LevenshteinAutomaton(
            word, maxEdits: edits, prefixLength: prefixLength, transpositions: transpositions)
        try field.forEachTerm(
            matching: automaton, watching: { try clock.check(after: Self.work) }
        ) { term, entry, state in
            guard let edits = automaton.edits(at: state) else { return true }
            var boost: Float = 1
            if edits > 0 {
                let scalars = term.reduce(0) { $0 + ($1 & 0xc0 == 0x80 ? 0 : 1) }
                boost = max(0, 1 - Float(edits) / Float(min(scalars, length)))
            }
            return try body(term, entry, boost)
        }
    }
}
