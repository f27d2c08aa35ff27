/// The script of a `bucket_script` or `bucket_selector`: arithmetic over named numbers.
///
///     ternary ::= or [ "?" ternary ":" ternary ]      or      ::= and { "||" and }
///     and     ::= equal { "&&" equal }                equal   ::= less { ("==" | "!=") less }
///     less    ::= sum { ("<" | "<=" | ">" | ">=") sum }
///     sum     ::= product { ("+" | "-") product }     product ::= unary { ("*" | "/" | "%") unary }
///     unary   ::= ("-" | "!" | "+") unary | primary
///     primary ::= number | "true" | "false" | "null" | name | "Math." name "(" args ")" | "(" ternary ")"
///
/// A name stands alone or behind `params.`. True is 1, false is 0.
package struct ArithmeticExpression: Sendable, Hashable, Codable {
    indirect enum Node: Sendable, Hashable, Codable {
        case number(Double)
        case name(String)
        case unary(String, Node)
        case binary(String, Node, Node)
        case choice(Node, Node, Node)
        case call(String, [Node])
    }

    package let text: String
    let root: Node

    package init(_ text: String) throws(QueryError) {
        self.text = text
        var parser = ArithmeticParser(text)
        root = try parser.parse()
    }

    /// Nil when a name is unknown.
    package func value(_ names: [String: Double]) -> Double? { Self.value(root, names) }

    private static func value(_ node: Node, _ names: [String: Double]) -> Double? {
        switch node {
        case .number(let number): return number
        case .name(let name): return names[name]
        case .unary(let sign, let inner):
            guard let inner = value(inner, names) else { return nil }
            return sign == "-" ? -inner : sign == "!" ? (inner == 0 ? 1 : 0) : inner
        case .choice(let test, let yes, let no):
            guard let test = value(test, names) else { return nil }
            return value(test != 0 ? yes : no, names)
        case .binary(let sign, let left, let right):
            guard let a = value(left, names) else { return nil }
            if sign == "&&", a == 0 { return 0 }
            if sign == "||", a != 0 { return 1 }
            guard let b = value(right, names) else { return nil }
            return apply(sign, a, b)
        case .call(let name, let arguments):
            var values: [Double] = []
            for argument in arguments {
                guard let value = value(argument, names) else { return nil }
                values.append(value)
            }
            return MathFunction.value(name, values)
        }
    }

    private static func apply(_ sign: String, _ a: Double, _ b: Double) -> Double {
        switch sign {
        case "+": a + b
        case "-": a - b
        case "*": a * b
        case "/": a / b
        case "%": a.truncatingRemainder(dividingBy: b)
        case "<": a < b ? 1 : 0
        case "<=": a <= b ? 1 : 0
        case ">": a > b ? 1 : 0
        case ">=": a >= b ? 1 : 0
        case "==": a == b ? 1 : 0
        case "!=": a != b ? 1 : 0
        default: b != 0 ? 1 : 0
        }
    }
}

private struct ArithmeticParser {
    private let text: String
    private let bytes: [UInt8]
    private var next = 0
    private var depth = 0

    private static let maxDepth = 200
    /// Loosest first.
    private static let levels: [[String]] = [
        ["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "%"],
    ]

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    private func failed(_ reason: String) -> QueryError {
        QueryError(type: "script_exception", reason: "compile error").caused(
            by: .illegalArgument("\(reason) in [\(text)]"))
    }

    mutating func parse() throws(QueryError) -> ArithmeticExpression.Node {
        skipSpace()
        if take("return ") { skipSpace() }
        let node = try ternary()
        _ = take(";")
        if next < bytes.count { throw failed("unexpected input at [\(next)]") }
        return node
    }

    private mutating func skipSpace() {
        while next < bytes.count,
            bytes[next] == 0x20 || bytes[next] == 0x0a || bytes[next] == 0x09
                || bytes[next] == 0x0d
        {
            next += 1
        }
    }

    private mutating func take(_ token: String) -> Bool {
        let wanted = Array(token.utf8)
        guard next + wanted.count <= bytes.count,
            bytes[next..<next + wanted.count].elementsEqual(wanted)
        else { return false }
        next += wanted.count
        skipSpace()
        return true
    }

    private mutating func ternary() throws(QueryError) -> ArithmeticExpression.Node {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maxDepth { throw failed("nested too deep") }
        let test = try level(0)
        guard take("?") else { return test }
        let yes = try ternary()
        guard take(":") else { throw failed("expected [:] at [\(next)]") }
        return .choice(test, yes, try ternary())
    }

    private mutating func level(_ number: Int) throws(QueryError) -> ArithmeticExpression.Node {
        guard number < Self.levels.count else { return try unary() }
        var left = try level(number + 1)
        scan: while true {
            for sign in Self.levels[number] where take(sign) {
                left = .binary(sign, left, try level(number + 1))
                continue scan
            }
            return left
        }
    }

    private mutating func unary() throws(QueryError) -> ArithmeticExpression.Node {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maxDepth { throw failed("nested too deep") }
        for sign in ["-", "!", "+"] where take(sign) { return .unary(sign, try unary()) }
        return try primary()
    }

    private mutating func primary() throws(QueryError) -> ArithmeticExpression.Node {
        if take("(") {
            let inner = try ternary()
            guard take(")") else { throw failed("expected [)] at [\(next)]") }
            return inner
        }
        guard next < bytes.count else { throw failed("unexpected end of script") }
        if bytes[next] == UInt8(ascii: ".") || (48...57).contains(bytes[next]) {
            return .number(try number())
        }
        let name = word()
        if name.isEmpty { throw failed("unexpected character at [\(next)]") }
        switch name {
        case "true": return .number(1)
        case "false": return .number(0)
        case "null": return .number(.nan)
        case "Math.PI": return .number(.pi)
        case "Math.E": return .number(2.718281828459045)
        default: break
        }
        if name.hasPrefix("Math."), take("(") {
            var arguments: [ArithmeticExpression.Node] = []
            if !take(")") {
                repeat { arguments.append(try ternary()) } while take(",")
                guard take(")") else { throw failed("expected [)] at [\(next)]") }
            }
            let function = String(name.dropFirst(5))
            guard MathFunction.arity[function] == arguments.count else {
                throw failed("unknown method [\(name)] with \(arguments.count) argument(s)")
            }
            return .call(function, arguments)
        }
        if name.hasPrefix("params.") { return .name(String(name.dropFirst(7))) }
        return .name(name)
    }

    private mutating func number() throws(QueryError) -> Double {
        let start = next
        while next < bytes.count {
            let byte = bytes[next]
            let isExponentSign =
                (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")) && next > start
                && bytes[next - 1] | 0x20 == UInt8(ascii: "e")
            guard
                (48...57).contains(byte) || byte == UInt8(ascii: ".")
                    || byte | 0x20 == UInt8(ascii: "e") || isExponentSign
            else { break }
            next += 1
        }
        let literal = String(decoding: bytes[start..<next], as: UTF8.self)
        // `1.0f`, `2L`
        if next < bytes.count, "fFdDlL".utf8.contains(bytes[next]) { next += 1 }
        skipSpace()
        guard let value = Double(literal) else { throw failed("bad number [\(literal)]") }
        return value
    }

    private mutating func word() -> String {
        let start = next
        while next < bytes.count {
            let byte = bytes[next]
            let isPart =
                (97...122).contains(byte | 0x20) || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: ".") || byte >= 0x80
                || (next > start && (48...57).contains(byte))
            guard isPart else { break }
            next += 1
        }
        let word = String(decoding: bytes[start..<next], as: UTF8.self)
        skipSpace()
        return word
    }
}
