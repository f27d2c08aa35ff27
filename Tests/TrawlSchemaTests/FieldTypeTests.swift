import Testing
import TrawlJSON
import TrawlSchema

@Suite("FieldType")
struct FieldTypeTests {
    private let context = QueryValueContext(now: Instant(epochMillis: 1_416_320_852_000))

    private func type(_ definition: String) throws -> any FieldType {
        try Schema.fields("{\"x\": \(definition)}").type("x")
    }

    private func term(_ definition: String, _ value: JSONValue) throws -> ValueLookup {
        try type(definition).lookup(term: value, context: context)
    }

    private func range(_ definition: String, _ range: ValueRange) throws -> ValueLookup {
        try type(definition).lookup(range: range, context: context)
    }

    @Test("whole numbers: fractions and values out of range")
    func integers() throws {
        let long = #"{"type": "long"}"#
        let byte = #"{"type": "byte"}"#
        #expect(try term(long, 5) == .numbers(5...5))
        #expect(try term(long, "5") == .numbers(5...5))
        #expect(try term(long, 5.0) == .numbers(5...5))
        #expect(try term(long, 5.5) == .none)
        #expect(try term(byte, 300) == .none)
        #expect(try range(long, ValueRange(lower: 1.5, upper: 3.5)) == .numbers(2...3))
        #expect(
            try range(
                long,
                ValueRange(lower: -1.5, includesLower: false, upper: 3, includesUpper: false))
                == .numbers(-1...2))
        #expect(try range(byte, ValueRange(lower: -1e30, upper: 1e30)) == .numbers(-128...127))
        #expect(try range(byte, ValueRange(lower: 200)) == .none)
        #expect(
            try range(long, ValueRange(lower: .number(JSONNumber(Int64.max)), includesLower: false))
                == .none)
        #expect(try range(long, ValueRange(lower: 3, upper: 2)) == .none)
        #expect(schemaError { _ = try term(long, "x") }?.type == "number_format_exception")
        let unsigned = #"{"type": "unsigned_long"}"#
        let top = JSONValue.number(JSONNumber(UInt64.max))
        #expect(try term(unsigned, top) == .numbers(Int64.max...Int64.max))
        #expect(
            try range(unsigned, ValueRange(lower: -5, upper: 0.5)) == .numbers(.min ... .min))
        #expect(try type(unsigned).display(number: .max, format: nil) == top)
    }

    @Test("ranges over random numbers agree with comparing", arguments: [1, 2, 3, 4])
    func randomRanges(seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        for kind in ["integer", "double", "float", "half_float"] {
            let type = try type("{\"type\": \"\(kind)\"}")
            for _ in 0..<200 {
                let isWhole = kind == "integer"
                func value() -> Double {
                    let raw = Double(Int(next() % 4_000) - 2_000)
                    return isWhole ? raw : raw / 8
                }
                let number = value()
                let low = isWhole && next() % 2 == 0 ? value() + 0.5 : value()
                let high = value()
                let includesLower = next() % 2 == 0
                let includesUpper = next() % 2 == 0
                let lookup = try type.lookup(
                    range: ValueRange(
                        lower: JSONValue(low), includesLower: includesLower,
                        upper: JSONValue(high), includesUpper: includesUpper), context: context)
                let column = try #require(try type.number(of: JSONValue(number), format: nil))
                let expected =
                    (includesLower ? number >= low : number > low)
                    && (includesUpper ? number <= high : number < high)
                var found = false
                if case .numbers(let range) = lookup { found = range.contains(column) }
                #expect(
                    found == expected, "seed \(seed): \(kind) \(number) in \(low)...\(high)")
                #expect(type.double(of: column) == number)
            }
        }
    }

    @Test("dates round to what the range means")
    func dates() throws {
        let date = #"{"type": "date"}"#
        func millis(_ text: String) throws -> Int64 {
            try #require(DateFormat.default.instant(text)?.epochMillis)
        }
        func bounds(_ range: ValueRange) throws -> ValueLookup { try self.range(date, range) }
        let day = try millis("2014-11-18")
        let next = try millis("2014-11-19")
        #expect(
            try bounds(ValueRange(lower: "2014-11-18||/d", upper: "2014-11-18||/d"))
                == .numbers(day...next - 1))
        #expect(
            try bounds(
                ValueRange(
                    lower: "2014-11-18||/d", includesLower: false, upper: "2014-11-19||/d",
                    includesUpper: false))
                == .none)
        #expect(
            try bounds(ValueRange(lower: "2014-11-18||/d", includesLower: false))
                == .numbers(next...Int64.max))
        #expect(try term(date, "2014-11-18") == .numbers(day...next - 1))
        #expect(try term(date, "now") == .numbers(1_416_320_852_000...1_416_320_852_000))
        #expect(
            try bounds(
                ValueRange(
                    lower: "18/11/2014", upper: "18/11/2014", format: "dd/MM/yyyy",
                    timeZone: "+01:00"))
                == .numbers(day - 3_600_000...next - 3_600_001))
        #expect(try bounds(ValueRange(upper: 0)) == .numbers(Int64.min...0))
        #expect(
            schemaError { _ = try bounds(ValueRange(lower: "x", timeZone: "Mars/Base")) }?.reason
                == "Unknown time-zone ID: Mars/Base")
        let nanos = #"{"type": "date_nanos"}"#
        #expect(
            try term(nanos, "2014-11-18T14:27:32.123456789Z")
                == .numbers(1_416_320_852_123_456_789...1_416_320_852_123_456_789))
        #expect(try range(nanos, ValueRange(lower: "1900")) == .numbers(0...Int64.max))
        #expect(try range(nanos, ValueRange(upper: "1900")) == .none)
        let schema = try Schema.fields(#"{"x": {"type": "date_nanos"}}"#)
        #expect(
            try schema.error(#"{"x": "1969-12-31"}"#)?.causes.first?.reason
                == "date[1969-12-31T00:00:00.000Z] is before the epoch in 1970 and cannot be "
                + "stored in nanosecond resolution")
    }

    @Test("values are shown as the API shows them")
    func shown() throws {
        let date = try type(#"{"type": "date", "format": "yyyy-MM-dd||epoch_millis"}"#)
        #expect(date.display(number: 1_416_320_852_000, format: nil) == "2014-11-18")
        let paris = try #require(Zone(id: "Europe/Paris"))
        let format = try date.format("HH:mm", zone: paris)
        #expect(date.display(number: 1_416_320_852_000, format: format) == "15:27")
        let double = try type(#"{"type": "double"}"#)
        let encoded = SortableNumber.encode(1_234.5)
        #expect(double.display(number: encoded, format: nil) == 1234.5)
        #expect(
            double.display(number: encoded, format: try double.format("#,##0.00", zone: .utc))
                == "1,234.50")
        let scaled = try type(#"{"type": "scaled_float", "scaling_factor": 100}"#)
        #expect(scaled.display(number: 1999, format: nil) == 19.99)
        #expect(try scaled.lookup(term: 19.99, context: context) == .numbers(1999...1999))
        #expect(
            try scaled.lookup(
                range: ValueRange(lower: 19.991, upper: 20.019), context: context)
                == .numbers(2000...2001))
        #expect(try type(#"{"type": "boolean"}"#).display(number: 1, format: nil) == true)
        #expect(
            try type(#"{"type": "ip"}"#).display(
                bytes: try #require(IPAddress("2001:db8:0:0:1:0:0:1")).bytes)
                == "2001:db8::1:0:0:1")
    }

    @Test(
        "addresses",
        arguments: [
            ("192.168.1.7", "192.168.1.7"), ("::1", "::1"), ("::", "::"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("2001:DB8::0001", "2001:db8::1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("fe80::1%eth0", "fe80::1"),
            ("1:0:0:4:0:0:0:8", "1:0:0:4::8"),
        ])
    func addresses(text: String, expected: String) {
        #expect(IPAddress(text)?.string == expected)
    }

    @Test(
        "what is no address",
        arguments: [
            "1.2.3", "1.2.3.256", "1.2.3.04", ":::", "1::2::3", "1:2:3:4:5:6:7", "12345::", "",
            "1.2.3.4.5", "g::", "1:2:3:4:5:6:7:8:9", "::1:", ":1::",
        ])
    func noAddresses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("address blocks")
    func blocks() throws {
        let block = try IPAddress.range(cidr: "10.1.2.3/16")
        #expect(block.first.string == "10.1.0.0")
        #expect(block.last.string == "10.1.255.255")
        #expect(
            try IPAddress.range(cidr: "2001:db8::/32").last.string
                == "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
        #expect(try IPAddress.range(cidr: "1.2.3.4/32").first.string == "1.2.3.4")
        #expect(schemaError { _ = try IPAddress.range(cidr: "1.2.3.4/33") } != nil)
        guard
            case .bytes(let lower, true, let upper, true) =
                try term(#"{"type": "ip"}"#, "10.0.0.0/8")
        else {
            Issue.record("a block is a range")
            return
        }
        #expect(lower == IPAddress("10.0.0.0")?.bytes)
        #expect(upper == IPAddress("10.255.255.255")?.bytes)
    }

    @Test("all forms of a place mean the same")
    func places() throws {
        let forms = [
            #"{"lat": 41.12, "lon": -71.34}"#, #""41.12,-71.34""#, "[-71.34, 41.12]",
            #""POINT (-71.34 41.12)""#, #"{"type": "Point", "coordinates": [-71.34, 41.12]}"#,
            #"[{"lat": "41.12", "lon": "-71.34"}]"#, #"["41.12, -71.34"]"#,
        ]
        for form in forms {
            var schema = try Schema.fields(#"{"x": {"type": "geo_point"}}"#)
            let parsed = try schema.parse("{\"x\": \(form)}")
            let number = try #require(parsed.numbers("x").first, "\(form)")
            let point = GeoPoint(encoded: number)
            #expect(abs(point.latitude - 41.12) < 1e-6)
            #expect(abs(point.longitude + 71.34) < 1e-6)
        }
        var many = try Schema.fields(#"{"x": {"type": "geo_point"}}"#)
        #expect(try many.parse(#"{"x": [[1, 2], "3,4", "u09"]}"#).numbers("x").count == 3)
        let paris = try GeoPoint(json: "u09tvw0f6szy")
        #expect(abs(paris.latitude - 48.857) < 0.01)
        let london = GeoPoint(latitude: 51.5074, longitude: -0.1278)
        #expect(abs(london.distance(to: paris) - 343_000) < 3_000)
    }

    @Test(
        "what is no place",
        arguments: [
            (#"{"lat": 91, "lon": 0}"#, "illegal latitude value [91.0] for x"),
            ("[200, 0]", "illegal longitude value [200.0] for x"),
            (#"{"lat": 1}"#, "field [lon] missing"), (#"{"lon": 1}"#, "field [lat] missing"),
            ("12", "geo_point expected"),
            (
                #""1,2,3,4""#,
                "failed to parse [1,2,3,4], expected 2 or 3 coordinates but found: [4]"
            ),
            (#""a!""#, "unsupported symbol [a] in geohash [a!]"),
        ])
    func noPlaces(form: String, expected: String) throws {
        let schema = try Schema.fields(#"{"x": {"type": "geo_point"}}"#)
        let error = try schema.error("{\"x\": \(form)}")
        #expect(error?.reason.hasPrefix("failed to parse field [x] of type [geo_point]") == true)
        #expect(error?.causes.first?.reason == expected)
    }

    @Test("a flat object is found by value and by path")
    func flat() throws {
        var schema = try Schema.fields(#"{"f": {"type": "flat_object"}}"#)
        let parsed = try schema.parse(#"{"f": {"a": {"b": ["x", 1]}, "c": true}}"#)
        #expect(parsed.values("f") == ["x", "1", "true"])
        let field = try #require(schema.mapping.field("f.a.b"))
        #expect(field.number == schema.mapping.field("f")?.number)
        guard case .term(let term) = try field.type.lookup(term: "x", context: context) else {
            Issue.record("a path is looked up by a term")
            return
        }
        let terms = parsed.terms("f").map { $0.split(separator: "@")[0] }
        #expect(terms.contains(Substring(String(decoding: term, as: UTF8.self))))
        #expect(
            Set(parsed.terms("_field_names").map { $0.split(separator: "@")[0] })
                == ["f.a.b", "f.c"])
        #expect(schema.mapping.field("g.a") == nil)
    }

    @Test("the lesser types")
    func others() throws {
        var schema = try Schema.fields(
            #"""
            {"c": {"type": "constant_keyword", "value": "v"}, "b": {"type": "binary"},
             "n": {"type": "text", "fields": {"count": {"type": "token_count", "analyzer": "standard"}}},
             "s": {"type": "completion"}, "w": {"type": "wildcard"}, "m": {"type": "match_only_text"},
             "a": {"type": "search_as_you_type"}}
            """#)
        let parsed = try schema.parse(
            #"""
            {"c": "v", "b": "aGVsbG8=", "n": "three blind mice", "w": "a*b", "m": "x y", "a": "q r",
             "s": [{"input": ["one", "two"], "weight": 3}, "three"]}
            """#)
        #expect(parsed.numbers("n.count") == [3])
        #expect(parsed.values("s") == ["one", "two", "three"])
        #expect(parsed.terms("m") == ["x@0", "y@1"])
        #expect(parsed.terms("a") == ["q@0", "r@1"])
        #expect(try schema.type("c").lookup(term: "v", context: context) == .all)
        #expect(try schema.type("c").lookup(term: "w", context: context) == .none)
        #expect(
            try schema.error(#"{"c": "w"}"#)?.causes.first?.reason
                == "[constant keyword] only accepts values that are equal to the value defined "
                + "in the mappings [v], but got [w]")
        #expect(try schema.error(#"{"b": "no base64!"}"#) != nil)
        #expect(try schema.error(#"{"s": {"input": "x", "weight": -1}}"#) != nil)
    }
}
