/// What the classic query syntax says, before analysis decides what each piece of text means.
///
/// A clause that analysis leaves nothing of disappears, and operators mark the clauses beside
/// them rather than nest, so the boolean structure can only be settled by whoever analyses:
/// the tree keeps the operators as written.
package indirect enum QueryStringNode: Sendable, Hashable {
    case clauses([QueryStringClause])
    case leaf(QueryStringLeaf)
    case boosted(QueryStringNode, Float)
}

package struct QueryStringClause: Sendable, Hashable {
    package enum Conjunction: Sendable, Hashable { case none, and, or }
    package enum Modifier: Sendable, Hashable { case none, required, prohibited }

    package var conjunction = Conjunction.none
    package var modifier = Modifier.none
    package var node: QueryStringNode
    /// Bare words that follow each other: they are analysed as one text.
    package var isRun = false
}

package struct QueryStringLeaf: Sendable, Hashable {
    package enum Form: Sendable, Hashable {
        case text(String)
        /// `slop` as written after the tilde; nil without one.
        case phrase(String, slop: String?)
        case prefix(String)
        /// Escapes are kept: they tell `\*` from `*`.
        case wildcard(String)
        case regexp(String)
        /// `edits` as written after the tilde, perhaps nothing.
        case fuzzy(String, edits: String)
        case range(lower: String?, upper: String?, includesLower: Bool, includesUpper: Bool)
    }

    /// Nil: the default field or fields.
    package var field: String?
    package var form: Form
}

/// The classic Lucene query syntax.
///
///     Query   ::= ( Run | Modifier Clause ) ( Run | Conjunction Modifier Clause )*
///     Run     ::= TERM TERM+                   no operator, boost or colon behind
///     Clause  ::= [ ( TERM | "*" ) ":" ] ( Term | "(" Query ")" [ "^" NUMBER ] )
///
/// AND and OR are not two levels of precedence: each only marks the clauses beside it.
package struct QueryStringSyntax {
    package static let maxDepth = 400

    private let tokens: [QueryStringToken]
    private let text: String
    private var next = 0
    private var depth = 0

    package static func parse(_ text: String) throws(QueryError) -> QueryStringNode {
        var syntax = Self(text: text, tokens: try QueryStringToken.all(of: text))
        let node = try syntax.query(field: nil)
        guard syntax.kind() == .end else { throw syntax.unexpected() }
        return node
    }

    private init(text: String, tokens: [QueryStringToken]) {
        self.text = text
        self.tokens = tokens
    }

    private func kind(ahead: Int = 0) -> QueryStringToken.Kind {
        next + ahead < tokens.count ? tokens[next + ahead].kind : .end
    }

    private mutating func take() -> QueryStringToken {
        next += 1
        return tokens[next - 1]
    }

    private mutating func take(_ kind: QueryStringToken.Kind) throws(QueryError)
        -> QueryStringToken
    {
        guard self.kind() == kind else { throw unexpected() }
        return take()
    }

    private func unexpected() -> QueryError {
        if next < tokens.count {
            let token = tokens[next]
            return Self.failure(
                text, "Encountered \" \"\(token.image)\"\" at line 1, column \(token.start).")
        }
        return Self.failure(
            text, "Encountered \"<EOF>\" at line 1, column \(text.utf16.count).")
    }

    static func failure(_ text: String, _ what: String) -> QueryError {
        QueryError(type: "parse_exception", reason: "Cannot parse '\(text)': \(what)")
    }

    // MARK: Grammar

    private mutating func query(field: String?) throws(QueryError) -> QueryStringNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else {
            throw Self.failure(text, "nested deeper than \(Self.maxDepth)")
        }
        var clauses: [QueryStringClause] = []
        if startsRun() {
            clauses.append(try run(field: field))
        } else {
            let modifier = modifier()
            clauses.append(.init(modifier: modifier, node: try clause(field: field)))
        }
        while kind().continuesQuery {
            if startsRun() {
                clauses.append(try run(field: field))
                continue
            }
            var conjunction = QueryStringClause.Conjunction.none
            if kind() == .and || kind() == .or {
                conjunction = take().kind == .and ? .and : .or
            }
            let modifier = modifier()
            clauses.append(
                .init(
                    conjunction: conjunction, modifier: modifier, node: try clause(field: field)))
        }
        return .clauses(clauses)
    }

    private mutating func modifier() -> QueryStringClause.Modifier {
        switch kind() {
        case .plus:
            _ = take()
            return .required
        case .minus, .not:
            _ = take()
            return .prohibited
        default: return .none
        }
    }

    private func startsRun() -> Bool {
        kind() == .term && kind(ahead: 1) == .term && kind(ahead: 2).mayFollowRun
    }

    private mutating func run(field: String?) throws(QueryError) -> QueryStringClause {
        var image = take().image
        repeat {
            image += " " + take().image
        } while kind() == .term && kind(ahead: 1).mayFollowRun
        let words = try Self.unescape(image, in: text)
        return .init(node: .leaf(.init(field: field, form: .text(words))), isRun: true)
    }

    private mutating func clause(field: String?) throws(QueryError) -> QueryStringNode {
        var field = field
        if kind(ahead: 1) == .colon {
            if kind() == .term {
                field = try Self.unescape(take().image, in: text)
                _ = take()
            } else if kind() == .star {
                field = "*"
                next += 2
            }
        }
        guard kind() == .leftParenthesis else { return try term(field: field) }
        _ = take()
        let inner = try query(field: field)
        _ = try take(.rightParenthesis)
        return try boosted(inner, by: boost())
    }

    private mutating func boost() throws(QueryError) -> String? {
        guard kind() == .caret else { return nil }
        _ = take()
        return try take(.number).image
    }

    private func boosted(_ node: QueryStringNode, by boost: String?) -> QueryStringNode {
        guard let boost else { return node }
        return .boosted(node, Float(boost) ?? 1)
    }

    private mutating func term(field: String?) throws(QueryError) -> QueryStringNode {
        let token: QueryStringToken
        switch kind() {
        case .term, .star, .prefixTerm, .wildTerm, .regexpTerm, .number, .bareOperator, .quoted:
            token = take()
        case .rangeStart:
            return try range(field: field)
        default:
            throw unexpected()
        }
        var boost = try boost()
        var tilde: String?
        if kind() == .tilde { tilde = String(take().image.dropFirst()) }
        if boost == nil { boost = try self.boost() }

        let form: QueryStringLeaf.Form
        switch token.kind {
        case .star, .wildTerm: form = .wildcard(token.image)
        case .prefixTerm:
            form = .prefix(try Self.unescape(String(token.image.dropLast()), in: text))
        case .regexpTerm: form = .regexp(String(token.image.dropFirst().dropLast()))
        case .quoted:
            let inner = String(token.image.dropFirst().dropLast())
            form = .phrase(try Self.unescape(inner, in: text), slop: tilde)
        case .bareOperator: form = .text(String(token.image.prefix(1)))
        default:
            let word = try Self.unescape(token.image, in: text)
            form = tilde.map { .fuzzy(word, edits: $0) } ?? .text(word)
        }
        return boosted(.leaf(.init(field: field, form: form)), by: boost)
    }

    private mutating func range(field: String?) throws(QueryError) -> QueryStringNode {
        let includesLower = take().image == "["
        let lower = try bound()
        _ = try take(.rangeTo)
        let upper = try bound()
        guard kind() == .rangeEnd else { throw unexpected() }
        let includesUpper = take().image == "]"
        let form = QueryStringLeaf.Form.range(
            lower: lower, upper: upper, includesLower: includesLower,
            includesUpper: includesUpper)
        return try boosted(.leaf(.init(field: field, form: form)), by: boost())
    }

    private mutating func bound() throws(QueryError) -> String? {
        switch kind() {
        case .rangeGoop, .rangeTo:
            let image = take().image
            return image == "*" ? nil : try Self.unescape(image, in: text)
        case .rangeQuoted:
            return try Self.unescape(String(take().image.dropFirst().dropLast()), in: text)
        default:
            throw unexpected()
        }
    }

    // MARK: Escapes

    /// `\x` means `x`; `\u0041` the code unit of that number.
    package static func unescape(_ image: String, in text: String) throws(QueryError) -> String {
        guard image.contains("\\") else { return image }
        var units: [UInt16] = []
        let source = Array(image.utf16)
        var i = 0
        while i < source.count {
            guard source[i] == 0x5c else {
                units.append(source[i])
                i += 1
                continue
            }
            guard i + 1 < source.count else {
                throw failure(text, "Term can not end with escape character.")
            }
            guard source[i + 1] == 0x75 else {
                units.append(source[i + 1])
                i += 2
                continue
            }
            guard i + 6 <= source.count else {
                throw failure(text, "Truncated unicode escape sequence.")
            }
            let digits = String(decoding: source[(i + 2)..<(i + 6)], as: UTF16.self)
            guard let unit = UInt16(digits, radix: 16) else {
                throw failure(
                    text, "Non-hex character in Unicode escape sequence: \(digits)")
            }
            units.append(unit)
            i += 6
        }
        return String(decoding: units, as: UTF16.self)
    }
}
