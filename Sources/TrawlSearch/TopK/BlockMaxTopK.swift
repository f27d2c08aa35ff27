internal import CKernels
internal import TrawlPostings

/// One term, and one phrase: block by block, leaving out blocks that cannot get into the queue.
extension SegmentSearch {
    func collect(_ term: TermMatcher, into queue: inout TopKQueue) {
        let blockCount = UInt32(term.list.blockCount)
        let scorer = unsafe term.scorer
        var block: UInt32 = 0
        while block < blockCount {
            let threshold = queue.threshold
            if threshold >= 0 {
                block = unsafe trawl_scorer_next_block(scorer, block, threshold)
                if block >= blockCount { return }
            }
            unsafe trawl_scorer_block_hits(scorer, block, 0, .max, threshold, room.hits)
            if let live = unsafe live { unsafe trawl_hits_live(room.hits, live) }
            room.drainHits(into: &queue, base: base)
            if isOver(after: PostingsFormat.blockLength) { return }
            block += 1
        }
    }

    func collect(_ phrase: PhraseMatcher, into queue: inout TopKQueue) {
        collect(phrase, from: 0, into: &queue)
    }

    private func collect(_ phrase: PhraseMatcher, from first: Int, into queue: inout TopKQueue) {
        for block in first..<max(first, phrase.blockCount) {
            let range = phrase.documents(ofBlock: block)
            let threshold = queue.threshold
            if threshold >= 0, phrase.bound(from: range.first, to: range.end) <= threshold {
                continue
            }
            _ = unsafe phrase.hits(
                block: block, threshold: threshold, counts: false, into: room.hits)
            if let live = unsafe live { unsafe trawl_hits_live(room.hits, live) }
            room.drainHits(into: &queue, base: base)
            if isOver(after: phrase.workOfBlock) { return }
        }
    }

    /// When nothing is deleted: positions are the dear part, so both in one pass.
    func collectAndCount(
        _ phrase: PhraseMatcher, into queue: inout TopKQueue, upTo limit: Int
    ) -> Int {
        var count = 0
        for block in 0..<phrase.blockCount {
            if count > limit {
                collect(phrase, from: block, into: &queue)
                break
            }
            count += unsafe phrase.hits(
                block: block, threshold: queue.threshold, counts: true, into: room.hits)
            room.drainHits(into: &queue, base: base)
            if isOver(after: phrase.workOfBlock) { break }
        }
        return count
    }
}
