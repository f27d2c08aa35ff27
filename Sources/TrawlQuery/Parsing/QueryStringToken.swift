/// A token of the classic query syntax. The longest token that fits is taken; among equally
/// long ones the first of the order in `longest(at:)`.
struct QueryStringToken {
    enum Kind {
        case and, or, not, plus, minus, bareOperator, leftParenthesis, rightParenthesis, colon
        case star, caret, quoted, term, tilde, prefixTerm, wildTerm, regexpTerm, number
        case rangeStart, rangeTo, rangeEnd, rangeQuoted, rangeGoop, end

        /// Whether a further clause begins with it.
        var continuesQuery: Bool {
            switch self {
            case .and, .or, .not, .plus, .minus, .bareOperator, .leftParenthesis, .star, .quoted,
                .term, .prefixTerm, .wildTerm, .regexpTerm, .number, .rangeStart:
                true
            default: false
            }
        }

        /// Whether a word before it belongs to a run of bare words.
        var mayFollowRun: Bool {
            switch self {
            case .colon, .star, .tilde, .caret, .and, .or: false
            default: true
            }
        }
    }

    var kind: Kind
    var image: String
    /// In scalars of the query string.
    var start: Int

    static func all(of text: String) throws(QueryError) -> [QueryStringToken] {
        var lexer = Lexer(text: text, scalars: Array(text.unicodeScalars))
        return try lexer.run()
    }

    private struct Lexer {
        enum Mode { case ordinary, boost, range }

        let text: String
        let scalars: [Unicode.Scalar]
        var position = 0
        var mode = Mode.ordinary

        init(text: String, scalars: [Unicode.Scalar]) {
            self.text = text
            self.scalars = scalars
        }

        mutating func run() throws(QueryError) -> [QueryStringToken] {
            var tokens: [QueryStringToken] = []
            while position < scalars.count {
                if mode != .boost && Self.isSpace(scalars[position]) {
                    position += 1
                    continue
                }
                let found: (Kind, Int)? =
                    switch mode {
                    case .ordinary: longest(at: position)
                    case .boost: number(at: position)
                    case .range: rangePiece(at: position)
                    }
                guard let (kind, length) = found, length > 0 else {
                    throw QueryStringSyntax.failure(
                        text,
                        "Lexical error at line 1, column \(position + 1).  Encountered: "
                            + "\"\(scalars[position])\"")
                }
                let image = String(
                    String.UnicodeScalarView(scalars[position..<(position + length)]))
                tokens.append(.init(kind: kind, image: image, start: position))
                position += length
                switch kind {
                case .caret: mode = .boost
                case .rangeStart: mode = .range
                case .number, .rangeEnd: mode = .ordinary
                default: break
                }
            }
            return tokens
        }

        // MARK: Ordinary text

        func longest(at start: Int) -> (Kind, Int)? {
            var best: (Kind, Int)?
            func offer(_ kind: Kind, _ length: Int) {
                if length > (best?.1 ?? 0) { best = (kind, length) }
            }
            let first = scalars[start]
            let second = start + 1 < scalars.count ? scalars[start + 1] : nil
            offer(.and, matches("AND", at: start) ?? matches("&&", at: start) ?? 0)
            offer(.or, matches("OR", at: start) ?? matches("||", at: start) ?? 0)
            offer(.not, matches("NOT", at: start) ?? matches("!", at: start) ?? 0)
            switch first {
            case "+": offer(.plus, 1)
            case "-": offer(.minus, 1)
            case "(": offer(.leftParenthesis, 1)
            case ")": offer(.rightParenthesis, 1)
            case ":": offer(.colon, 1)
            case "*": offer(.star, 1)
            case "^": offer(.caret, 1)
            case "[", "{": offer(.rangeStart, 1)
            case "\"": offer(.quoted, quoted(at: start))
            case "/": offer(.regexpTerm, regexp(at: start))
            case "~": offer(.tilde, 1 + termLength(at: start + 1, wild: false, begun: true))
            default: break
            }
            if first == "+" || first == "-" || first == "!", let second, Self.isSpace(second) {
                offer(.bareOperator, 2)
            }
            let plain = termLength(at: start, wild: false, begun: false)
            offer(.term, plain)
            if plain > 0, start + plain < scalars.count, scalars[start + plain] == "*" {
                offer(.prefixTerm, plain + 1)
            }
            offer(.wildTerm, termLength(at: start, wild: true, begun: false))
            return best
        }

        func matches(_ word: String, at start: Int) -> Int? {
            let word = Array(word.unicodeScalars)
            guard start + word.count <= scalars.count else { return nil }
            return scalars[start..<(start + word.count)].elementsEqual(word) ? word.count : nil
        }

        func quoted(at start: Int) -> Int {
            var i = start + 1
            while i < scalars.count {
                if scalars[i] == "\\" {
                    i += 2
                    continue
                }
                if scalars[i] == "\"" { return i + 1 - start }
                i += 1
            }
            return 0
        }

        func regexp(at start: Int) -> Int {
            var i = start + 1
            while i < scalars.count {
                if scalars[i] == "/" {
                    if scalars[i - 1] == "\\" && i - 1 > start {
                        i += 1
                        continue
                    }
                    return i + 1 - start
                }
                i += 1
            }
            return 0
        }

        /// How many scalars from `start` are of one term. A term may go on with `+` and `-`,
        /// which cannot begin one.
        func termLength(at start: Int, wild: Bool, begun: Bool) -> Int {
            var i = start
            while i < scalars.count {
                let scalar = scalars[i]
                if scalar == "\\" {
                    guard i + 1 < scalars.count else { break }
                    i += 2
                    continue
                }
                if wild && (scalar == "*" || scalar == "?") {
                    i += 1
                    continue
                }
                if (scalar == "+" || scalar == "-") && (i > start || begun) {
                    i += 1
                    continue
                }
                if Self.endsTerm(scalar) { break }
                i += 1
            }
            return i - start
        }

        static func endsTerm(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar {
            case "+", "-", "!", "(", ")", ":", "^", "[", "]", "\"", "{", "}", "~", "*", "?", "\\",
                "/":
                true
            default: isSpace(scalar)
            }
        }

        static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
                || scalar == "\u{3000}"
        }

        // MARK: Boosts and ranges

        func number(at start: Int) -> (Kind, Int)? {
            func digits(from: Int) -> Int {
                var i = from
                while i < scalars.count, ("0"..."9").contains(scalars[i]) { i += 1 }
                return i - from
            }
            var length = digits(from: start)
            guard length > 0 else { return nil }
            let dot = start + length
            if dot < scalars.count, scalars[dot] == "." {
                let decimals = digits(from: dot + 1)
                if decimals > 0 { length += 1 + decimals }
            }
            return (.number, length)
        }

        func rangePiece(at start: Int) -> (Kind, Int)? {
            if scalars[start] == "]" || scalars[start] == "}" { return (.rangeEnd, 1) }
            var i = start
            while i < scalars.count, scalars[i] != " ", scalars[i] != "]", scalars[i] != "}" {
                i += 1
            }
            var best: (Kind, Int) = (.rangeGoop, i - start)
            if best.1 == 2, matches("TO", at: start) != nil { best = (.rangeTo, 2) }
            if scalars[start] == "\"" {
                var end = start + 1
                while end < scalars.count, scalars[end] != "\"" {
                    end += scalars[end] == "\\" ? 2 : 1
                }
                if end < scalars.count, end + 1 - start >= best.1, end > start + 1 {
                    best = (.rangeQuoted, end + 1 - start)
                }
            }
            return best
        }
    }
}
