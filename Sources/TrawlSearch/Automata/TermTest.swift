internal import TrawlPostings
internal import TrawlQuery

/// Whether one term is among those that a pattern stands for: says of a term what `TermWalker`
/// finds in a dictionary.
struct TermTest {
    private let test: (ArraySlice<UInt8>) -> Bool

    func accepts(_ term: ArraySlice<UInt8>) -> Bool { test(term) }

    private init(_ test: @escaping (ArraySlice<UInt8>) -> Bool) { self.test = test }

    init(prefix: [UInt8]) { test = { $0.starts(with: prefix) } }

    init(
        from lower: [UInt8]?, includesLower: Bool, to upper: [UInt8]?, includesUpper: Bool
    ) {
        test = { term in
            if let lower {
                if term.lexicographicallyPrecedes(lower) { return false }
                if !includesLower, term.elementsEqual(lower) { return false }
            }
            if let upper {
                if upper.lexicographicallyPrecedes(term) { return false }
                if !includesUpper, term.elementsEqual(upper) { return false }
            }
            return true
        }
    }

    /// - Throws: When a regular expression cannot be compiled.
    init(_ expansion: TermExpansion) throws(QueryError) {
        switch expansion.pattern {
        case .prefix(let prefix, false): self.init(prefix: prefix)
        case .prefix(let prefix, true):
            let text = String(decoding: prefix, as: UTF8.self)
            self.init(
                WildcardPattern.compile(
                    WildcardPattern.escaped(text) + "*", caseInsensitive: true,
                    limit: expansion.maxStates))
        case .wildcard(let pattern, let caseInsensitive):
            self.init(
                WildcardPattern.compile(
                    pattern, caseInsensitive: caseInsensitive, limit: expansion.maxStates))
        case .regexp(let pattern, let flags, let caseInsensitive):
            let automaton = try RegexpPattern.compile(
                pattern, flags: flags, caseInsensitive: caseInsensitive,
                limit: expansion.maxStates)
            self.init(([], automaton))
        case .fuzzy(let word, let edits, let prefixLength, let transpositions):
            if edits == 0 || prefixLength >= word.unicodeScalars.count {
                let exact = Array(word.utf8)
                self.init { $0.elementsEqual(exact) }
                return
            }
            let automaton = LevenshteinAutomaton(
                word, maxEdits: edits, prefixLength: prefixLength,
                transpositions: transpositions)
            self.init { Self.run(automaton, over: $0) }
        case .range(let lower, let includesLower, let upper, let includesUpper):
            self.init(
                from: lower, includesLower: includesLower, to: upper,
                includesUpper: includesUpper)
        }
    }

    private init(_ pattern: (prefix: [UInt8], rest: PatternAutomaton)) {
        test = { term in
            term.starts(with: pattern.prefix)
                && Self.run(pattern.rest, over: term.dropFirst(pattern.prefix.count))
        }
    }

    private static func run<Automaton: TermAutomaton>(
        _ automaton: Automaton, over term: ArraySlice<UInt8>
    ) -> Bool {
        var state = automaton.start
        for byte in term {
            guard let next = automaton.step(state, byte) else { return false }
            state = next
        }
        return automaton.accepts(state)
    }
}
