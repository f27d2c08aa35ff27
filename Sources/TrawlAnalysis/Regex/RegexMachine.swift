/// Runs a program over a text, all alternatives side by side (Thompson; Pike for the groups), so
/// that the time is the length of the text times the size of the program, whatever the pattern.
///
/// Alternatives keep the order of a backtracking matcher: the first match by Java's rules wins.
final class RegexMachine {
    /// Program counters in order of priority, each with its groups in `slots`.
    private struct Threads {
        var order: [Int] = []
        var place: [Int]
        var slots: [Int]

        init(_ size: Int, _ slotCount: Int) {
            place = Array(repeating: -1, count: size)
            slots = Array(repeating: -1, count: size * slotCount)
        }

        mutating func clear() {
            for counter in order { place[counter] = -1 }
            order.removeAll(keepingCapacity: true)
        }
    }

    private enum Pending {
        case visit(Int)
        case restore(slot: Int, value: Int)
    }

    private let program: RegexProgram
    private let slotCount: Int
    private var now: Threads
    private var later: Threads
    private var current: [Int]
    private var pending: [Pending] = []
    private let lookMachines: [RegexMachine]

    init(_ program: RegexProgram) {
        self.program = program
        slotCount = 2 * (program.groupCount + 1)
        now = Threads(program.instructions.count, slotCount)
        later = Threads(program.instructions.count, slotCount)
        current = Array(repeating: -1, count: slotCount)
        lookMachines = program.looks.map { RegexMachine($0.program) }
    }

    /// The first match from `start` on: begin and end of each group, -1 for those not set.
    ///
    /// - Parameters:
    ///   - end: With it, only matches that begin at `start` and end at `end` count.
    ///   - patience: How many characters it may read in search of a better match than the one it
    ///     has. What it reads is taken off.
    func match(
        _ text: Span<UInt8>, from start: Int, anchored: Bool, mustEndAt end: Int? = nil,
        patience: inout Int
    ) -> [Int]? {
        now.clear()
        var best: [Int]?
        var at = start
        while true {
            if now.order.isEmpty {
                if best != nil || anchored && at > start { break }
                if !anchored, let first = program.firstSet {
                    while at < text.count {
                        let scalar = text.scalar(at: at)
                        if first.contains(scalar.value) { break }
                        at += scalar.byteCount
                    }
                    if at >= text.count { break }
                }
            }
            if best == nil, !anchored || at == start {
                for slot in current.indices { current[slot] = -1 }
                add(0, at, text, to: &now)
            }
            if best != nil {
                if patience == 0 { break }
                patience -= 1
            }
            let scalar = at < text.count ? text.scalar(at: at) : nil
            later.clear()
            var index = 0
            while index < now.order.count {
                let counter = now.order[index]
                index += 1
                switch program.instructions[counter] {
                case .set(let number):
                    guard let scalar, program.sets[number].contains(scalar.value) else { continue }
                    let base = counter * slotCount
                    for slot in 0..<slotCount { current[slot] = now.slots[base + slot] }
                    add(counter + 1, at + scalar.byteCount, text, to: &later)
                case .match:
                    if let end, at != end { continue }
                    let base = counter * slotCount
                    best = Array(now.slots[base..<base + slotCount])
                    index = now.order.count
                default: continue
                }
            }
            swap(&now, &later)
            guard let scalar else { break }
            at += scalar.byteCount
            if let end, at > end { break }
        }
        return best
    }

    func match(
        _ text: Span<UInt8>, from start: Int, anchored: Bool, mustEndAt end: Int? = nil
    ) -> [Int]? {
        var patience = Int.max
        return match(
            text, from: start, anchored: anchored, mustEndAt: end, patience: &patience)
    }

    /// Follows everything that takes no character.
    private func add(_ start: Int, _ at: Int, _ text: Span<UInt8>, to threads: inout Threads) {
        pending.append(.visit(start))
        while let next = pending.popLast() {
            guard case .visit(let counter) = next else {
                if case .restore(let slot, let value) = next { current[slot] = value }
                continue
            }
            if threads.place[counter] >= 0 { continue }
            threads.place[counter] = threads.order.count
            threads.order.append(counter)
            switch program.instructions[counter] {
            case .jump(let target): pending.append(.visit(target))
            case .split(let first, let second):
                pending.append(.visit(second))
                pending.append(.visit(first))
            case .save(let slot):
                pending.append(.restore(slot: slot, value: current[slot]))
                current[slot] = at
                pending.append(.visit(counter + 1))
            case .assert(let assertion):
                if Self.holds(assertion, at, text) { pending.append(.visit(counter + 1)) }
            case .look(let number):
                if looks(number, at, text) { pending.append(.visit(counter + 1)) }
            case .set, .match:
                let base = counter * slotCount
                for slot in 0..<slotCount { threads.slots[base + slot] = current[slot] }
            }
        }
    }

    private func looks(_ number: Int, _ at: Int, _ text: Span<UInt8>) -> Bool {
        let look = program.looks[number]
        let machine = lookMachines[number]
        if look.isAhead {
            return (machine.match(text, from: at, anchored: true) != nil) != look.isNegated
        }
        var start = at
        var length = 0
        var found = false
        while true {
            if look.lengths.contains(length),
                machine.match(text, from: start, anchored: true, mustEndAt: at) != nil
            {
                found = true
                break
            }
            if start == 0 || length >= look.lengths.upperBound { break }
            start -= text.scalar(before: start).byteCount
            length += 1
        }
        return found != look.isNegated
    }

    private static func isWord(_ scalar: UInt32) -> Bool {
        scalar == 0x5F || CodePointSet.lettersAndDigits.contains(scalar)
    }

    private static func isLineEnd(_ scalar: UInt32) -> Bool {
        scalar == 0x0A || scalar == 0x0D || scalar == 0x85 || scalar == 0x2028 || scalar == 0x2029
    }

    private static func holds(
        _ assertion: RegexNode.Assertion, _ at: Int, _ text: Span<UInt8>
    ) -> Bool {
        let before = at > 0 ? text.scalar(before: at).value : nil
        let after = at < text.count ? text.scalar(at: at) : nil
        switch assertion {
        case .textStart: return at == 0
        case .textEnd: return at == text.count
        case .textEndOrLastLine:
            guard let after else { return true }
            if after.value == 0x0D, at + 2 == text.count { return text[at + 1] == 0x0A }
            return isLineEnd(after.value) && at + after.byteCount == text.count
                && !(after.value == 0x0A && before == 0x0D)
        case .lineStart:
            guard let before else { return true }
            return isLineEnd(before) && after != nil && !(before == 0x0D && after?.value == 0x0A)
        case .lineEnd:
            guard let after else { return true }
            return isLineEnd(after.value) && !(after.value == 0x0A && before == 0x0D)
        case .wordBoundary, .notWordBoundary:
            let differs = (before.map(isWord) ?? false) != (after.map { isWord($0.value) } ?? false)
            return differs == (assertion == .wordBoundary)
        }
    }
}
