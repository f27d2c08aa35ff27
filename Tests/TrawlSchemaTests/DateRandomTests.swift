import Testing
import TrawlSchema
import TrawlTestKit

@Suite("Dates, random and by other clocks", .randomized(rounds: 3))
struct DateRandomTests {
    @Test("what a format writes it reads back")
    func roundTrip() throws {
        var random = RandomContext.generator()
        let milliseconds = [
            "strict_date_optional_time", "date_time", "basic_date_time", "ordinal_date_time",
            "week_date_time", "basic_week_date_time", "basic_ordinal_date_time", "epoch_millis",
            "epoch_second", "yyyy-MM-dd HH:mm:ss.SSSXXX", "EEE, dd MMM yyyy hh:mm:ss.SSS a Z",
            "strict_date_optional_time_nanos", "iso8601", "rfc3339_lenient",
        ]
        let seconds = [
            "date_time_no_millis", "strict_week_date_time_no_millis", "yyyyMMddHHmmss",
            "d/M/uuuu k:m:s", "strict_date_hour_minute_second",
        ]
        let zones = [
            Zone.utc, .fixed(seconds: 5 * 3_600 + 1_800), .fixed(seconds: -8 * 3_600),
            try #require(Zone(id: "America/St_Johns")),
        ]
        for _ in 0..<400 {
            // Years 1 to 9999.
            let epochSecond = Int.random(in: -62_135_596_800...253_402_214_400, using: &random)
            let millis = Int.random(in: 0...999, using: &random)
            let isPrecise = Bool.random(using: &random)
            let pattern = (isPrecise ? milliseconds : seconds).randomElement(using: &random)!
            let instant = Instant(
                seconds: epochSecond, nanos: isPrecise ? millis * 1_000_000 : 0)
            // A text without an offset does not say which of two equal hours it means.
            let format = try DateFormat(pattern)
            let hasOffset = isPrecise || pattern.contains("no_millis")
            // Offsets with seconds, of the days before time zones, are not written by all.
            let zone =
                epochSecond < -1_500_000_000 || !hasOffset
                ? Zone.utc : zones.randomElement(using: &random)!
            let text = format.string(instant, zone: zone)
            let back = format.instant(text, zone: zone)
            #expect(back == instant, "\(pattern): \(text)")
        }
    }

    @Test("rounding down and up encloses the time, to a whole unit of the zone's clocks")
    func rounding() throws {
        var random = RandomContext.generator()
        let zones = [
            Zone.utc, try #require(Zone(id: "Europe/Paris")),
            try #require(Zone(id: "America/New_York")), .fixed(seconds: 19_800),
        ]
        for _ in 0..<400 {
            let now = Instant(
                epochMillis: Int64.random(in: 0...4_000_000_000_000, using: &random))
            let zone = zones.randomElement(using: &random)!
            let unit = ["y", "M", "w", "d", "h", "m", "s"].randomElement(using: &random)!
            let math = DateMath(format: .default, zone: zone, now: now)
            let low = try math.instant("now/\(unit)", roundUp: false)
            let high = try math.instant("now/\(unit)", roundUp: true)
            #expect(low <= now && now <= high, "\(now) \(zone) \(unit)")
            #expect(LocalTime(low, in: zone).secondOfDay % 60 == 0 || unit == "s")
            let next = Instant(epochMillis: (high.epochMillis ?? 0) + 1)
            let again = DateMath(format: .default, zone: zone, now: next)
            #expect(try again.instant("now/\(unit)", roundUp: false) == next, "\(now) \(unit)")
        }
    }

    @Test("an hour that clocks show twice is two hours")
    func repeatedHour() throws {
        let zone = try #require(Zone(id: "America/New_York"))
        // 2024-11-03: 01:30 in summer time, and again in winter time.
        for seconds in [1_730_611_800, 1_730_615_400] {
            let now = Instant(epochMillis: Int64(seconds) * 1000)
            let math = DateMath(format: .default, zone: zone, now: now)
            let low = try math.instant("now/h", roundUp: false)
            #expect(low.epochMillis == Int64(seconds - 1800) * 1000)
            let high = try math.instant("now/h", roundUp: true)
            #expect(high.epochMillis == Int64(seconds + 1800) * 1000 - 1)
            #expect(
                try math.instant("now+1h", roundUp: false).epochMillis == Int64(seconds + 3600)
                    * 1000)
        }
    }

    /// From Python's zoneinfo, which reads the same database by other code.
    @Test(
        "offsets are those of another reader of the database",
        arguments: [
            ("Europe/Paris", -1109148872, 0),
            ("Europe/Paris", 1571050724, 7200),
            ("Europe/Paris", -1852107721, 0),
            ("Europe/Paris", -804246002, 7200),
            ("Europe/Paris", 295742288, 7200),
            ("Europe/Paris", 1703240447, 3600),
            ("America/New_York", -2188888525, -18000),
            ("America/New_York", 1027346212, -14400),
            ("America/New_York", -198404309, -14400),
            ("America/New_York", -2095714543, -18000),
            ("America/New_York", -929378056, -14400),
            ("America/New_York", 1703892241, -18000),
            ("Asia/Tokyo", 1407149204, 32400),
            ("Asia/Tokyo", -320580107, 32400),
            ("Asia/Tokyo", -1577878324, 32400),
            ("Asia/Tokyo", -2338957352, 32400),
            ("Asia/Tokyo", -2130859430, 32400),
            ("Asia/Tokyo", 1729101469, 32400),
            ("Australia/Lord_Howe", -703964261, 36000),
            ("Australia/Lord_Howe", -2199973233, 36000),
            ("Australia/Lord_Howe", -1466360284, 36000),
            ("Australia/Lord_Howe", -2110390567, 36000),
            ("Australia/Lord_Howe", -133270066, 36000),
            ("Australia/Lord_Howe", 1728489000, 39600),
            ("America/St_Johns", -2246122314, -12652),
            ("America/St_Johns", 1051302831, -9000),
            ("America/St_Johns", -71394865, -9000),
            ("America/St_Johns", -1968274653, -12652),
            ("America/St_Johns", 1569265501, -9000),
            ("America/St_Johns", 1714981313, -9000),
            ("Africa/Casablanca", 208517688, 0),
            ("Africa/Casablanca", 194805173, 0),
            ("Africa/Casablanca", 3952625, 0),
            ("Africa/Casablanca", 1570378921, 3600),
            ("Africa/Casablanca", -2234304527, -1820),
            ("Africa/Casablanca", 1726620776, 3600),
            ("Asia/Kathmandu", -2287015524, 20476),
            ("Asia/Kathmandu", 1692983756, 20700),
            ("Asia/Kathmandu", -1550460784, 19800),
            ("Asia/Kathmandu", -2299928912, 20476),
            ("Asia/Kathmandu", -109142466, 19800),
            ("Asia/Kathmandu", 1708937210, 20700),
            ("Pacific/Apia", -1256137578, -41400),
            ("Pacific/Apia", -699811518, -41400),
            ("Pacific/Apia", -1880429148, -41216),
            ("Pacific/Apia", -177771796, -39600),
            ("Pacific/Apia", -1994086208, -41216),
            ("Pacific/Apia", 1720701864, 46800),
            ("Europe/Dublin", -93713320, 0),
            ("Europe/Dublin", 1005236015, 0),
            ("Europe/Dublin", 429179284, 3600),
            ("Europe/Dublin", -1723786101, -1521),
            ("Europe/Dublin", -2057379102, -1521),
            ("Europe/Dublin", 1712607811, 3600),
            ("America/Sao_Paulo", -900564733, -10800),
            ("America/Sao_Paulo", -2081538862, -11188),
            ("America/Sao_Paulo", -147455447, -10800),
            ("America/Sao_Paulo", 558492450, -10800),
            ("America/Sao_Paulo", -2230323401, -11188),
            ("America/Sao_Paulo", 1703999766, -10800),
            ("Asia/Tehran", 158625969, 12600),
            ("Asia/Tehran", -1615414049, 12344),
            ("Asia/Tehran", -367915996, 12600),
            ("Asia/Tehran", 422295636, 12600),
            ("Asia/Tehran", -216278942, 12600),
            ("Asia/Tehran", 1728695233, 12600),
            ("UTC", 838172184, 0),
            ("UTC", -1150748177, 0),
            ("UTC", -500255216, 0),
            ("UTC", 14969041, 0),
            ("UTC", 1466150535, 0),
            ("UTC", 1730412688, 0),
            ("Europe/Paris", 2600000000, 7200),
            ("Europe/Paris", 2610000000, 7200),
            ("Europe/Paris", 3100000000, 7200),
            ("Europe/Paris", 3115000000, 7200),
            ("Europe/Paris", 4000000000, 7200),
            ("America/New_York", 2600000000, -14400),
            ("America/New_York", 2610000000, -14400),
            ("America/New_York", 3100000000, -14400),
            ("America/New_York", 3115000000, -14400),
            ("America/New_York", 4000000000, -14400),
            ("Australia/Sydney", 2600000000, 36000),
            ("Australia/Sydney", 2610000000, 36000),
            ("Australia/Sydney", 3100000000, 39600),
            ("Australia/Sydney", 3115000000, 36000),
            ("Australia/Sydney", 4000000000, 36000),
        ])
    func offsets(id: String, at seconds: Int, expected: Int) throws {
        #expect(try #require(Zone(id: id)).offset(at: seconds) == expected)
    }

    @Test("whatever bytes come, a format answers")
    func hostile() throws {
        var random = RandomContext.generator()
        let patterns = [
            "strict_date_optional_time||epoch_millis", "yyyy/MM/dd HH:mm VV", "week_date",
        ]
        let formats = try patterns.map { try DateFormat($0) }
        let alphabet = Array("0123456789-:.TZ+/ WEurope\u{e9}".utf8)
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...30, using: &random)
            let text = (0..<count).map { _ in alphabet.randomElement(using: &random)! }
            for format in formats { _ = format.instant(text.span) }
            let math = DateMath(format: formats[0], now: Instant(epochMillis: 0))
            _ = try? math.instant("now" + String(decoding: text, as: UTF8.self), roundUp: true)
        }
    }
}
