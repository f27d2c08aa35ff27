package import TrawlBytes

/// Looks terms up in the dictionaries of several segments together.
///
/// A look-up waits for memory three times: for the index, for the block, for the list. Taken step
/// by step for all terms and all segments, the waits overlap.
package enum TermsLookup {
    /// - Returns: For each dictionary all terms, one after the other; nil where a term is not.
    package static func find(
        _ terms: [[UInt8]], in dictionaries: [FieldPostings?]
    ) throws(CorruptionError) -> [TermEntry?] {
        // In one piece: an array that is passed around is counted up and down each time.
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for term in terms {
            bytes += term
            ends.append(bytes.count)
        }
        return try unsafe bytes.withUnsafeBufferPointer { bytes throws(CorruptionError) in
            try unsafe find(bytes, ends, in: dictionaries)
        }
    }

    private static func find(
        _ bytes: UnsafeBufferPointer<UInt8>, _ ends: [Int], in dictionaries: [FieldPostings?]
    ) throws(CorruptionError) -> [TermEntry?] {
        // The ends grow up to the count of the bytes.
        func term(_ index: Int) -> UnsafeBufferPointer<UInt8> {
            let start = index == 0 ? 0 : ends[index - 1]
            return unsafe UnsafeBufferPointer(rebasing: bytes[start..<ends[index]])
        }
        var blocks: [Int] = []
        blocks.reserveCapacity(ends.count * dictionaries.count)
        for dictionary in dictionaries {
            for index in ends.indices {
                guard let dictionary, let block = try unsafe dictionary.block(of: term(index))
                else {
                    blocks.append(-1)
                    continue
                }
                dictionary.prefetch(block: block)
                blocks.append(block)
            }
        }
        var entries: [TermEntry?] = []
        entries.reserveCapacity(blocks.count)
        for dictionary in dictionaries {
            for index in ends.indices {
                let block = blocks[entries.count]
                guard let dictionary, block >= 0,
                    let entry = try unsafe dictionary.find(term(index), inBlock: block)
                else {
                    entries.append(nil)
                    continue
                }
                dictionary.prefetch(entry)
                entries.append(entry)
            }
        }
        return entries
    }
}
