internal import CKernels
package import TrawlBytes

/// Numbers by their place in a list. See `PackedNumbersFormat`.
package struct PackedNumbersReader: Sendable {
    @usableFromInline let file: SegmentFile
    @usableFromInline let table: Int
    @usableFromInline let data: Int
    @usableFromInline let unit: UInt64
    package let place: PackedNumbersPlace
    package let count: Int

    package init(_ place: PackedNumbersPlace, in file: SegmentFile) throws(CorruptionError) {
        let tableByteCount = place.blockCount * PackedNumbersFormat.entryByteCount
        guard place.data <= place.table,
            place.table <= file.byteCount - EnvelopeFormat.footerByteCount - tableByteCount
        else {
            throw CorruptionError(
                file: file.name, byteOffset: place.table,
                reason: "a list of \(place.count) numbers does not fit the file")
        }
        self.file = file
        self.place = place
        table = place.table
        data = place.data
        unit = place.unit
        count = place.count
    }

    package var blockCount: Int { place.blockCount }
    package var least: Int64 { place.least }
    package var greatest: Int64 { place.greatest }

    @inlinable
    package func value(at index: Int) -> Int64 {
        assert(index >= 0 && index < count)
        let entry = table &+ (index &>> 8) &* 24
        let least: Int64 = file.load(at: entry)
        let packed: UInt64 = file.load(at: entry &+ 16)
        let width = packed &>> 56
        if width == 0 { return least }
        let bit = UInt64(index & 255) &* width
        let start = data &+ Int(packed & 0x00ff_ffff_ffff_ffff) &+ Int(bit &>> 3)
        let raw: UInt64 = file.load(at: start)
        // The lowest width bits; 64 - width is 0 to 63.
        let kept = (raw &>> (bit & 7)) & (UInt64.max &>> (64 &- width))
        return Int64(bitPattern: UInt64(bitPattern: least) &+ kept &* unit)
    }

    @inlinable package func int(at index: Int) -> Int { Int(value(at: index)) }

    @inlinable package func least(ofBlock block: Int) -> Int64 {
        file.load(at: table &+ block &* 24)
    }

    @inlinable package func greatest(ofBlock block: Int) -> Int64 {
        file.load(at: table &+ block &* 24 &+ 8)
    }

    /// The numbers of a block, 256 but in the last.
    package func decode(block: Int, into numbers: inout [Int64]) {
        let start = block << PackedNumbersFormat.blockShift
        let end = Swift.min(count, start + PackedNumbersFormat.blockLength)
        numbers.removeAll(keepingCapacity: true)
        for index in start..<Swift.max(start, end) { numbers.append(value(at: index)) }
    }

    /// The numbers of a range of the list, many times faster than one by one.
    ///
    /// - Parameter target: Has room for the range.
    package func decode(_ range: Range<Int>, into target: UnsafeMutablePointer<Int64>) {
        assert(range.lowerBound >= 0 && range.upperBound <= count)
        let file = file
        guard let bytes = unsafe file.bytes.baseAddress else { return }
        var index = range.lowerBound
        while index < range.upperBound {
            let block = index >> PackedNumbersFormat.blockShift
            let end = Swift.min(range.upperBound, (block + 1) << PackedNumbersFormat.blockShift)
            let start = unsafe target + (index - range.lowerBound)
            if unsafe !decode(index..<end, ofBlock: block, bytes, file.byteCount, into: start) {
                // Damage, which the plain way makes note of.
                for place in index..<end { unsafe start[place - index] = value(at: place) }
            }
            index = end
        }
    }

    /// False when the block does not lie in the file.
    @inline(__always)
    private func decode(
        _ range: Range<Int>, ofBlock block: Int, _ bytes: UnsafeRawPointer, _ byteCount: Int,
        into target: UnsafeMutablePointer<Int64>
    ) -> Bool {
        // The whole table lies in the file: `init` has looked.
        let entry = unsafe bytes + table + block &* PackedNumbersFormat.entryByteCount
        let least = unsafe Int64(littleEndian: entry.loadUnaligned(as: Int64.self))
        let packed = unsafe UInt64(
            littleEndian: entry.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        let width = Int(packed &>> 56)
        if width == 0 {
            unsafe target.update(repeating: least, count: range.count)
            return true
        }
        let first = range.lowerBound & (PackedNumbersFormat.blockLength - 1)
        let start = data &+ Int(packed & 0x00ff_ffff_ffff_ffff)
        let lastByte = start &+ ((first + range.count - 1) * width) >> 3
        guard width <= 64, start >= 0, start <= lastByte, lastByte <= byteCount - 8 else {
            return false
        }
        // Eight bytes from `lastByte` lie in the file, by the guard; all others lie before.
        unsafe trawl_unpack_numbers(
            bytes.assumingMemoryBound(to: UInt8.self) + start, Int32(width),
            UInt64(bitPattern: least), unit, Int32(first), Int32(range.count), target)
        return true
    }

    /// Calls back with every number of a range of the list, in order.
    @inlinable
    package func forEach(in range: Range<Int>, _ body: (Int64) -> Void) {
        for index in range { body(value(at: index)) }
    }

    /// The first index from `start` on whose number is not less than `bound`, in a list that
    /// never falls; `count` when there is none.
    package func firstIndex(notBelow bound: Int64) -> Int {
        var low = 0
        var high = blockCount
        while low < high {
            let middle = (low + high) / 2
            if greatest(ofBlock: middle) < bound { low = middle + 1 } else { high = middle }
        }
        guard low < blockCount else { return count }
        var from = low << PackedNumbersFormat.blockShift
        var to = Swift.min(count, from + PackedNumbersFormat.blockLength)
        while from < to {
            let middle = (from + to) / 2
            if value(at: middle) < bound { from = middle + 1 } else { to = middle }
        }
        return from
    }

    /// Reads every number and compares the bounds that blocks and the list claim.
    package func check() throws(CorruptionError) {
        for block in 0..<blockCount {
            let start = block << PackedNumbersFormat.blockShift
            let end = Swift.min(count, start + PackedNumbersFormat.blockLength)
            var seenLeast = Int64.max
            var seenGreatest = Int64.min
            for index in start..<end {
                let number = value(at: index)
                seenLeast = Swift.min(seenLeast, number)
                seenGreatest = Swift.max(seenGreatest, number)
            }
            guard seenLeast == least(ofBlock: block), seenGreatest == greatest(ofBlock: block),
                seenLeast >= least, seenGreatest <= greatest
            else {
                throw CorruptionError(
                    file: file.name, byteOffset: table + block * 24,
                    reason: "the bounds of a block of numbers are not those of its numbers")
            }
        }
        if let damage = file.damage { throw damage }
    }
}
