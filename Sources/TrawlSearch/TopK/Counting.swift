internal import CKernels
internal import TrawlPostings

/// Counting lists without scoring, a million documents at a time, until there are more than
/// `limit` or the time is over.
extension SegmentSearch {
    func countAll(_ terms: [TermMatcher], upTo limit: Int) -> Int {
        if terms.count == 1 { return terms[0].cost }
        let lists = unsafe terms.sorted { $0.cost < $1.cost }.map { unsafe Optional($0.list.raw) }
        return countRanges(terms, upTo: limit) { from, to in
            unsafe Int(trawl_count_all(lists, lists.count, from, to))
        }
    }

    func countAny(_ terms: [TermMatcher], upTo limit: Int) -> Int {
        var terms = terms
        // The longest list is counted by its length; of the others' union what it has is taken
        // off.
        terms.sort { $0.cost > $1.cost }
        if terms.count == 1 { return terms[0].cost }
        if terms.count == 2 {
            return terms[0].cost + terms[1].cost - countAll(terms, upTo: .max)
        }
        let lists = unsafe terms.map { unsafe Optional($0.list.raw) }
        let more = countRanges(terms, upTo: limit - terms[0].cost) { from, to in
            unsafe Int(
                trawl_count_beyond(
                    lists, lists.count, from, to, room.bits, SearchRoom.windowCapacity))
        }
        return terms[0].cost + more
    }

    private func countRanges(
        _ terms: [TermMatcher], upTo limit: Int, _ count: (UInt32, UInt32) -> Int
    ) -> Int {
        let width: DocNumber = 1 << 20
        let work = terms.reduce(0) { $0 + $1.cost } / (Int(docLimit / width) + 1)
        var total = 0
        var start: DocNumber = 0
        while start < docLimit, total <= limit {
            let end = docLimit - start > width ? start + width : docLimit
            total += count(start, end)
            if isOver(after: work) { break }
            start = end
        }
        return total
    }

    func count(_ phrase: PhraseMatcher, upTo limit: Int) -> Int {
        var count = 0
        for block in 0..<phrase.blockCount where count <= limit {
            count += phrase.count(block: block)
            if isOver(after: phrase.workOfBlock) { break }
        }
        return count
    }
}
