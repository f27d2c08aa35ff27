/// One code point of valid UTF-8 and how many bytes it takes.
struct DecodedScalar {
    var value: UInt32
    var byteCount: Int
}

extension Span<UInt8> {
    /// Decodes at `index`. The text must be valid UTF-8 and `index` a boundary.
    @inline(__always)
    func scalar(at index: Int) -> DecodedScalar {
        let first = self[index]
        if first < 0x80 { return DecodedScalar(value: UInt32(first), byteCount: 1) }
        let second = UInt32(self[index + 1] & 0x3F)
        if first < 0xE0 {
            return DecodedScalar(value: UInt32(first & 0x1F) << 6 | second, byteCount: 2)
        }
        let third = UInt32(self[index + 2] & 0x3F)
        if first < 0xF0 {
            return DecodedScalar(
                value: UInt32(first & 0x0F) << 12 | second << 6 | third, byteCount: 3)
        }
        let fourth = UInt32(self[index + 3] & 0x3F)
        return DecodedScalar(
            value: UInt32(first & 0x07) << 18 | second << 12 | third << 6 | fourth, byteCount: 4)
    }

    /// Decodes the code point that ends before `index`, which must not be 0.
    @inline(__always)
    func scalar(before index: Int) -> DecodedScalar {
        var start = index - 1
        while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
        return scalar(at: start)
    }

    /// How many code points lie between two boundaries.
    func scalarCount(_ range: Range<Int>) -> Int {
        var count = 0
        for index in range where self[index] & 0xC0 != 0x80 { count += 1 }
        return count
    }

    /// How many UTF-16 code units lie between two boundaries.
    func utf16Count(_ range: Range<Int>) -> Int {
        var count = 0
        for index in range {
            let byte = self[index]
            if byte & 0xC0 != 0x80 { count += byte >= 0xF0 ? 2 : 1 }
        }
        return count
    }
}

extension [UInt8] {
    /// Appends a code point as UTF-8.
    mutating func appendScalar(_ value: UInt32) {
        if value < 0x80 {
            append(UInt8(value))
        } else if value < 0x800 {
            append(UInt8(0xC0 | value >> 6))
            append(UInt8(0x80 | value & 0x3F))
        } else if value < 0x10000 {
            append(UInt8(0xE0 | value >> 12))
            append(UInt8(0x80 | value >> 6 & 0x3F))
            append(UInt8(0x80 | value & 0x3F))
        } else {
            append(UInt8(0xF0 | value >> 18))
            append(UInt8(0x80 | value >> 12 & 0x3F))
            append(UInt8(0x80 | value >> 6 & 0x3F))
            append(UInt8(0x80 | value & 0x3F))
        }
    }

    /// The code points of valid UTF-8.
    var scalars: [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(count)
        let bytes = span
        var index = 0
        while index < count {
            let scalar = bytes.scalar(at: index)
            result.append(scalar.value)
            index += scalar.byteCount
        }
        return result
    }

    init(scalars: some Sequence<UInt32>) {
        self = []
        for scalar in scalars { appendScalar(scalar) }
    }
}

enum UTF8Validity {
    /// Whether all bytes are below 0x80.
    static func isASCII(_ bytes: Span<UInt8>) -> Bool {
        var merged: UInt8 = 0
        let count = bytes.count
        unsafe bytes.withUnsafeBufferPointer { bytes in
            for index in 0..<count { unsafe merged |= bytes[index] }
        }
        return merged < 0x80
    }

    /// The length of the well-formed sequence at `index`, or 0. Refuses overlong forms,
    /// surrogates and values past U+10FFFF, as the Unicode standard's table 3-7 does.
    @inline(__always)
    static func sequenceLength(_ bytes: Span<UInt8>, _ index: Int) -> Int {
        let first = bytes[index]
        if first < 0x80 { return 1 }
        let left = bytes.count - index
        func continues(_ at: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
            bytes[index + at] >= low && bytes[index + at] <= high
        }
        switch first {
        case 0xC2...0xDF: return left >= 2 && continues(1) ? 2 : 0
        case 0xE0...0xEF:
            guard left >= 3 else { return 0 }
            let low: UInt8 = first == 0xE0 ? 0xA0 : 0x80
            let high: UInt8 = first == 0xED ? 0x9F : 0xBF
            return continues(1, low, high) && continues(2) ? 3 : 0
        case 0xF0...0xF4:
            guard left >= 4 else { return 0 }
            let low: UInt8 = first == 0xF0 ? 0x90 : 0x80
            let high: UInt8 = first == 0xF4 ? 0x8F : 0xBF
            return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0
        default: return 0
        }
    }

    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            let length = sequenceLength(bytes, index)
            if length == 0 { return false }
            index += length
        }
        return true
    }

    /// Every byte that belongs to no well-formed sequence becomes U+FFFD; offsets point back.
    static func repaired(_ bytes: Span<UInt8>) -> FilteredText {
        var text = FilteredText()
        text.reserve(bytes.count + 64)
        var index = 0
        while index < bytes.count {
            let length = sequenceLength(bytes, index)
            if length == 0 {
                text.replace(1, with: [0xEF, 0xBF, 0xBD])
                index += 1
            } else {
                for offset in index..<index + length { text.copy(bytes[offset]) }
                index += length
            }
        }
        return text
    }
}
