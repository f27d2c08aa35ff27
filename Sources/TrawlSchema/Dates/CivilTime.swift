/// The proleptic Gregorian calendar, as ISO 8601 and java.time count it.
///
/// Days are counted from 1970-01-01. The conversions shift the year to begin in March, so that
/// the leap day is the last of its year and months follow one rule.
package enum CivilTime {
    package static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    package static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    package static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    package static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// 1 is Monday, 7 is Sunday.
    package static func weekday(days: Int) -> Int {
        let index = (days + 3) % 7
        return (index < 0 ? index + 7 : index) + 1
    }

    /// The first Monday-based week of a year is the one with its first Thursday.
    package static func firstDay(ofWeekYear year: Int) -> Int {
        let fourth = days(year: year, month: 1, day: 4)
        return fourth - (weekday(days: fourth) - 1)
    }

    package static func week(days: Int) -> (weekYear: Int, week: Int) {
        let thursday = days + 4 - weekday(days: days)
        let year = date(days: thursday).year
        return (year, (thursday - Self.days(year: year, month: 1, day: 1)) / 7 + 1)
    }

    package static func weekCount(weekYear: Int) -> Int {
        (firstDay(ofWeekYear: weekYear + 1) - firstDay(ofWeekYear: weekYear)) / 7
    }

    static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
        let quotient = value / divisor
        return value % divisor != 0 && (value < 0) != (divisor < 0) ? quotient - 1 : quotient
    }
}

/// A point in time, to the nanosecond.
package struct Instant: Hashable, Sendable, Comparable {
    /// Since 1970-01-01T00:00:00Z.
    package var seconds: Int
    /// 0 to 999,999,999, counted forwards also before 1970.
    package var nanos: Int

    package init(seconds: Int, nanos: Int = 0) {
        self.seconds = seconds
        self.nanos = nanos
    }

    package init(epochMillis: Int64) {
        seconds = CivilTime.floorDivide(Int(epochMillis), 1_000)
        nanos = (Int(epochMillis) - seconds * 1_000) * 1_000_000
    }

    package init(epochNanos: Int64) {
        seconds = CivilTime.floorDivide(Int(epochNanos), 1_000_000_000)
        nanos = Int(epochNanos) - seconds * 1_000_000_000
    }

    /// Rounded down; nil when 64 bits do not hold it.
    package var epochMillis: Int64? {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, overflowToo) = product.addingReportingOverflow(nanos / 1_000_000)
        return overflow || overflowToo ? nil : Int64(sum)
    }

    package var epochNanos: Int64? {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowToo) = product.addingReportingOverflow(nanos)
        return overflow || overflowToo ? nil : Int64(sum)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.seconds, left.nanos) < (right.seconds, right.nanos)
    }
}

/// A date and a time of day, without a place on earth.
package struct LocalTime: Hashable, Sendable {
    package var days: Int
    package var secondOfDay: Int
    package var nanos: Int

    package init(days: Int, secondOfDay: Int, nanos: Int) {
        self.days = days
        self.secondOfDay = secondOfDay
        self.nanos = nanos
    }

    package init(_ instant: Instant, in zone: Zone) {
        let local = instant.seconds + zone.offset(at: instant.seconds)
        days = CivilTime.floorDivide(local, 86_400)
        secondOfDay = local - days * 86_400
        nanos = instant.nanos
    }

    package func instant(in zone: Zone) -> Instant {
        Instant(seconds: zone.utc(local: days * 86_400 + secondOfDay), nanos: nanos)
    }

    /// Days beyond the end of the month become its last.
    package func adding(months: Int) -> LocalTime {
        let date = CivilTime.date(days: days)
        let total = date.year * 12 + (date.month - 1) + months
        let year = CivilTime.floorDivide(total, 12)
        let month = total - year * 12 + 1
        let day = min(date.day, CivilTime.dayCount(year: year, month: month))
        var result = self
        result.days = CivilTime.days(year: year, month: month, day: day)
        return result
    }
}
