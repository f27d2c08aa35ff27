/// The best `limit` hits so far, over all segments of a search: higher scores first, then lower
/// documents.
///
/// A hit is one number, its score above and its document's complement below, so that the order
/// of hits is the order of numbers. A heap with the least at the top.
package struct TopKQueue {
    package struct Hit: Equatable, Sendable {
        /// Counted over all segments of the snapshot.
        package var doc: UInt32
        package var score: Float

        package init(doc: UInt32, score: Float) {
            self.doc = doc
            self.score = score
        }
    }

    package let limit: Int
    private var heap: [UInt64] = []
    /// What a hit has to exceed, when it comes after all hits so far in document order. Below
    /// every score as long as there is room.
    package private(set) var threshold: Double

    /// - Parameter floor: Scores at or below it are of no interest.
    package init(limit: Int, floor: Double = -1) {
        precondition(limit >= 0)
        self.limit = limit
        threshold = limit == 0 ? .infinity : floor
        heap.reserveCapacity(min(limit, 1024))
    }

    package var count: Int { heap.count }
    package var isFull: Bool { heap.count == limit }

    /// Scores as numbers that sort like them. Negative ones, too.
    private static func key(_ score: Float, _ doc: UInt32) -> UInt64 {
        let bits = score.bitPattern
        let ordered = bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
        return UInt64(ordered) << 32 | UInt64(~doc)
    }

    private static func hit(_ key: UInt64) -> Hit {
        let ordered = UInt32(key >> 32)
        let bits = ordered & 0x8000_0000 != 0 ? ordered & 0x7fff_ffff : ~ordered
        return Hit(doc: ~UInt32(truncatingIfNeeded: key), score: Float(bitPattern: bits))
    }

    /// Takes the hit if it is among the best.
    package mutating func insert(doc: UInt32, score: Float) {
        let key = TopKQueue.key(score, doc)
        if heap.count < limit {
            if Double(score) <= threshold { return }
            heap.append(key)
            siftUp()
            if heap.count == limit { threshold = Double(TopKQueue.hit(heap[0]).score) }
            return
        }
        guard limit > 0, key > heap[0] else { return }
        unsafe heap.withUnsafeMutableBufferPointer { heap in
            // Indices below count: children are checked.
            var hole = 0
            let count = heap.count
            while true {
                var child = 2 * hole + 1
                if child >= count { break }
                if child + 1 < count, unsafe heap[child + 1] < heap[child] { child += 1 }
                if unsafe heap[child] >= key { break }
                unsafe heap[hole] = heap[child]
                hole = child
            }
            unsafe heap[hole] = key
        }
        threshold = Double(TopKQueue.hit(heap[0]).score)
    }

    private mutating func siftUp() {
        var hole = heap.count - 1
        let key = heap[hole]
        while hole > 0 {
            let parent = (hole - 1) / 2
            if heap[parent] <= key { break }
            heap[hole] = heap[parent]
            hole = parent
        }
        heap[hole] = key
    }

    /// All hits, best first.
    package func sorted() -> [Hit] { heap.sorted(by: >).map(TopKQueue.hit) }
}
