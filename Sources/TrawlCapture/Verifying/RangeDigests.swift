package import TrawlBytes

/// What a set of documents comes to, in ranges of the hash of their ids: for each the sum of the
/// documents' digests modulo 2^128.
///
/// Two sets that are equal have equal sums in any order of adding. Two that differ have equal sums
/// with a chance of one in 2^128.
package struct RangeDigests: Sendable, Equatable {
    package static let rangeCount = 4096

    package private(set) var sums = [StableHash.Hash128](repeating: .zero, count: rangeCount)
    package private(set) var counts = [Int](repeating: 0, count: rangeCount)

    package init() {}

    package var count: Int { counts.reduce(0, +) }

    /// The sum over everything: one number for the whole.
    package var total: StableHash.Hash128 { sums.reduce(.zero) { $0 &+ $1 } }

    package static func range(of id: String) -> Int { Int(StableHash.hash64(id) >> 52) }

    /// Of a document: its id, a zero byte, its source.
    package static func digest(of id: String, _ source: [UInt8]) -> StableHash.Hash128 {
        var bytes = Array(id.utf8)
        bytes.reserveCapacity(bytes.count + 1 + source.count)
        bytes.append(0)
        bytes.append(contentsOf: source)
        return StableHash.hash128(bytes)
    }

    package mutating func add(_ digest: StableHash.Hash128, of id: String) {
        let range = Self.range(of: id)
        sums[range] = sums[range] &+ digest
        counts[range] += 1
    }

    package func differing(from other: RangeDigests) -> Set<Int> {
        Set(
            (0..<Self.rangeCount).filter {
                sums[$0] != other.sums[$0] || counts[$0] != other.counts[$0]
            })
    }
}

/// The documents of some ranges on both sides, key by key.
package struct KeyComparison: Sendable {
    package let ranges: Set<Int>
    private var store: [String: StableHash.Hash128] = [:]
    private var matched = 0
    package private(set) var missing: [String] = []
    package private(set) var surplus: [String] = []
    package private(set) var different: [String] = []

    package init(ranges: Set<Int>) { self.ranges = ranges }

    /// All of the store first.
    package mutating func addOfStore(_ id: String, _ digest: StableHash.Hash128) {
        if ranges.contains(RangeDigests.range(of: id)) { store[id] = digest }
    }

    /// Then all of the index.
    package mutating func addOfIndex(_ id: String, _ digest: StableHash.Hash128) {
        guard ranges.contains(RangeDigests.range(of: id)) else { return }
        switch store.removeValue(forKey: id) {
        case nil: surplus.append(id)
        case digest: break
        default: different.append(id)
        }
    }

    /// Then the end: what the index did not have is missing.
    package mutating func finish() {
        missing = store.keys.sorted()
        surplus.sort()
        different.sort()
        store = [:]
    }
}

extension StableHash.Hash128 {
    package var text: String {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return hex(high) + hex(low)
    }
}

extension StableHash.Hash128 {
    init?(text: String) {
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(low: low, high: high)
    }
}
