internal import TrawlJSON
internal import TrawlSchema

/// What values are to an aggregation, whatever the type of their field.
///
/// Numbers are carried as keys: 64-bit integers whose order is the order of the numbers. Dates
/// are milliseconds since 1970, booleans 0 and 1.
enum ValueKind: Sendable, Equatable, Codable {
    case long, unsigned, double, boolean, date
    case text, ip

    var isNumber: Bool {
        switch self {
        case .text, .ip: false
        default: true
        }
    }

    @inline(__always)
    func double(of key: Int64) -> Double {
        switch self {
        case .long, .boolean, .date, .text, .ip: Double(key)
        case .unsigned: Double(SortableNumber.decodeUnsigned(key))
        case .double: SortableNumber.decodeDouble(key)
        }
    }

    func key(of double: Double) -> Int64 {
        switch self {
        case .double: SortableNumber.encode(double)
        case .unsigned: SortableNumber.encode(unsigned: UInt64(max(0, min(double, 1.8e19))))
        default: Int64(max(-9.2e18, min(double, 9.2e18)))
        }
    }
}

/// How the numbers of a column become keys.
enum NumberDecoding: Sendable {
    /// They are keys already.
    case same
    case float
    /// Nanoseconds to milliseconds.
    case nanos
    case other(any FieldType)

    @inline(__always)
    func key(_ number: Int64) -> Int64 {
        switch self {
        case .same: number
        case .float: SortableNumber.encode(Double(SortableNumber.decodeFloat(number)))
        case .nanos:
            number >= 0 ? number / 1_000_000 : -((999_999 - number) / 1_000_000)
        case .other(let type): SortableNumber.encode(type.double(of: number))
        }
    }
}

/// How values are shown besides as they are.
enum ValueDisplay: Sendable, Equatable, Codable {
    case raw
    case date(DateFormat, Zone)
    case decimal(DecimalPattern)
    case boolean

    /// Nil when the value shows itself.
    func text(_ value: Double) -> String? {
        switch self {
        case .raw: nil
        case .date(let format, let zone):
            value.isFinite
                ? format.string(Instant(epochMillis: ValueKind.date.key(of: value)), zone: zone)
                : JavaNumber.text(value)
        case .decimal(let pattern): pattern.string(value)
        case .boolean: value != 0 ? "true" : "false"
        }
    }

    func text(key: Int64, _ kind: ValueKind) -> String? {
        if case .date(let format, let zone) = self {
            return format.string(Instant(epochMillis: key), zone: zone)
        }
        return text(kind.double(of: key))
    }
}

/// Numbers as Java writes them, where they become text.
enum JavaNumber {
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        let magnitude = value.magnitude
        if magnitude == 0 || (magnitude >= 1e-3 && magnitude < 1e7) { return plain(value) }
        var text = value.description
        guard let e = text.firstIndex(of: "e") else { return scientific(value) }
        var mantissa = String(text[..<e])
        if !mantissa.contains(".") { mantissa += ".0" }
        text = String(text[text.index(after: e)...])
        if text.hasPrefix("+") { text.removeFirst() }
        return mantissa + "E" + String(Int(text) ?? 0)
    }

    private static func plain(_ value: Double) -> String {
        let text = value.description
        guard text.contains("e") else { return text }
        return DecimalText.expand(text)
    }

    /// `12345678.9` as `1.23456789E7`.
    private static func scientific(_ value: Double) -> String {
        let text = value.magnitude.description
        let digits = text.filter { $0 != "." }
        let point = text.firstIndex(of: ".").map { text.distance(from: text.startIndex, to: $0) }
        let significant = digits.drop { $0 == "0" }
        let leading = digits.count - significant.count
        let exponent = (point ?? digits.count) - leading - 1
        var tail = String(significant.dropFirst())
        while tail.last == "0" { tail.removeLast() }
        let head = significant.first.map(String.init) ?? "0"
        return (value < 0 ? "-" : "") + head + "." + (tail.isEmpty ? "0" : tail) + "E\(exponent)"
    }
}

/// `1e-03` written out.
private enum DecimalText {
    static func expand(_ text: String) -> String {
        guard let e = text.firstIndex(of: "e"),
            let exponent = Int(text[text.index(after: e)...]), exponent < 0
        else { return text }
        let isNegative = text.hasPrefix("-")
        let digits = text[..<e].filter { $0 != "." && $0 != "-" }
        return (isNegative ? "-" : "") + "0." + String(repeating: "0", count: -exponent - 1)
            + digits
    }
}

extension JSONValue {
    /// NaN and the infinities as the API writes them.
    init(number value: Double) {
        self = value.isFinite ? JSONValue(value) : .string(JavaNumber.text(value))
    }
}
