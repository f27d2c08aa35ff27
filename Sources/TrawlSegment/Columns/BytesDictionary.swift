package import TrawlBytes

/// How the distinct byte strings of a column lie in a `.cols` file: ascending, in blocks of 16,
/// each string but the first of its block without what it shares with the one before.
///
///      +----------------+--------------------+-----------+
///      | shared, varint | more bytes, varint | the bytes |   16 times a block
///      +----------------+--------------------+-----------+
///
/// Packed numbers say where each block begins. `shared` is 0 for the first of a block. The
/// ordinal of a string is its place in the order.
package struct BytesDictionaryPlace: Sendable, Equatable {
    static let blockLength = 16

    package var count = 0
    package var data = 0
    package var byteCount = 0
    package var blocks = PackedNumbersPlace()

    package init() {}

    package func encode(into writer: inout ByteWriter) {
        writer.writeVarint(count)
        writer.writeVarint(data)
        writer.writeVarint(byteCount)
        blocks.encode(into: &writer)
    }

    package init(decoding reader: inout ByteReader) throws(CorruptionError) {
        count = try reader.readCount()
        data = try reader.readCount()
        byteCount = try reader.readCount()
        blocks = try PackedNumbersPlace(decoding: &reader)
    }
}

/// Takes byte strings in ascending order.
package struct BytesDictionaryWriter {
    private var place = BytesDictionaryPlace()
    private var blocks = PackedNumbersWriter()
    private var bytes: [UInt8] = []
    private var last: [UInt8] = []

    package init() {}

    package mutating func append(_ string: some Collection<UInt8>) {
        var shared = 0
        if place.count % BytesDictionaryPlace.blockLength == 0 {
            blocks.append(bytes.count)
        } else {
            for (a, b) in zip(last, string) {
                if a != b { break }
                shared += 1
            }
        }
        assert(place.count == 0 || last.lexicographicallyPrecedes(string))
        Varint.append(UInt64(shared), to: &bytes)
        Varint.append(UInt64(string.count - shared), to: &bytes)
        bytes.append(contentsOf: string.dropFirst(shared))
        last.removeAll(keepingCapacity: true)
        last.append(contentsOf: string)
        place.count += 1
    }

    package mutating func finish(
        into file: SegmentFileWriter
    ) throws -> BytesDictionaryPlace {
        try file.align()
        place.data = file.byteOffset
        place.byteCount = bytes.count
        try file.append(bytes)
        place.blocks = try blocks.finish(into: file)
        bytes = []
        return place
    }
}

/// Byte strings by ordinal, and ordinals by byte string. See `BytesDictionaryPlace`.
package struct BytesDictionary: Sendable {
    private let file: SegmentFile
    private let place: BytesDictionaryPlace
    private let blocks: PackedNumbersReader

    package init(
        _ place: BytesDictionaryPlace, in file: SegmentFile
    ) throws(CorruptionError) {
        self.file = file
        self.place = place
        blocks = try PackedNumbersReader(place.blocks, in: file)
        let blockLength = BytesDictionaryPlace.blockLength
        guard place.data <= file.byteCount - place.byteCount,
            blocks.count == (place.count + blockLength - 1) / blockLength
        else {
            throw CorruptionError(
                file: file.name, byteOffset: place.data,
                reason: "a dictionary of \(place.count) strings does not fit")
        }
    }

    package var count: Int { place.count }

    /// Puts entry after entry into `string` until `stop` says so or the dictionary ends.
    private func walk(
        fromBlock block: Int, _ string: inout [UInt8],
        while more: (_ ordinal: Int, _ string: [UInt8]) -> Bool
    ) {
        var ordinal = block * BytesDictionaryPlace.blockLength
        guard ordinal < count else { return }
        var cursor = place.data + blocks.int(at: block)
        while ordinal < count {
            let (shared, afterShared) = file.varint(at: cursor)
            let (rest, start) = file.varint(at: afterShared)
            guard shared <= string.count || ordinal % BytesDictionaryPlace.blockLength == 0,
                rest <= file.byteCount
            else {
                file.noteDamage(at: cursor)
                return
            }
            string.removeLast(max(0, string.count - shared))
            unsafe string.append(contentsOf: file.slice(at: start, byteCount: rest))
            cursor = start + rest
            guard more(ordinal, string) else { return }
            ordinal += 1
        }
    }

    package func bytes(at ordinal: Int) -> [UInt8] {
        assert(ordinal >= 0 && ordinal < count)
        var string: [UInt8] = []
        walk(fromBlock: ordinal / BytesDictionaryPlace.blockLength, &string) { at, _ in
            at < ordinal
        }
        return string
    }

    /// Calls back with every string in order, from an ordinal on, until it returns false.
    package func forEach(
        from ordinal: Int = 0, _ body: (_ ordinal: Int, _ bytes: [UInt8]) -> Bool
    ) {
        var string: [UInt8] = []
        walk(fromBlock: ordinal / BytesDictionaryPlace.blockLength, &string) { at, bytes in
            at < ordinal || body(at, bytes)
        }
    }

    /// The first ordinal whose string is not less than `bytes`; `count` when all are.
    package func firstOrdinal(notBelow bytes: [UInt8]) -> Int {
        var low = 0
        var high = blocks.count
        // The last block whose first string is not greater than `bytes`.
        while low < high {
            let middle = (low + high) / 2
            if bytes.lexicographicallyPrecedes(self.bytes(at: middle * 16)) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        guard low > 0 else { return 0 }
        var found = count
        var string: [UInt8] = []
        walk(fromBlock: low - 1, &string) { ordinal, candidate in
            if candidate.lexicographicallyPrecedes(bytes) { return true }
            found = ordinal
            return false
        }
        return found
    }

    package func ordinal(of bytes: [UInt8]) -> Int? {
        let ordinal = firstOrdinal(notBelow: bytes)
        return ordinal < count && self.bytes(at: ordinal) == bytes ? ordinal : nil
    }

    package func check() throws(CorruptionError) {
        try blocks.check()
        var last: [UInt8]?
        var seen = 0
        var isSorted = true
        forEach { _, bytes in
            if let last, !last.lexicographicallyPrecedes(bytes) { isSorted = false }
            last = bytes
            seen += 1
            return isSorted
        }
        if let damage = file.damage { throw damage }
        guard isSorted, seen == count else {
            throw CorruptionError(
                file: file.name, byteOffset: place.data,
                reason: "a dictionary of \(count) strings is out of order at \(seen)")
        }
    }
}
