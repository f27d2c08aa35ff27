internal import TrawlPostings

/// Some documents of one window, each with the bucket that it is for.
struct DocBlock {
    var window = DocWindow(base: 0, end: 1)
    var docs: [Int32] = []
    var buckets: [Int32] = []
    /// Of the documents, when an aggregation wants them; else empty.
    var scores: [Float] = []

    mutating func removeAll() {
        docs.removeAll(keepingCapacity: true)
        buckets.removeAll(keepingCapacity: true)
        scores.removeAll(keepingCapacity: true)
    }

    /// Puts in the documents of a window whose bits are set, all for the first bucket.
    mutating func fill(
        _ window: DocWindow, _ matches: UnsafePointer<UInt64>, _ sums: UnsafePointer<Double>?
    ) {
        self.window = window
        removeAll()
        let base = Int32(window.base)
        for word in 0..<window.wordCount {
            var rest = unsafe matches[word]
            let start = base + Int32(word * 64)
            if rest == .max {
                for bit in 0..<Int32(64) { docs.append(start + bit) }
                continue
            }
            while rest != 0 {
                docs.append(start + Int32(rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        for _ in docs.indices { buckets.append(0) }
        guard let sums = unsafe sums else { return }
        for doc in docs { scores.append(unsafe Float(sums[Int(doc - base)])) }
    }
}
