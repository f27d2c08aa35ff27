internal import TrawlBytes

/// Gives every distinct byte string a number, in order of appearance. An open hash table over
/// one arena: no allocation for a string that is known.
package struct BytesInterner: Sendable {
    private var arena: [UInt8] = []
    private var ends: [Int] = []
    private var hashes: [UInt32] = []
    /// Number plus one; 0 is free. A power of two long.
    private var slots = [UInt32](repeating: 0, count: 16)

    package init() {}

    package var count: Int { ends.count }
    package var memoryByteCount: Int {
        arena.capacity + ends.capacity * 8 + hashes.capacity * 4 + slots.capacity * 4
    }

    package func bytes(at number: Int) -> ArraySlice<UInt8> {
        arena[(number == 0 ? 0 : ends[number - 1])..<ends[number]]
    }

    package mutating func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let hash = UInt32(
            truncatingIfNeeded: unsafe StableHash.hash64(UnsafeRawBufferPointer(bytes)))
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if hashes[number] == hash, unsafe equals(number, bytes) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        unsafe arena.append(contentsOf: bytes)
        ends.append(arena.count)
        hashes.append(hash)
        slots[slot] = UInt32(ends.count)
        if ends.count * 2 > slots.count { grow() }
        return ends.count - 1
    }

    private func equals(_ number: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = number == 0 ? 0 : ends[number - 1]
        guard ends[number] - start == bytes.count else { return false }
        return unsafe arena.withUnsafeBufferPointer { all in
            for i in 0..<bytes.count where unsafe all[start + i] != bytes[i] { return false }
            return true
        }
    }

    private mutating func grow() {
        var larger = [UInt32](repeating: 0, count: slots.count * 2)
        for number in hashes.indices {
            var slot = Int(hashes[number]) & (larger.count - 1)
            while larger[slot] != 0 { slot = (slot + 1) & (larger.count - 1) }
            larger[slot] = UInt32(number + 1)
        }
        slots = larger
    }

    /// The numbers in the order of their strings.
    package func sortedOrder() -> [UInt32] {
        (0..<UInt32(count)).sorted {
            bytes(at: Int($0)).lexicographicallyPrecedes(bytes(at: Int($1)))
        }
    }
}
