package import TrawlQuery

/// Lucene's regular expressions:
///
///     union    ::= inter [ "|" union ]           inter  ::= concat [ "&" inter ]
///     concat   ::= repeat { repeat }             repeat ::= not { "?" | "*" | "+" | "{n,m}" }
///     not      ::= "~" not | class               class  ::= "[" ["^"] { c | c-c } "]" | simple
///     simple   ::= "." | "#" | "@" | "\"" text "\"" | "(" [ union ] ")" | "<n-m>" | [ "\" ] c
///
/// `&`, `~`, `#`, `@` and `<` mean something only when their flag is set. The whole of a term has
/// to fit.
package struct RegexpPattern {
    package static let maxLength = 1000
    private static let maxDepth = 200
    private static let maxRepeats = 10_000

    private let scalars: [Unicode.Scalar]
    private let flags: RegexpFlags
    private let caseInsensitive: Bool
    private let expressions = PatternExpressions()
    private var next = 0
    private var depth = 0

    package static func compile(
        _ pattern: String, flags: RegexpFlags, caseInsensitive: Bool, limit: Int
    ) throws(QueryError) -> PatternAutomaton {
        var parser = Self(pattern, flags: flags, caseInsensitive: caseInsensitive)
        let root = parser.scalars.isEmpty ? PatternExpressions.empty : try parser.union()
        if parser.next < parser.scalars.count {
            throw .illegalArgument("end-of-string expected at position \(parser.next)")
        }
        return PatternAutomaton(parser.expressions, root: root, limit: limit)
    }

    private init(_ pattern: String, flags: RegexpFlags, caseInsensitive: Bool) {
        scalars = Array(pattern.unicodeScalars)
        self.flags = flags
        self.caseInsensitive = caseInsensitive
    }

    /// The scalar, and its other case when that is ASCII.
    static func ranges(of scalar: UInt32, caseInsensitive: Bool) -> [ClosedRange<UInt32>] {
        guard caseInsensitive, scalar < 0x80,
            (0x61...0x7a).contains(scalar | 0x20)
        else { return [scalar...scalar] }
        return [(scalar & ~0x20)...(scalar & ~0x20), (scalar | 0x20)...(scalar | 0x20)]
    }

    private var more: Bool { next < scalars.count }

    private func peek(_ set: String) -> Bool {
        more && set.unicodeScalars.contains(scalars[next])
    }

    private mutating func match(_ scalar: Unicode.Scalar) -> Bool {
        guard more, scalars[next] == scalar else { return false }
        next += 1
        return true
    }

    private mutating func any() throws(QueryError) -> Unicode.Scalar {
        guard more else { throw .illegalArgument("unexpected end-of-string") }
        next += 1
        return scalars[next - 1]
    }

    private mutating func union() throws(QueryError) -> Int32 {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else {
            throw .illegalArgument("regular expression nested deeper than \(Self.maxDepth)")
        }
        var parts = [try intersection()]
        while match("|") { parts.append(try intersection()) }
        return expressions.any(parts)
    }

    private mutating func intersection() throws(QueryError) -> Int32 {
        var parts = [try concatenation()]
        while flags.contains(.intersection), match("&") { parts.append(try concatenation()) }
        return parts.count == 1 ? parts[0] : expressions.both(parts)
    }

    private mutating func concatenation() throws(QueryError) -> Int32 {
        var parts = [try repetition()]
        while more, !peek(")|"), !(flags.contains(.intersection) && peek("&")) {
            parts.append(try repetition())
        }
        var tail = PatternExpressions.empty
        for part in parts.reversed() { tail = expressions.sequence(part, tail) }
        return tail
    }

    private mutating func repetition() throws(QueryError) -> Int32 {
        var inner = try complement()
        while peek("?*+{") {
            if match("?") {
                inner = expressions.any([inner, PatternExpressions.empty])
            } else if match("*") {
                inner = expressions.star(inner)
            } else if match("+") {
                inner = expressions.sequence(inner, expressions.star(inner))
            } else {
                next += 1
                let minimum = try repeats()
                var maximum: Int32? = minimum
                if match(",") {
                    maximum = peek("0123456789") ? try repeats() : nil
                }
                guard match("}") else {
                    throw .illegalArgument("expected '}' at position \(next)")
                }
                if let maximum, maximum < minimum {
                    throw .illegalArgument(
                        "invalid repetition range (out of order): \(minimum)..\(maximum)")
                }
                inner = expressions.times(inner, minimum, maximum)
            }
        }
        return inner
    }

    private mutating func repeats() throws(QueryError) -> Int32 {
        let start = next
        while peek("0123456789") { next += 1 }
        guard next > start else {
            throw .illegalArgument("integer expected at position \(next)")
        }
        let digits = String(String.UnicodeScalarView(scalars[start..<next]))
        guard let number = Int32(digits), number <= Self.maxRepeats else {
            throw .tooComplex("a repetition of \(digits)", limit: Self.maxRepeats)
        }
        return number
    }

    private mutating func complement() throws(QueryError) -> Int32 {
        if flags.contains(.complement), match("~") {
            depth += 1
            defer { depth -= 1 }
            guard depth <= Self.maxDepth else {
                throw .illegalArgument("regular expression nested deeper than \(Self.maxDepth)")
            }
            return expressions.not(try complement())
        }
        return try characterClass()
    }

    private mutating func characterClass() throws(QueryError) -> Int32 {
        guard match("[") else { return try simple() }
        let isNegated = match("^")
        var ranges: [ClosedRange<UInt32>] = []
        repeat {
            if peek("\\"), next + 1 < scalars.count,
                let known = Self.predefined(scalars[next + 1])
            {
                next += 2
                ranges += known
                continue
            }
            let first = try character()
            if match("-") {
                if peek("]") {
                    ranges += Self.ranges(of: first, caseInsensitive: caseInsensitive)
                    ranges.append(0x2d...0x2d)
                    continue
                }
                let last = try character()
                guard first <= last else {
                    throw .illegalArgument(
                        "invalid range: from (\(first)) cannot be > to (\(last))")
                }
                ranges.append(first...last)
            } else {
                ranges += Self.ranges(of: first, caseInsensitive: caseInsensitive)
            }
        } while more && !peek("]")
        guard match("]") else { throw .illegalArgument("expected ']' at position \(next)") }
        return expressions.scalars(isNegated ? Self.others(than: ranges) : ranges)
    }

    private mutating func simple() throws(QueryError) -> Int32 {
        if match(".") { return expressions.anyScalar }
        if flags.contains(.empty), match("#") { return PatternExpressions.nothing }
        if flags.contains(.anyString), match("@") { return PatternExpressions.all }
        if match("\"") {
            let start = next
            while more, !peek("\"") { next += 1 }
            let text = String(String.UnicodeScalarView(scalars[start..<next]))
            guard match("\"") else { throw .illegalArgument("expected '\"' at position \(next)") }
            return expressions.literal(text.utf8)
        }
        if match("(") {
            if match(")") { return PatternExpressions.empty }
            let inner = try union()
            guard match(")") else { throw .illegalArgument("expected ')' at position \(next)") }
            return inner
        }
        if flags.contains(.interval), match("<") { return try interval() }
        if peek("\\"), next + 1 < scalars.count, let known = Self.predefined(scalars[next + 1]) {
            next += 2
            return expressions.scalars(known)
        }
        let scalar = try character()
        return expressions.scalars(
            Self.ranges(of: scalar, caseInsensitive: caseInsensitive))
    }

    private mutating func character() throws(QueryError) -> UInt32 {
        _ = match("\\")
        return try any().value
    }

    /// `\d`, `\w`, `\s` and their opposites.
    private static func predefined(_ scalar: Unicode.Scalar) -> [ClosedRange<UInt32>]? {
        let digits: [ClosedRange<UInt32>] = [0x30...0x39]
        let words: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a]
        let spaces: [ClosedRange<UInt32>] = [0x09...0x0a, 0x0d...0x0d, 0x20...0x20]
        switch scalar {
        case "d": return digits
        case "D": return others(than: digits)
        case "w": return words
        case "W": return others(than: words)
        case "s": return spaces
        case "S": return others(than: spaces)
        default: return nil
        }
    }

    private static func others(than ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var from: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > from { result.append(from...range.lowerBound - 1) }
            from = max(from, range.upperBound + 1)
        }
        if from <= 0x10ffff { result.append(from...0x10ffff) }
        return result
    }

    // MARK: Numbers

    /// `<n-m>`: decimal numbers between the two; of fixed length when both are written so.
    private mutating func interval() throws(QueryError) -> Int32 {
        let start = next
        while more, !peek(">") { next += 1 }
        let text = String(String.UnicodeScalarView(scalars[start..<next]))
        guard match(">") else { throw .illegalArgument("expected '>' at position \(next)") }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let a = Int32(parts[0]), let b = Int32(parts[1]) else {
            throw .illegalArgument("interval syntax error at position \(next - 1)")
        }
        let low = min(a, b)
        let high = max(a, b)
        if parts[0].count == parts[1].count {
            return between(padded(low, parts[0].count), padded(high, parts[0].count))
        }
        var alternatives: [Int32] = []
        let lowDigits = digits(low)
        let highDigits = digits(high)
        for length in lowDigits.count...highDigits.count {
            let least = [UInt8](repeating: 0, count: length - 1)
            let from = length == lowDigits.count ? lowDigits : [1] + least
            let to =
                length == highDigits.count ? highDigits : [UInt8](repeating: 9, count: length)
            alternatives.append(between(from, to))
        }
        let zeros = expressions.star(expressions.literal([0x30]))
        return expressions.sequence(zeros, expressions.any(alternatives))
    }

    private func digits(_ number: Int32) -> [UInt8] {
        String(number).utf8.map { $0 - 0x30 }
    }

    private func padded(_ number: Int32, _ count: Int) -> [UInt8] {
        let digits = digits(number)
        return [UInt8](repeating: 0, count: max(0, count - digits.count)) + digits
    }

    private func digit(_ range: ClosedRange<UInt8>) -> Int32 {
        expressions.bytes(ByteSet((range.lowerBound + 0x30)...(range.upperBound + 0x30)))
    }

    /// The strings of digits from `low` to `high`, which are equally long.
    private func between(_ low: [UInt8], _ high: [UInt8]) -> Int32 {
        guard let a = low.first, let b = high.first else { return PatternExpressions.empty }
        let lowRest = Array(low.dropFirst())
        let highRest = Array(high.dropFirst())
        if a == b { return expressions.sequence(digit(a...a), between(lowRest, highRest)) }
        let nines = [UInt8](repeating: 9, count: lowRest.count)
        let zeros = [UInt8](repeating: 0, count: lowRest.count)
        var parts = [
            expressions.sequence(digit(a...a), between(lowRest, nines)),
            expressions.sequence(digit(b...b), between(zeros, highRest)),
        ]
        if a + 1 < b {
            let any = expressions.times(digit(0...9), Int32(zeros.count), Int32(zeros.count))
            parts.append(expressions.sequence(digit((a + 1)...(b - 1)), any))
        }
        return expressions.any(parts)
    }
}
