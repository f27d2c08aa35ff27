/// A field's length in one byte, as Lucene keeps it (`SmallFloat.intToByte4`): exact up to 39,
/// then with three bits of mantissa, never falling.
package enum NormEncoding {
    /// Lengths below this are kept as they are.
    static let exactCount: UInt32 = 24

    package static func encode(_ length: Int32) -> UInt8 {
        precondition(length >= 0, "a length cannot be negative")
        let value = UInt32(length)
        if value < exactCount { return UInt8(value) }
        let rest = value - exactCount
        let bitCount = 32 - rest.leadingZeroBitCount
        if bitCount < 4 { return UInt8(exactCount + rest) }
        let shift = UInt32(bitCount - 4)
        return UInt8(exactCount + ((rest >> shift) & 7 | (shift + 1) << 3))
    }

    /// The least length with this byte.
    package static func decode(_ byte: UInt8) -> Int32 {
        let value = UInt32(byte)
        if value < exactCount { return Int32(value) }
        let rest = value - exactCount
        let mantissa = rest & 7
        let shift = Int(rest >> 3) - 1
        return Int32(exactCount + (shift < 0 ? mantissa : (mantissa | 8) << UInt32(shift)))
    }
}
