import Testing
import TrawlSchema

@Suite("Dates")
struct DateTests {
    private func iso(_ instant: Instant?) -> String? {
        instant.map { DateFormat.default.string($0) }
    }

    @Test("the calendar agrees with itself over four thousand years")
    func calendar() {
        var day = CivilTime.days(year: -2000, month: 1, day: 1)
        var expected = (year: -2000, month: 1, day: 1)
        while expected.year < 2400 {
            let date = CivilTime.date(days: day)
            let back = CivilTime.days(year: date.year, month: date.month, day: date.day)
            if date != expected || back != day {
                Issue.record("day \(day) is \(date), not \(expected)")
                return
            }
            expected.day += 1
            if expected.day > CivilTime.dayCount(year: expected.year, month: expected.month) {
                expected.day = 1
                expected.month += 1
                if expected.month > 12 {
                    expected.month = 1
                    expected.year += 1
                }
            }
            day += 1
        }
        #expect(CivilTime.weekday(days: 0) == 4)
        #expect(CivilTime.week(days: CivilTime.days(year: 2021, month: 1, day: 3)) == (2020, 53))
    }

    @Test(
        "formats read what they are for",
        arguments: [
            ("strict_date_optional_time", "2014-11-18T14:27:32.123Z", "2014-11-18T14:27:32.123Z"),
            ("strict_date_optional_time", "2014-11-18T14:27:32+01:00", "2014-11-18T13:27:32.000Z"),
            ("strict_date_optional_time", "2014-11-18T14:27", "2014-11-18T14:27:00.000Z"),
            ("strict_date_optional_time", "2014", "2014-01-01T00:00:00.000Z"),
            ("strict_date_optional_time", "2014-11", "2014-11-01T00:00:00.000Z"),
            ("strict_date_optional_time", "2014-11-18T14", "2014-11-18T14:00:00.000Z"),
            ("strict_date_optional_time", "2014-11-18T14:27:32,5", "2014-11-18T14:27:32.500Z"),
            ("strict_date_optional_time", "2014-11-18T14:27:32-0330", "2014-11-18T17:57:32.000Z"),
            ("strict_date_optional_time", "+12014-11-18", "+12014-11-18T00:00:00.000Z"),
            ("strict_date_optional_time", "-0044-03-15", "-0044-03-15T00:00:00.000Z"),
            (
                "strict_date_optional_time", "2014-11-18T14:27:32.123456789Z",
                "2014-11-18T14:27:32.123456789Z"
            ),
            ("date_optional_time", "2014-1-8T4:7", "2014-01-08T04:07:00.000Z"),
            ("epoch_millis", "1416320852000", "2014-11-18T14:27:32.000Z"),
            ("epoch_millis", "-1", "1969-12-31T23:59:59.999Z"),
            ("epoch_second", "1416320852", "2014-11-18T14:27:32.000Z"),
            ("epoch_second", "-1.5", "1969-12-31T23:59:58.500Z"),
            ("basic_date", "20141118", "2014-11-18T00:00:00.000Z"),
            ("basic_date_time_no_millis", "20141118T142732Z", "2014-11-18T14:27:32.000Z"),
            ("basic_ordinal_date", "2014322", "2014-11-18T00:00:00.000Z"),
            ("week_date", "2014-W47-2", "2014-11-18T00:00:00.000Z"),
            ("strict_weekyear_week", "2014-W47", "2014-11-17T00:00:00.000Z"),
            ("hour_minute", "14:27", "1970-01-01T14:27:00.000Z"),
            ("yyyy/MM/dd HH:mm:ss", "2014/11/18 14:27:32", "2014-11-18T14:27:32.000Z"),
            ("dd MMM yyyy", "18 Nov 2014", "2014-11-18T00:00:00.000Z"),
            (
                "EEEE, d MMMM uuuu h:mm a", "Tuesday, 18 November 2014 2:27 PM",
                "2014-11-18T14:27:00.000Z"
            ),
            ("yyyyMMddHHmmssSSS", "20141118142732123", "2014-11-18T14:27:32.123Z"),
            (
                "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2014-11-18T14:27:32.123+01:00",
                "2014-11-18T13:27:32.123Z"
            ),
            (
                "yyyy-MM-dd HH:mm:ss VV", "2014-07-01 12:00:00 Europe/Paris",
                "2014-07-01T10:00:00.000Z"
            ),
            ("yy.M.d", "14.1.8", "2014-01-08T00:00:00.000Z"),
            ("yyyy||epoch_millis", "1416320852000", "2014-11-18T14:27:32.000Z"),
            ("dateOptionalTime", "2014-11-18", "2014-11-18T00:00:00.000Z"),
            ("uuuu[-MM]", "2014", "2014-01-01T00:00:00.000Z"),
        ])
    func reads(pattern: String, text: String, expected: String) throws {
        #expect(iso(try DateFormat(pattern).instant(text)) == expected)
    }

    @Test(
        "formats refuse what is no date",
        arguments: [
            ("strict_date_optional_time", "2014-02-30"), ("strict_date_optional_time", "2014-1-1"),
            ("strict_date_optional_time", "2014-11-18T24:00:00Z"),
            ("strict_date_optional_time", "2014-11-18 14:27"), ("strict_date_optional_time", ""),
            ("strict_date_optional_time", "20141118"), ("strict_date_optional_time", "2014-13-01"),
            ("strict_date_optional_time", "2014-11-18T14:27:32.1234567891Z"),
            ("strict_date_optional_time", "2014-11-18T14:27:60Z"),
            ("epoch_millis", "12a"), ("epoch_millis", "99999999999999999999"),
            ("yyyy", "20145"), ("week_date", "2014-W54-1"), ("basic_date", "2014118"),
        ])
    func refuses(pattern: String, text: String) throws {
        #expect(try DateFormat(pattern).instant(text) == nil)
    }

    @Test(
        "formats write",
        arguments: [
            ("yyyy-MM-dd", "2014-11-18"), ("epoch_second", "1416320852.123"),
            ("epoch_millis", "1416320852123"),
            ("EEE, dd MMM yyyy hh:mm a", "Tue, 18 Nov 2014 02:27 PM"),
            ("strict_date_hour_minute", "2014-11-18T14:27"), ("basic_week_date", "2014W472"),
            ("yyyy-MM-dd'T'HH:mm:ssXXX", "2014-11-18T14:27:32Z"), ("DDD", "322"),
            ("strict_date_time_no_millis", "2014-11-18T14:27:32Z"), ("yyyy 'year'", "2014 year"),
        ])
    func writes(pattern: String, expected: String) throws {
        let instant = Instant(epochMillis: 1_416_320_852_123)
        #expect(try DateFormat(pattern).string(instant) == expected)
    }

    @Test("a format that is none says why")
    func malformed() {
        func reason(_ pattern: String) -> String? {
            schemaError { _ = try DateFormat(pattern) }?.reason
        }
        #expect(reason("yyyy-ii") == "Invalid format: [yyyy-ii]: Unknown pattern letter: i")
        #expect(
            reason("yyyy]")
                == "Invalid format: [yyyy]]: Pattern invalid as it contains ] without previous [")
        #expect(reason("") == "No date pattern provided")
    }

    @Test(
        "date math",
        arguments: [
            ("now", false, "2014-11-18T14:27:32.000Z"),
            ("now-1d", false, "2014-11-17T14:27:32.000Z"),
            ("now-1d/d", false, "2014-11-17T00:00:00.000Z"),
            ("now/d", true, "2014-11-18T23:59:59.999Z"),
            ("now+1M/M", false, "2014-12-01T00:00:00.000Z"),
            ("now/w", false, "2014-11-17T00:00:00.000Z"),
            ("now/y", true, "2014-12-31T23:59:59.999Z"),
            ("now-3h+30m", false, "2014-11-18T11:57:32.000Z"),
            ("2014-11-18||/M", false, "2014-11-01T00:00:00.000Z"),
            ("2014-11-18||/M", true, "2014-11-30T23:59:59.999Z"),
            ("2014-01-31||+1M", false, "2014-02-28T00:00:00.000Z"),
            ("2012-02-29||-1y", false, "2011-02-28T00:00:00.000Z"),
            ("2014", true, "2014-01-01T23:59:59.999999999Z"),
            ("2014-11-18T14", true, "2014-11-18T14:59:59.999999999Z"),
            ("2014-11-18||+1d/d", true, "2014-11-19T23:59:59.999Z"),
        ])
    func math(text: String, roundUp: Bool, expected: String) throws {
        let math = DateMath(
            format: .default, now: Instant(epochMillis: 1_416_320_852_000))
        #expect(iso(try math.instant(text, roundUp: roundUp)) == expected)
    }

    @Test(
        "date math that makes no sense",
        arguments: [
            ("now*1d", "operator not supported for date math [*1d]"),
            ("now+1", "truncated date math [+1]"),
            ("now/2d", "rounding `/` can only be used on single unit types [/2d]"),
            ("now+1x", "unit [x] not supported for date math [+1x]"),
            (
                "soon",
                "failed to parse date field [soon] with format "
                    + "[strict_date_optional_time||epoch_millis]: [Failed to parse with all "
                    + "enclosed parsers]"
            ),
        ])
    func badMath(text: String, expected: String) {
        let math = DateMath(format: .default, now: Instant(epochMillis: 0))
        #expect(schemaError { _ = try math.instant(text, roundUp: false) }?.reason == expected)
    }

    @Test("math in a time zone follows its clocks")
    func zones() throws {
        let paris = try #require(Zone(id: "Europe/Paris"))
        let math = DateMath(format: .default, zone: paris, now: Instant(epochMillis: 0))
        #expect(iso(try math.instant("2014-07-01", roundUp: false)) == "2014-06-30T22:00:00.000Z")
        #expect(
            iso(try math.instant("2014-07-01||/d", roundUp: true)) == "2014-07-01T21:59:59.999Z")
        // The clocks went back on October 26: the day had 25 hours.
        #expect(
            iso(try math.instant("2014-10-26||+1d/d", roundUp: false)) == "2014-10-26T23:00:00.000Z"
        )
        #expect(
            iso(try math.instant("2014-10-26T12:00:00Z||/d", roundUp: false))
                == "2014-10-25T22:00:00.000Z")
    }

    @Test("time that is shown twice means the first, time that is skipped lies after the gap")
    func gaps() throws {
        let newYork = try #require(Zone(id: "America/New_York"))
        func utc(_ text: String) throws -> String? {
            iso(try DateFormat("yyyy-MM-dd HH:mm").instant(text, zone: newYork))
        }
        #expect(try utc("2014-11-02 01:30") == "2014-11-02T05:30:00.000Z")
        #expect(try utc("2014-03-09 02:30") == "2014-03-09T07:30:00.000Z")
        // Beyond the last transition in the file the standing rule goes on.
        #expect(try utc("2090-07-01 12:00") == "2090-07-01T16:00:00.000Z")
        #expect(try utc("2090-01-01 12:00") == "2090-01-01T17:00:00.000Z")
    }

    @Test("names of zones")
    func zoneNames() {
        #expect(Zone(id: "+02:00") == .fixed(seconds: 7_200))
        #expect(Zone(id: "-5") == .fixed(seconds: -18_000))
        #expect(Zone(id: "UTC+1") == .fixed(seconds: 3_600))
        #expect(Zone(id: "UTC") == .utc)
        for bad in ["Nowhere/City", "../../../etc/passwd", "+99:00", "", "/etc/passwd"] {
            #expect(Zone(id: bad) == nil)
        }
    }
}
