/// The lines of a text file with their numbers, so that every complaint can name one.
struct TextLines {
    struct Line {
        /// From 1.
        let number: Int
        let text: String

        /// The columns between runs of spaces and tabs.
        var columns: [Substring] {
            text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        }
    }

    let lines: [Line]

    /// Blank lines are left out; their numbers still count.
    init(_ bytes: [UInt8], file: String) throws(EvalError) {
        var lines: [Line] = []
        var number = 0
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while start < bytes.count {
            number += 1
            var end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.endIndex
            let next = end + 1
            if end > start, bytes[end - 1] == 0x0D { end -= 1 }
            let blank = bytes[start..<end].allSatisfy { $0 == 0x20 || $0 == 0x09 }
            if !blank {
                guard let text = String(validating: bytes[start..<end], as: UTF8.self) else {
                    throw EvalError(.malformed("is not UTF-8"), file: file, line: number)
                }
                lines.append(Line(number: number, text: text))
            }
            start = next
        }
        self.lines = lines
    }
}

extension StringProtocol {
    /// Whether this string stands before another in the order of their bytes, as trec_eval sorts.
    func precedesInBytes(_ other: some StringProtocol) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }

    var trimmed: String {
        let blank: (Character) -> Bool = { $0.isWhitespace }
        var rest = self[...]
        while let first = rest.first, blank(first) { rest = rest.dropFirst() }
        while let last = rest.last, blank(last) { rest = rest.dropLast() }
        return String(rest)
    }
}

/// A number with a fixed count of digits after the point, the same on every machine.
package func fixed(_ value: Double, _ places: Int, sign: Bool = false) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : (value < 0 ? "-inf" : "inf") }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded(.toNearestOrEven)
    guard scaled < 9e18 else { return "\(value)" }
    let digits = UInt64(scaled)
    let unit = UInt64(scale)
    var text = String(digits / unit)
    if places > 0 {
        let fraction = String(digits % unit)
        text += "." + String(repeating: "0", count: places - fraction.count) + fraction
    }
    if value < 0, digits > 0 { return "-" + text }
    return sign ? "+" + text : text
}
