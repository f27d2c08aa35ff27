package import CKernels
package import TrawlBytes

/// A term's list of documents, opened for one reader. Holds one decoded block.
///
/// Kernels work on `raw` block by block; the methods here are for those who go document by
/// document and for tests.
@safe
package final class PostingsList {
    package let raw: UnsafeMutablePointer<trawl_list>
    /// Keeps the bytes alive.
    private let owner: FieldPostings

    init(owner: FieldPostings) {
        self.owner = owner
        guard let made = unsafe trawl_list_new() else { preconditionFailure("out of memory") }
        unsafe raw = unsafe made
    }

    deinit { unsafe trawl_list_free(raw) }

    package var docCount: Int { unsafe Int(raw.pointee.doc_count) }
    package var occurrenceCount: UInt64 { unsafe raw.pointee.occurrence_count }
    package var blockCount: Int { unsafe Int(raw.pointee.block_count) }
    package var detail: PostingsDetail { owner.detail }

    /// Throws when a block read so far was not what was written.
    package func check() throws(CorruptionError) {
        if unsafe raw.pointee.damaged != 0 { throw owner.damagedList(0) }
    }

    /// Calls back with each block: its documents, and their frequencies.
    package func forEachBlock(
        _ body: (UnsafeBufferPointer<UInt32>, UnsafeBufferPointer<UInt32>) throws -> Void
    ) throws {
        for block in 0..<blockCount {
            unsafe trawl_list_load(raw, UInt32(block))
            unsafe trawl_list_load_frequencies(raw)
            try check()
            let count = unsafe Int(raw.pointee.count)
            try unsafe body(
                UnsafeBufferPointer(start: docsPointer, count: count),
                UnsafeBufferPointer(start: frequenciesPointer, count: count))
        }
        try check()
    }

    private var docsPointer: UnsafePointer<UInt32> {
        unsafe UnsafeRawPointer(raw).advanced(by: MemoryLayout<trawl_list>.offset(of: \.docs)!)
            .assumingMemoryBound(to: UInt32.self)
    }

    private var frequenciesPointer: UnsafePointer<UInt32> {
        unsafe UnsafeRawPointer(raw)
            .advanced(by: MemoryLayout<trawl_list>.offset(of: \.frequencies)!)
            .assumingMemoryBound(to: UInt32.self)
    }

    /// All documents. Allocates; for tests and checks.
    package func documents() throws -> [DocNumber] {
        var all: [DocNumber] = []
        all.reserveCapacity(docCount)
        try unsafe forEachBlock { docs, _ in unsafe all.append(contentsOf: docs) }
        return all
    }

    /// The first document at or after `doc`, or `.end`.
    package func seek(to doc: DocNumber) -> DocNumber { unsafe trawl_list_seek(raw, doc) }

    /// How often the term occurs in `doc`, which the list is at after `seek`; 0 when it does not.
    package func frequency(in doc: DocNumber) -> Int {
        var wanted = doc
        var place: UInt32 = 0
        var frequency: UInt32 = 0
        let found = unsafe trawl_list_probe(raw, &wanted, 1, &place, &frequency)
        return found == 1 ? Int(frequency) : 0
    }

    /// The positions of the term in `doc`, ascending; empty when it does not occur.
    package func positions(in doc: DocNumber) -> [UInt32] {
        let frequency = frequency(in: doc)
        guard frequency > 0, let place = place(of: doc) else { return [] }
        return unsafe [UInt32](unsafeUninitializedCapacity: frequency) { out, count in
            count = unsafe Int(
                trawl_list_positions(raw, UInt32(place), out.baseAddress, UInt32(frequency)))
        }
    }

    /// The place of `doc` in its block, whose documents are decoded then.
    private func place(of doc: DocNumber) -> Int? {
        guard unsafe trawl_list_seek(raw, doc) == doc else { return nil }
        let docs = unsafe UnsafeBufferPointer(start: docsPointer, count: Int(raw.pointee.count))
        return unsafe docs.firstIndex(of: doc)
    }

    /// Positions with their offsets in the text: start and end of each occurrence.
    package func offsets(in doc: DocNumber) throws(CorruptionError) -> [(start: Int, end: Int)] {
        let frequency = frequency(in: doc)
        guard frequency > 0, detail == .offsets, let place = place(of: doc) else { return [] }
        let occurrences = OccurrenceBuffer()
        try readOccurrences(into: occurrences)
        var skipped = 0
        for i in 0..<place { unsafe skipped += Int(frequenciesPointer[i]) }
        var start: Int64 = 0
        var result: [(start: Int, end: Int)] = []
        for i in skipped..<skipped + frequency {
            start += Varint.unzigzag(UInt64(unsafe occurrences.buffer.start_deltas[i]))
            let length = unsafe Int(occurrences.buffer.lengths[i])
            result.append((Int(start), Int(start) + length))
        }
        return result
    }

    /// Appends the occurrences of the current block, whose frequencies are decoded.
    func readOccurrences(into occurrences: OccurrenceBuffer) throws(CorruptionError) {
        let list = unsafe raw
        var total = 0
        for i in 0..<(unsafe Int(list.pointee.count)) {
            unsafe total += Int(frequenciesPointer[i])
        }
        let before = occurrences.count
        let hasOffsets = detail == .offsets
        occurrences.reserve(before + total + PostingsFormat.blockLength, offsets: hasOffsets)
        let buffer = unsafe occurrences.buffer
        if unsafe list.pointee.positions_inline != 0 {
            unsafe buffer.position_deltas[before] = list.pointee.only_position
        } else {
            let offset = unsafe Int(trawl_list_positions_offset(list, list.pointee.block))
            guard let start = unsafe list.pointee.positions,
                let end = unsafe list.pointee.positions_end,
                unsafe offset <= end - start
            else { throw owner.damagedList(0) }
            var next: UnsafePointer<UInt8>? = unsafe start + offset
            unsafe next = unsafe trawl_decode_stream(
                next!, end, UInt32(total), buffer.position_deltas + before)
            if hasOffsets, let starts = unsafe next {
                unsafe next = unsafe trawl_decode_stream(
                    starts, end, UInt32(total), buffer.start_deltas + before)
            }
            if hasOffsets, let lengths = unsafe next {
                unsafe next = unsafe trawl_decode_stream(
                    lengths, end, UInt32(total), buffer.lengths + before)
            }
            if unsafe next == nil { throw owner.damagedList(0) }
        }
        unsafe occurrences.buffer.count = before + total
    }
}
