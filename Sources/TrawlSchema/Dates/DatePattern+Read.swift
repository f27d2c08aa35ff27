/// What a text says of a date, field by field, before it becomes a point in time.
struct DateFields {
    var year: Int?
    var weekYear: Int?
    var month: Int?
    var day: Int?
    var dayOfYear: Int?
    var week: Int?
    var weekday: Int?
    var hour: Int?
    var halfDayHour: Int?
    var isAfternoon: Bool?
    var minute: Int?
    var second: Int?
    var nano: Int?
    var milliOfDay: Int?
    var zone: Zone?

    /// False when the value is not one the field can have.
    mutating func set(_ field: DatePattern.Field, _ value: Int) -> Bool {
        switch field {
        case .year: year = value
        case .weekYear: weekYear = value
        case .month:
            month = value
            return value >= 1 && value <= 12
        case .day:
            day = value
            return value >= 1 && value <= 31
        case .dayOfYear:
            dayOfYear = value
            return value >= 1 && value <= 366
        case .week:
            week = value
            return value >= 1 && value <= 53
        case .weekday:
            weekday = value
            return value >= 1 && value <= 7
        case .quarter:
            return value >= 1 && value <= 4
        case .hour:
            hour = value
            return value <= 23
        case .clockHour:
            hour = value % 24
            return value >= 1 && value <= 24
        case .halfDayHour:
            halfDayHour = value
            return value <= 11
        case .halfDayClockHour:
            halfDayHour = value % 12
            return value >= 1 && value <= 12
        case .minute:
            minute = value
            return value <= 59
        case .second:
            second = value
            return value <= 59
        case .milliOfDay:
            milliOfDay = value
            return value < 86_400_000
        case .nano:
            nano = value
        }
        return true
    }

    /// The point in time, with what is missing filled in: the first of January 1970, and the
    /// beginning of the day, or its end when rounding up. Nil when there is no such date.
    func instant(defaultZone: Zone, roundUp: Bool) -> Instant? {
        let days: Int
        if weekYear != nil || week != nil {
            let base = weekYear ?? year ?? 1970
            let week = week ?? 1
            guard week <= CivilTime.weekCount(weekYear: base) else { return nil }
            days = CivilTime.firstDay(ofWeekYear: base) + (week - 1) * 7 + (weekday ?? 1) - 1
        } else if let dayOfYear {
            let year = year ?? 1970
            guard dayOfYear <= (CivilTime.isLeap(year) ? 366 : 365) else { return nil }
            days = CivilTime.days(year: year, month: 1, day: 1) + dayOfYear - 1
        } else {
            let year = year ?? 1970
            let month = month ?? 1
            let day = day ?? 1
            guard day <= CivilTime.dayCount(year: year, month: month) else { return nil }
            days = CivilTime.days(year: year, month: month, day: day)
        }
        var hour = hour
        if hour == nil, let halfDayHour { hour = halfDayHour + (isAfternoon == true ? 12 : 0) }
        var second: Int
        var nanos: Int
        if let milliOfDay {
            second = milliOfDay / 1_000
            nanos = milliOfDay % 1_000 * 1_000_000
        } else {
            second =
                (hour ?? (roundUp ? 23 : 0)) * 3_600 + (minute ?? (roundUp ? 59 : 0)) * 60
                + (self.second ?? (roundUp ? 59 : 0))
            nanos = nano ?? (roundUp ? 999_999_999 : 0)
        }
        return LocalTime(days: days, secondOfDay: second, nanos: nanos)
            .instant(in: zone ?? defaultZone)
    }
}

extension DatePattern {
    /// Reads the whole text. Nil when it does not fit.
    func read(_ text: Span<UInt8>) -> DateFields? {
        var fields = DateFields()
        var at = 0
        guard DatePattern.read(elements[...], text, &at, &fields), at == text.count else {
            return nil
        }
        return fields
    }

    private static func read(
        _ elements: ArraySlice<Element>, _ text: Span<UInt8>, _ at: inout Int,
        _ fields: inout DateFields
    ) -> Bool {
        for index in elements.indices {
            switch elements[index] {
            case .literal(let literal):
                guard at + literal.count <= text.count else { return false }
                for (step, byte) in literal.enumerated() where text[at + step] != byte {
                    return false
                }
                at += literal.count
            case .number(let field, let digits):
                let reserved = reservedDigits(elements[(index + 1)...])
                guard let value = number(field, digits, reserved, text, &at),
                    fields.set(field, value)
                else { return false }
            case .twoDigitYear:
                guard let value = fixed(2, text, &at) else { return false }
                fields.year = 2000 + value
            case .fraction(let digits, _):
                var value = 0
                var count = 0
                while count < digits.upperBound, at < text.count, isDigit(text[at]) {
                    value = value * 10 + Int(text[at]) - 48
                    at += 1
                    count += 1
                }
                guard count >= digits.lowerBound else { return false }
                for _ in count..<9 { value *= 10 }
                fields.nano = value
            case .name(let field, let isFull):
                guard let value = name(field, isFull, text, &at), fields.set(field, value)
                else { return false }
            case .halfDay:
                guard at + 2 <= text.count, text[at + 1] | 32 == UInt8(ascii: "m"),
                    text[at] | 32 == UInt8(ascii: "a") || text[at] | 32 == UInt8(ascii: "p")
                else { return false }
                fields.isAfternoon = text[at] | 32 == UInt8(ascii: "p")
                at += 2
            case .offset, .zone, .anyZone:
                guard let zone = zone(text, &at) else { return false }
                fields.zone = zone
            case .option(let inner, _):
                let start = at
                let before = fields
                if !read(inner[...], text, &at, &fields) {
                    at = start
                    fields = before
                }
            }
        }
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    /// Digits that numbers of fixed width right behind this one need.
    private static func reservedDigits(_ elements: ArraySlice<Element>) -> Int {
        var sum = 0
        for element in elements {
            switch element {
            case .number(_, let digits) where digits.lowerBound > 1: sum += digits.lowerBound
            case .fraction(let digits, _): return sum + digits.lowerBound
            case .twoDigitYear: sum += 2
            default: return sum
            }
        }
        return sum
    }

    private static func number(
        _ field: Field, _ digits: ClosedRange<Int>, _ reserved: Int, _ text: Span<UInt8>,
        _ at: inout Int
    ) -> Int? {
        let isYear = field == .year || field == .weekYear
        var sign: UInt8?
        if isYear, at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            sign = text[at]
            at += 1
        }
        var available = 0
        while at + available < text.count, available < 19, isDigit(text[at + available]) {
            available += 1
        }
        available = min(max(available - reserved, 0), digits.upperBound)
        // A year beyond its width needs a sign, so that 20141118 is not the year of that name.
        let isWide = isYear && digits.lowerBound > 1
        if isWide, sign == nil, available > digits.lowerBound { return nil }
        if isWide, sign == UInt8(ascii: "+"), available == digits.lowerBound { return nil }
        guard available >= digits.lowerBound else { return nil }
        var value = 0
        for _ in 0..<available {
            value = value * 10 + Int(text[at]) - 48
            at += 1
        }
        return sign == UInt8(ascii: "-") ? -value : value
    }

    private static func fixed(_ count: Int, _ text: Span<UInt8>, _ at: inout Int) -> Int? {
        guard at + count <= text.count else { return nil }
        var value = 0
        for step in 0..<count {
            guard isDigit(text[at + step]) else { return nil }
            value = value * 10 + Int(text[at + step]) - 48
        }
        at += count
        return value
    }

    private static func name(
        _ field: Field, _ isFull: Bool, _ text: Span<UInt8>, _ at: inout Int
    ) -> Int? {
        for (index, name) in names(field).enumerated() {
            let wanted = isFull ? Array(name.utf8) : Array(name.utf8.prefix(3))
            guard at + wanted.count <= text.count else { continue }
            var isEqual = true
            for step in wanted.indices where text[at + step] != wanted[step] { isEqual = false }
            if isEqual {
                at += wanted.count
                return index + 1
            }
        }
        return nil
    }

    private static func zone(_ text: Span<UInt8>, _ at: inout Int) -> Zone? {
        var end = at
        while end < text.count {
            let byte = text[end]
            let isPart =
                isDigit(byte) || (byte | 32 >= 97 && byte | 32 <= 122)
                || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "/")
                || byte == UInt8(ascii: "_")
            if !isPart { break }
            end += 1
        }
        guard end > at, end - at < 64 else { return nil }
        var bytes: [UInt8] = []
        for index in at..<end { bytes.append(text[index]) }
        guard let zone = Zone(id: String(decoding: bytes, as: UTF8.self)) else { return nil }
        at = end
        return zone
    }
}
