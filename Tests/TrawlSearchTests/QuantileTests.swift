import Testing
import TrawlTestKit

@testable import TrawlSearch

@Suite("Quantiles", .randomized(rounds: 3))
struct QuantileTests {
    private func weighted(_ values: [Double], limit: Int = 1 << 18) -> WeightedNumbers {
        var counts: [Double: Int] = [:]
        for value in values { counts[value, default: 0] += 1 }
        return WeightedNumbers(
            sorted: counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, limit: limit)
    }

    @Test("few numbers are kept as they are")
    func few() {
        let digest = TDigest(weighted([1, 51, 101, 151]), compression: 100)
        #expect([0.01, 0.25, 0.5, 0.75, 0.99].map(digest.quantile) == [1, 51, 101, 151, 151])
        #expect([0, 1, 60, 151, 200].map(digest.rank) == [0, 0.125, 0.5, 0.875, 1])
        #expect(TDigest(weighted([]), compression: 100).quantile(0.5).isNaN)
        #expect(TDigest(weighted([7, 7, 7]), compression: 100).quantile(0.5) == 7)
    }

    @Test("many numbers: a percentile is near the number that stands there")
    func many() {
        var random = RandomContext.generator()
        let values = (0..<20_000).map { _ in Double.random(in: 0...1000, using: &random) }
        let sorted = values.sorted()
        let digest = TDigest(weighted(values), compression: 100)
        for percent in [0.1, 1, 25, 50, 75, 99, 99.9] {
            let exact = sorted[Int(percent / 100 * 20_000)]
            #expect((digest.quantile(percent / 100) - exact).magnitude < 5)
            #expect((digest.rank(exact) - percent / 100).magnitude < 0.005)
        }
    }

    @Test("numbers beyond the limit lose their lowest bits, the same ones in any split")
    func coarse() {
        var random = RandomContext.generator()
        let values = (0..<4000).map { _ in Double.random(in: -1e6...1e6, using: &random) }
        let whole = weighted(values, limit: 256)
        var merged = weighted(Array(values[..<1000]), limit: 256)
        merged.merge(weighted(Array(values[1000..<3900]), limit: 256))
        merged.merge(weighted(Array(values[3900...]), limit: 256))
        #expect(whole.numbers.count <= 256)
        #expect(merged.numbers.map(\.value) == whole.numbers.map(\.value))
        #expect(merged.numbers.map(\.count) == whole.numbers.map(\.count))
        #expect(whole.totalCount == values.count)
    }
}
