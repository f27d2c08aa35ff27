/// Hashes that are the same on every machine and in every release: they decide where a document
/// lives and whether two copies hold the same content, so they may never change.
///
/// MurmurHash3, x64, 128 bits (Austin Appleby, public domain), seed 0 unless given.
package enum StableHash {
    package struct Hash128: Hashable, Sendable, Comparable {
        package var low: UInt64
        package var high: UInt64

        package init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }

        package static let zero = Hash128(low: 0, high: 0)

        package static func < (left: Hash128, right: Hash128) -> Bool {
            (left.high, left.low) < (right.high, right.low)
        }

        /// Sums modulo 2^128: a set of hashes can be summed in any order, and taken out again.
        package static func &+ (left: Hash128, right: Hash128) -> Hash128 {
            let (low, carry) = left.low.addingReportingOverflow(right.low)
            return Hash128(low: low, high: left.high &+ right.high &+ (carry ? 1 : 0))
        }

        package static func &- (left: Hash128, right: Hash128) -> Hash128 {
            let (low, borrow) = left.low.subtractingReportingOverflow(right.low)
            return Hash128(low: low, high: left.high &- right.high &- (borrow ? 1 : 0))
        }
    }

    package static func hash64(_ text: String, seed: UInt64 = 0) -> UInt64 {
        hash128(text, seed: seed).low
    }

    package static func hash64(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        unsafe hash128(bytes, seed: seed).low
    }

    package static func hash128(_ text: String, seed: UInt64 = 0) -> Hash128 {
        var text = text
        return text.withUTF8 { unsafe hash128(UnsafeRawBufferPointer($0), seed: seed) }
    }

    package static func hash128(_ bytes: [UInt8], seed: UInt64 = 0) -> Hash128 {
        unsafe bytes.withUnsafeBytes { unsafe hash128($0, seed: seed) }
    }

    package static func hash128(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> Hash128 {
        let c1: UInt64 = 0x87c3_7b91_1142_53d5
        let c2: UInt64 = 0x4cf5_ad43_2745_937f
        var h1 = seed
        var h2 = seed
        let blockCount = bytes.count / 16
        for block in 0..<blockCount {
            // In bounds: block < count / 16.
            var k1 = UInt64(
                littleEndian: unsafe bytes.loadUnaligned(
                    fromByteOffset: block * 16, as: UInt64.self))
            var k2 = UInt64(
                littleEndian: unsafe bytes.loadUnaligned(
                    fromByteOffset: block * 16 + 8, as: UInt64.self))
            k1 = rotate(k1 &* c1, 31) &* c2
            h1 = (rotate(h1 ^ k1, 27) &+ h2) &* 5 &+ 0x52dc_e729
            k2 = rotate(k2 &* c2, 33) &* c1
            h2 = (rotate(h2 ^ k2, 31) &+ h1) &* 5 &+ 0x3849_5ab5
        }
        var k1: UInt64 = 0
        var k2: UInt64 = 0
        for i in blockCount * 16..<bytes.count {
            let byte = UInt64(unsafe bytes[i])
            let place = i - blockCount * 16
            if place < 8 { k1 |= byte << (8 * place) } else { k2 |= byte << (8 * (place - 8)) }
        }
        h2 ^= rotate(k2 &* c2, 33) &* c1
        h1 ^= rotate(k1 &* c1, 31) &* c2
        h1 ^= UInt64(bytes.count)
        h2 ^= UInt64(bytes.count)
        h1 &+= h2
        h2 &+= h1
        h1 = finish(h1)
        h2 = finish(h2)
        h1 &+= h2
        h2 &+= h1
        return Hash128(low: h1, high: h2)
    }

    private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        (value << bits) | (value >> (64 - bits))
    }

    private static func finish(_ value: UInt64) -> UInt64 {
        var h = value
        h ^= h >> 33
        h &*= 0xff51_afd7_ed55_8ccd
        h ^= h >> 33
        h &*= 0xc4ce_b9fe_1a85_ec53
        h ^= h >> 33
        return h
    }
}
