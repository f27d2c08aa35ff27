package import TrawlBytes

/// Looks terms up in the dictionaries of several segments together.
///
/// A look-up waits for memory three times: for the index, for the block, for the list. Taken step
/// by step for all terms and all segments, the waits overlap, and ten segments cost little more
/// than one.
package enum TermsLookup {
    /// - Returns: For each dictionary all terms, one after the other; nil where a term is not.
    package static func find(
        _ terms: [[UInt8]], in dictionaries: [FieldPostings?]
    ) throws(CorruptionError) -> [TermEntry?] {
        var blocks: [Int?] = []
        blocks.reserveCapacity(terms.count * dictionaries.count)
        for dictionary in dictionaries {
            for term in terms {
                let block = try dictionary?.block(of: term)
                if let block { dictionary?.prefetch(block: block) }
                blocks.append(block)
            }
        }
        var entries: [TermEntry?] = []
        entries.reserveCapacity(blocks.count)
        for dictionary in dictionaries {
            for term in terms {
                guard let dictionary, let block = blocks[entries.count],
                    let entry = try dictionary.find(term, inBlock: block)
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

extension FieldPostings {
    fileprivate func block(of term: [UInt8]) throws(CorruptionError) -> Int? {
        try unsafe term.withUnsafeBufferPointer { bytes throws(CorruptionError) in
            try unsafe block(of: bytes)
        }
    }

    fileprivate func find(
        _ term: [UInt8], inBlock block: Int
    ) throws(CorruptionError) -> TermEntry? {
        try unsafe term.withUnsafeBufferPointer { bytes throws(CorruptionError) in
            try unsafe find(bytes, inBlock: block)
        }
    }
}
