import Testing
import TrawlBytes

@Suite("StableHash")
struct StableHashTests {
    /// These values are in every index on every disk: a change here loses documents.
    @Test("hashes are those of MurmurHash3 x64 128 and never change")
    func published() {
        #expect(StableHash.hash128("") == .zero)
        let fox = StableHash.hash128("The quick brown fox jumps over the lazy dog")
        #expect(fox.low == 0xe34b_bc7b_bc07_1b6c)
        #expect(fox.high == 0x7a43_3ca9_c49a_9347)
    }

    @Test("sums can be taken in any order and taken out again")
    func sums() {
        let parts = ["a", "b", "c", "dd"].map { StableHash.hash128($0) }
        let forward = parts.reduce(.zero, &+)
        let backward = parts.reversed().reduce(.zero, &+)
        #expect(forward == backward)
        #expect(parts.reduce(forward) { $0 &- $1 } == .zero)
        let wrap = StableHash.Hash128(low: .max, high: .max) &+ .init(low: 2, high: 0)
        #expect(wrap == .init(low: 1, high: 0))
    }
}
