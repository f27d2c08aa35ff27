import Testing
import TrawlBytes
import TrawlTestKit

@Suite("FixedBitSet")
struct FixedBitSetTests {
    @Test("it behaves as a set of numbers", arguments: [1, 63, 64, 65, 200])
    func againstSet(bitCount: Int) {
        var random = SplitMix64(seed: UInt64(bitCount))
        var bits = FixedBitSet(bitCount: bitCount)
        var other = FixedBitSet(bitCount: bitCount, filled: true)
        var reference: Set<Int> = []
        var otherReference = Set(0..<bitCount)
        for _ in 0..<300 {
            let bit = Int.random(in: 0..<bitCount, using: &random)
            if Bool.random(using: &random) {
                bits.insert(bit)
                reference.insert(bit)
            } else {
                bits.remove(bit)
                reference.remove(bit)
            }
            other.remove(bit)
            otherReference.remove(bit)
            #expect(bits.count == reference.count)
            #expect(bits.rank(below: bit) == reference.count { $0 < bit })
            #expect(bits.next(from: bit) == reference.filter { $0 >= bit }.min())
            #expect(bits.contains(bit) == reference.contains(bit))
        }
        #expect(bits.next(from: bitCount) == nil)
        var union = bits
        union.formUnion(other)
        #expect(union.count == reference.union(otherReference).count)
        var both = bits
        both.formIntersection(other)
        #expect(both.count == reference.intersection(otherReference).count)
        var rest = bits
        rest.subtract(other)
        #expect(rest.count == reference.subtracting(otherReference).count)
    }
}
