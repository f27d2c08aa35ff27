/// Numbers as text, in the way and with the words of the Elasticsearch API.
enum NumberText {
    static func string(_ text: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        for index in text.indices { bytes.append(text[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The integer that the text is, or nil when it is none of 64 bits.
    static func int64(_ text: Span<UInt8>) -> Int64? {
        var index = 0
        let count = text.count
        let isNegative = count > 0 && text[0] == UInt8(ascii: "-")
        if count > 0, isNegative || text[0] == UInt8(ascii: "+") { index = 1 }
        guard index < count, count - index <= 19 else { return nil }
        var magnitude: UInt64 = 0
        while index < count {
            let digit = text[index] &- 48
            guard digit < 10 else { return nil }
            magnitude = magnitude &* 10 &+ UInt64(digit)
            index &+= 1
        }
        if isNegative {
            return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }

    /// The nearest double, infinite beyond their range; nil when the text is no number.
    static func double(_ text: Span<UInt8>) -> Double? {
        shortDecimal(text) ?? double(string(text))
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    /// At most 15 digits: both their integer and the power of ten are exact doubles, so that one
    /// division rounds once, and rightly.
    private static func shortDecimal(_ text: Span<UInt8>) -> Double? {
        var index = 0
        let count = text.count
        let isNegative = count > 0 && text[0] == UInt8(ascii: "-")
        if isNegative { index = 1 }
        guard count > index, count - index <= 16 else { return nil }
        var digits: UInt64 = 0
        var digitCount = 0
        var point: Int?
        while index < count {
            let byte = text[index]
            if byte == UInt8(ascii: "."), point == nil {
                point = digitCount
            } else {
                guard byte &- 48 < 10 else { return nil }
                digits = digits &* 10 &+ UInt64(byte &- 48)
                digitCount += 1
            }
            index &+= 1
        }
        guard digitCount > 0, digitCount <= 15 else { return nil }
        let value = Double(digits) / powersOfTen[digitCount - (point ?? digitCount)]
        return isNegative ? -value : value
    }

    static func double(_ text: String) -> Double? {
        let plain = text.utf8.allSatisfy { byte in
            (byte >= 48 && byte <= 57) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: "-") || byte | 32 == UInt8(ascii: "e")
        }
        if plain { return Double(text) }
        switch text {
        case "NaN": return .nan
        case "Infinity", "+Infinity": return .infinity
        case "-Infinity": return -.infinity
        default:
            // Java takes white space around a number.
            let trimmed = text.drop { $0 == " " }
            guard trimmed.count < text.count || text.last == " " else { return nil }
            var rest = String(trimmed)
            while rest.last == " " { rest.removeLast() }
            return rest == text ? nil : double(rest)
        }
    }

    /// As Java prints a double: `1.0`, `1.5E10`.
    static func java(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        let magnitude = abs(value)
        if magnitude == 0 || (magnitude >= 1e-3 && magnitude < 1e7) { return "\(value)" }
        // Swift prints 1e+16 and 123456789.0 where Java prints 1.0E16 and 1.23456789E8.
        var digits: [UInt8] = []
        var exponent = 0
        var point: Int?
        var mantissa = "\(magnitude)"
        if let e = mantissa.firstIndex(of: "e") {
            exponent = Int(mantissa[mantissa.index(after: e)...]) ?? 0
            mantissa = String(mantissa[..<e])
        }
        for byte in mantissa.utf8 {
            if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte) }
        }
        exponent += (point ?? digits.count) - 1
        while digits.first == 48, digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == 48, digits.count > 1 { digits.removeLast() }
        let fraction = digits.count > 1 ? String(decoding: digits[1...], as: UTF8.self) : "0"
        let head = String(decoding: digits[..<1], as: UTF8.self)
        return "\(value < 0 ? "-" : "")\(head).\(fraction)E\(exponent)"
    }
}
