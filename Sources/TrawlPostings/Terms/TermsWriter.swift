internal import TrawlBytes

/// Where the list of a term lies, as the dictionary keeps it.
struct TermDetails {
    var docCount: UInt32
    var occurrenceCount: UInt64
    var onlyDoc: DocNumber
    var postingsByteCount: Int
    /// The position when the dictionary keeps it.
    var onlyPosition: UInt32?
    var positionsByteCount: Int
}

/// Writes the blocks of one field's dictionary, then its index.
struct TermsWriter {
    private let detail: PostingsDetail
    private var previous: [UInt8] = []
    private var count = 0
    private var texts = ByteWriter()
    private var details = ByteWriter()
    private var keys: [UInt64] = []
    private var blockOffsets: [UInt32] = []
    private(set) var termCount = 0
    /// Bytes written of the blocks.
    private(set) var blocksByteCount = 0

    init(detail: PostingsDetail) { self.detail = detail }

    var blockCount: Int { blockOffsets.count }

    /// - Parameters:
    ///   - postingsOffset: Where the term's list begins in `.post`.
    ///   - positionsOffset: Where its positions begin in `.posn`.
    mutating func append(
        _ term: UnsafeBufferPointer<UInt8>, _ entry: TermDetails, postingsOffset: Int,
        positionsOffset: Int, to sink: any ByteSink
    ) throws {
        var shared = 0
        if count == 0 {
            guard let offset = UInt32(exactly: blocksByteCount) else {
                preconditionFailure("the terms of one field are over 4 GB")
            }
            blockOffsets.append(offset)
            keys.append(unsafe TermsWriter.key(of: term))
            details.writeVarint(postingsOffset)
            details.writeVarint(positionsOffset)
        } else {
            let most = min(previous.count, term.count)
            while unsafe shared < most && previous[shared] == term[shared] { shared += 1 }
            assert(
                unsafe shared < term.count
                    && (shared == previous.count || previous[shared] < term[shared]),
                "terms come in ascending order")
        }
        let rest = term.count - shared
        texts.write(UInt8(min(shared, 15) << 4 | min(rest, 15)))
        if shared >= 15 { texts.writeVarint(shared - 15) }
        if rest >= 15 { texts.writeVarint(rest - 15) }
        unsafe texts.write(raw: UnsafeBufferPointer(rebasing: term[shared...]))
        unsafe previous.replaceSubrange(shared..., with: term[shared...])
        append(entry)
        count += 1
        termCount += 1
        if count == TermsFormat.blockLength { try finishBlock(to: sink) }
    }

    private mutating func append(_ entry: TermDetails) {
        let more = entry.occurrenceCount - UInt64(entry.docCount)
        details.writeVarint(UInt64(entry.docCount - 1) << 1 | (more > 0 ? 1 : 0))
        if more > 0 { details.writeVarint(more) }
        if entry.docCount == 1 {
            details.writeVarint(UInt64(entry.onlyDoc))
        } else {
            details.writeVarint(entry.postingsByteCount)
        }
        if let position = entry.onlyPosition {
            details.writeVarint(UInt64(position))
        } else if detail >= .positions {
            details.writeVarint(entry.positionsByteCount)
        }
    }

    /// The first eight bytes as a number that sorts like them.
    static func key(of term: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var key: UInt64 = 0
        for i in 0..<min(8, term.count) { key |= UInt64(unsafe term[i]) << UInt64(56 - 8 * i) }
        return key
    }

    private mutating func finishBlock(to sink: any ByteSink) throws {
        var block = ByteWriter(reserving: texts.byteCount + details.byteCount + 8)
        block.write(UInt8(count))
        block.writeVarint(texts.byteCount)
        block.write(raw: texts.bytes)
        block.write(raw: details.bytes)
        try unsafe block.bytes.withUnsafeBytes { try unsafe sink.append($0) }
        blocksByteCount += block.byteCount
        texts = ByteWriter(reserving: 512)
        details = ByteWriter(reserving: 256)
        count = 0
    }

    /// Writes what is left and the index.
    /// - Returns: How many bytes the blocks and the index have together.
    mutating func finish(to sink: any ByteSink) throws -> Int {
        if count > 0 { try finishBlock(to: sink) }
        var index = ByteWriter(reserving: 12 * keys.count)
        for key in keys { index.write(key) }
        for offset in blockOffsets { index.write(offset) }
        try unsafe index.bytes.withUnsafeBytes { try unsafe sink.append($0) }
        return blocksByteCount + index.byteCount
    }
}
