/// Reads what `ByteWriter` wrote. Every read is checked against the end: bytes from disk or from
/// a peer may be wrong, and then this throws, naming the file and the byte.
package struct ByteReader: Sendable {
    private let bytes: ArraySlice<UInt8>
    private let file: String
    private var cursor: Int

    package init(_ bytes: [UInt8], file: String) {
        self.init(bytes[...], file: file)
    }

    package init(_ bytes: ArraySlice<UInt8>, file: String) {
        self.bytes = bytes
        self.file = file
        cursor = bytes.startIndex
    }

    /// How many bytes were read.
    package var byteOffset: Int { cursor - bytes.startIndex }
    package var remaining: Int { bytes.endIndex - cursor }
    package var isAtEnd: Bool { cursor == bytes.endIndex }

    package func damaged(_ reason: String) -> CorruptionError {
        CorruptionError(file: file, byteOffset: byteOffset, reason: reason)
    }

    private mutating func take(_ count: Int) throws(CorruptionError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw damaged("\(count) bytes expected, \(remaining) left")
        }
        defer { cursor += count }
        return bytes[cursor..<cursor + count]
    }

    package mutating func read<T: FixedWidthInteger>(
        _ type: T.Type = T.self
    ) throws(CorruptionError) -> T {
        let raw = try take(MemoryLayout<T>.size)
        var value: T = 0
        for (i, byte) in raw.enumerated() { value |= T(truncatingIfNeeded: byte) << (8 * i) }
        return value
    }

    package mutating func readBool() throws(CorruptionError) -> Bool {
        switch try read(UInt8.self) {
        case 0: return false
        case 1: return true
        case let other: throw damaged("a flag is \(other)")
        }
    }

    package mutating func readDouble() throws(CorruptionError) -> Double {
        Double(bitPattern: try read())
    }

    package mutating func readFloat() throws(CorruptionError) -> Float {
        Float(bitPattern: try read())
    }

    package mutating func readVarint() throws(CorruptionError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            let byte = try read(UInt8.self)
            if shift == 63, byte > 1 { throw damaged("a varint is over 64 bits") }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw damaged("a varint does not end")
    }

    /// A count: a varint that must fit an `Int`.
    package mutating func readCount() throws(CorruptionError) -> Int {
        guard let count = Int(exactly: try readVarint()) else {
            throw damaged("a count is too large")
        }
        return count
    }

    package mutating func readZigzag() throws(CorruptionError) -> Int64 {
        Varint.unzigzag(try readVarint())
    }

    package mutating func readRaw(_ count: Int) throws(CorruptionError) -> ArraySlice<UInt8> {
        try take(count)
    }

    package mutating func readCounted() throws(CorruptionError) -> ArraySlice<UInt8> {
        try take(try readCount())
    }

    package mutating func readString() throws(CorruptionError) -> String {
        let raw = try readCounted()
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw damaged("a string is not UTF-8")
        }
        return text
    }

    package mutating func readOptionalString() throws(CorruptionError) -> String? {
        try readBool() ? try readString() : nil
    }

    /// The zeros up to the next multiple of `alignment`.
    package mutating func skipPadding(to alignment: Int) throws(CorruptionError) {
        while byteOffset % alignment != 0 {
            guard try read(UInt8.self) == 0 else { throw damaged("padding is not zero") }
        }
    }
}
