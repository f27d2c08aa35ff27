import Testing
import TrawlBytes
import TrawlTestKit

@testable import TrawlTransport

private enum Shape: Codable, Equatable {
    case plain
    case named(size: Int, of: String)
    indirect case nested(Shape, [Shape])
}

private struct Everything: Codable, Equatable {
    var flag = true
    var text = "Æ\u{0}é"
    var small: UInt8 = 255
    var large = UInt64.max
    var negative = Int64.min
    var huge = Int128.min + 3
    var hugeOnes: [Int16: Int128] = [-4: .max]
    var score: Float = 0.1
    var sum = -0.0
    var infinite = Double.infinity
    var none: Int?
    var some: Int? = 3
    var bytes: [UInt8] = [0, 1, 255]
    var optionalBytes: [UInt8]? = [9]
    var map = ["a": [1, 2], "b": []]
    var keyed: [Int: String] = [1: "x"]
    var shapes: [Shape] = [.plain, .named(size: 1, of: "a"), .nested(.plain, [.plain])]
}

@Suite("Wire")
struct WireTests {
    @Test("every kind of value comes out as it went in, bit for bit")
    func roundTrip() throws {
        let value = Everything()
        let bytes = try Wire.encode(value)
        let back = try Wire.decode(Everything.self, from: bytes)
        #expect(back == value)
        #expect(back.sum.sign == .minus)
        let nan = try Wire.decode(
            [Float].self, from: try Wire.encode([Float(bitPattern: 0x7fc0_1234)]))
        #expect(nan[0].bitPattern == 0x7fc0_1234)
    }

    @Test("bytes cut short or changed are an error or another value, never a crash", .randomized())
    func damaged() throws {
        var random = RandomContext.generator()
        let bytes = try Wire.encode(Everything())
        for length in bytes.indices {
            #expect(throws: (any Error).self) {
                try Wire.decode(Everything.self, from: bytes.prefix(length))
            }
        }
        for _ in 0..<2000 {
            var changed = bytes
            changed[Int.random(in: changed.indices, using: &random)] = .random(
                in: 0...255, using: &random)
            _ = try? Wire.decode(Everything.self, from: changed)
        }
    }

    @Test("values nested without end are refused")
    func depth() {
        let bytes = (0..<100_000).flatMap { _ in [9, 1] as [UInt8] }
        #expect(throws: CorruptionError.self) { try Wire.decode([Int].self, from: bytes) }
    }
}
