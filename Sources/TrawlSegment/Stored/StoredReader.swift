internal import Synchronization
package import TrawlBytes

/// Gives sources back, byte for byte. See `StoredFormat`.
package final class StoredReader: Sendable {
    private let file: SegmentFile
    private let firstDocs: PackedNumbersReader
    private let blocks: PackedNumbersReader
    /// Decompressors that nobody uses just now, and the block that was asked for last. Never
    /// held while a block is unpacked.
    private let spare = Mutex(Spare())

    private struct Spare {
        var decompressors: [ZstdDecompressor] = []
        var lastIndex = -1
        var last: StoredBlock?
    }

    package init(
        _ place: StoredPlace, docCount: Int, in file: SegmentFile
    ) throws(CorruptionError) {
        self.file = file
        firstDocs = try PackedNumbersReader(place.firstDocs, in: file)
        blocks = try PackedNumbersReader(place.blocks, in: file)
        guard firstDocs.count == blocks.count, blocks.count > 0,
            firstDocs.int(at: blocks.count - 1) == docCount, firstDocs.value(at: 0) == 0
        else {
            throw CorruptionError(
                file: file.name, byteOffset: place.firstDocs.table,
                reason: "the blocks of sources are not those of \(docCount) documents")
        }
    }

    package var blockCount: Int { blocks.count - 1 }

    /// The documents of a block.
    package func docs(ofBlock block: Int) -> Range<Int> {
        let start = firstDocs.int(at: block)
        return start..<Swift.max(start, firstDocs.int(at: block + 1))
    }

    /// The bytes of a block as they lie in the file.
    func packedBlock(_ block: Int) -> UnsafeRawBufferPointer {
        let start = blocks.int(at: block)
        return unsafe file.slice(at: start, byteCount: blocks.int(at: block + 1) - start)
    }

    /// The source of a document; empty when it was not stored.
    package func source(of doc: Int) throws(CorruptionError) -> [UInt8] {
        var index = firstDocs.firstIndex(notBelow: Int64(doc))
        if index == firstDocs.count || firstDocs.int(at: index) > doc { index -= 1 }
        // Blocks without documents do not exist, so the block found holds the document.
        return try block(index).source(at: doc - firstDocs.int(at: index))
    }

    func block(_ index: Int) throws(CorruptionError) -> StoredBlock {
        let (cached, decompressor) = spare.withLock { spare in
            spare.lastIndex == index
                ? (spare.last, nil) : (nil, spare.decompressors.popLast())
        }
        if let cached { return cached }
        let user = decompressor ?? ZstdDecompressor()
        let unpacked = unsafe StoredBlock.unpack(
            packedBlock(index), docCount: docs(ofBlock: index).count, with: user)
        spare.withLock { spare in
            spare.decompressors.append(user)
            if let unpacked {
                spare.lastIndex = index
                spare.last = unpacked
            }
        }
        guard let unpacked else {
            throw CorruptionError(
                file: file.name, byteOffset: blocks.int(at: index),
                reason: "a block of sources cannot be unpacked")
        }
        return unpacked
    }

    /// Unpacks every block.
    package func check() throws(CorruptionError) {
        try firstDocs.check()
        try blocks.check()
        for index in 0..<blockCount { _ = try block(index) }
    }
}
