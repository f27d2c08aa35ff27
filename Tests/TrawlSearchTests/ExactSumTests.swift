import Testing
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
}
