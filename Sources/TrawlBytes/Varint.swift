/// Numbers in as few bytes as they need: seven bits a byte, lowest first, the top bit set on all
/// but the last byte. 300 is `ac 02`.
@usableFromInline
package enum Varint {
    /// A 64-bit number needs at most this many bytes.
    package static let maxByteCount = 10

    @inlinable
    package static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Small negative numbers become small positive ones: 0, -1, 1, -2 are 0, 1, 2, 3.
    @inlinable
    package static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value << 1) ^ (value >> 63))
    }

    @inlinable
    package static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    package static func byteCount(of value: UInt64) -> Int {
        max(1, (64 - value.leadingZeroBitCount + 6) / 7)
    }
}
