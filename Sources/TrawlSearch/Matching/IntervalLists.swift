/// A stretch of positions, both ends included.
struct Interval: Equatable {
    var start: Int
    var end: Int
    /// Positions inside that no part of it takes.
    var gaps = 0
    /// What it takes of a stretch around it.
    var width: Int

    init(_ start: Int, _ end: Int, gaps: Int = 0, width: Int? = nil) {
        self.start = start
        self.end = end
        self.gaps = gaps
        self.width = width ?? end - start + 1
    }

    func contains(_ other: Interval) -> Bool { start <= other.start && end >= other.end }
    func overlaps(_ other: Interval) -> Bool { start <= other.end && end >= other.start }
}

/// The least stretches that hold others, of one document. Every list is in order, of starts and
/// of ends alike, and so is every result.
enum IntervalLists {
    /// Each right behind the one before.
    static func block(_ lists: [[Interval]]) -> [Interval] {
        var result: [Interval] = []
        var places = [Int](repeating: 0, count: lists.count)
        firsts: for first in lists[0] {
            var end = first.end
            for i in lists.indices.dropFirst() {
                while places[i] < lists[i].count, lists[i][places[i]].start <= end {
                    places[i] += 1
                }
                guard places[i] < lists[i].count else { return result }
                let next = lists[i][places[i]]
                if next.start != end + 1 { continue firsts }
                end = next.end
            }
            result.append(Interval(first.start, end))
        }
        return result
    }

    /// Each somewhere behind the one before.
    static func ordered(_ lists: [[Interval]]) -> [Interval] {
        var result: [Interval] = []
        var places = [Int](repeating: 0, count: lists.count)
        for first in lists[0] {
            var end = first.end
            var width = first.width
            for i in lists.indices.dropFirst() {
                while places[i] < lists[i].count, lists[i][places[i]].start <= end {
                    places[i] += 1
                }
                guard places[i] < lists[i].count else { return result }
                end = lists[i][places[i]].end
                width += lists[i][places[i]].width
            }
            let found = Interval(first.start, end, gaps: end - first.start + 1 - width)
            // One that begins later and ends with it lies within.
            if result.last?.end == end { result.removeLast() }
            result.append(found)
        }
        return result
    }

    /// One of each, wherever they are.
    static func unordered(_ lists: [[Interval]]) -> [Interval] {
        if lists.contains(where: \.isEmpty) { return [] }
        var result: [Interval] = []
        var places = [Int](repeating: 0, count: lists.count)
        var isFull = true
        func current(_ i: Int) -> Interval { lists[i][places[i]] }
        func top() -> Int {
            var best = 0
            for i in lists.indices.dropFirst() {
                let (a, b) = (current(i), current(best))
                if a.start < b.start || (a.start == b.start && a.end > b.end) { best = i }
            }
            return best
        }
        func advance(_ i: Int) {
            places[i] += 1
            if places[i] == lists[i].count { isFull = false }
        }
        func greatestEnd() -> Int { lists.indices.map { current($0).end }.max() ?? 0 }
        var start = Int.min
        while isFull {
            while isFull, current(top()).start == start { advance(top()) }
            guard isFull else { break }
            // Moving the first of them on makes it smaller while the end stays.
            var found: Interval
            repeat {
                let first = current(top())
                let end = greatestEnd()
                let width = lists.indices.reduce(0) { $0 + current($1).width }
                start = first.start
                found = Interval(start, end, gaps: end - start + 1 - width)
                if first.end == end { break }
                advance(top())
            } while isFull && greatestEnd() == found.end
            result.append(found)
        }
        return result
    }

    /// So many in a row, at different places.
    static func repeated(_ list: [Interval], count: Int) -> [Interval] {
        guard list.count >= count else { return [] }
        return (0...list.count - count).map { first in
            let part = list[first..<first + count]
            let width = part.reduce(0) { $0 + $1.width }
            let (start, end) = (list[first].start, list[first + count - 1].end)
            return Interval(start, end, gaps: end - start + 1 - width, width: width)
        }
    }

    static func anyOf(_ lists: [[Interval]]) -> [Interval] {
        let all = lists.joined().sorted {
            $0.end == $1.end ? $0.start > $1.start : $0.end < $1.end
        }
        var result: [Interval] = []
        for interval in all {
            if let last = result.last, interval.contains(last) { continue }
            result.append(interval)
        }
        return result
    }
}

/// A span as Lucene has it: `end` is behind it.
struct PositionSpan: Equatable {
    var start: Int
    var end: Int
    /// How far its parts are from each other, as scoring counts it.
    var width = 0
}

enum SpanLists {
    static func ordered(_ lists: [[PositionSpan]], slop: Int) -> [PositionSpan] {
        var result: [PositionSpan] = []
        var places = [Int](repeating: 0, count: lists.count)
        for first in lists[0] {
            var end = first.end
            var width = 0
            for i in lists.indices.dropFirst() {
                while places[i] < lists[i].count, lists[i][places[i]].start < end { places[i] += 1 }
                guard places[i] < lists[i].count else { return result }
                width += lists[i][places[i]].start - end
                end = lists[i][places[i]].end
            }
            if width <= slop {
                result.append(PositionSpan(start: first.start, end: end, width: width))
            }
        }
        return result
    }

    static func unordered(_ lists: [[PositionSpan]], slop: Int) -> [PositionSpan] {
        if lists.contains(where: \.isEmpty) { return [] }
        var result: [PositionSpan] = []
        var places = [Int](repeating: 0, count: lists.count)
        while true {
            let current = lists.indices.map { lists[$0][places[$0]] }
            var first = 0
            for i in lists.indices.dropFirst() {
                let (a, b) = (current[i], current[first])
                if a.start < b.start || (a.start == b.start && a.end < b.end) { first = i }
            }
            let end = current.map(\.end).max() ?? 0
            let length = current.reduce(0) { $0 + $1.end - $1.start }
            let start = current[first].start
            if end - start - length <= slop {
                result.append(PositionSpan(start: start, end: end, width: end - start))
            }
            places[first] += 1
            if places[first] == lists[first].count { return result }
        }
    }

    static func or(_ lists: [[PositionSpan]]) -> [PositionSpan] {
        lists.joined().sorted { $0.start == $1.start ? $0.end < $1.end : $0.start < $1.start }
    }

    static func not(
        _ include: [PositionSpan], _ exclude: [PositionSpan], before: Int, after: Int
    ) -> [PositionSpan] {
        include.filter { span in
            !exclude.contains { $0.end > span.start - before && $0.start < span.end + after }
        }
    }

    /// Large spans with a small one in them.
    static func containing(_ big: [PositionSpan], _ little: [PositionSpan]) -> [PositionSpan] {
        big.filter { span in
            little.first { $0.start >= span.start }.map { $0.end <= span.end } ?? false
        }
    }

    /// Small spans within a large one.
    static func within(_ big: [PositionSpan], _ little: [PositionSpan]) -> [PositionSpan] {
        var place = 0
        return little.filter { span in
            while place < big.count, big[place].end < span.end { place += 1 }
            return place < big.count && big[place].start <= span.start
        }
    }
}
