/// How often the words of a phrase stand near each other in one document, as Lucene counts:
/// each place adds `1 / (1 + distance)`.
///
/// The words' positions, less where each stands in the phrase, are walked together; the distance
/// of a place is how far the greatest is from the least. Words that the phrase has twice never
/// take the same place of the text.
struct SloppyPhrase {
    private struct Walker {
        var positions: [UInt32]
        var offset: Int
        var order: Int
        /// Of words that share a term; -1 for none.
        var group: Int
        var placeInGroup = 0
        var next = 0
        var position = 0

        mutating func advance() -> Bool {
            guard next < positions.count else { return false }
            position = Int(positions[next]) - offset
            next += 1
            return true
        }

        var textPosition: Int { position + offset }
    }

    private let slop: Int
    private var walkers: [Walker] = []
    private var groups: [[Int]] = []
    private var queue: [Int] = []
    private var end = Int.min
    private let hasAlternatives: Bool

    /// - Parameters:
    ///   - slots: Where each word stands in the phrase, and which group of equal words it is of.
    init(slots: [(offset: Int, group: Int, positions: [UInt32])], slop: Int, alternatives: Bool) {
        self.slop = slop
        hasAlternatives = alternatives
        for (order, slot) in slots.enumerated() {
            walkers.append(
                Walker(
                    positions: slot.positions, offset: slot.offset, order: order,
                    group: slot.group))
        }
        let count = (slots.map(\.group).max() ?? -1) + 1
        groups = (0..<count).map { group in
            walkers.indices.filter { walkers[$0].group == group }
                .sorted { walkers[$0].offset < walkers[$1].offset }
        }
        for group in groups {
            for (place, walker) in group.enumerated() { walkers[walker].placeInGroup = place }
        }
    }

    /// The frequency, and how many places there are.
    mutating func frequency() -> Float {
        guard place() else { return 0 }
        var frequency: Float = 0
        while let distance = nextMatch() { frequency += 1 / Float(1 + distance) }
        return frequency
    }

    private mutating func place() -> Bool {
        for i in walkers.indices { guard walkers[i].advance() else { return false } }
        for group in groups where group.count > 1 {
            if hasAlternatives {
                var i = 0
                while i < group.count {
                    var step = 1
                    while let other = collision(group[i]) {
                        let lesser = lesser(group[i], other)
                        guard walkers[lesser].advance() else { return false }
                        if walkers[lesser].placeInGroup < i {
                            step = 0
                            break
                        }
                    }
                    i += step
                }
            } else {
                for j in 1..<group.count {
                    for _ in 0..<j { guard walkers[group[j]].advance() else { return false } }
                }
            }
        }
        for i in walkers.indices {
            end = max(end, walkers[i].position)
            push(i)
        }
        return true
    }

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        let left = walkers[a]
        let right = walkers[b]
        if left.position != right.position { return left.position < right.position }
        if left.offset != right.offset { return left.offset < right.offset }
        return left.order < right.order
    }

    private mutating func push(_ walker: Int) {
        let place = queue.firstIndex { isBefore(walker, $0) } ?? queue.count
        queue.insert(walker, at: place)
    }

    private mutating func advance(_ walker: Int) -> Bool {
        guard walkers[walker].advance() else { return false }
        end = max(end, walkers[walker].position)
        return true
    }

    private var isExhausted = false

    private mutating func nextMatch() -> Int? {
        guard !isExhausted else { return nil }
        var current = queue.removeFirst()
        var distance = end - walkers[current].position
        guard var next = queue.first.map({ walkers[$0].position }) else { return nil }
        while advance(current) {
            if walkers[current].group >= 0, !resolve(&current) { break }
            if walkers[current].position > next {
                push(current)
                if distance <= slop { return distance }
                current = queue.removeFirst()
                next = queue.first.map { walkers[$0].position } ?? .max
                distance = end - walkers[current].position
            } else {
                distance = min(distance, end - walkers[current].position)
            }
        }
        isExhausted = true
        return distance <= slop ? distance : nil
    }

    private func lesser(_ a: Int, _ b: Int) -> Int {
        let left = walkers[a]
        let right = walkers[b]
        let isLeft =
            left.position < right.position
            || (left.position == right.position && left.offset < right.offset)
        return isLeft ? a : b
    }

    private func collision(_ walker: Int) -> Int? {
        let position = walkers[walker].textPosition
        return groups[walkers[walker].group].first {
            $0 != walker && walkers[$0].textPosition == position
        }
    }

    /// Moves words of one group on until no two take the same place of the text. The word that
    /// was moved first stays out of the queue; the others go back in where they belong now.
    private mutating func resolve(_ first: inout Int) -> Bool {
        var moving = first
        var moved: Set<Int> = []
        while let other = collision(moving) {
            moving = lesser(moving, other)
            guard advance(moving) else { return false }
            if moving != first { moved.insert(moving) }
        }
        if !moved.isEmpty {
            queue.removeAll { moved.contains($0) }
            for walker in moved.sorted() { push(walker) }
        }
        return true
    }
}
