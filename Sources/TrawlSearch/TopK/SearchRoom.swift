internal import CKernels
internal import TrawlPostings

/// Memory that one thread's searches use again and again: bits and sums of a window, and hits.
///
/// Between searches all bits and sums are zero.
@safe
package final class SearchRoom {
    /// Documents of the widest window.
    static let windowCapacity = UInt32(TRAWL_WINDOW)

    private let room: UnsafeMutablePointer<trawl_room>
    let bits: UnsafeMutablePointer<UInt64>
    let sums: UnsafeMutablePointer<Double>
    let hits: UnsafeMutablePointer<trawl_hits>

    /// Cheap when the thread has searched before.
    package init() {
        guard let made = unsafe trawl_room_new(), let bits = unsafe made.pointee.bits,
            let sums = unsafe made.pointee.sums
        else { preconditionFailure("out of memory") }
        unsafe room = unsafe made
        unsafe self.bits = unsafe bits
        unsafe self.sums = unsafe sums
        let place = unsafe MemoryLayout<trawl_room>.offset(of: \.hits)!
        unsafe hits = unsafe (UnsafeMutableRawPointer(made) + place)
            .assumingMemoryBound(to: trawl_hits.self)
    }

    deinit { unsafe trawl_room_free(room) }

    /// Moves the hits into the queue; documents count from `base` there.
    func drainHits(into queue: inout TopKQueue, base: UInt32) {
        let count = unsafe Int(hits.pointee.count)
        let docs = unsafe hits.pointee.docs!
        let scores = unsafe hits.pointee.scores!
        for i in 0..<count where unsafe scores[i] > queue.threshold {
            unsafe queue.insert(doc: base + docs[i], score: Float(scores[i]))
        }
        unsafe hits.pointee.count = 0
    }

    /// Keeps the hits that `matcher` matches, or those that it does not.
    func keepHits(_ matcher: Matcher, _ keep: Bool) {
        if matcher.isTerm {
            let term = unsafe unsafeDowncast(matcher, to: TermMatcher.self)
            unsafe trawl_hits_keep(hits, term.list.raw, keep ? 1 : 0)
            return
        }
        let own = unsafe hits.pointee
        let count = unsafe Int(own.count)
        let room = WindowRoom()
        var kept = 0
        var start = 0
        while start < count {
            let base = unsafe own.docs[start] / 64 * 64
            let window = DocWindow(base: base, end: base + DocWindow.capacity)
            var stop = start
            room.clearBits()
            while stop < count, unsafe own.docs[stop] < window.end {
                let bit = unsafe Int(own.docs[stop] - base)
                unsafe room.bits[bit >> 6] |= 1 << UInt64(bit & 63)
                stop += 1
            }
            if keep {
                unsafe matcher.keep(window, room.bits)
            } else {
                unsafe matcher.drop(window, room.bits)
            }
            for i in start..<stop {
                let bit = unsafe Int(own.docs[i] - base)
                guard unsafe room.bits[bit >> 6] & (1 << UInt64(bit & 63)) != 0 else { continue }
                unsafe own.docs[kept] = own.docs[i]
                unsafe own.scores[kept] = own.scores[i]
                kept += 1
            }
            start = stop
        }
        unsafe hits.pointee.count = UInt32(kept)
    }
}
