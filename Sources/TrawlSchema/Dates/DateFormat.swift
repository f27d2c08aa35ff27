/// How dates of a field are read and written: names of built-in formats and patterns of
/// java.time, tried in turn, with `||` between them. The first one writes.
package struct DateFormat: Sendable, Equatable {
    private enum Part: Sendable {
        case epochMillis
        case epochSeconds
        /// The format that nearly all dates have: read by hand, the pattern for the rest.
        case strictOptionalTime(DatePattern)
        case pattern(DatePattern)
    }

    /// As it was given.
    package let pattern: String
    private let parts: [Part]
    private let takesFullTimestamps: Bool

    package static func == (left: Self, right: Self) -> Bool { left.pattern == right.pattern }

    package static let `default` = DateFormat(builtIn: "strict_date_optional_time||epoch_millis")
    package static let dynamicSlashed = DateFormat(
        builtIn: "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis")

    private init(builtIn pattern: String) {
        do {
            self = try DateFormat(pattern)
        } catch {
            preconditionFailure("a format of our own does not compile: \(error)")
        }
    }

    package init(_ pattern: String) throws(SchemaError) {
        guard pattern.contains(where: { !$0.isWhitespace }) else {
            throw .illegalArgument("No date pattern provided")
        }
        var parts: [Part] = []
        for name in DateFormat.split(pattern) {
            do {
                parts.append(try DateFormat.part(name))
            } catch {
                throw .illegalArgument("Invalid format: [\(name)]: \(error.reason)")
            }
        }
        self.pattern = pattern
        self.parts = parts
        if case .strictOptionalTime = parts[0] {
            takesFullTimestamps = true
        } else {
            takesFullTimestamps = false
        }
    }

    private static func split(_ pattern: String) -> [String] {
        var names: [String] = []
        var current: [UInt8] = []
        var bytes = Array(pattern.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "|"), bytes.first == byte {
                bytes = bytes.dropFirst()
                names.append(String(decoding: current, as: UTF8.self))
                current = []
            } else {
                current.append(byte)
            }
        }
        names.append(String(decoding: current, as: UTF8.self))
        return names.filter { !$0.isEmpty }
    }

    private static func part(_ name: String) throws(DatePattern.Malformed) -> Part {
        var name = name
        // `8yyyy` asked old versions for java.time, which is all there is here.
        if name.hasPrefix("8") { name.removeFirst() }
        switch name {
        case "epoch_millis", "epochMillis": return .epochMillis
        case "epoch_second", "epochSecond": return .epochSeconds
        default: break
        }
        if let builtIn = DateFormatNames.pattern(of: name) {
            let compiled = try DatePattern(builtIn, allowsOwnLetters: true)
            return name == "strict_date_optional_time" || name == "strictDateOptionalTime"
                || name == "strict_date_optional_time_nanos"
                ? .strictOptionalTime(compiled) : .pattern(compiled)
        }
        return .pattern(try DatePattern(name))
    }

    /// The point in time that a text means, or nil when no part of the format fits it.
    package func instant(
        _ text: Span<UInt8>, zone: Zone = .utc, roundUp: Bool = false
    ) -> Instant? {
        if takesFullTimestamps, let found = FullTimestamp.instant(text) { return found }
        for part in parts {
            let found: Instant? =
                switch part {
                case .epochMillis: EpochText.instant(text, unitsPerSecond: 1_000)
                case .epochSeconds: EpochText.instant(text, unitsPerSecond: 1)
                case .strictOptionalTime(let pattern):
                    pattern.read(text)?.instant(defaultZone: zone, roundUp: roundUp)
                case .pattern(let pattern):
                    pattern.read(text)?.instant(defaultZone: zone, roundUp: roundUp)
                }
            if let found { return found }
        }
        return nil
    }

    package func instant(_ text: String, zone: Zone = .utc, roundUp: Bool = false) -> Instant? {
        let bytes = Array(text.utf8)
        return instant(bytes.span, zone: zone, roundUp: roundUp)
    }

    package func string(_ instant: Instant, zone: Zone = .utc) -> String {
        switch parts[0] {
        case .epochMillis: String(instant.epochMillis ?? 0)
        case .epochSeconds:
            instant.nanos == 0
                ? String(instant.seconds) : EpochText.string(instant)
        case .strictOptionalTime(let pattern), .pattern(let pattern):
            pattern.write(instant, in: zone)
        }
    }

    /// Why no part fits, as java.time says it.
    package func cause(of text: String) -> SchemaError.Cause {
        SchemaError.Cause(
            type: "date_time_parse_exception",
            reason: parts.count > 1
                ? "Failed to parse with all enclosed parsers"
                : "Text '\(text)' could not be parsed at index 0")
    }
}

/// Seconds or milliseconds since 1970 as a decimal number.
private enum EpochText {
    static func instant(_ text: Span<UInt8>, unitsPerSecond: Int) -> Instant? {
        var at = 0
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if isNegative { at = 1 }
        let start = at
        var whole = 0
        while at < text.count, text[at] >= 48, text[at] <= 57 {
            let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
            let (sum, overflowToo) = product.addingReportingOverflow(Int(text[at]) - 48)
            if overflow || overflowToo { return nil }
            whole = sum
            at += 1
        }
        if at == start { return nil }
        var fraction = 0
        var scale = 1_000_000_000 / unitsPerSecond
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            while at < text.count, text[at] >= 48, text[at] <= 57 {
                scale /= 10
                fraction += (Int(text[at]) - 48) * scale
                at += 1
            }
        }
        guard at == text.count else { return nil }
        let seconds = whole / unitsPerSecond
        let nanos = whole % unitsPerSecond * (1_000_000_000 / unitsPerSecond) + fraction
        if !isNegative { return Instant(seconds: seconds, nanos: nanos) }
        return nanos == 0
            ? Instant(seconds: -seconds)
            : Instant(seconds: -seconds - 1, nanos: 1_000_000_000 - nanos)
    }

    static func string(_ instant: Instant) -> String {
        var seconds = instant.seconds
        var nanos = instant.nanos
        let isNegative = seconds < 0
        if isNegative {
            seconds = -seconds - 1
            nanos = 1_000_000_000 - nanos
        }
        var digits = String(nanos)
        while digits.utf8.count < 9 { digits = "0" + digits }
        while digits.hasSuffix("0") { digits.removeLast() }
        return (isNegative ? "-" : "") + "\(seconds).\(digits)"
    }
}

/// `2014-11-18T14:27:32Z`, with a fraction or an offset if need be.
private enum FullTimestamp {
    static func instant(_ text: Span<UInt8>) -> Instant? {
        guard text.count >= 20, text[4] == 45, text[7] == 45, text[10] == UInt8(ascii: "T"),
            text[13] == 58, text[16] == 58,
            let century = two(text, 0), let yearOfCentury = two(text, 2),
            let month = two(text, 5), let day = two(text, 8), let hour = two(text, 11),
            let minute = two(text, 14), let second = two(text, 17)
        else { return nil }
        let year = century * 100 + yearOfCentury
        guard month >= 1, month <= 12, day >= 1, hour < 24, minute < 60, second < 60,
            day <= CivilTime.dayCount(year: year, month: month)
        else { return nil }
        var at = 19
        var nanos = 0
        if text[at] == UInt8(ascii: ".") {
            at += 1
            var scale = 100_000_000
            while at < text.count, text[at] >= 48, text[at] <= 57, scale > 0 {
                nanos += (Int(text[at]) - 48) * scale
                scale /= 10
                at += 1
            }
            if at == 20 { return nil }
        }
        var offset = 0
        guard at < text.count else { return nil }
        if text[at] == UInt8(ascii: "Z"), at + 1 == text.count {
            at += 1
        } else if text.count == at + 6, text[at + 3] == 58, let hours = two(text, at + 1),
            let minutes = two(text, at + 4), hours <= 18, minutes < 60,
            text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-")
        {
            offset = (hours * 60 + minutes) * 60
            if text[at] == UInt8(ascii: "-") { offset = -offset }
        } else {
            return nil
        }
        let days = CivilTime.days(year: year, month: month, day: day)
        return Instant(
            seconds: days * 86_400 + hour * 3_600 + minute * 60 + second - offset, nanos: nanos)
    }

    private static func two(_ text: Span<UInt8>, _ at: Int) -> Int? {
        let high = text[at] &- 48
        let low = text[at + 1] &- 48
        return high < 10 && low < 10 ? Int(high) * 10 + Int(low) : nil
    }
}
