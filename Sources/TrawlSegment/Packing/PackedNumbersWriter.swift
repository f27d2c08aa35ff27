/// Packs a list of numbers, given in order. See `PackedNumbersFormat`.
package struct PackedNumbersWriter {
    private var pending: [Int64] = []
    private var data: [UInt8] = []
    private var table: [UInt8] = []
    private var place = PackedNumbersPlace()

    /// - Parameter unit: Divides the difference of any two numbers; see `unit(of:)`.
    package init(unit: UInt64 = 1) {
        precondition(unit > 0)
        place.unit = unit
        pending.reserveCapacity(PackedNumbersFormat.blockLength)
    }

    /// The greatest unit that divides all differences: 1 when there are none.
    package static func unit(of numbers: some Sequence<Int64>) -> UInt64 {
        var first: Int64?
        var unit: UInt64 = 0
        for number in numbers {
            guard let start = first else {
                first = number
                continue
            }
            var a =
                number >= start
                ? UInt64(bitPattern: number &- start) : UInt64(bitPattern: start &- number)
            if unit == 0 {
                unit = a
            } else if a % unit != 0 {
                while a != 0 { (unit, a) = (a, unit % a) }
            }
            if unit == 1 { return 1 }
        }
        return Swift.max(1, unit)
    }

    package mutating func append(_ number: Int64) {
        pending.append(number)
        if pending.count == PackedNumbersFormat.blockLength { packBlock() }
    }

    package mutating func append(_ number: Int) { append(Int64(number)) }

    package mutating func append(contentsOf numbers: some Sequence<Int64>) {
        for number in numbers { append(number) }
    }

    package var memoryByteCount: Int { data.count + table.count + 2048 }

    private mutating func packBlock() {
        var least = pending[0]
        var greatest = pending[0]
        for number in pending {
            least = Swift.min(least, number)
            greatest = Swift.max(greatest, number)
        }
        if place.count == 0 {
            place.least = least
            place.greatest = greatest
        }
        place.least = Swift.min(place.least, least)
        place.greatest = Swift.max(place.greatest, greatest)
        place.count += pending.count
        let unit = place.unit
        let widest = UInt64(bitPattern: greatest &- least) / unit
        var width = 64 - widest.leadingZeroBitCount
        if width > 56 { width = 64 }
        put(UInt64(bitPattern: least))
        put(UInt64(bitPattern: greatest))
        put(UInt64(data.count) | UInt64(width) << 56)
        if width > 0 {
            var held: UInt64 = 0
            var heldBits = 0
            for number in pending {
                let difference = UInt64(bitPattern: number &- least)
                let value = unit == 1 ? difference : difference / unit
                held |= value << UInt64(heldBits)
                if width == 64 {
                    put64(value)
                    held = 0
                    continue
                }
                heldBits += width
                while heldBits >= 8 {
                    data.append(UInt8(truncatingIfNeeded: held))
                    held >>= 8
                    heldBits -= 8
                }
            }
            if heldBits > 0 { data.append(UInt8(truncatingIfNeeded: held)) }
        }
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func put64(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            data.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private mutating func put(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            table.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Writes the list and says where it lies.
    package mutating func finish(
        into file: SegmentFileWriter
    ) throws -> PackedNumbersPlace {
        if !pending.isEmpty { packBlock() }
        try file.align()
        place.data = file.byteOffset
        try file.append(data)
        try file.align()
        place.table = file.byteOffset
        try file.append(table)
        data = []
        table = []
        return place
    }

    /// A whole list at once, with the best unit.
    package static func write(
        _ numbers: [Int64], into file: SegmentFileWriter
    ) throws -> PackedNumbersPlace {
        var writer = PackedNumbersWriter(unit: unit(of: numbers))
        writer.append(contentsOf: numbers)
        return try writer.finish(into: file)
    }
}
