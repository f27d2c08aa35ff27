/// Dates as queries say them: `now-1d/d`, `2014-11-18||/M`, or just a date.
package struct DateMath: Sendable {
    package var format: DateFormat
    /// Of dates that name none, and of roundings.
    package var zone: Zone
    package var now: Instant

    package init(format: DateFormat, zone: Zone = .utc, now: Instant) {
        self.format = format
        self.zone = zone
        self.now = now
    }

    /// - Parameter roundUp: Whether a rounding, or what a date leaves open, means the last
    ///   millisecond of its unit rather than the first.
    package func instant(_ text: String, roundUp: Bool) throws(SchemaError) -> Instant {
        if text.hasPrefix("now") {
            return try evaluate(String(text.dropFirst(3)), from: now, roundUp: roundUp)
        }
        guard let bars = DateMath.bars(in: text) else {
            return try absolute(text, roundUp: roundUp)
        }
        let start = try absolute(String(text[..<bars]), roundUp: false)
        let math = text[bars...].dropFirst(2)
        return try evaluate(String(math), from: start, roundUp: roundUp)
    }

    /// Whether the value depends on the clock, and so must not be cached.
    package static func mentionsNow(_ text: String) -> Bool { text.hasPrefix("now") }

    private static func bars(in text: String) -> String.Index? {
        var previous: String.Index?
        for index in text.utf8.indices {
            if text.utf8[index] == UInt8(ascii: "|") {
                if let previous { return previous }
                previous = index
            } else {
                previous = nil
            }
        }
        return nil
    }

    private func absolute(_ text: String, roundUp: Bool) throws(SchemaError) -> Instant {
        guard !text.isEmpty else { throw .parsing("cannot parse empty datetime") }
        if let instant = format.instant(text, zone: zone, roundUp: roundUp) { return instant }
        let cause = format.cause(of: text)
        throw SchemaError(
            type: "parse_exception",
            reason: "failed to parse date field [\(text)] with format [\(format.pattern)]: "
                + "[\(cause.reason)]",
            causes: [
                .init(
                    type: "illegal_argument_exception",
                    reason: "failed to parse date field [\(text)] with format "
                        + "[\(format.pattern)]"),
                cause,
            ])
    }

    private func evaluate(
        _ math: String, from start: Instant, roundUp: Bool
    ) throws(SchemaError) -> Instant {
        var time = LocalTime(start, in: zone)
        var instant = start
        let bytes = Array(math.utf8)
        var at = 0
        while at < bytes.count {
            let isRound = bytes[at] == UInt8(ascii: "/")
            let sign: Int
            switch bytes[at] {
            case UInt8(ascii: "/"), UInt8(ascii: "+"): sign = 1
            case UInt8(ascii: "-"): sign = -1
            default: throw .parsing("operator not supported for date math [\(math)]")
            }
            at += 1
            guard at < bytes.count else { throw .parsing("truncated date math [\(math)]") }
            var count = 1
            if bytes[at] >= 48, bytes[at] <= 57 {
                count = 0
                while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 {
                    count = count * 10 + Int(bytes[at]) - 48
                    guard count <= Int(Int32.max) else {
                        throw .numberFormat(math)
                    }
                    at += 1
                }
                guard at < bytes.count else { throw .parsing("truncated date math [\(math)]") }
            }
            if isRound, count != 1 {
                throw .parsing("rounding `/` can only be used on single unit types [\(math)]")
            }
            let unit = bytes[at]
            at += 1
            if let step = Self.clockSeconds(unit) {
                instant =
                    isRound
                    ? rounded(instant, to: step, up: roundUp)
                    : Instant(
                        seconds: instant.seconds + sign * count * step, nanos: instant.nanos)
            } else if isRound {
                instant = try round(time, unit, up: roundUp, math).instant(in: zone)
            } else {
                instant = try add(time, sign * count, unit, math).instant(in: zone)
            }
            if isRound, roundUp {
                instant =
                    instant.nanos >= 1_000_000
                    ? Instant(seconds: instant.seconds, nanos: instant.nanos - 1_000_000)
                    : Instant(
                        seconds: instant.seconds - 1, nanos: instant.nanos + 999_000_000)
            }
            time = LocalTime(instant, in: zone)
            let years = CivilTime.date(days: time.days).year
            guard abs(years) < 1_000_000_000 else {
                throw .parsing("date math leaves the range of dates [\(math)]")
            }
        }
        return instant
    }

    private func unsupported(_ unit: UInt8, _ math: String) -> SchemaError {
        let name = Character(Unicode.Scalar(unit))
        return .parsing("unit [\(name)] not supported for date math [\(math)]")
    }

    /// Hours and less are counted on the clock of the universe, not of the zone: where clocks go
    /// back, an hour is shown twice, and each is an hour.
    private static func clockSeconds(_ unit: UInt8) -> Int? {
        switch unit {
        case UInt8(ascii: "h"), UInt8(ascii: "H"): 3_600
        case UInt8(ascii: "m"): 60
        case UInt8(ascii: "s"): 1
        default: nil
        }
    }

    private func rounded(_ instant: Instant, to step: Int, up: Bool) -> Instant {
        let offset = zone.offset(at: instant.seconds)
        let start = CivilTime.floorDivide(instant.seconds + offset, step) * step - offset
        return Instant(seconds: up ? start + step : start, nanos: 0)
    }

    private func add(
        _ time: LocalTime, _ count: Int, _ unit: UInt8, _ math: String
    ) throws(SchemaError) -> LocalTime {
        switch unit {
        case UInt8(ascii: "y"): return time.adding(months: 12 * count)
        case UInt8(ascii: "M"): return time.adding(months: count)
        case UInt8(ascii: "w"), UInt8(ascii: "d"):
            var result = time
            result.days += count * (unit == UInt8(ascii: "w") ? 7 : 1)
            return result
        default:
            throw unsupported(unit, math)
        }
    }

    /// To the beginning of the unit, or of the next one.
    private func round(
        _ time: LocalTime, _ unit: UInt8, up: Bool, _ math: String
    ) throws(SchemaError) -> LocalTime {
        var result = time
        result.nanos = 0
        let date = CivilTime.date(days: time.days)
        switch unit {
        case UInt8(ascii: "y"), UInt8(ascii: "M"):
            let isYear = unit == UInt8(ascii: "y")
            result.secondOfDay = 0
            result.days = CivilTime.days(
                year: date.year, month: isYear ? 1 : date.month, day: 1)
            return up ? result.adding(months: isYear ? 12 : 1) : result
        case UInt8(ascii: "w"):
            result.secondOfDay = 0
            result.days -= CivilTime.weekday(days: time.days) - 1
            if up { result.days += 7 }
        case UInt8(ascii: "d"):
            result.secondOfDay = 0
            if up { result.days += 1 }
        default:
            throw unsupported(unit, math)
        }
        return result
    }
}
