import Testing
import TrawlAnalysis
import TrawlTestKit

@Suite("LinearRegex")
struct LinearRegexTests {
    private func matches(_ pattern: String, _ text: String, _ flags: RegexFlags = []) throws
        -> [String]
    {
        let bytes = Array(text.utf8)
        let regex = try LinearRegex(pattern, flags: flags)
        return regex.matches(in: bytes.span).map {
            String(decoding: bytes[$0.range], as: UTF8.self)
        }
    }

    @Test(
        "matches are those of Java",
        arguments: [
            ("a|ab", "ab", ["a"]), ("ab|a", "ab", ["ab"]), ("a*?b", "aab", ["aab"]),
            ("(?i)straße", "STRAßE Straße", ["STRAßE", "Straße"]),
            ("\\d+", "12 x 345", ["12", "345"]),
            ("[a-c&&[^b]]+", "abcab", ["a", "ca"]), ("\\p{Lu}\\p{L}*", "Ein Öl da", ["Ein", "Öl"]),
            ("x{2,3}", "xxxxx", ["xxx", "xx"]), ("^b", "ab\nb", []), ("(?m)^b", "ab\nb", ["b"]),
            ("a.c", "a\nc abc", ["abc"]), ("(?s)a.c", "a\nc", ["a\nc"]),
            ("\\bcat\\b", "cat concat cat", ["cat", "cat"]), ("(?<=\\d)x", "x1x", ["x"]),
            ("x(?!y)", "xy xz", ["x"]), ("(?<!a)b", "ab cb", ["b"]),
            ("\\Qa.b\\E", "a.b axb", ["a.b"]),
            ("[^\\p{L}\\p{N}]+", "a, b", [", "]), ("日.語", "日本語", ["日本語"]),
            ("(a*)*", "aa", ["aa", ""]), ("\\u00e9|\\x{1F600}", "é😀", ["é", "😀"]),
            ("[\\[\\]-]", "[-]", ["[", "-", "]"]), ("\\p{IsGreek}+", "abc αβγ", ["αβγ"]),
        ])
    func examples(pattern: String, text: String, expected: [String]) throws {
        #expect(try matches(pattern, text) == expected)
    }

    @Test("groups are those of the last round, as in Java")
    func groups() throws {
        let text = Array("key=value".utf8)
        let regex = try LinearRegex("(\\w+)=(?<v>\\w+)(x)?")
        let found = regex.firstMatch(in: text.span)
        let match = try #require(found)
        #expect(match.groups == [0..<9, 0..<3, 4..<9, nil])
        let replacement = try #require(regex.replacement("${v}:$1\\$"))
        #expect(
            String(decoding: replacement.bytes(for: match, in: text), as: UTF8.self)
                == "value:key$")
        #expect(regex.replacement("$9") == nil)
    }

    @Test(
        "what no linear-time engine can do, and what is malformed, is refused",
        arguments: [
            "(a)\\1", "a++", "(?>a)", "(?<=a*)b", "[a", "(a", "a)", "*a", "a{2,1}", "\\p{Nope}",
            "a{99999}{99999}", "[z-a]", "(?q)a",
        ])
    func refused(pattern: String) {
        #expect(throws: RegexError.self) { try LinearRegex(pattern) }
    }

    @Test("patterns made to blow up take time linear in the text")
    func evil() throws {
        for pattern in ["(a+)+$", "(a|a)*b", "(a|aa)+c", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*x"] {
            let text = Array(String(repeating: "a", count: 20_000).utf8)
            let regex = try LinearRegex(pattern)
            let time = ContinuousClock().measure { _ = regex.firstMatch(in: text.span) }
            #expect(time < .seconds(20), "\(pattern)")
        }
    }

    @Test("matches that better ones may outdo are all found, in a bounded time")
    func bounds() throws {
        #expect(try matches("a*b|a", "aaab aa") == ["aaab", "a", "a"])
        #expect(try matches("a*b|a", String(repeating: "a", count: 3000)).count == 3000)
    }

    /// A matcher of sets of ends, over a tiny language: obviously right, and slow.
    private indirect enum Tree {
        case letter(UInt8), sequence(Tree, Tree), choice(Tree, Tree), star(Tree)

        var pattern: String {
            switch self {
            case .letter(let byte): String(UnicodeScalar(byte))
            case .sequence(let a, let b): a.pattern + b.pattern
            case .choice(let a, let b): "(?:\(a.pattern)|\(b.pattern))"
            case .star(let a): "(?:\(a.pattern))*"
            }
        }

        func ends(_ text: [UInt8], _ start: Int) -> Set<Int> {
            switch self {
            case .letter(let byte):
                return start < text.count && text[start] == byte ? [start + 1] : []
            case .sequence(let a, let b):
                return Set(a.ends(text, start).flatMap { b.ends(text, $0) })
            case .choice(let a, let b): return a.ends(text, start).union(b.ends(text, start))
            case .star(let a):
                var all: Set<Int> = [start]
                var fresh = all
                while !fresh.isEmpty {
                    fresh = Set(fresh.flatMap { a.ends(text, $0) }).subtracting(all)
                    all.formUnion(fresh)
                }
                return all
            }
        }
    }

    private func tree(_ random: inout SplitMix64, _ depth: Int) -> Tree {
        switch depth == 0 ? 0 : Int.random(in: 0..<4, using: &random) {
        case 1: .sequence(tree(&random, depth - 1), tree(&random, depth - 1))
        case 2: .choice(tree(&random, depth - 1), tree(&random, depth - 1))
        case 3: .star(tree(&random, depth - 1))
        default: .letter(UInt8.random(in: 0x61...0x62, using: &random))
        }
    }

    @Test("a whole match is what the slow matcher says", .randomized())
    func random() throws {
        var random = RandomContext.generator()
        for _ in 0..<300 {
            let tree = tree(&random, 4)
            let regex = try LinearRegex(tree.pattern)
            let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                UInt8.random(in: 0x61...0x62, using: &random)
            }
            #expect(
                regex.matchesWhole(text.span) == tree.ends(text, 0).contains(text.count),
                "\(tree.pattern) on \(String(decoding: text, as: UTF8.self))")
        }
    }
}
