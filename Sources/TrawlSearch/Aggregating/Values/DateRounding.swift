internal import TrawlQuery
internal import TrawlSchema

/// To the beginning of a span of time, as the clocks of a zone show it.
struct DateRounding: Sendable, Codable {
    enum Span: Sendable, Equatable, Codable {
        case calendar(CalendarUnit)
        case fixed(Int64)
    }

    let span: Span
    let zone: Zone
    /// Added to every beginning, in milliseconds.
    let offset: Int64
    /// The beginnings of all spans of a range of time, worked out ahead; empty without.
    private(set) var starts: [Int64] = []
    private var end: Int64 = 0
    /// About how many beginnings there are in a millisecond.
    private var density = 0.0

    init(_ span: Span, zone: Zone, offset: Int64) {
        self.span = span
        self.zone = zone
        self.offset = offset
    }

    /// The most beginnings that are worked out ahead.
    private static let preparedCount = 1 << 14

    /// Gets ready for times of a range.
    mutating func prepare(for times: ClosedRange<Int64>?) {
        starts = []
        guard let times, times.lowerBound.magnitude < 1 << 60 else { return }
        var next = round(times.lowerBound)
        var made: [Int64] = []
        while next <= times.upperBound {
            if made.count == Self.preparedCount { return }
            let start = next
            made.append(start)
            next = self.next(after: start)
            // Where clocks go back over a beginning, the times after it belong to the span before
            // once more: a list of beginnings cannot say that.
            if round(next - 1) != start { return }
        }
        starts = made
        end = next
        density = Double(made.count) / Double(next - made[0])
    }

    var isPrepared: Bool { !starts.isEmpty }

    /// Which of `starts` a time of the range belongs to.
    @inline(__always)
    func place(of time: Int64) -> Int {
        let guess = Int(Double(time &- starts[0]) * density)
        var place = max(0, min(guess, starts.count - 1))
        while place > 0, starts[place] > time { place -= 1 }
        while place + 1 < starts.count, starts[place + 1] <= time { place += 1 }
        return place
    }

    /// Calls back with the place among `starts` of each of many times.
    @inline(__always)
    func forEachPlace(of times: UnsafeBufferPointer<Int64>, _ body: (Int) -> Void) {
        let density = density
        unsafe starts.withUnsafeBufferPointer { starts in
            let last = starts.count - 1
            let first = unsafe starts[0]
            for at in times.indices {
                let time = unsafe times[at]
                let guess = Int(Double(time &- first) * density)
                var place = max(0, min(guess, last))
                while place > 0, unsafe starts[place] > time { place &-= 1 }
                while place < last, unsafe starts[place &+ 1] <= time { place &+= 1 }
                body(place)
            }
        }
    }

    @inline(__always)
    func round(_ time: Int64) -> Int64 {
        if isPrepared, time >= starts[0], time < end { return starts[place(of: time)] }
        return plain(time - offset) + offset
    }

    /// The beginning behind a beginning.
    func next(after start: Int64) -> Int64 {
        let plainStart = start - offset
        let next: Int64
        switch span {
        case .fixed(let width):
            var candidate = plain(plainStart + width)
            // The clocks went back within the span.
            if candidate <= plainStart { candidate = plain(plainStart + width + 10_800_000) }
            next = max(candidate, plainStart + 1)
        case .calendar(let unit):
            switch unit {
            case .second, .minute, .hour: next = plainStart + Int64(unit.milliseconds)
            case .day: next = shifted(plainStart, days: 1)
            case .week: next = shifted(plainStart, days: 7)
            case .month: next = shifted(plainStart, months: 1)
            case .quarter: next = shifted(plainStart, months: 3)
            case .year: next = shifted(plainStart, months: 12)
            }
        }
        return next + offset
    }

    private func shifted(_ start: Int64, days: Int = 0, months: Int = 0) -> Int64 {
        // From the middle of the first day: its midnight may have been skipped or shown twice.
        var local = LocalTime(Instant(epochMillis: start + 43_200_000), in: zone)
        local.secondOfDay = 0
        local.nanos = 0
        local.days += days
        return (months == 0 ? local : local.adding(months: months)).instant(in: zone).epochMillis
            ?? .max
    }

    private static func floor(_ value: Int64, _ width: Int64) -> Int64 {
        let rest = value % width
        return value - (rest < 0 ? rest + width : rest)
    }

    private func plain(_ time: Int64) -> Int64 {
        switch span {
        case .fixed(let width): return rounded(time, width)
        case .calendar(let unit):
            switch unit {
            case .second, .minute, .hour: return rounded(time, Int64(unit.milliseconds))
            case .day where zone.isFixed: return rounded(time, 86_400_000)
            case .week where zone.isFixed:
                // The first day was a Thursday.
                let shift = Int64(4 * 86_400_000)
                return rounded(time - shift, 604_800_000) + shift
            default: return midnight(time, unit)
            }
        }
    }

    private func rounded(_ time: Int64, _ width: Int64) -> Int64 {
        let seconds = Int(Self.floor(time, 1000) / 1000)
        let shift = Int64(zone.offset(at: seconds)) * 1000
        let local = Self.floor(time + shift, width)
        let start = local - shift
        if zone.isFixed || zone.offset(at: Int(Self.floor(start, 1000) / 1000)) * 1000 == Int(shift)
        {
            return start
        }
        // The clocks were changed since the beginning.
        let changed = Int64(zone.utc(local: Int(local / 1000))) * 1000
        return min(changed, time)
    }

    private func midnight(_ time: Int64, _ unit: CalendarUnit) -> Int64 {
        var local = LocalTime(Instant(epochMillis: time), in: zone)
        local.secondOfDay = 0
        local.nanos = 0
        switch unit {
        case .week: local.days -= CivilTime.weekday(days: local.days) - 1
        case .month, .quarter, .year:
            let date = CivilTime.date(days: local.days)
            let month =
                unit == .month ? date.month : unit == .quarter ? (date.month - 1) / 3 * 3 + 1 : 1
            local.days = CivilTime.days(year: date.year, month: month, day: 1)
        default: break
        }
        return local.instant(in: zone).epochMillis ?? time
    }
}
