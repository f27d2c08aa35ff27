internal import CICU

/// Reads Java's syntax of regular expressions.
///
/// Refused, because no linear-time engine can have them: back references, possessive
/// quantifiers, atomic groups, and look-around that may look at any length of text.
struct RegexParser {
    private let pattern: [UInt32]
    private var at = 0
    private var flags: RegexFlags
    private(set) var groupCount = 0
    private(set) var groupNames: [String: Int] = [:]
    private var depth = 0

    init(_ text: String, flags: RegexFlags) {
        pattern = text.unicodeScalars.map(\.value)
        self.flags = flags
    }

    mutating func parse() throws(RegexError) -> RegexNode {
        if flags.contains(.literal) { return .sequence(pattern.map(literal)) }
        let node = try choice()
        if at < pattern.count { throw error("Unmatched closing ')'") }
        return node
    }

    private func error(_ message: String) -> RegexError { RegexError(message: message, offset: at) }

    private var next: UInt32? { at < pattern.count ? pattern[at] : nil }

    private func isNext(_ text: StaticString, from offset: Int = 0) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + offset + count <= pattern.count else { return false }
        for index in 0..<count
        where unsafe pattern[at + offset + index] != UInt32(text.utf8Start[index]) {
            return false
        }
        return true
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard isNext(text) else { return false }
        at += text.utf8CodeUnitCount
        return true
    }

    private mutating func choice() throws(RegexError) -> RegexNode {
        depth += 1
        defer { depth -= 1 }
        if depth > 200 { throw error("Groups are nested too deep") }
        // Flags that are set inside end with the group, and hold across its alternatives.
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var parts: [RegexNode] = []
        while let character = next, character != 0x7C, character != 0x29 {
            if flags.contains(.comments) {
                if character <= 0x20 {
                    at += 1
                    continue
                }
                if character == 0x23 {
                    while let c = next, c != 0x0A { at += 1 }
                    continue
                }
            }
            guard let atom = try atom() else { continue }
            parts.append(try quantified(atom))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func quantified(_ atom: RegexNode) throws(RegexError) -> RegexNode {
        var node = atom
        while let character = next {
            var low = 0
            var high: Int?
            switch character {
            case 0x2A: at += 1
            case 0x2B:
                at += 1
                low = 1
            case 0x3F:
                at += 1
                high = 1
            case 0x7B:
                at += 1
                low = try number()
                high = low
                if take(",") { high = next == 0x7D ? nil : try number() }
                if !take("}") { throw error("Unclosed counted closure") }
                if let high, high < low { throw error("Illegal repetition range") }
            default: return node
            }
            if next == 0x2B { throw error("Possessive quantifiers are not supported") }
            let isGreedy = !take("?")
            node = .loop(node, min: low, max: high, isGreedy: isGreedy)
        }
        return node
    }

    private mutating func number() throws(RegexError) -> Int {
        var value = 0
        let start = at
        while let digit = next, digit >= 0x30, digit <= 0x39 {
            value = value * 10 + Int(digit - 0x30)
            if value > 100_000 { throw error("Illegal repetition range") }
            at += 1
        }
        if at == start { throw error("Illegal repetition") }
        return value
    }

    private mutating func atom() throws(RegexError) -> RegexNode? {
        let character = pattern[at]
        at += 1
        switch character {
        case 0x2E:
            if flags.contains(.dotAll) { return .set([0...0x10FFFF]) }
            let ends: [ClosedRange<UInt32>] =
                flags.contains(.unixLines)
                ? [0x0A...0x0A] : [0x0A...0x0A, 0x0D...0x0D, 0x85...0x85, 0x2028...0x2029]
            return .set(CodePointSet.complement(ends))
        case 0x5E: return .assertion(flags.contains(.multiline) ? .lineStart : .textStart)
        case 0x24: return .assertion(flags.contains(.multiline) ? .lineEnd : .textEndOrLastLine)
        case 0x5B: return .set(try characterClass())
        case 0x28: return try group()
        case 0x5C: return try escape()
        case 0x2A, 0x2B, 0x3F:
            at -= 1
            throw error("Dangling meta character '\(Character(Unicode.Scalar(character)!))'")
        default: return literal(character)
        }
    }

    private func literal(_ scalar: UInt32) -> RegexNode { .set(folded([scalar...scalar])) }

    /// With the other case of every letter, when the flags ask for it: of ASCII letters, or, with
    /// `unicodeCase`, of all.
    private func folded(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        guard flags.contains(.caseInsensitive) else { return ranges }
        var result = ranges
        for range in ranges {
            for scalar in range.clamped(to: 0x41...0x7A) {
                let lower = scalar | 0x20
                if lower >= 0x61, lower <= 0x7A {
                    result.append(lower...lower)
                    result.append(lower - 0x20...lower - 0x20)
                }
            }
            guard flags.contains(.unicodeCase), range.count < 3000 else { continue }
            for scalar in range {
                for other in [
                    cicu_to_lower(Int32(scalar)), cicu_to_upper(Int32(scalar)),
                    cicu_fold_case(Int32(scalar)),
                ] { result.append(UInt32(other)...UInt32(other)) }
            }
        }
        return CodePointSet.merged(result)
    }

    private mutating func group() throws(RegexError) -> RegexNode? {
        let outer = flags
        var look: (isAhead: Bool, isNegated: Bool)?
        var number: Int?
        if take("?") {
            if take(":") {
            } else if take("=") {
                look = (true, false)
            } else if take("!") {
                look = (true, true)
            } else if take("<=") {
                look = (false, false)
            } else if take("<!") {
                look = (false, true)
            } else if take(">") {
                throw error("Atomic groups are not supported")
            } else if take("<") {
                var name = ""
                while let c = next, c != 0x3E {
                    name.unicodeScalars.append(Unicode.Scalar(c)!)
                    at += 1
                }
                if !take(">") { throw error("named capturing group is missing trailing '>'") }
                groupCount += 1
                number = groupCount
                groupNames[name] = groupCount
            } else {
                try readFlags()
                if take(")") { return nil }
                if !take(":") { throw error("Unknown inline modifier") }
            }
        } else {
            groupCount += 1
            number = groupCount
        }
        let inner = try choice()
        if !take(")") { throw error("Unclosed group") }
        flags = outer
        if let look {
            let lengths = inner.lengths
            guard let longest = lengths.max, longest <= 255 else {
                throw error("Look-around group does not have an obvious maximum length")
            }
            return .look(inner, isAhead: look.isAhead, isNegated: look.isNegated)
        }
        if let number { return .group(inner, number: number) }
        return inner
    }

    private mutating func readFlags() throws(RegexError) {
        var turnsOn = true
        while let c = next, c != 0x29, c != 0x3A {
            at += 1
            let flag: RegexFlags
            switch c {
            case 0x2D:
                turnsOn = false
                continue
            case 0x69: flag = .caseInsensitive
            case 0x6D: flag = .multiline
            case 0x73: flag = .dotAll
            case 0x75: flag = .unicodeCase
            case 0x78: flag = .comments
            case 0x64: flag = .unixLines
            case 0x55: flag = [.unicodeClasses, .unicodeCase]
            default: throw error("Unknown inline modifier")
            }
            if turnsOn { flags.insert(flag) } else { flags.remove(flag) }
        }
    }

    // MARK: Escapes

    private mutating func escape() throws(RegexError) -> RegexNode {
        guard let character = next else { throw error("Unexpected internal error") }
        switch character {
        case 0x62:
            at += 1
            return .assertion(.wordBoundary)
        case 0x42:
            at += 1
            return .assertion(.notWordBoundary)
        case 0x41:
            at += 1
            return .assertion(.textStart)
        case 0x7A:
            at += 1
            return .assertion(.textEnd)
        case 0x5A:
            at += 1
            return .assertion(.textEndOrLastLine)
        case 0x52:
            at += 1
            return .choice([
                .sequence([.set([0x0D...0x0D]), .set([0x0A...0x0A])]),
                .set([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029]),
            ])
        case 0x51:
            at += 1
            var parts: [RegexNode] = []
            while at < pattern.count, !isNext("\\E") {
                parts.append(literal(pattern[at]))
                at += 1
            }
            _ = take("\\E")
            return .sequence(parts)
        case 0x31...0x39, 0x6B: throw error("Back references are not supported")
        case 0x47: throw error("\\G is not supported")
        default: return .set(try escapedSet())
        }
    }

    /// What follows a backslash and stands for a set of characters, in a class or outside.
    private mutating func escapedSet() throws(RegexError) -> [ClosedRange<UInt32>] {
        guard let character = next else { throw error("Illegal/unsupported escape sequence") }
        at += 1
        switch character {
        case 0x64: return digits
        case 0x44: return CodePointSet.complement(digits)
        case 0x77: return word
        case 0x57: return CodePointSet.complement(word)
        case 0x73: return space
        case 0x53: return CodePointSet.complement(space)
        case 0x68: return Self.horizontal
        case 0x48: return CodePointSet.complement(Self.horizontal)
        case 0x76: return [0x0A...0x0D, 0x85...0x85, 0x2028...0x2029]
        case 0x56: return CodePointSet.complement([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029])
        case 0x70, 0x50:
            let ranges = try property()
            return folded(character == 0x50 ? CodePointSet.complement(ranges) : ranges)
        case 0x74: return [0x09...0x09]
        case 0x6E: return [0x0A...0x0A]
        case 0x72: return [0x0D...0x0D]
        case 0x66: return [0x0C...0x0C]
        case 0x61: return [0x07...0x07]
        case 0x65: return [0x1B...0x1B]
        case 0x30:
            var value: UInt32 = 0
            var count = 0
            while count < 3, let c = next, c >= 0x30, c <= 0x37 {
                value = value * 8 + c - 0x30
                at += 1
                count += 1
            }
            return [value...value]
        case 0x78, 0x75:
            var value: UInt32
            if character == 0x78, take("{") {
                value = 0
                while let c = next, c != 0x7D {
                    guard let digit = Self.hex(c), value < 0x110000 else {
                        throw error("Illegal hexadecimal escape sequence")
                    }
                    value = value * 16 + digit
                    at += 1
                }
                at += 1
            } else {
                value = try hexDigits(character == 0x78 ? 2 : 4)
                if value >= 0xD800, value < 0xDC00, isNext("\\u") {
                    at += 2
                    let low = try hexDigits(4)
                    if low >= 0xDC00, low < 0xE000 {
                        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
                    }
                }
            }
            guard value <= 0x10FFFF else { throw error("Illegal hexadecimal escape sequence") }
            return folded([value...value])
        case 0x63:
            guard let c = next else { throw error("Illegal control escape sequence") }
            at += 1
            return [(c ^ 64)...(c ^ 64)]
        case 0x41...0x5A, 0x61...0x7A:
            at -= 1
            throw error("Illegal/unsupported escape sequence")
        default: return folded([character...character])
        }
    }

    private mutating func hexDigits(_ count: Int) throws(RegexError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let c = next, let digit = Self.hex(c) else {
                throw error("Illegal hexadecimal escape sequence")
            }
            value = value * 16 + digit
            at += 1
        }
        return value
    }

    private static func hex(_ c: UInt32) -> UInt32? {
        switch c {
        case 0x30...0x39: c - 0x30
        case 0x41...0x46: c - 0x41 + 10
        case 0x61...0x66: c - 0x61 + 10
        default: nil
        }
    }

    private static let horizontal: [ClosedRange<UInt32>] = [
        0x09...0x09, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x180E...0x180E,
        0x2000...0x200A, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
    ]

    private var digits: [ClosedRange<UInt32>] {
        flags.contains(.unicodeClasses) ? CodePointSet.ranges(ofProperty: "Nd")! : [0x30...0x39]
    }

    private var word: [ClosedRange<UInt32>] {
        if flags.contains(.unicodeClasses) {
            return ["Alphabetic", "M", "Nd", "Pc", "Join_Control"].flatMap {
                CodePointSet.ranges(ofProperty: $0)!
            }
        }
        return [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    }

    private var space: [ClosedRange<UInt32>] {
        flags.contains(.unicodeClasses)
            ? CodePointSet.ranges(ofProperty: "White_Space")! : [0x09...0x0D, 0x20...0x20]
    }

    private mutating func property() throws(RegexError) -> [ClosedRange<UInt32>] {
        var name = ""
        if take("{") {
            while let c = next, c != 0x7D {
                name.unicodeScalars.append(Unicode.Scalar(c)!)
                at += 1
            }
            if !take("}") { throw error("Unclosed character family") }
        } else if let c = next {
            name.unicodeScalars.append(Unicode.Scalar(c)!)
            at += 1
        }
        switch name {
        case "Lower": return [0x61...0x7A]
        case "Upper": return [0x41...0x5A]
        case "ASCII": return [0...0x7F]
        case "Alpha": return [0x41...0x5A, 0x61...0x7A]
        case "Digit": return [0x30...0x39]
        case "Alnum": return [0x30...0x39, 0x41...0x5A, 0x61...0x7A]
        case "Punct": return [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]
        case "Graph": return [0x21...0x7E]
        case "Print": return [0x20...0x7E]
        case "Blank": return [0x09...0x09, 0x20...0x20]
        case "Cntrl": return [0...0x1F, 0x7F...0x7F]
        case "XDigit": return [0x30...0x39, 0x41...0x46, 0x61...0x66]
        case "Space": return [0x09...0x0D, 0x20...0x20]
        case "javaLowerCase": name = "Lowercase"
        case "javaUpperCase": name = "Uppercase"
        case "javaWhitespace": return CodePointSet.javaWhitespace
        case "L1": return [0...0xFF]
        case "all": return [0...0x10FFFF]
        default: break
        }
        var candidates = [name]
        if name.hasPrefix("Is") { candidates.append(String(name.dropFirst(2))) }
        if name.hasPrefix("In") { candidates.append("Block=" + name.dropFirst(2)) }
        for candidate in candidates {
            if let ranges = CodePointSet.ranges(ofProperty: candidate) { return ranges }
        }
        throw error("Unknown character property name {\(name)}")
    }

    // MARK: Classes

    /// After `[`: items, nested classes, and intersections by `&&`.
    private mutating func characterClass() throws(RegexError) -> [ClosedRange<UInt32>] {
        depth += 1
        defer { depth -= 1 }
        if depth > 200 { throw error("Classes are nested too deep") }
        let isNegated = take("^")
        var intersection: [ClosedRange<UInt32>]?
        var current: [ClosedRange<UInt32>] = []
        var isFirst = true
        while true {
            guard let character = next else { throw error("Unclosed character class") }
            if character == 0x5D, !isFirst {
                at += 1
                break
            }
            isFirst = false
            if take("&&") {
                intersection = Self.intersected(intersection, current)
                current = []
                continue
            }
            at += 1
            if character == 0x5B {
                current += try characterClass()
                continue
            }
            var low: UInt32?
            if character == 0x5C {
                if take("Q") {
                    while at < pattern.count, !isNext("\\E") {
                        current.append(pattern[at]...pattern[at])
                        at += 1
                    }
                    _ = take("\\E")
                    continue
                }
                let saved = flags
                flags.remove(.caseInsensitive)
                let ranges = try escapedSet()
                flags = saved
                if ranges.count == 1, ranges[0].count == 1 {
                    low = ranges[0].lowerBound
                } else {
                    current += ranges
                }
            } else {
                low = character
            }
            guard let low else { continue }
            guard next == 0x2D, at + 1 < pattern.count, pattern[at + 1] != 0x5D,
                pattern[at + 1] != 0x5B
            else {
                current += folded([low...low])
                continue
            }
            at += 1
            var high = pattern[at]
            at += 1
            if high == 0x5C {
                let ranges = try escapedSet()
                guard let only = ranges.first else { throw error("Illegal character range") }
                high = only.lowerBound
            }
            guard high >= low else { throw error("Illegal character range") }
            current += folded([low...high])
        }
        let result = CodePointSet.merged(Self.intersected(intersection, current))
        return isNegated ? CodePointSet.complement(result) : result
    }

    private static func intersected(
        _ a: [ClosedRange<UInt32>]?, _ b: [ClosedRange<UInt32>]
    ) -> [ClosedRange<UInt32>] {
        guard let a else { return b }
        return CodePointSet.complement(CodePointSet.complement(a) + CodePointSet.complement(b))
    }
}
