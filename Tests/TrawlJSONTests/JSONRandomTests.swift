internal import Testing
internal import TrawlJSON
internal import TrawlTestKit

@Suite("JSON, random", .randomized(rounds: 20))
struct JSONRandomTests {
    @Test("any value written and read is the same value, and its text stays the same bytes")
    func roundTrip() throws {
        var random = RandomContext.generator()
        let value = Generators.json(depth: 6, using: &random)
        let text = value.serialized()
        #expect(try JSONValue.parse(text) == value)
        #expect(try JSONValue.parse(text).serialized() == text)
        #expect(try JSONValue.parse(value.serialized(pretty: true)) == value)
    }

    @Test("any number comes back byte for byte, and its double is the nearest one")
    func numbers() throws {
        var random = RandomContext.generator()
        for _ in 0..<50 {
            let literal = Generators.number(using: &random)
            let value = try JSONValue.parse("[\(literal)]")
            #expect(value.description == "[\(literal)]")
            #expect(value[0]?.doubleValue == Double(literal))
            #expect(value[0]?.intValue == Int(literal))
        }
    }

    @Test("the parser agrees with the plain one on text with random damage")
    func damage() throws {
        var random = RandomContext.generator()
        for _ in 0..<20 {
            var text = Generators.json(depth: 3, using: &random).serialized()
            for _ in 0..<Int.random(in: 0...2, using: &random) where !text.isEmpty {
                let place = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text[place] = UInt8.random(in: 0...255, using: &random)
                case 1: text.remove(at: place)
                default:
                    text.insert(
                        Array("{}[],:\"\\u0".utf8).randomElement(using: &random)!, at: place)
                }
            }
            let isJSON = PlainJSON.accepts(text)
            let parsed = try? JSONValue.parse(text, duplicates: .allowed)
            #expect((parsed != nil) == isJSON, "\(String(decoding: text, as: UTF8.self))")
            if let parsed { #expect(try JSONSlice(parsing: parsed.serialized()).value() == parsed) }
        }
    }
}

/// Says whether bytes are JSON, by the grammar, one function a rule, on decoded scalars.
struct PlainJSON {
    private var rest: ArraySlice<UnicodeScalar>

    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        var scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{feff}" { scalars.removeFirst() }
        var plain = PlainJSON(rest: scalars[...])
        return plain.value() && plain.rest.isEmpty
    }

    private mutating func space() {
        while let next = rest.first, " \t\r\n".unicodeScalars.contains(next) { rest.removeFirst() }
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest.removeFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func value() -> Bool {
        space()
        defer { space() }
        switch rest.first {
        case "{": return list("{", "}") { $0.member() }
        case "[": return list("[", "]") { $0.value() }
        case "\"": return string()
        case "t": return take("true")
        case "f": return take("false")
        case "n": return take("null")
        default: return number()
        }
    }

    private mutating func list(
        _ open: String, _ close: String, _ item: (inout PlainJSON) -> Bool
    ) -> Bool {
        guard take(open) else { return false }
        space()
        if take(close) { return true }
        repeat { if !item(&self) { return false } } while take(",")
        return take(close)
    }

    private mutating func member() -> Bool {
        space()
        guard string() else { return false }
        space()
        return take(":") && value()
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let next = rest.popFirst() {
            if next == "\"" { return true }
            if next.value < 0x20 { return false }
            guard next == "\\" else { continue }
            guard let letter = rest.popFirst() else { return false }
            if letter == "u" {
                guard let unit = unit() else { return false }
                if (0xdc00...0xdfff).contains(unit) { return false }
                if (0xd800...0xdbff).contains(unit) {
                    guard take("\\u"), let low = self.unit(), (0xdc00...0xdfff).contains(low)
                    else { return false }
                }
            } else if !"\"\\/bfnrt".unicodeScalars.contains(letter) {
                return false
            }
        }
        return false
    }

    private mutating func unit() -> Int? {
        guard rest.count >= 4 else { return nil }
        var text = ""
        for _ in 0..<4 { text.unicodeScalars.append(rest.removeFirst()) }
        guard text.unicodeScalars.allSatisfy({ $0.properties.isASCIIHexDigit }) else { return nil }
        return Int(text, radix: 16)
    }

    private mutating func digits() -> Int {
        var count = 0
        while let next = rest.first, ("0"..."9").contains(next) {
            rest.removeFirst()
            count += 1
        }
        return count
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if take("0") {
            if let next = rest.first, ("0"..."9").contains(next) { return false }
        } else if digits() == 0 {
            return false
        }
        if take("."), digits() == 0 { return false }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            if digits() == 0 { return false }
        }
        return true
    }
}
