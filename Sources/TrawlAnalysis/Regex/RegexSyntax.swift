/// A regular expression, taken apart.
indirect enum RegexNode {
    enum Assertion: Sendable {
        case textStart, textEnd, textEndOrLastLine, lineStart, lineEnd
        case wordBoundary, notWordBoundary
    }

    case empty
    case set([ClosedRange<UInt32>])
    case sequence([RegexNode])
    case choice([RegexNode])
    case loop(RegexNode, min: Int, max: Int?, isGreedy: Bool)
    case group(RegexNode, number: Int)
    case assertion(Assertion)
    case look(RegexNode, isAhead: Bool, isNegated: Bool)

    /// The shortest and longest text it matches, in code points; nil for no bound.
    var lengths: (min: Int, max: Int?) {
        switch self {
        case .empty, .assertion, .look: return (0, 0)
        case .set: return (1, 1)
        case .group(let inner, _): return inner.lengths
        case .sequence(let parts):
            return parts.reduce((0, 0)) { sum, part in
                let length = part.lengths
                return (
                    sum.min + length.min,
                    sum.max.flatMap { sum in length.max.map { $0 + sum } }
                )
            }
        case .choice(let parts):
            let all = parts.map(\.lengths)
            let longest = all.contains { $0.max == nil } ? nil : all.compactMap(\.max).max()
            return (all.map(\.min).min() ?? 0, longest)
        case .loop(let inner, let low, let high, _):
            let length = inner.lengths
            let (smallest, overflow) = length.min.multipliedReportingOverflow(by: low)
            guard let high, let longest = length.max else {
                return (overflow ? 1 << 30 : smallest, length.max == 0 ? 0 : nil)
            }
            let (largest, tooLarge) = longest.multipliedReportingOverflow(by: high)
            return (overflow ? 1 << 30 : smallest, tooLarge ? nil : largest)
        }
    }
}

/// Why a regular expression was refused.
package struct RegexError: Error, Equatable, CustomStringConvertible {
    package var message: String
    /// Where in the pattern, in characters.
    package var offset: Int
    package var description: String { "\(message) near index \(offset)" }
}

/// Java's flags, as Elasticsearch's `flags` settings name them.
package struct RegexFlags: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let caseInsensitive = RegexFlags(rawValue: 1)
    package static let multiline = RegexFlags(rawValue: 2)
    package static let dotAll = RegexFlags(rawValue: 4)
    package static let unicodeCase = RegexFlags(rawValue: 8)
    package static let comments = RegexFlags(rawValue: 16)
    package static let literal = RegexFlags(rawValue: 32)
    package static let unixLines = RegexFlags(rawValue: 64)
    package static let unicodeClasses = RegexFlags(rawValue: 128)

    /// Reads `CASE_INSENSITIVE|COMMENTS`; nil for an unknown name.
    package init?(names: String) {
        self = []
        for name in names.split(separator: "|") {
            switch name {
            case "CASE_INSENSITIVE": insert(.caseInsensitive)
            case "MULTILINE": insert(.multiline)
            case "DOTALL": insert(.dotAll)
            case "UNICODE_CASE": insert(.unicodeCase)
            case "COMMENTS": insert(.comments)
            case "LITERAL": insert(.literal)
            case "UNIX_LINES": insert(.unixLines)
            case "UNICODE_CHAR_CLASS", "UNICODE_CHARACTER_CLASS": insert(.unicodeClasses)
            case "CANON_EQ": break
            default: return nil
            }
        }
    }
}
