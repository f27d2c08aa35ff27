/// The syntax that never fails: `+` and, `|` or, `-` not, `"` phrase, `*` prefix, `~` fuzzy,
/// parentheses; whatever makes no sense is ignored.
///
/// The result is a list of events rather than a tree: an operator is ignored when no clause
/// stands before it, and whether one does only analysis can tell.
package enum SimpleQueryString {
    package struct Flags: OptionSet, Sendable, Hashable, Codable {
        package var rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        package static let and = Flags(rawValue: 1 << 0)
        package static let not = Flags(rawValue: 1 << 1)
        package static let or = Flags(rawValue: 1 << 2)
        package static let prefix = Flags(rawValue: 1 << 3)
        package static let phrase = Flags(rawValue: 1 << 4)
        package static let precedence = Flags(rawValue: 1 << 5)
        package static let escape = Flags(rawValue: 1 << 6)
        package static let whitespace = Flags(rawValue: 1 << 7)
        package static let fuzzy = Flags(rawValue: 1 << 8)
        package static let near = Flags(rawValue: 1 << 9)
        package static let all = Flags(rawValue: (1 << 10) - 1)

        package init(parsing text: String) throws(QueryError) {
            self = []
            for name in text.split(separator: "|") {
                switch name.uppercased() {
                case "ALL": self = .all
                case "NONE": self = []
                case "AND": insert(.and)
                case "NOT": insert(.not)
                case "OR": insert(.or)
                case "PREFIX": insert(.prefix)
                case "PHRASE": insert(.phrase)
                case "PRECEDENCE": insert(.precedence)
                case "ESCAPE": insert(.escape)
                case "WHITESPACE": insert(.whitespace)
                case "FUZZY": insert(.fuzzy)
                case "NEAR", "SLOP": insert(.near)
                default:
                    throw .illegalArgument("Unknown simple_query_string flag [\(name)]")
                }
            }
        }
    }

    package indirect enum Event: Sendable, Hashable {
        case and, or
        /// Something empty stood here: an operator before it is spent.
        case nothing
        case branch(Branch, isNegated: Bool)
    }

    package enum Branch: Sendable, Hashable {
        case text(String)
        case prefix(String)
        case fuzzy(String, edits: Int)
        case phrase(String, slop: Int)
        case group([Event])
    }

    package static let maxDepth = 400

    package static func parse(_ text: String, flags: Flags) throws(QueryError) -> [Event] {
        var reader = Reader(data: Array(text.unicodeScalars), flags: flags)
        return try reader.events(0..<text.unicodeScalars.count, depth: 0)
    }

    private struct Reader {
        let data: [Unicode.Scalar]
        let flags: Flags
        let closing: [Int: Int]
        var index = 0
        var end = 0

        init(data: [Unicode.Scalar], flags: Flags) {
            self.data = data
            self.flags = flags
            closing = Self.closingParentheses(data, flags: flags)
        }

        func isAt(_ scalar: Unicode.Scalar, _ flag: Flags) -> Bool {
            data[index] == scalar && flags.contains(flag)
        }

        func isSpace() -> Bool {
            guard flags.contains(.whitespace) else { return false }
            switch data[index] {
            case " ", "\t", "\n", "\r": return true
            default: return false
            }
        }

        func endsToken() -> Bool {
            isAt("\"", .phrase) || isAt("|", .or) || isAt("+", .and) || isAt("(", .precedence)
                || isAt(")", .precedence) || isSpace()
        }

        mutating func events(_ range: Range<Int>, depth: Int) throws(QueryError) -> [Event] {
            guard depth < maxDepth else {
                throw .illegalArgument("simple_query_string nested deeper than \(maxDepth)")
            }
            index = range.lowerBound
            end = range.upperBound
            var events: [Event] = []
            var negations = 0
            func add(_ branch: Branch?) {
                if let branch {
                    events.append(.branch(branch, isNegated: negations % 2 == 1))
                } else {
                    events.append(.nothing)
                }
            }
            while index < end {
                if isAt("(", .precedence) {
                    if let inner = group() {
                        let after = index
                        add(
                            inner.isEmpty
                                ? nil : .group(try self.events(inner, depth: depth + 1)))
                        index = after
                        end = range.upperBound
                    }
                } else if isAt(")", .precedence) {
                    index += 1
                } else if isAt("\"", .phrase) {
                    if let (words, slop) = phrase() {
                        add(words.map { .phrase($0, slop: slop) })
                    }
                } else if isAt("+", .and) {
                    events.append(.and)
                    index += 1
                } else if isAt("|", .or) {
                    events.append(.or)
                    index += 1
                } else if isAt("-", .not) {
                    negations += 1
                    index += 1
                    continue
                } else if isSpace() {
                    index += 1
                } else if let branch = token() {
                    add(branch)
                }
                // Not even white space may stand between the operator and what it negates.
                negations = 0
            }
            return events
        }

        /// The text between parentheses, or nil when nothing closes them.
        mutating func group() -> Range<Int>? {
            index += 1
            let start = index
            guard let close = closing[start - 1], close < end else { return nil }
            index = close + 1
            return start..<close
        }

        /// Where each open parenthesis is closed; found once, so that a thousand open ones do
        /// not mean a thousand walks to the end.
        static func closingParentheses(
            _ data: [Unicode.Scalar], flags: Flags
        ) -> [Int: Int] {
            var closing: [Int: Int] = [:]
            var open: [Int] = []
            var i = 0
            while i < data.count {
                switch data[i] {
                case "\\" where flags.contains(.escape): i += 1
                case "(": open.append(i)
                case ")": if let start = open.popLast() { closing[start] = i }
                default: break
                }
                i += 1
            }
            return closing
        }

        /// The words of a phrase (nil when empty) and its slop, or nil when nothing closes it.
        mutating func phrase() -> (String?, Int)? {
            index += 1
            let start = index
            var words = String.UnicodeScalarView()
            while index < end {
                if isAt("\\", .escape) {
                    index += 1
                    if index < end { words.append(data[index]) }
                    index += 1
                    continue
                }
                if data[index] == "\"" {
                    let isEmpty = index == start
                    index += 1
                    var slop = 0
                    if index < end, isAt("~", .near), !isEmpty { slop = number() }
                    return (isEmpty ? nil : String(words), slop)
                }
                words.append(data[index])
                index += 1
            }
            index = start
            return nil
        }

        mutating func token() -> Branch? {
            var word = String.UnicodeScalarView()
            var isPrefix = false
            while index < end {
                if isAt("\\", .escape) {
                    isPrefix = false
                    index += 1
                    if index < end { word.append(data[index]) }
                    index += 1
                    continue
                }
                if endsToken() { break }
                if !word.isEmpty, isAt("~", .fuzzy) {
                    let edits = min(2, number())
                    return edits == 0 ? .text(String(word)) : .fuzzy(String(word), edits: edits)
                }
                isPrefix = !word.isEmpty && isAt("*", .prefix)
                word.append(data[index])
                index += 1
            }
            if word.isEmpty { return nil }
            return isPrefix ? .prefix(String(String(word).dropLast())) : .text(String(word))
        }

        /// What stands behind a tilde; 0 when that is no number.
        mutating func number() -> Int {
            index += 1
            var digits = String.UnicodeScalarView()
            while index < end, !endsToken() {
                digits.append(data[index])
                index += 1
            }
            return max(0, Int(Int32(String(digits)) ?? 0))
        }
    }
}
