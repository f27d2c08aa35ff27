/// A text in UTF-16, which is what ICU reads, and the way back to bytes.
struct UTF16Text {
    var units: [UInt16] = []

    init(_ bytes: Span<UInt8>) {
        units = unsafe Array(unsafeUninitializedCapacity: bytes.count) { target, count in
            var at = 0
            while at < bytes.count {
                let scalar = bytes.scalar(at: at)
                if scalar.value > 0xFFFF {
                    unsafe target[count] = UInt16(0xD7C0 + scalar.value >> 10)
                    unsafe target[count + 1] = UInt16(0xDC00 | scalar.value & 0x3FF)
                    count += 2
                } else {
                    unsafe target[count] = UInt16(scalar.value)
                    count += 1
                }
                at += scalar.byteCount
            }
        }
    }

    static func utf8(_ units: ArraySlice<UInt16>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(units.count * 3)
        var index = units.startIndex
        while index < units.endIndex {
            let unit = UInt32(units[index])
            index += 1
            if unit >= 0xD800, unit < 0xDC00, index < units.endIndex {
                let low = UInt32(units[index])
                if low >= 0xDC00, low < 0xE000 {
                    result.appendScalar(0x10000 + (unit - 0xD800) << 10 + low - 0xDC00)
                    index += 1
                    continue
                }
            }
            result.appendScalar(unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit)
        }
        return result
    }

    /// Calls an ICU function that writes into a buffer and returns the length it needs.
    static func filled(
        startingWith capacity: Int,
        _ body: (UnsafeMutablePointer<UInt16>, Int32) -> Int32
    ) -> [UInt16]? {
        var capacity = capacity
        for _ in 0..<40 {
            var needed: Int32 = 0
            let result = unsafe [UInt16](unsafeUninitializedCapacity: capacity) { target, count in
                needed = unsafe body(target.baseAddress!, Int32(capacity))
                count = needed >= 0 && Int(needed) <= capacity ? Int(needed) : 0
            }
            if needed < 0 { return nil }
            if Int(needed) <= capacity { return result }
            capacity = Int(needed)
        }
        return nil
    }
}
