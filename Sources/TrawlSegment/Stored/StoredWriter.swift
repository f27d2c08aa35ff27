internal import TrawlBytes

/// Takes the sources of documents in order and packs them. Holds what is packed in memory until
/// it is drained into a file; what is held can be read back.
struct StoredWriter {
    private let compressor = ZstdCompressor(level: StoredFormat.compressionLevel)
    private var pending: [UInt8] = []
    private var pendingLengths: [Int] = []
    /// Packed blocks that are not drained yet. Each for itself: one long array would be copied
    /// again and again while it grows.
    private var packed: [[UInt8]] = []
    private var packedByteCount = 0
    private var drainedByteCount = 0
    private var firstDocs: [Int] = []
    private var blockStarts: [Int] = []
    private(set) var docCount = 0

    var memoryByteCount: Int {
        packedByteCount + packed.capacity * 40 + pending.capacity
            + (firstDocs.capacity + blockStarts.capacity) * 8
    }

    mutating func append(_ source: some Collection<UInt8>) {
        pending.append(contentsOf: source)
        pendingLengths.append(source.count)
        docCount += 1
        if pending.count >= StoredFormat.blockByteCount
            || pendingLengths.count == StoredFormat.maxBlockDocCount
        {
            packBlock()
        }
    }

    private mutating func packBlock() {
        let block = pendingBlock()
        append(block, docCount: pendingLengths.count, firstDoc: docCount - pendingLengths.count)
        pending.removeAll(keepingCapacity: true)
        pendingLengths.removeAll(keepingCapacity: true)
    }

    /// What is pending, as a packed block.
    private func pendingBlock() -> [UInt8] {
        var block: [UInt8] = []
        block.reserveCapacity(pending.count + pendingLengths.count * 3)
        for length in pendingLengths { Varint.append(UInt64(length), to: &block) }
        block.append(contentsOf: pending)
        precondition(block.count < StoredFormat.maxBlockByteCount, "a source of 2 GB")
        return compressor.compress(block, after: UInt32(block.count))
    }

    private mutating func append(_ block: [UInt8], docCount: Int, firstDoc: Int) {
        firstDocs.append(firstDoc)
        blockStarts.append(drainedByteCount + packedByteCount)
        packed.append(block)
        packedByteCount += block.count
    }

    /// Takes over a packed block of another segment, all of whose documents live.
    mutating func append(packedBlock: UnsafeRawBufferPointer, docCount count: Int) {
        if !pendingLengths.isEmpty { packBlock() }
        append(unsafe Array(packedBlock), docCount: count, firstDoc: docCount)
        docCount += count
    }

    /// The source of a document, while nothing was drained.
    func source(of doc: Int) -> [UInt8] {
        precondition(drainedByteCount == 0 && doc < docCount)
        let firstPending = docCount - pendingLengths.count
        if doc >= firstPending {
            let start = pendingLengths[..<(doc - firstPending)].reduce(0, +)
            return Array(pending[start..<start + pendingLengths[doc - firstPending]])
        }
        var block = 0
        var end = firstDocs.count
        while block < end {
            let middle = (block + end) / 2
            if firstDocs[middle] <= doc { block = middle + 1 } else { end = middle }
        }
        block -= 1
        let last = block + 1 < firstDocs.count ? firstDocs[block + 1] : firstPending
        let unpacked = unsafe packed[block].withUnsafeBytes { bytes in
            unsafe StoredBlock.unpack(
                bytes, docCount: last - firstDocs[block], with: ZstdDecompressor())
        }
        return unpacked?.source(at: doc - firstDocs[block]) ?? []
    }

    /// Moves what is packed into the file.
    mutating func drain(into file: SegmentFileWriter) throws {
        for block in packed { try file.append(block) }
        drainedByteCount += packedByteCount
        packed.removeAll(keepingCapacity: true)
        packedByteCount = 0
    }

    /// Writes what is not drained yet, and where everything lies.
    ///
    /// - Precondition: The file is empty, or holds only what was drained.
    func finish(into file: SegmentFileWriter) throws -> StoredPlace {
        for block in packed { try file.append(block) }
        var firstDocs = firstDocs
        var blockStarts = blockStarts
        var end = drainedByteCount + packedByteCount
        if !pendingLengths.isEmpty {
            let last = pendingBlock()
            firstDocs.append(docCount - pendingLengths.count)
            blockStarts.append(end)
            end += last.count
            try file.append(last)
        }
        var place = StoredPlace()
        place.firstDocs = try PackedNumbersWriter.write(
            (firstDocs + [docCount]).map { Int64($0) }, into: file)
        let base = EnvelopeFormat.headerByteCount
        place.blocks = try PackedNumbersWriter.write(
            (blockStarts + [end]).map { Int64($0 + base) }, into: file)
        return place
    }
}

/// An unpacked block of sources.
struct StoredBlock: Sendable {
    private let bytes: [UInt8]
    private let starts: [Int]

    /// Nil when the block is damaged.
    static func unpack(
        _ packed: UnsafeRawBufferPointer, docCount: Int, with decompressor: ZstdDecompressor
    ) -> StoredBlock? {
        guard packed.count > 4, docCount > 0 else { return nil }
        let byteCount = Int(
            UInt32(littleEndian: unsafe packed.loadUnaligned(as: UInt32.self)))
        guard byteCount < StoredFormat.maxBlockByteCount,
            let bytes = unsafe decompressor.decompress(
                UnsafeRawBufferPointer(rebasing: packed[4...]), byteCount: byteCount)
        else { return nil }
        var reader = ByteReader(bytes, file: "")
        var lengths: [Int] = []
        for _ in 0..<docCount {
            guard let length = try? reader.readCount(), length <= byteCount else { return nil }
            lengths.append(length)
        }
        var starts = [reader.byteOffset]
        for length in lengths { starts.append(starts[starts.count - 1] + length) }
        guard starts[starts.count - 1] == byteCount else { return nil }
        return StoredBlock(bytes: bytes, starts: starts)
    }

    func source(at index: Int) -> [UInt8] { Array(bytes[starts[index]..<starts[index + 1]]) }
}
