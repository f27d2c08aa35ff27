package import CKernels
package import TrawlBytes

/// The terms of one field of a segment, and the way to their lists.
@safe
package final class FieldPostings: @unchecked Sendable {
    // Immutable; the memory lives as long as `files.owner`.
    package let name: String
    package let detail: PostingsDetail
    /// Documents that have the field.
    package let docCount: Int
    package let termCount: Int
    /// Sum over all terms of the documents that have them.
    package let docCountSum: UInt64
    /// Sum over all terms of how often they occur.
    package let occurrenceSum: UInt64
    package let docLimit: Int
    let files: InvertedReader.Files
    let blocks: UnsafePointer<UInt8>
    let blocksEnd: UnsafePointer<UInt8>
    private let keys: UnsafeRawPointer
    private let offsets: UnsafeRawPointer
    let blockCount: Int

    init(
        decoding reader: inout ByteReader, files: InvertedReader.Files, docLimit: Int,
        termsEnd: Int
    ) throws(CorruptionError) {
        name = try reader.readString()
        guard let detail = PostingsDetail(rawValue: try reader.read(UInt8.self)) else {
            throw reader.damaged("unknown detail of the field \(name)")
        }
        self.detail = detail
        docCount = try reader.readCount()
        termCount = try reader.readCount()
        docCountSum = try reader.readVarint()
        occurrenceSum = try reader.readVarint()
        let first = try reader.readCount()
        let byteCount = try reader.readCount()
        blockCount = try reader.readCount()
        guard first <= termsEnd, byteCount <= termsEnd - first,
            blockCount <= (termsEnd - first - byteCount) / 12, docCount <= docLimit
        else { throw reader.damaged("the field \(name) goes past the end") }
        self.files = files
        self.docLimit = docLimit
        let base = unsafe files.terms.baseAddress! + first
        unsafe blocks = unsafe base.assumingMemoryBound(to: UInt8.self)
        unsafe blocksEnd = unsafe blocks + byteCount
        unsafe keys = unsafe base + byteCount
        unsafe offsets = unsafe base + byteCount + 8 * blockCount
    }

    private func damaged(_ block: Int) -> CorruptionError {
        CorruptionError(
            file: files.name,
            byteOffset: unsafe blocks
                - files.terms.baseAddress!
                .assumingMemoryBound(to: UInt8.self) + (offset(of: block) ?? 0),
            reason: "block \(block) of the terms of \(name) cannot be read")
    }

    private func offset(of block: Int) -> Int? {
        // In bounds: block < blockCount.
        let offset = Int(unsafe offsets.loadUnaligned(fromByteOffset: 4 * block, as: UInt32.self))
        return unsafe offset < blocksEnd - blocks ? offset : nil
    }

    func start(of block: Int) throws(CorruptionError) -> UnsafePointer<UInt8> {
        guard let offset = offset(of: block) else { throw damaged(block) }
        return unsafe blocks + offset
    }

    private func key(of block: Int) -> UInt64 {
        unsafe keys.loadUnaligned(fromByteOffset: 8 * block, as: UInt64.self)
    }

    /// The block that holds `term` if any does: the last one whose first term is not above it.
    func block(of term: UnsafeBufferPointer<UInt8>) throws(CorruptionError) -> Int? {
        let wanted = unsafe TermsWriter.key(of: term)
        // The first block whose key is above; blocks with the same key are told apart by the
        // whole of their first terms.
        var low = 0
        var left = blockCount
        while left > 0 {
            let half = left / 2
            if key(of: low + half) <= wanted {
                low += half + 1
                left -= half + 1
            } else {
                left = half
            }
        }
        var high = low
        low = 0
        guard high > 0 else { return nil }
        if key(of: high - 1) < wanted { return high - 1 }
        var first = high - 1
        // Same key: halve the run of equal keys, which begins somewhere at or before here.
        var runStart = first
        var step = 1
        while runStart > 0, key(of: runStart - 1) == wanted {
            runStart = max(0, runStart - step)
            step *= 2
        }
        while key(of: runStart) < wanted { runStart += 1 }
        first = runStart
        while first < high {
            let middle = (first + high) / 2
            let start = try unsafe start(of: middle)
            if unsafe trawl_terms_compare_first(start, blocksEnd, term.baseAddress, term.count) > 0
            {
                high = middle
            } else {
                first = middle + 1
            }
        }
        return first > 0 ? first - 1 : nil
    }

    /// What the dictionary says of a term; nil when no document has it.
    package func find(_ term: UnsafeBufferPointer<UInt8>) throws(CorruptionError) -> TermEntry? {
        guard let block = try unsafe block(of: term) else { return nil }
        return try unsafe find(term, inBlock: block)
    }

    func find(
        _ term: UnsafeBufferPointer<UInt8>, inBlock block: Int
    ) throws(CorruptionError) -> TermEntry? {
        var entry = trawl_term_entry()
        let start = try unsafe start(of: block)
        let found = unsafe trawl_terms_find(
            start, blocksEnd, term.baseAddress, term.count, Int32(detail.rawValue), &entry)
        if found < 0 { throw damaged(block) }
        return found == 1 ? TermEntry(raw: entry) : nil
    }

    /// Asks for the memory of the block before it is read.
    func prefetch(block: Int) {
        if let offset = offset(of: block) { unsafe trawl_prefetch(blocks + offset) }
    }

    /// Asks for the first bytes of a term's list.
    func prefetch(_ entry: TermEntry) {
        let bytes = unsafe files.postings
        guard entry.raw.doc_count > 1, entry.raw.postings_offset < UInt64(bytes.count) else {
            return
        }
        unsafe trawl_prefetch(bytes.baseAddress! + Int(entry.raw.postings_offset))
    }

    package func find(_ term: [UInt8]) throws(CorruptionError) -> TermEntry? {
        try unsafe term.withUnsafeBufferPointer { bytes throws(CorruptionError) in
            try unsafe find(bytes)
        }
    }

    /// Decodes a block of the dictionary.
    func decode(
        _ block: Int, entries: inout [trawl_term_entry], ends: inout [UInt32],
        bytes: inout [UInt8]
    ) throws(CorruptionError) -> Int {
        let start = try unsafe start(of: block)
        while true {
            let count = unsafe Int(
                trawl_terms_decode(
                    start, blocksEnd, Int32(detail.rawValue), &entries, &ends, &bytes, bytes.count))
            if count >= 0 { return count }
            if count == -1 || bytes.count > 64 << 20 { throw damaged(block) }
            bytes = [UInt8](repeating: 0, count: max(4096, bytes.count * 2))
        }
    }

    /// Opens the term's list.
    package func open(_ entry: TermEntry) throws(CorruptionError) -> PostingsList {
        let list = PostingsList(owner: self)
        try unsafe open(entry, into: list.raw)
        return list
    }

    func open(
        _ entry: TermEntry, into list: UnsafeMutablePointer<trawl_list>
    ) throws(CorruptionError) {
        let raw = entry.raw
        let limit = UInt32(docLimit)
        if raw.doc_count == 1 {
            unsafe trawl_list_open_single(
                list, raw.only_doc, raw.occurrence_count, limit, Int32(detail.rawValue))
        } else {
            let bytes = try unsafe slice(
                files.postings, raw.postings_offset, raw.postings_byte_count, "post")
            unsafe trawl_list_open(
                list, bytes.baseAddress, bytes.count, raw.doc_count, raw.occurrence_count, limit,
                Int32(detail.rawValue))
        }
        if detail >= .positions {
            if raw.positions_inline != 0 {
                unsafe list.pointee.positions_inline = 1
                unsafe list.pointee.only_position = raw.only_position
            } else {
                let bytes = try unsafe slice(
                    files.positions, raw.positions_offset, raw.positions_byte_count, "posn")
                unsafe trawl_list_open_positions(list, bytes.baseAddress, bytes.count)
            }
        }
        if unsafe list.pointee.damaged != 0 { throw damagedList(raw.postings_offset) }
    }

    func damagedList(_ offset: UInt64) -> CorruptionError {
        CorruptionError(
            file: fileName("post"), byteOffset: Int(clamping: offset),
            reason: "a list of the field \(name) cannot be read")
    }

    private func fileName(_ kind: String) -> String {
        let stem = files.name.hasSuffix(".term") ? String(files.name.dropLast(5)) : files.name
        return "\(stem).\(kind)"
    }

    private func slice(
        _ bytes: UnsafeRawBufferPointer, _ offset: UInt64, _ count: UInt64, _ kind: String
    ) throws(CorruptionError) -> UnsafeBufferPointer<UInt8> {
        // The padding stays behind every slice, so that wide reads are in bounds.
        let total = UInt64(max(0, bytes.count - PostingsFormat.paddingByteCount))
        guard offset <= total, count <= total - offset else {
            throw CorruptionError(
                file: fileName(kind), byteOffset: Int(clamping: offset),
                reason: "a list of \(count) bytes of the field \(name) goes past the end")
        }
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return unsafe UnsafeBufferPointer(
            start: start.map { unsafe $0 + Int(offset) }, count: Int(count))
    }
}

/// What the dictionary says of a term. Meaningful with the field it came from.
package struct TermEntry: Sendable {
    package let raw: trawl_term_entry

    package var docCount: Int { Int(raw.doc_count) }
    package var occurrenceCount: UInt64 { raw.occurrence_count }
}
