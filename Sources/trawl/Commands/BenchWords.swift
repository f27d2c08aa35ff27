/// The words of the field's benchmark: maximal runs of letters and digits, lower-cased, those of
/// 40 characters and more dropped.
struct BenchWords {
    /// For each byte: 0 ends a word, 1 is looked at as a scalar, else the lower-case byte.
    private static let classes: [UInt8] = (0..<256).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            UInt8(byte)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(byte) | 0x20
        case 0x80...: 1
        default: 0
        }
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isAlphabetic { return true }
        switch scalar.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }

    /// Appends the words of `text` to `bytes` and calls back with where each begins.
    static func forEach(
        _ text: UnsafeBufferPointer<UInt8>, into bytes: inout [UInt8],
        _ body: (_ start: Int, _ byteCount: Int) -> Void
    ) {
        let before = bytes.count
        // Lower case takes at most three times the room (U+0130 takes three bytes for two).
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count * 3 + 8)
        defer { unsafe room.deallocate() }
        var used = 0
        var start = 0
        var length = 0
        func end() {
            if length > 0, length < 40 {
                body(before + start, used - start)
                start = used
            } else {
                used = start
            }
            length = 0
        }
        unsafe classes.withUnsafeBufferPointer { classes in
            var i = 0
            while i < text.count {
                let kind = unsafe classes[Int(text[i])]
                if kind > 1 {
                    unsafe room[used] = kind
                    used += 1
                    length += 1
                    i += 1
                } else if kind == 0 {
                    if length > 0 { end() }
                    i += 1
                } else {
                    let (scalar, byteCount) = unsafe scalar(text, i)
                    i += byteCount
                    guard isWordPart(scalar) else {
                        if length > 0 { end() }
                        continue
                    }
                    for byte in scalar.properties.lowercaseMapping.utf8 {
                        unsafe room[used] = byte
                        used += 1
                    }
                    length += 1
                }
            }
        }
        end()
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: room[..<used]))
    }

    private static func scalar(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int
    ) -> (Unicode.Scalar, Int) {
        let first = unsafe text[start]
        let byteCount = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
        guard first >= 0xc0, start + byteCount <= text.count else { return ("\u{fffd}", 1) }
        var value = UInt32(first) & (0x7f >> UInt32(byteCount))
        for i in start + 1..<start + byteCount {
            value = unsafe value << 6 | UInt32(text[i] & 0x3f)
        }
        return (Unicode.Scalar(value) ?? "\u{fffd}", byteCount)
    }

    static func words(of text: String) -> [[UInt8]] {
        var bytes: [UInt8] = []
        var words: [[UInt8]] = []
        var ends: [(Int, Int)] = []
        unsafe Array(text.utf8).withUnsafeBufferPointer {
            unsafe forEach($0, into: &bytes) { ends.append(($0, $1)) }
        }
        for (start, count) in ends { words.append(Array(bytes[start..<start + count])) }
        return words
    }
}
