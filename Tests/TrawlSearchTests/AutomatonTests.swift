import Testing
import TrawlJSON
import TrawlPostings
import TrawlQuery
import TrawlTestKit

@testable import TrawlSearch

@Suite("Term automata")
struct AutomatonTests {
    /// All words that the automaton accepts, walking the sorted words as a dictionary is walked.
    private func accepted(
        _ automaton: LevenshteinAutomaton, among words: [[UInt8]]
    ) -> [(word: String, edits: Int)] {
        var result: [(String, Int)] = []
        var states: [LevenshteinAutomaton.State?] = [automaton.start]
        var walked: [UInt8] = []
        for word in words {
            var shared = 0
            while shared < min(word.count, walked.count), word[shared] == walked[shared] {
                shared += 1
            }
            states.removeLast(states.count - shared - 1)
            walked = word
            for byte in word[shared...] {
                states.append(states[states.count - 1].flatMap { automaton.step($0, byte) })
            }
            if let state = states[states.count - 1], let edits = automaton.edits(at: state) {
                result.append((String(decoding: word, as: UTF8.self), edits))
            }
        }
        return result
    }

    @Test(
        "words within some edits are those found by comparing with every word",
        arguments: ["english", "german", "hindi", "russian"])
    func fuzzy(language: String) throws {
        guard let cases = SharedFiles.lines("conformance/fuzzy/\(language).jsonl"),
            let table = SharedFiles.lines("conformance/snowball/\(language).tsv")
        else { return }
        let words = table.map { Array($0.utf8.prefix { $0 != 9 }) }
            .sorted { $0.lexicographicallyPrecedes($1) }
        var count = 0
        for line in cases {
            let example = try JSONValue.parse(line)
            guard let term = example["term"]?.stringValue, let max = example["max"]?.intValue,
                let matches = example["matches"]?.arrayValue
            else { continue }
            // A debug build walks slowly: every fourth case there.
            #if DEBUG
                if count % 4 != 0 {
                    count += 1
                    continue
                }
            #endif
            count += 1
            let automaton = LevenshteinAutomaton(
                term, maxEdits: max, transpositions: example["distance"] == "osa")
            let found = accepted(automaton, among: words)
            let expected = matches.map {
                ($0[0]?.stringValue ?? "", $0[1]?.intValue ?? -1)
            }
            #expect(
                Set(found.map { "\($0.word) \($0.edits)" })
                    == Set(expected.map { "\($0.0) \($0.1)" }), "\(term)")
        }
        print("fuzzy \(language): \(count) cases")
    }

    @Test("a prefix has to be equal")
    func prefix() {
        let automaton = LevenshteinAutomaton("hello", maxEdits: 1, prefixLength: 2)
        func accepts(_ word: String) -> Bool {
            var state: LevenshteinAutomaton.State? = automaton.start
            for byte in word.utf8 { state = state.flatMap { automaton.step($0, byte) } }
            return state.map(automaton.accepts) ?? false
        }
        #expect(accepts("hello") && accepts("helo") && accepts("hexllo") && accepts("helol"))
        #expect(!accepts("hallo") && !accepts("ello") && !accepts("ehllo"))
    }

    @Test("long words cost little", .timeLimit(.minutes(1)))
    func long() {
        let word = String(repeating: "ab", count: 5000)
        let automaton = LevenshteinAutomaton(word, maxEdits: 2)
        var state: LevenshteinAutomaton.State? = automaton.start
        for byte in word.utf8.dropFirst() { state = state.flatMap { automaton.step($0, byte) } }
        #expect(state.flatMap(automaton.edits) == 1)
    }

    @Test(
        "regular expressions match whole terms as Lucene's do",
        arguments: [
            ("ab+c", ["abc", "abbbc"], ["ac", "abcd"]),
            ("a.c", ["abc", "a中c"], ["ac", "abbc"]),
            ("(ab|cd)*", ["", "ab", "abcdab"], ["a", "abc"]),
            ("[a-c中]{2,3}", ["ab", "中中a"], ["a", "abca", "ad"]),
            ("[^a-c]x", ["dx", "中x"], ["ax", "x"]),
            ("~(ab)", ["", "a", "abc"], ["ab"]),
            ("a@&@b", ["ab", "axxb"], ["a", "b", "ba"]),
            ("<8-12>", ["8", "08", "10", "12"], ["7", "13", "112"]),
            ("<08-12>", ["08", "11"], ["8", "13", "112"]),
            ("x<1-2345>y", ["x1y", "x0999y", "x2345y"], ["x0y", "x2346y"]),
            ("\"a.c\"d", ["a.cd"], ["abcd"]),
            ("a\\.c", ["a.c"], ["abc"]),
            ("\\d+\\w?", ["1", "12_"], ["x", "1 "]),
            ("a{3}", ["aaa"], ["aa", "aaaa"]),
            ("(a*)*b", ["b", "aaab"], ["a"]),
            ("#|a", ["a"], [""]),
            ("", [""], ["a"]),
            ("a?{0,2}b+", ["b", "aab", "abb"], ["aaab"]),
        ])
    func regexps(pattern: String, matching: [String], others: [String]) throws {
        let automaton = try RegexpPattern.compile(
            pattern, flags: .all, caseInsensitive: false, limit: 10_000)
        for text in matching { #expect(automaton.accepts(text), "\(pattern) \(text)") }
        for text in others { #expect(!automaton.accepts(text), "\(pattern) \(text)") }
    }

    @Test("operators that are switched off are letters, and cases fold when asked")
    func flags() throws {
        let plain = try RegexpPattern.compile(
            "a@b~", flags: [], caseInsensitive: true, limit: 100)
        #expect(plain.accepts("A@b~") && !plain.accepts("axb~"))
    }

    @Test("what is no regular expression is an error; what is too large is stopped")
    func wrong() throws {
        for pattern in ["(a", "[a", "a{2", "a{x}", "<1-x>", "a)", "\"a", "[b-a]"] {
            #expect(throws: QueryError.self, "\(pattern)") {
                try RegexpPattern.compile(
                    pattern, flags: .all, caseInsensitive: false, limit: 1000)
            }
        }
        let deep = String(repeating: "(", count: 5000)
        #expect(throws: QueryError.self) {
            try RegexpPattern.compile(deep, flags: .all, caseInsensitive: false, limit: 1000)
        }
        let wide = try RegexpPattern.compile(
            "(a|b)*a(a|b){20}", flags: .all, caseInsensitive: false, limit: 200)
        var random = SplitMix64(seed: 1)
        for _ in 0..<400 {
            _ = wide.accepts(String((0..<60).map { _ in Bool.random(using: &random) ? "a" : "b" }))
        }
        #expect(wide.isExhausted)
    }

    @Test("wildcards match as a backtracking matcher says")
    func wildcards() {
        func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            switch first {
            case "*":
                return matches(pattern.dropFirst(), text)
                    || (!text.isEmpty && matches(pattern, text.dropFirst()))
            case "?": return !text.isEmpty && matches(pattern.dropFirst(), text.dropFirst())
            default:
                return text.first == first && matches(pattern.dropFirst(), text.dropFirst())
            }
        }
        var random = SplitMix64(seed: 11)
        let letters = Array("ab中é")
        for _ in 0..<3000 {
            let pattern = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                (letters + ["*", "?"]).randomElement(using: &random)!
            }
            let text = (0..<Int.random(in: 0...7, using: &random)).map { _ in
                letters.randomElement(using: &random)!
            }
            let (prefix, rest) = WildcardPattern.compile(
                String(pattern), caseInsensitive: false, limit: 1000)
            let bytes = Array(String(text).utf8)
            let found =
                bytes.starts(with: prefix)
                && rest.accepts(String(decoding: bytes.dropFirst(prefix.count), as: UTF8.self))
            #expect(found == matches(pattern[...], text[...]), "\(pattern) \(text)")
        }
    }
}
