internal import TrawlPostings

/// Some documents of one window, each with the bucket that it is for.
struct DocBlock {
    var window = DocWindow(base: 0, end: 1)
    private(set) var count = 0
    /// Set when the documents are neighbours: then `docs` is empty.
    private(set) var run: Range<Int>?
    private var docs: [Int32] = []
    /// Empty when all are for the first bucket.
    private var buckets: [Int32] = []
    /// Of the documents, when an aggregation wants them; else empty.
    private var scores: [Float] = []

    var isEmpty: Bool { count == 0 }
    var places: Range<Int> { 0..<count }

    @inline(__always)
    func doc(_ place: Int) -> Int { run.map { $0.lowerBound + place } ?? Int(docs[place]) }

    @inline(__always)
    func bucket(_ place: Int) -> Int { buckets.isEmpty ? 0 : Int(buckets[place]) }

    /// Calls back with the bucket of each document.
    @inline(__always)
    func withBuckets(_ body: (UnsafeBufferPointer<Int32>) -> Void) {
        assert(!buckets.isEmpty)
        unsafe buckets.withUnsafeBufferPointer { unsafe body($0) }
    }

    var hasBuckets: Bool { !buckets.isEmpty }

    func score(_ place: Int) -> Float { scores[place] }

    mutating func removeAll() {
        count = 0
        run = nil
        docs.removeAll(keepingCapacity: true)
        buckets.removeAll(keepingCapacity: true)
        scores.removeAll(keepingCapacity: true)
    }

    // MARK: Filling

    /// Puts in the documents of a window whose bits are set, all for the first bucket.
    mutating func fill(
        _ window: DocWindow, _ matches: UnsafePointer<UInt64>, _ sums: UnsafePointer<Double>?
    ) {
        self.window = window
        removeAll()
        let base = Int(window.base)
        for word in 0..<window.wordCount {
            count += unsafe matches[word].nonzeroBitCount
        }
        if count == window.docCount {
            run = base..<base + count
        } else {
            for word in 0..<window.wordCount {
                var rest = unsafe matches[word]
                while rest != 0 {
                    docs.append(Int32(base + word * 64 + rest.trailingZeroBitCount))
                    rest &= rest - 1
                }
            }
        }
        guard let sums = unsafe sums else { return }
        for place in places { scores.append(unsafe Float(sums[doc(place) - base])) }
    }

    /// Adds a document of the window, for a bucket.
    mutating func append(doc: Int, to bucket: Int, score: Float?) {
        count += 1
        docs.append(Int32(truncatingIfNeeded: doc))
        buckets.append(Int32(truncatingIfNeeded: bucket))
        if let score { scores.append(score) }
    }

    /// Adds a document of another block, for a bucket.
    @inline(__always)
    mutating func add(_ block: DocBlock, _ place: Int, to bucket: Int, withScore: Bool) {
        count += 1
        docs.append(Int32(truncatingIfNeeded: block.doc(place)))
        buckets.append(Int32(truncatingIfNeeded: bucket))
        if withScore { scores.append(block.scores[place]) }
    }

    /// Adds the next document of a block all of whose documents are added, one by one.
    @inline(__always)
    mutating func addNext(to bucket: Int) { buckets.append(Int32(truncatingIfNeeded: bucket)) }

    /// Gives each document of a block the bucket that `bucket` names for its place.
    @inline(__always)
    mutating func addAll(_ count: Int, _ bucket: (Int) -> Int32) {
        buckets = unsafe [Int32](unsafeUninitializedCapacity: count) { room, filled in
            for at in 0..<count { unsafe room.initializeElement(at: at, to: bucket(at)) }
            filled = count
        }
    }

    /// The documents of a block, once each has been given a bucket by `addNext`.
    mutating func share(_ block: DocBlock) {
        assert(buckets.count == block.count)
        count = block.count
        run = block.run
        docs = block.docs
        scores = block.scores
    }
}
