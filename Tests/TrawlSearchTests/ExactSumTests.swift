import Testing
import TrawlSchema
import TrawlTestKit

@testable import TrawlSearch

@Suite("ExactSum", .randomized())
struct ExactSumTests {
    @Test("a sum is rounded once, whatever was added in between")
    func cancellation() {
        var sum = ExactSum()
        for value in [1e300, 1, -1e300, 1e-300, 2, -1e-300] { sum.add(value) }
        #expect(sum.value == 3)
        var tenth = ExactSum()
        for _ in 0..<10 { tenth.add(0.1) }
        // Ten times the double next to a tenth is nearer to 1 than to its neighbours.
        #expect(tenth.value == 1)
        #expect(ExactSum().value == 0)
    }

    @Test("half way between two doubles goes to the even one")
    func ties() {
        var sum = ExactSum()
        sum.add(9_007_199_254_740_992)
        sum.add(1)
        #expect(sum.value == 9_007_199_254_740_992)
        sum.add(Double.leastNonzeroMagnitude)
        #expect(sum.value == 9_007_199_254_740_994)
        var negative = ExactSum()
        negative.add(-9_007_199_254_740_992)
        negative.add(-1)
        #expect(negative.value == -9_007_199_254_740_992)
    }

    @Test("small and huge doubles are summed exactly")
    func extremes() {
        var sum = ExactSum()
        sum.add(Double.leastNonzeroMagnitude)
        sum.add(Double.leastNonzeroMagnitude)
        #expect(sum.value == Double.leastNonzeroMagnitude * 2)
        var huge = ExactSum()
        huge.add(Double.greatestFiniteMagnitude)
        huge.add(Double.greatestFiniteMagnitude)
        huge.add(-Double.greatestFiniteMagnitude)
        #expect(huge.value == Double.greatestFiniteMagnitude)
        huge.add(.infinity)
        #expect(huge.value == .infinity)
    }

    @Test("any order and any split give the same bits, and the right ones")
    func order() {
        var random = RandomContext.generator()
        for _ in 0..<50 {
            // Multiples of 2^-30 below 2^60: their sum fits an integer of 128 bits.
            let scaled = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                Int64.random(in: -(1 << 52)...(1 << 52), using: &random)
                    >> Int64.random(in: 0...50, using: &random)
            }
            let powers = scaled.map { _ in Int.random(in: -30...8, using: &random) }
            let values = zip(scaled, powers).map {
                Double(sign: .plus, exponent: $1, significand: Double($0))
            }
            let exact = zip(scaled, powers).reduce(Int128(0)) {
                $0 + Int128($1.0) << Int128($1.1 + 30)
            }
            let expected = Double(sign: .plus, exponent: -30, significand: Double(exact))
            var forward = ExactSum()
            for value in values { forward.add(value) }
            var parts = [ExactSum(), ExactSum(), ExactSum()]
            for value in values.shuffled(using: &random) {
                parts[Int.random(in: 0...2, using: &random)].add(value)
            }
            var merged = ExactSum()
            for part in parts.shuffled(using: &random) { merged.add(part) }
            #expect(forward.value.bitPattern == expected.bitPattern || expected == 0)
            #expect(merged.value.bitPattern == forward.value.bitPattern)
        }
    }

    @Test("many at once come to what one by one comes to")
    func windows() throws {
        var random = RandomContext.generator()
        for round in 0..<60 {
            // Powers of two far apart, near each other, and one alone.
            let spread = [0, 3, 20, 60, 90, 900][round % 6]
            let values = (0..<Int.random(in: 1...4096, using: &random)).map { _ in
                let power = Int.random(in: -spread...max(0, spread / 3), using: &random)
                return Double.random(in: -1000...1000, using: &random)
                    * Double(sign: .plus, exponent: power, significand: 1)
            }
            var plain = ExactSum()
            for value in values { plain.add(value) }
            var sum = ExactSum()
            let top = Int32(values.map { $0 == 0 ? 0 : $0.exponent + 1 }.max()!)
            let keys = values.map { SortableNumber.encode($0) }
            let extremes = unsafe keys.withUnsafeBufferPointer {
                unsafe sum.add(keys: $0, below: top)
            }
            if let extremes {
                #expect(sum.value == plain.value)
                #expect(extremes.least == values.min() && extremes.greatest == values.max())
            } else {
                #expect(spread >= 60 && sum.value == 0)
            }
            if spread <= 20 { #expect(extremes != nil) }
        }
    }

    @Test("infinities and NaN are left to the plain way")
    func notFinite() {
        for value in [Double.infinity, -.infinity, .nan] {
            let keys = [1.5, value, 2].map { SortableNumber.encode($0) }
            var sum = ExactSum()
            let extremes = unsafe keys.withUnsafeBufferPointer {
                unsafe sum.add(keys: $0, below: 10)
            }
            #expect(extremes == nil)
            #expect(sum.value == 0)
        }
    }
}
