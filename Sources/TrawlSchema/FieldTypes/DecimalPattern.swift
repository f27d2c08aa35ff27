/// A pattern of Java's DecimalFormat, such as `#,##0.00`: what `format` means for numbers.
package struct DecimalPattern: Sendable, Equatable {
    package let pattern: String
    private var prefix = ""
    private var suffix = ""
    private var minimumInteger = 0
    private var minimumFraction = 0
    private var maximumFraction = 0
    private var groupSize = 0
    private var multiplier = 1.0

    package init(_ pattern: String) throws(SchemaError) {
        self.pattern = pattern
        var positive = pattern
        if let semicolon = pattern.firstIndex(of: ";") { positive = String(pattern[..<semicolon]) }
        var phase = 0
        var group: Int?
        for character in positive {
            switch character {
            case "#", "0", ",", ".":
                guard phase < 3 else { throw DecimalPattern.malformed(pattern) }
                if phase == 0 { phase = 1 }
                switch (character, phase) {
                case (".", 1): phase = 2
                case (".", _): throw DecimalPattern.malformed(pattern)
                case (",", 1): group = 0
                case (",", _): throw DecimalPattern.malformed(pattern)
                case ("0", 1):
                    minimumInteger += 1
                    group = group.map { $0 + 1 }
                case ("#", 1): group = group.map { $0 + 1 }
                case ("0", _):
                    minimumFraction += 1
                    maximumFraction += 1
                default: maximumFraction += 1
                }
            case "'": continue
            default:
                if character == "%" { multiplier = 100 }
                if phase == 0 {
                    prefix.append(character)
                } else {
                    phase = 3
                    suffix.append(character)
                }
            }
        }
        groupSize = group ?? 0
    }

    private static func malformed(_ pattern: String) -> SchemaError {
        .illegalArgument("Malformed pattern \"\(pattern)\"")
    }

    package func string(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-∞" : "∞" }
        let digits = min(maximumFraction, 17)
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(value) * multiplier * scale).rounded(.toNearestOrEven)
        guard scaled < 9e18 else { return prefix + "\(value)" + suffix }
        var text = String(Int64(scaled))
        while text.utf8.count <= digits { text = "0" + text }
        var whole = Array(text.utf8.dropLast(digits))
        var fraction = Array(text.utf8.suffix(digits))
        while fraction.count > minimumFraction, fraction.last == 48 { fraction.removeLast() }
        while whole.count > minimumInteger, whole.first == 48, whole.count + fraction.count > 1 {
            whole.removeFirst()
        }
        while whole.count < minimumInteger { whole.insert(48, at: 0) }
        var grouped: [UInt8] = []
        for (index, digit) in whole.enumerated() {
            if index > 0, groupSize > 0, (whole.count - index) % groupSize == 0 {
                grouped.append(UInt8(ascii: ","))
            }
            grouped.append(digit)
        }
        if !fraction.isEmpty { grouped += [UInt8(ascii: ".")] + fraction }
        let isNegative = value < 0 && scaled != 0
        return (isNegative ? "-" : "") + prefix + String(decoding: grouped, as: UTF8.self)
            + suffix
    }
}
