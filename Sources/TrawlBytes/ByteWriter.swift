/// Puts numbers and strings into bytes, little-endian. What it writes, `ByteReader` reads.
package struct ByteWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(reserving byteCount: Int = 0) {
        bytes.reserveCapacity(byteCount)
    }

    package var byteCount: Int { bytes.count }

    package mutating func write<T: FixedWidthInteger>(_ value: T) {
        var rest = value.littleEndian
        unsafe withUnsafeBytes(of: &rest) { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ value: Bool) { write(UInt8(value ? 1 : 0)) }

    package mutating func write(_ value: Double) { write(value.bitPattern) }

    package mutating func write(_ value: Float) { write(value.bitPattern) }

    package mutating func writeVarint(_ value: UInt64) { Varint.append(value, to: &bytes) }

    package mutating func writeVarint(_ value: Int) {
        precondition(value >= 0, "a count cannot be negative")
        Varint.append(UInt64(value), to: &bytes)
    }

    package mutating func writeZigzag(_ value: Int64) {
        Varint.append(Varint.zigzag(value), to: &bytes)
    }

    package mutating func write(raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }

    /// The length as a varint, then the bytes.
    package mutating func write(counted raw: some Collection<UInt8>) {
        writeVarint(raw.count)
        bytes.append(contentsOf: raw)
    }

    /// The UTF-8 length as a varint, then the text.
    package mutating func write(_ text: String) { write(counted: text.utf8) }

    /// Nothing as 0, something as 1 and the text.
    package mutating func write(_ text: String?) {
        write(text != nil)
        if let text { write(text) }
    }

    /// Zeros up to the next multiple of `alignment`.
    package mutating func pad(to alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
    }

    /// Writes over four bytes that were left for a number known only later.
    package mutating func patch(_ value: UInt32, at byteOffset: Int) {
        precondition(byteOffset + 4 <= bytes.count)
        for i in 0..<4 { bytes[byteOffset + i] = UInt8(truncatingIfNeeded: value >> (8 * i)) }
    }
}
