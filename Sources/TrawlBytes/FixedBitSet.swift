/// A set of the numbers from 0 to `bitCount - 1`, one bit each.
@usableFromInline
package struct FixedBitSet: Sendable, Equatable {
    package let bitCount: Int
    /// Bit `i` is bit `i % 64` of word `i / 64`. Bits past `bitCount` are zero.
    @usableFromInline package private(set) var words: [UInt64]

    package init(bitCount: Int, filled: Bool = false) {
        self.bitCount = bitCount
        words = Array(repeating: filled ? .max : 0, count: (bitCount + 63) / 64)
        if filled { clearPadding() }
    }

    /// - Precondition: `words` has a word for every 64 bits.
    package init(bitCount: Int, words: [UInt64]) {
        precondition(words.count == (bitCount + 63) / 64)
        self.bitCount = bitCount
        self.words = words
        clearPadding()
    }

    private mutating func clearPadding() {
        if bitCount % 64 != 0, !words.isEmpty {
            words[words.count - 1] &= (1 << UInt64(bitCount % 64)) - 1
        }
    }

    @inlinable
    package func contains(_ bit: Int) -> Bool {
        words[bit >> 6] & (1 << UInt64(bit & 63)) != 0
    }

    package mutating func insert(_ bit: Int) {
        assert(bit < bitCount)
        words[bit >> 6] |= 1 << UInt64(bit & 63)
    }

    package mutating func remove(_ bit: Int) {
        assert(bit < bitCount)
        words[bit >> 6] &= ~(1 << UInt64(bit & 63))
    }

    /// How many bits are set. Reads every word.
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// How many bits below `bit` are set.
    package func rank(below bit: Int) -> Int {
        var total = 0
        for word in 0..<bit >> 6 { total += words[word].nonzeroBitCount }
        if bit & 63 != 0 {
            total += (words[bit >> 6] & ((1 << UInt64(bit & 63)) - 1)).nonzeroBitCount
        }
        return total
    }

    /// The first set bit at or after `bit`, or nil.
    package func next(from bit: Int) -> Int? {
        guard bit < bitCount else { return nil }
        var index = bit >> 6
        var word = words[index] & (UInt64.max << UInt64(bit & 63))
        while word == 0 {
            index += 1
            if index == words.count { return nil }
            word = words[index]
        }
        return index << 6 + word.trailingZeroBitCount
    }

    package mutating func formUnion(_ other: FixedBitSet) {
        precondition(bitCount == other.bitCount)
        for i in words.indices { words[i] |= other.words[i] }
    }

    package mutating func formIntersection(_ other: FixedBitSet) {
        precondition(bitCount == other.bitCount)
        for i in words.indices { words[i] &= other.words[i] }
    }

    package mutating func subtract(_ other: FixedBitSet) {
        precondition(bitCount == other.bitCount)
        for i in words.indices { words[i] &= ~other.words[i] }
    }
}
