import Testing
import TrawlTestKit

@testable import TrawlSearch

@Suite("DistinctCounter", .randomized(rounds: 2))
struct DistinctCounterTests {
    @Test("exact up to the threshold")
    func exact() {
        var counter = DistinctCounter(threshold: 100)
        for key in 0..<100 { for _ in 0..<3 { counter.insert(DistinctCounter.hash(Int64(key))) } }
        #expect(counter.count == 100)
    }

    @Test("beyond it, off by no more than registers of that number are")
    func estimate() {
        // The standard error of 2^14 registers is 0.8 per cent.
        var errors: [Double] = []
        for start in 0..<8 {
            var counter = DistinctCounter(threshold: 3000)
            for key in 0..<100_000 {
                counter.insert(DistinctCounter.hash(Int64(start * 10_000_000 + key)))
            }
            errors.append(Double(counter.count) / 100_000 - 1)
        }
        #expect(errors.allSatisfy { $0.magnitude < 0.04 })
        #expect((errors.reduce(0, +) / 8).magnitude < 0.012)
    }

    @Test("any split of the values comes to the same")
    func split() {
        var random = RandomContext.generator()
        for count in [5, 90, 110, 5000] {
            let keys = (0..<count).map { _ in Int64.random(in: 0...8000, using: &random) }
            var whole = DistinctCounter(threshold: 100)
            var parts = (0..<3).map { _ in DistinctCounter(threshold: 100) }
            for key in keys {
                whole.insert(DistinctCounter.hash(key))
                parts[Int.random(in: 0...2, using: &random)].insert(DistinctCounter.hash(key))
            }
            var merged = parts[2]
            merged.merge(parts[0])
            merged.merge(parts[1])
            #expect(merged.count == whole.count)
        }
    }
}
