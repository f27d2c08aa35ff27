extension DatePattern {
    func write(_ instant: Instant, in zone: Zone) -> String {
        let writer = DateFieldWriter(instant: instant, zone: zone)
        var out: [UInt8] = []
        writer.write(elements, into: &out)
        return String(decoding: out, as: UTF8.self)
    }
}

/// The fields of one point in time in one zone, as text.
private struct DateFieldWriter {
    var instant: Instant
    var zone: Zone
    var local: LocalTime
    var date: (year: Int, month: Int, day: Int)

    init(instant: Instant, zone: Zone) {
        self.instant = instant
        self.zone = zone
        local = LocalTime(instant, in: zone)
        date = CivilTime.date(days: local.days)
    }

    func write(_ elements: [DatePattern.Element], into out: inout [UInt8]) {
        for element in elements {
            switch element {
            case .literal(let bytes): out.append(contentsOf: bytes)
            case .number(let field, let digits):
                let value = value(of: field)
                let isYear = field == .year || field == .weekYear
                if value < 0 { out.append(UInt8(ascii: "-")) }
                let text = String(abs(value))
                if isYear, value > 0, text.utf8.count > max(4, digits.lowerBound) {
                    out.append(UInt8(ascii: "+"))
                }
                pad(text, to: digits.lowerBound, into: &out)
            case .twoDigitYear: pad(String(abs(date.year % 100)), to: 2, into: &out)
            case .fraction(_, let written):
                var digits = Array(String(local.nanos).utf8)
                while digits.count < 9 { digits.insert(48, at: 0) }
                digits.removeLast(9 - written.upperBound)
                while digits.count > written.lowerBound, digits.last == 48 { digits.removeLast() }
                out.append(contentsOf: digits)
            case .name(let field, let isFull):
                let name = DatePattern.names(field)[value(of: field) - 1]
                out.append(contentsOf: isFull ? Array(name.utf8) : Array(name.utf8.prefix(3)))
            case .halfDay:
                out.append(contentsOf: (local.secondOfDay >= 43_200 ? "PM" : "AM").utf8)
            case .offset(let style, let zulu): writeOffset(style, zulu, into: &out)
            case .zone: out.append(contentsOf: zone.id.utf8)
            case .anyZone: out.append(contentsOf: Zone.isoOffset(offset).utf8)
            case .option(let inner, let isWritten):
                if isWritten { write(inner, into: &out) }
            }
        }
    }

    private var offset: Int { zone.offset(at: instant.seconds) }

    private func pad(_ text: String, to width: Int, into out: inout [UInt8]) {
        for _ in 0..<max(0, width - text.utf8.count) { out.append(48) }
        out.append(contentsOf: text.utf8)
    }

    private func writeOffset(
        _ style: DatePattern.OffsetStyle, _ zulu: Bool, into out: inout [UInt8]
    ) {
        let seconds = offset
        if seconds == 0, zulu {
            out.append(UInt8(ascii: "Z"))
            return
        }
        out.append(seconds < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        pad(String(abs(seconds) / 3_600), to: 2, into: &out)
        let minutes = abs(seconds) / 60 % 60
        if style == .hours, minutes == 0 { return }
        if style == .colon { out.append(UInt8(ascii: ":")) }
        pad(String(minutes), to: 2, into: &out)
    }

    private func value(of field: DatePattern.Field) -> Int {
        let hour = local.secondOfDay / 3_600
        return switch field {
        case .year: date.year
        case .month: date.month
        case .day: date.day
        case .dayOfYear:
            local.days - CivilTime.days(year: date.year, month: 1, day: 1) + 1
        case .weekYear: CivilTime.week(days: local.days).weekYear
        case .week: CivilTime.week(days: local.days).week
        case .weekday: CivilTime.weekday(days: local.days)
        case .quarter: (date.month - 1) / 3 + 1
        case .hour: hour
        case .clockHour: hour == 0 ? 24 : hour
        case .halfDayHour: hour % 12
        case .halfDayClockHour: hour % 12 == 0 ? 12 : hour % 12
        case .minute: local.secondOfDay / 60 % 60
        case .second: local.secondOfDay % 60
        case .milliOfDay: local.secondOfDay * 1_000 + local.nanos / 1_000_000
        case .nano: local.nanos
        }
    }
}
