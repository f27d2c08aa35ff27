internal import CKernels

/// Occurrences of some documents, as differences. See `PostingsFormat`.
///
/// Owns C memory: a class, so that it is freed once.
@safe
final class OccurrenceBuffer {
    var buffer = unsafe trawl_occurrence_buffer()

    deinit { unsafe trawl_occurrence_buffer_free(&buffer) }

    var count: Int { unsafe buffer.count }

    func reserve(_ count: Int, offsets: Bool) {
        let failed = unsafe trawl_occurrence_buffer_reserve(&buffer, count, offsets ? 1 : 0)
        precondition(failed == 0, "out of memory")
    }

    func removeFirst(_ removed: Int, offsets: Bool) {
        let left = unsafe buffer.count - removed
        func shift(_ numbers: UnsafeMutablePointer<UInt32>?) {
            guard let numbers = unsafe numbers else { return }
            // Within the buffer: removed + left is its count.
            unsafe numbers.update(from: numbers + removed, count: left)
        }
        unsafe shift(buffer.position_deltas)
        if offsets {
            unsafe shift(buffer.start_deltas)
            unsafe shift(buffer.lengths)
        }
        unsafe buffer.count = left
    }
}

/// Encodes the list of one term after another into memory.
///
/// Documents come in any portions; blocks are cut here.
@safe
final class ListWriter {
    private static let blockLength = PostingsFormat.blockLength
    let detail: PostingsDetail
    /// The lengths' bytes of all documents of the segment; nil when the field keeps none.
    private let norms: UnsafePointer<UInt8>?
    private let docs: UnsafeMutablePointer<UInt32>
    private let frequencies: UnsafeMutablePointer<UInt32>
    private let blockNorms: UnsafeMutablePointer<UInt8>
    private let scratch: UnsafeMutablePointer<UInt8>
    private var pending = 0
    let occurrences = OccurrenceBuffer()

    private(set) var docCount = 0
    private(set) var occurrenceCount: UInt64 = 0
    private(set) var onlyDoc: DocNumber = 0
    private(set) var onlyPosition: UInt32 = 0
    private var previousDoc = DocNumber.max
    private var lastDocs: [UInt32] = []
    private var offsets: [UInt32] = []
    private var positionOffsets: [UInt32] = []
    private var impacts: [UInt8] = []
    private var blocks: [UInt8] = []
    /// The last block without its frequencies: what a list of one block is when all are one.
    private var bareByteCount = 0
    /// The term's list in `.post`, after `finish`.
    private(set) var list: [UInt8] = []
    /// The term's occurrences in `.posn`.
    private(set) var positions: [UInt8] = []

    /// - Parameter norms: Outlives the writer.
    init(detail: PostingsDetail, norms: UnsafePointer<UInt8>?) {
        self.detail = detail
        unsafe self.norms = unsafe norms
        unsafe docs = .allocate(capacity: Self.blockLength)
        unsafe frequencies = .allocate(capacity: Self.blockLength)
        unsafe blockNorms = .allocate(capacity: Self.blockLength)
        unsafe scratch = .allocate(capacity: Int(TRAWL_ENCODED_MAX))
    }

    deinit {
        unsafe docs.deallocate()
        unsafe frequencies.deallocate()
        unsafe blockNorms.deallocate()
        unsafe scratch.deallocate()
    }

    func begin() {
        pending = 0
        unsafe occurrences.buffer.count = 0
        docCount = 0
        occurrenceCount = 0
        previousDoc = .max
        lastDocs.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        positionOffsets.removeAll(keepingCapacity: true)
        impacts.removeAll(keepingCapacity: true)
        blocks.removeAll(keepingCapacity: true)
        list.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
    }

    /// Room for the next documents: fill it, append their occurrences, then `commit`.
    var room:
        (docs: UnsafeMutablePointer<UInt32>, frequencies: UnsafeMutablePointer<UInt32>, count: Int)
    {
        if pending == Self.blockLength { encodeBlock() }
        return unsafe (docs + pending, frequencies + pending, Self.blockLength - pending)
    }

    /// Takes the `count` documents that were put into `room`.
    func commit(_ count: Int) {
        if docCount == 0, count > 0 {
            unsafe onlyDoc = docs[0]
            if occurrences.count > 0 {
                unsafe onlyPosition = occurrences.buffer.position_deltas[0]
            }
        }
        for i in pending..<pending + count {
            unsafe occurrenceCount += UInt64(frequencies[i])
        }
        docCount += count
        pending += count
    }

    private func encodeBlock() {
        let count = pending
        offsets.append(UInt32(blocks.count))
        // The scratch holds any encoded row.
        var byteCount = unsafe trawl_encode_docs(docs, Int32(count), previousDoc, scratch)
        unsafe blocks.append(contentsOf: UnsafeBufferPointer(start: scratch, count: byteCount))
        bareByteCount = blocks.count
        unsafe previousDoc = docs[count - 1]
        lastDocs.append(previousDoc)
        var occurrenceTotal = 0
        if detail >= .frequencies {
            impacts.append(contentsOf: impactsOfBlock(count))
            for i in 0..<count {
                unsafe occurrenceTotal += Int(frequencies[i])
                unsafe frequencies[i] -= 1
            }
            byteCount = unsafe trawl_encode_small(frequencies, Int32(count), scratch)
            unsafe blocks.append(contentsOf: UnsafeBufferPointer(start: scratch, count: byteCount))
        }
        if detail >= .positions { encodeOccurrences(occurrenceTotal) }
        pending = 0
    }

    private func impactsOfBlock(_ count: Int) -> [UInt8] {
        if let norms = unsafe norms {
            for i in 0..<count { unsafe blockNorms[i] = unsafe norms[Int(docs[i])] }
        }
        let pairs = PostingsFormat.longPairCount
        return unsafe [UInt8](unsafeUninitializedCapacity: 2 * pairs) { out, initialized in
            unsafe trawl_impacts_of(
                frequencies, norms == nil ? nil : blockNorms, Int32(count), Int32(pairs),
                out.baseAddress)
            initialized = 2 * pairs
        }
    }

    private func encodeOccurrences(_ total: Int) {
        guard let offset = UInt32(exactly: positions.count) else {
            preconditionFailure("the positions of one term are over 4 GB")
        }
        positionOffsets.append(offset)
        unsafe encodeStream(occurrences.buffer.position_deltas, total)
        if detail == .offsets {
            unsafe encodeStream(occurrences.buffer.start_deltas, total)
            unsafe encodeStream(occurrences.buffer.lengths, total)
        }
        occurrences.removeFirst(total, offsets: detail == .offsets)
    }

    private func encodeStream(_ numbers: UnsafeMutablePointer<UInt32>?, _ total: Int) {
        guard let numbers = unsafe numbers else { return }
        var done = 0
        while done < total {
            let part = min(Self.blockLength, total - done)
            let byteCount = unsafe trawl_encode_small(numbers + done, Int32(part), scratch)
            unsafe positions.append(
                contentsOf: UnsafeBufferPointer(start: scratch, count: byteCount))
            done += part
        }
    }

    /// Cuts the last block and puts the list together.
    func finish() {
        if docCount == 1 {
            // The document is in the dictionary; so is the position of a term that occurs once.
            if detail == .offsets || (detail == .positions && occurrenceCount > 1) {
                encodeOccurrences(Int(occurrenceCount))
            }
            return
        }
        if pending > 0 { encodeBlock() }
        if lastDocs.count == 1 {
            let isBare = detail == .documents || occurrenceCount == UInt64(docCount)
            list.append(contentsOf: isBare ? blocks[..<bareByteCount] : blocks[...])
            return
        }
        append(lastDocs)
        append(offsets)
        let isLong = lastDocs.count > PostingsFormat.groupLength
        if detail >= .frequencies {
            if isLong {
                list.append(contentsOf: impacts)
            } else {
                appendImpacts(joining: 1, pairCount: PostingsFormat.pairCount)
            }
        }
        if detail >= .positions { append(positionOffsets) }
        if detail >= .frequencies, isLong {
            appendImpacts(
                joining: PostingsFormat.groupLength, pairCount: PostingsFormat.longPairCount)
        }
        list.append(contentsOf: blocks)
    }

    private func append(_ numbers: [UInt32]) {
        // Little-endian, as the machine has them.
        unsafe numbers.withUnsafeBytes { unsafe list.append(contentsOf: $0) }
    }

    /// Appends pairs for each `blockCount` blocks: `pairCount` that bound them all.
    private func appendImpacts(joining blockCount: Int, pairCount: Int) {
        let byteCount = 2 * PostingsFormat.longPairCount * blockCount
        for start in stride(from: 0, to: impacts.count, by: byteCount) {
            let end = min(start + byteCount, impacts.count)
            let joined = unsafe impacts.withUnsafeBufferPointer { all in
                unsafe [UInt8](unsafeUninitializedCapacity: 2 * pairCount) { out, initialized in
                    unsafe trawl_impacts_join(
                        all.baseAddress! + start, Int32((end - start) / 2), Int32(pairCount),
                        out.baseAddress)
                    initialized = 2 * pairCount
                }
            }
            list.append(contentsOf: joined)
        }
    }

    var details: TermDetails {
        TermDetails(
            docCount: UInt32(docCount), occurrenceCount: occurrenceCount, onlyDoc: onlyDoc,
            postingsByteCount: list.count,
            onlyPosition: detail == .positions && occurrenceCount == 1 ? onlyPosition : nil,
            positionsByteCount: positions.count)
    }
}
