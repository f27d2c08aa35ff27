import Testing
import TrawlQuery
import TrawlSchema
import TrawlTestKit

@testable import TrawlSearch

@Suite("DateRounding", .randomized())
struct DateRoundingTests {
    private func millis(_ text: String, in zone: Zone = .utc) -> Int64 {
        DateFormat.default.instant(text, zone: zone)!.epochMillis!
    }

    @Test("a day is as long as the clocks of its zone say")
    func clockChanges() throws {
        let berlin = try #require(Zone(id: "Europe/Berlin"))
        let day = DateRounding(.calendar(.day), zone: berlin, offset: 0)
        let spring = day.round(millis("2024-03-31T12:00:00Z"))
        #expect(spring == millis("2024-03-30T23:00:00Z"))
        #expect(day.next(after: spring) - spring == 23 * 3_600_000)
        let autumn = day.round(millis("2024-10-27T12:00:00Z"))
        #expect(day.next(after: autumn) - autumn == 25 * 3_600_000)
        // Midnight was skipped: the day began at one.
        let saoPaulo = try #require(Zone(id: "America/Sao_Paulo"))
        let skipped = DateRounding(.calendar(.day), zone: saoPaulo, offset: 0)
        #expect(
            skipped.round(millis("2018-11-04T12:00:00Z")) == millis("2018-11-04T03:00:00Z"))
    }

    @Test("weeks begin on Monday, quarters in January, April, July and October")
    func units() {
        func start(_ unit: CalendarUnit) -> Int64 {
            DateRounding(.calendar(unit), zone: .utc, offset: 0).round(
                millis("2024-05-16T17:18:19Z"))
        }
        #expect(start(.week) == millis("2024-05-13"))
        #expect(start(.quarter) == millis("2024-04-01"))
        #expect(start(.year) == millis("2024-01-01"))
        #expect(start(.hour) == millis("2024-05-16T17:00:00Z"))
    }

    @Test("a time lies between its beginning and the next, worked out ahead or not")
    func bounds() throws {
        var random = RandomContext.generator()
        let spans: [DateRounding.Span] =
            CalendarUnit.allCases.map { .calendar($0) }
            + [.fixed(1), .fixed(90_000), .fixed(5_400_000), .fixed(86_400_000)]
        for id in ["UTC", "+05:45", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"] {
            let zone = try #require(Zone(id: id))
            for span in spans {
                let offset = Int64.random(in: -100...100, using: &random) * 1000
                let plain = DateRounding(span, zone: zone, offset: offset)
                // Around a change of the clocks as often as not.
                let middle = [
                    millis("2024-03-31T01:00:00Z"), millis("2024-11-03T06:00:00Z"),
                    millis("1969-12-31T23:59:59Z"),
                ].randomElement(using: &random)!
                let width = plain.next(after: plain.round(middle)) - plain.round(middle)
                let reach = max(10, min(width * 20, 90_000_000_000))
                let low = middle - Int64.random(in: 0...reach, using: &random)
                var prepared = plain
                prepared.prepare(for: low...low + reach)
                for _ in 0..<40 {
                    let time = low + Int64.random(in: 0...reach, using: &random)
                    let start = plain.round(time)
                    #expect(start <= time, "\(id) \(span) \(time)")
                    #expect(plain.next(after: start) > start, "\(id) \(span) \(time)")
                    #expect(prepared.round(time) == start, "\(id) \(span) \(offset) \(time)")
                    #expect(plain.round(start) == start, "\(id) \(span) \(time)")
                }
            }
        }
    }
}
