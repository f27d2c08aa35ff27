internal import TrawlJSON

/// Reads the text of a script.
struct ScriptParser {
    private enum Word: Equatable {
        case name(String)
        case number(JSONNumber)
        case text(String)
        case symbol(String)
    }

    /// How deep expressions and blocks may be nested.
    private static let maxDepth = 100
    private static let symbols = [
        "===", "!==", "->", "?.", "?:", "==", "!=", "<=", ">=", "&&", "||", "++", "--", "+=", "-=",
        "*=", "/=", "%=", "+", "-", "*", "/", "%", "=", "<", ">", "!", "?", ":", ";", ",", ".", "(",
        ")", "[", "]", "{", "}",
    ]
    private static let types: Set<String> = [
        "def", "var", "int", "long", "double", "float", "boolean", "String", "List", "Map",
        "ArrayList", "HashMap", "Object", "short", "byte", "Integer", "Long", "Double", "Boolean",
    ]

    private var words: [Word] = []
    private var place = 0
    private var depth = 0

    init(_ text: String) throws(ScriptFailure) { words = try Self.words(of: text) }

    // MARK: Words

    private static func words(of text: String) throws(ScriptFailure) -> [Word] {
        let scalars = Array(text.unicodeScalars)
        var words: [Word] = []
        var i = 0
        func isName(_ scalar: UnicodeScalar) -> Bool {
            scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic
        }
        func isDigit(_ scalar: UnicodeScalar) -> Bool { ("0"..."9").contains(scalar) }
        while i < scalars.count {
            let next = scalars[i]
            if next.properties.isWhitespace {
                i += 1
            } else if next == "/", i + 1 < scalars.count, scalars[i + 1] == "/" {
                while i < scalars.count, scalars[i] != "\n" { i += 1 }
            } else if next == "/", i + 1 < scalars.count, scalars[i + 1] == "*" {
                i += 2
                while i + 1 < scalars.count, !(scalars[i] == "*" && scalars[i + 1] == "/") {
                    i += 1
                }
                i += 2
            } else if isName(next) {
                var name = ""
                while i < scalars.count, isName(scalars[i]) || isDigit(scalars[i]) {
                    name.unicodeScalars.append(scalars[i])
                    i += 1
                }
                words.append(.name(name))
            } else if isDigit(next) {
                words.append(.number(try number(scalars, &i)))
            } else if next == "'" || next == "\"" {
                words.append(.text(try quoted(scalars, &i)))
            } else if let symbol = symbols.first(where: {
                scalars[i...].starts(with: $0.unicodeScalars)
            }) {
                words.append(.symbol(symbol))
                i += symbol.unicodeScalars.count
            } else {
                throw ScriptFailure(reason: "unexpected character [\(next)].")
            }
        }
        return words
    }

    private static func number(
        _ scalars: [UnicodeScalar], _ i: inout Int
    ) throws(ScriptFailure) -> JSONNumber {
        var literal = ""
        func digits() {
            while i < scalars.count, ("0"..."9").contains(scalars[i]) {
                literal.unicodeScalars.append(scalars[i])
                i += 1
            }
        }
        digits()
        if i + 1 < scalars.count, scalars[i] == ".", ("0"..."9").contains(scalars[i + 1]) {
            literal += "."
            i += 1
            digits()
        }
        if i < scalars.count, scalars[i] == "e" || scalars[i] == "E" {
            literal += "e"
            i += 1
            if i < scalars.count, scalars[i] == "-" || scalars[i] == "+" {
                literal.unicodeScalars.append(scalars[i])
                i += 1
            }
            digits()
        }
        // Suffixes of types: 1L, 1.5f.
        if i < scalars.count, "lLfFdD".unicodeScalars.contains(scalars[i]) { i += 1 }
        guard let number = JSONNumber(literal: literal) else {
            throw ScriptFailure(reason: "invalid number [\(literal)].")
        }
        return number
    }

    private static func quoted(
        _ scalars: [UnicodeScalar], _ i: inout Int
    ) throws(ScriptFailure) -> String {
        let quote = scalars[i]
        var text = ""
        i += 1
        while i < scalars.count, scalars[i] != quote {
            if scalars[i] == "\\", i + 1 < scalars.count {
                i += 1
                switch scalars[i] {
                case "n": text += "\n"
                case "t": text += "\t"
                case "r": text += "\r"
                default: text.unicodeScalars.append(scalars[i])
                }
            } else {
                text.unicodeScalars.append(scalars[i])
            }
            i += 1
        }
        guard i < scalars.count else { throw ScriptFailure(reason: "a text does not end.") }
        i += 1
        return text
    }

    private mutating func take(_ symbol: String) -> Bool {
        guard place < words.count, words[place] == .symbol(symbol) else { return false }
        place += 1
        return true
    }

    private mutating func take(word: String) -> Bool {
        guard place < words.count, words[place] == .name(word) else { return false }
        place += 1
        return true
    }

    private func isNext(_ symbol: String, ahead: Int = 0) -> Bool {
        place + ahead < words.count && words[place + ahead] == .symbol(symbol)
    }

    private var unexpected: ScriptFailure {
        guard place < words.count else {
            return ScriptFailure(reason: "unexpected end of script.")
        }
        switch words[place] {
        case .name(let text), .text(let text), .symbol(let text):
            return ScriptFailure(reason: "invalid sequence of tokens near ['\(text)'].")
        case .number(let number):
            return ScriptFailure(reason: "invalid sequence of tokens near ['\(number)'].")
        }
    }

    private mutating func expect(_ symbol: String) throws(ScriptFailure) {
        guard take(symbol) else { throw unexpected }
    }

    private mutating func name() throws(ScriptFailure) -> String {
        guard place < words.count, case .name(let name) = words[place] else { throw unexpected }
        place += 1
        return name
    }

    private mutating func nested<T>(
        _ body: (inout ScriptParser) throws(ScriptFailure) -> T
    ) throws(ScriptFailure) -> T {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else {
            throw ScriptFailure(reason: "the script is nested too deep.")
        }
        return try body(&self)
    }

    // MARK: Statements

    mutating func program() throws(ScriptFailure) -> [ScriptStatement] {
        var statements: [ScriptStatement] = []
        while place < words.count { try append(to: &statements) }
        return statements
    }

    private mutating func append(to statements: inout [ScriptStatement]) throws(ScriptFailure) {
        if take(";") { return }
        if isNext("{") {
            statements += try nested { parser throws(ScriptFailure) in try parser.block() }
        } else {
            statements.append(
                try nested { parser throws(ScriptFailure) in try parser.statement() })
        }
    }

    private mutating func block() throws(ScriptFailure) -> [ScriptStatement] {
        var statements: [ScriptStatement] = []
        guard take("{") else {
            try append(to: &statements)
            return statements
        }
        while !take("}") {
            guard place < words.count else { throw unexpected }
            try append(to: &statements)
        }
        return statements
    }

    private mutating func statement() throws(ScriptFailure) -> ScriptStatement {
        if take(word: "if") {
            try expect("(")
            let condition = try expression()
            try expect(")")
            let yes = try block()
            let no = take(word: "else") ? try block() : []
            return .condition(condition, yes, no)
        }
        if take(word: "for") { return try forLoop() }
        if take(word: "while") {
            try expect("(")
            let condition = try expression()
            try expect(")")
            return .loop(nil, condition, nil, try block())
        }
        defer { _ = take(";") }
        if take(word: "break") { return .stop }
        if take(word: "continue") { return .proceed }
        if take(word: "return") {
            return .leave(isNext(";") || place == words.count ? nil : try expression())
        }
        let simple = try simple()
        guard isNext(";") || isNext("}") || place == words.count else { throw unexpected }
        return simple
    }

    private mutating func forLoop() throws(ScriptFailure) -> ScriptStatement {
        try expect("(")
        if place + 2 < words.count, case .name(let type) = words[place],
            Self.types.contains(type), case .name = words[place + 1],
            isNext(":", ahead: 2) || words[place + 2] == .name("in")
        {
            place += 1
            let name = try name()
            place += 1
            let list = try expression()
            try expect(")")
            return .each(name, list, try block())
        }
        let start = isNext(";") ? nil : try simple()
        try expect(";")
        let condition = isNext(";") ? .value(true) : try expression()
        try expect(";")
        let step = isNext(")") ? nil : try simple()
        try expect(")")
        return .loop(start, condition, step, try block())
    }

    /// A declaration, an assignment, or an expression for its effect.
    private mutating func simple() throws(ScriptFailure) -> ScriptStatement {
        if place + 1 < words.count, case .name(let type) = words[place],
            Self.types.contains(type), case .name(let name) = words[place + 1]
        {
            place += 2
            return .declare(name, take("=") ? try expression() : nil)
        }
        if isNext("++") || isNext("--") {
            let isUp = isNext("++")
            place += 1
            return .assign(try postfix(), isUp ? .add : .subtract, .value(1))
        }
        let target = try expression()
        if take("=") { return .assign(target, nil, try expression()) }
        for symbol in ["+", "-", "*", "/", "%"] where take(symbol + "=") {
            return .assign(target, ScriptOperator(rawValue: symbol), try expression())
        }
        if take("++") { return .assign(target, .add, .value(1)) }
        if take("--") { return .assign(target, .subtract, .value(1)) }
        return .evaluate(target)
    }

    // MARK: Expressions

    private mutating func expression() throws(ScriptFailure) -> ScriptExpression {
        try nested { parser throws(ScriptFailure) in
            let condition = try parser.binary(0)
            guard parser.take("?") else { return condition }
            let yes = try parser.expression()
            try parser.expect(":")
            return .choice(condition, yes, try parser.expression())
        }
    }

    private static let levels: [[(String, ScriptOperator)]] = [
        [("?:", .elvis)], [("||", .or)], [("&&", .and)],
        [("===", .equal), ("!==", .unequal), ("==", .equal), ("!=", .unequal)],
        [
            ("<=", .lessOrEqual), (">=", .greaterOrEqual), ("<", .less), (">", .greater),
        ],
        [("+", .add), ("-", .subtract)],
        [("*", .multiply), ("/", .divide), ("%", .remainder)],
    ]

    private mutating func binary(_ level: Int) throws(ScriptFailure) -> ScriptExpression {
        guard level < Self.levels.count else { return try unary() }
        var left = try binary(level + 1)
        scan: while true {
            for (symbol, op) in Self.levels[level] where take(symbol) {
                left = .binary(op, left, try binary(level + 1))
                continue scan
            }
            if level == 4, take(word: "instanceof") {
                left = .isType(left, try name())
                continue scan
            }
            return left
        }
    }

    private mutating func unary() throws(ScriptFailure) -> ScriptExpression {
        if take("!") {
            return .not(try nested { parser throws(ScriptFailure) in try parser.unary() })
        }
        if take("-") {
            return .negative(try nested { parser throws(ScriptFailure) in try parser.unary() })
        }
        // A cast says nothing here: values know what they are.
        if isNext("("), isNext(")", ahead: 2), place + 1 < words.count,
            case .name(let type) = words[place + 1], Self.types.contains(type)
        {
            place += 3
            return try nested { parser throws(ScriptFailure) in try parser.unary() }
        }
        return try postfix()
    }

    private mutating func postfix() throws(ScriptFailure) -> ScriptExpression {
        var base = try primary()
        while true {
            if isNext(".") || isNext("?.") {
                let isOptional = isNext("?.")
                place += 1
                let name = try name()
                if isNext("(") {
                    base = .call(base, name, try arguments("(", ")"))
                } else {
                    base = .member(base, name, isOptional: isOptional)
                }
            } else if take("[") {
                base = .element(base, try expression())
                try expect("]")
            } else {
                return base
            }
        }
    }

    private mutating func arguments(
        _ open: String, _ close: String
    ) throws(ScriptFailure) -> [ScriptExpression] {
        try expect(open)
        var values: [ScriptExpression] = []
        while !take(close) {
            if !values.isEmpty { try expect(",") }
            if place + 1 < words.count, case .name(let name) = words[place],
                isNext("->", ahead: 1)
            {
                place += 2
                values.append(.lambda(name, try expression()))
            } else {
                values.append(try expression())
            }
        }
        return values
    }

    private mutating func primary() throws(ScriptFailure) -> ScriptExpression {
        guard place < words.count else { throw unexpected }
        switch words[place] {
        case .number(let number):
            place += 1
            return .value(.number(number))
        case .text(let text):
            place += 1
            return .value(.string(text))
        case .name("true"), .name("false"):
            defer { place += 1 }
            return .value(.bool(words[place] == .name("true")))
        case .name("null"):
            place += 1
            return .value(.null)
        case .name("new"):
            place += 1
            let type = try name()
            let given = try arguments("(", ")")
            if given.count == 1 { return given[0] }
            return .value(type.hasSuffix("Map") ? .object([:]) : .array([]))
        case .name(let name):
            place += 1
            return .name(name)
        case .symbol("("):
            place += 1
            let inner = try expression()
            try expect(")")
            return inner
        case .symbol("["):
            return try nested { parser throws(ScriptFailure) in try parser.literal() }
        default: throw unexpected
        }
    }

    /// `[a, b]` or `[key: value]`.
    private mutating func literal() throws(ScriptFailure) -> ScriptExpression {
        try expect("[")
        if take(":") {
            try expect("]")
            return .map([])
        }
        var list: [ScriptExpression] = []
        var map: [(ScriptExpression, ScriptExpression)] = []
        while !take("]") {
            if !list.isEmpty || !map.isEmpty { try expect(",") }
            let first = try expression()
            if take(":") { map.append((first, try expression())) } else { list.append(first) }
        }
        guard list.isEmpty || map.isEmpty else { throw unexpected }
        return map.isEmpty ? .list(list) : .map(map)
    }
}
