internal import CKernels

/// Joins the postings of neighbouring segments, term by term, into one field.
package struct PostingsMerger {
    /// One segment's part: its field, and what its documents become.
    package struct Source {
        package var field: FieldPostings
        /// The first document of the segment in the joined one.
        package var base: DocNumber
        /// For each document of the segment its new number, or `.end` when it is deleted. Nil
        /// when all live: then a document is `base` higher.
        package var map: [DocNumber]?

        package init(field: FieldPostings, base: DocNumber, map: [DocNumber]?) {
            self.field = field
            self.base = base
            self.map = map
        }
    }

    /// Writes the joined field.
    ///
    /// - Parameters:
    ///   - sources: In the order of their documents.
    ///   - detail: Of the joined field; at most what every source keeps.
    ///   - docCount: How many documents have the field afterwards.
    ///   - norms: A byte for each document of the joined segment; nil without norms.
    ///   - isCancelled: Asked now and then; when true, the merge ends with `CancellationError`.
    package static func merge(
        _ sources: [Source], name: String, detail: PostingsDetail, docCount: Int,
        norms: [UInt8]?, to writer: InvertedWriter, isCancelled: () -> Bool = { false }
    ) throws {
        precondition(sources.allSatisfy { $0.field.detail >= detail })
        try unsafe withBytes(of: norms) { norms in
            try unsafe writer.writeField(name, detail: detail, docCount: docCount, norms: norms) {
                field in
                try merge(sources, to: field, isCancelled: isCancelled)
            }
        }
    }

    private static func merge(
        _ sources: [Source], to field: InvertedWriter.FieldWriter, isCancelled: () -> Bool
    ) throws {
        var cursors = sources.map { TermsCursor($0.field) }
        var live: [Int] = []
        for i in cursors.indices where try cursors[i].advance() { live.append(i) }
        var termCount = 0
        var term: [UInt8] = []
        while !live.isEmpty {
            termCount += 1
            if termCount % 4096 == 0, isCancelled() { throw CancellationError() }
            // Few sources: the least term by looking at all.
            var least = live[0]
            for i in live.dropFirst()
            where cursors[i].term.lexicographicallyPrecedes(cursors[least].term) { least = i }
            term.removeAll(keepingCapacity: true)
            term.append(contentsOf: cursors[least].term)
            field.list.begin()
            var ended = false
            for i in live where cursors[i].term.elementsEqual(term) {
                try append(cursors[i].entry, of: sources[i], to: field.list)
                if try !cursors[i].advance() {
                    ended = true
                    live[live.firstIndex(of: i)!] = -1
                }
            }
            if ended { live.removeAll { $0 < 0 } }
            try unsafe term.withUnsafeBufferPointer { try unsafe field.finishTerm($0) }
        }
    }

    /// Appends one segment's documents of a term.
    private static func append(
        _ entry: TermEntry, of source: Source, to target: ListWriter
    ) throws {
        let list = try source.field.open(entry)
        let hasPositions = target.detail >= .positions
        let block = OccurrenceBuffer()
        try unsafe list.forEachBlock { docs, frequencies in
            if hasPositions {
                unsafe block.buffer.count = 0
                try list.readOccurrences(into: block)
            }
            var taken = 0
            var occurrence = 0
            while taken < docs.count {
                let room = unsafe target.room
                var put = 0
                while taken < docs.count, unsafe put < room.count {
                    let doc = unsafe docs[taken]
                    let frequency = unsafe frequencies[taken]
                    let new = source.map.map { $0[Int(doc)] } ?? doc + source.base
                    if new != .end {
                        unsafe room.docs[put] = new
                        unsafe room.frequencies[put] = target.detail == .documents ? 1 : frequency
                        put += 1
                        if hasPositions {
                            copy(
                                block, occurrence, Int(frequency), to: target.occurrences,
                                offsets: target.detail == .offsets)
                        }
                    }
                    occurrence += Int(frequency)
                    taken += 1
                }
                target.commit(put)
            }
        }
    }

    private static func copy(
        _ source: OccurrenceBuffer, _ start: Int, _ count: Int, to target: OccurrenceBuffer,
        offsets: Bool
    ) {
        let before = target.count
        target.reserve(before + count, offsets: offsets)
        // Both hold the numbers: `readOccurrences` filled the one, the other has room.
        for i in 0..<count {
            unsafe target.buffer.position_deltas[before + i] =
                source.buffer.position_deltas[start + i]
            if offsets {
                unsafe target.buffer.start_deltas[before + i] =
                    source.buffer.start_deltas[start + i]
                unsafe target.buffer.lengths[before + i] = source.buffer.lengths[start + i]
            }
        }
        unsafe target.buffer.count = before + count
    }
}
