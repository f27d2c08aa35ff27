internal import TrawlPostings

/// Accepts the terms that fit a pattern: a deterministic automaton over UTF-8 bytes whose states
/// are made while walking.
///
/// A state is what the pattern still asks for, and the next one is its derivative by a byte
/// (Brzozowski 1964), which gives intersection and complement without constructions of their own.
/// Equal states are found by keeping expressions in one form and once each, so the number of
/// states is finite; `limit` bounds it. Time is one look-up a byte once a state is known. Not to
/// be shared between threads.
package final class PatternAutomaton: TermAutomaton {
    package typealias State = Int32

    private let expressions: PatternExpressions
    private let limit: Int
    package let start: State
    /// Of each state, the next one for each byte; `unknown` until asked.
    private var edges: [Int32: [Int32]] = [:]
    /// Set once the limit was met: what the walk found is not to be used.
    package private(set) var isExhausted = false

    private static let unknown: Int32 = -1

    init(_ expressions: PatternExpressions, root: Int32, limit: Int) {
        self.expressions = expressions
        self.limit = max(1, limit)
        start = root
    }

    package func step(_ state: State, _ byte: UInt8) -> State? {
        var next = edges[state]?[Int(byte)] ?? Self.unknown
        if next == Self.unknown {
            if edges[state] == nil {
                guard edges.count < limit, !expressions.isFull else {
                    isExhausted = true
                    return nil
                }
                edges[state] = [Int32](repeating: Self.unknown, count: 256)
            }
            next = expressions.derivative(of: state, by: byte)
            edges[state]?[Int(byte)] = next
        }
        return next == PatternExpressions.nothing ? nil : next
    }

    package func accepts(_ state: State) -> Bool { expressions.acceptsEmpty(state) }

    package func accepts(_ text: String) -> Bool {
        var state = start
        for byte in text.utf8 {
            guard let next = step(state, byte) else { return false }
            state = next
        }
        return accepts(state)
    }
}

/// Regular expressions over bytes, each kept once and in one form.
final class PatternExpressions {
    enum Expression: Hashable {
        case nothing
        case empty
        case bytes(ByteSet)
        /// Every string.
        case all
        case sequence(Int32, Int32)
        /// Two or more, ascending, none `nothing`.
        case any([Int32])
        case both([Int32])
        case not(Int32)
        case star(Int32)
        /// `maximum` nil: without end.
        case times(Int32, minimum: Int32, maximum: Int32?)
    }

    static let nothing: Int32 = 0
    static let empty: Int32 = 1
    static let all: Int32 = 2
    private static let maxCount = 2_000_000

    private var expressions: [Expression] = []
    private var emptiness: [Bool] = []
    private var numbers: [Expression: Int32] = [:]
    private var derivatives: [Int64: Int32] = [:]

    init() {
        for expression in [Expression.nothing, .empty, .all] { _ = intern(expression) }
    }

    var isFull: Bool { expressions.count > Self.maxCount }

    private func intern(_ expression: Expression) -> Int32 {
        if let number = numbers[expression] { return number }
        let number = Int32(expressions.count)
        expressions.append(expression)
        emptiness.append(isNullable(expression))
        numbers[expression] = number
        return number
    }

    func acceptsEmpty(_ number: Int32) -> Bool { emptiness[Int(number)] }

    private func isNullable(_ expression: Expression) -> Bool {
        switch expression {
        case .nothing, .bytes: false
        case .empty, .all, .star: true
        case .sequence(let first, let rest): acceptsEmpty(first) && acceptsEmpty(rest)
        case .any(let parts): parts.contains(where: acceptsEmpty)
        case .both(let parts): parts.allSatisfy(acceptsEmpty)
        case .not(let inner): !acceptsEmpty(inner)
        case .times(let inner, let minimum, _): minimum == 0 || acceptsEmpty(inner)
        }
    }

    // MARK: Making them, in one form

    func bytes(_ set: ByteSet) -> Int32 { set.isEmpty ? Self.nothing : intern(.bytes(set)) }

    func sequence(_ first: Int32, _ rest: Int32) -> Int32 {
        if first == Self.nothing || rest == Self.nothing { return Self.nothing }
        if first == Self.empty { return rest }
        if rest == Self.empty { return first }
        if first == Self.all && rest == Self.all { return Self.all }
        // Always to the right, so that equal sequences look equal.
        if case .sequence(let a, let b) = expressions[Int(first)] {
            return sequence(a, sequence(b, rest))
        }
        if first == Self.all, case .sequence(Self.all, _) = expressions[Int(rest)] { return rest }
        return intern(.sequence(first, rest))
    }

    func any(_ parts: [Int32]) -> Int32 {
        var flat: Set<Int32> = []
        for part in parts where part != Self.nothing {
            if part == Self.all { return Self.all }
            if case .any(let inner) = expressions[Int(part)] {
                flat.formUnion(inner)
            } else {
                flat.insert(part)
            }
        }
        if flat.count > 1, flat.contains(Self.empty),
            flat.contains(where: { $0 != Self.empty && acceptsEmpty($0) })
        {
            flat.remove(Self.empty)
        }
        switch flat.count {
        case 0: return Self.nothing
        case 1: return flat.first ?? Self.nothing
        default: return intern(.any(flat.sorted()))
        }
    }

    func both(_ parts: [Int32]) -> Int32 {
        var flat: Set<Int32> = []
        for part in parts where part != Self.all {
            if part == Self.nothing { return Self.nothing }
            if case .both(let inner) = expressions[Int(part)] {
                flat.formUnion(inner)
            } else {
                flat.insert(part)
            }
        }
        switch flat.count {
        case 0: return Self.all
        case 1: return flat.first ?? Self.all
        default: return intern(.both(flat.sorted()))
        }
    }

    func not(_ inner: Int32) -> Int32 {
        if inner == Self.nothing { return Self.all }
        if inner == Self.all { return Self.nothing }
        if case .not(let twice) = expressions[Int(inner)] { return twice }
        return intern(.not(inner))
    }

    func star(_ inner: Int32) -> Int32 {
        if inner == Self.nothing || inner == Self.empty { return Self.empty }
        if inner == Self.all { return Self.all }
        if case .star = expressions[Int(inner)] { return inner }
        return intern(.star(inner))
    }

    func times(_ inner: Int32, _ minimum: Int32, _ maximum: Int32?) -> Int32 {
        if let maximum, maximum < minimum { return Self.nothing }
        if maximum == 0 { return Self.empty }
        if maximum == 1 && minimum == 1 { return inner }
        if minimum == 0 && maximum == nil { return star(inner) }
        if inner == Self.nothing { return minimum == 0 ? Self.empty : Self.nothing }
        if inner == Self.empty || inner == Self.all { return inner }
        return intern(.times(inner, minimum: minimum, maximum: maximum))
    }

    /// Any of the scalars, as UTF-8.
    func scalars(_ ranges: [ClosedRange<UInt32>]) -> Int32 {
        any(ranges.flatMap { UTF8Ranges.sequences(of: $0).map(byteRanges) })
    }

    private func byteRanges(_ ranges: [ClosedRange<UInt8>]) -> Int32 {
        var tail = Self.empty
        for range in ranges.reversed() { tail = sequence(bytes(ByteSet(range)), tail) }
        return tail
    }

    func literal(_ text: some Sequence<UInt8>) -> Int32 {
        var tail = Self.empty
        for byte in Array(text).reversed() {
            tail = sequence(bytes(ByteSet(byte...byte)), tail)
        }
        return tail
    }

    var anyScalar: Int32 { scalars([0...0x10ffff]) }

    // MARK: Derivatives

    /// What is still asked for once `byte` was read.
    func derivative(of number: Int32, by byte: UInt8) -> Int32 {
        let key = Int64(number) << 8 | Int64(byte)
        if let known = derivatives[key] { return known }
        let result: Int32
        switch expressions[Int(number)] {
        case .nothing, .empty: result = Self.nothing
        case .all: result = Self.all
        case .bytes(let set): result = set.contains(byte) ? Self.empty : Self.nothing
        case .sequence(let first, let rest):
            let head = sequence(derivative(of: first, by: byte), rest)
            result =
                acceptsEmpty(first) ? any([head, derivative(of: rest, by: byte)]) : head
        case .any(let parts): result = any(parts.map { derivative(of: $0, by: byte) })
        case .both(let parts): result = both(parts.map { derivative(of: $0, by: byte) })
        case .not(let inner): result = not(derivative(of: inner, by: byte))
        case .star(let inner): result = sequence(derivative(of: inner, by: byte), number)
        case .times(let inner, let minimum, let maximum):
            let rest = times(inner, max(0, minimum - 1), maximum.map { $0 - 1 })
            result = sequence(derivative(of: inner, by: byte), rest)
        }
        derivatives[key] = result
        return result
    }
}

struct ByteSet: Hashable {
    private var low: UInt64 = 0
    private var lowMiddle: UInt64 = 0
    private var highMiddle: UInt64 = 0
    private var high: UInt64 = 0

    init(_ range: ClosedRange<UInt8>) {
        for byte in range {
            let bit: UInt64 = 1 << UInt64(byte & 63)
            switch byte >> 6 {
            case 0: low |= bit
            case 1: lowMiddle |= bit
            case 2: highMiddle |= bit
            default: high |= bit
            }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let bit: UInt64 = 1 << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: return low & bit != 0
        case 1: return lowMiddle & bit != 0
        case 2: return highMiddle & bit != 0
        default: return high & bit != 0
        }
    }

    var isEmpty: Bool { low | lowMiddle | highMiddle | high == 0 }
}

/// Ranges of scalars as ranges of bytes, one list for each length and leading byte that needs one
/// (Thompson's construction, as in RE2).
enum UTF8Ranges {
    static func sequences(of range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
        var result: [[ClosedRange<UInt8>]] = []
        split(range.lowerBound, range.upperBound, into: &result)
        return result
    }

    private static func split(
        _ low: UInt32, _ high: UInt32, into result: inout [[ClosedRange<UInt8>]]
    ) {
        for limit: UInt32 in [0x7f, 0x7ff, 0xffff] where low <= limit && high > limit {
            split(low, limit, into: &result)
            split(limit + 1, high, into: &result)
            return
        }
        if high <= 0x7f {
            result.append([UInt8(low)...UInt8(high)])
            return
        }
        // Cut where a trailing byte does not run through all of its values.
        for shift: UInt32 in [6, 12, 18] {
            let mask: UInt32 = (1 << shift) - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 {
                split(low, low | mask, into: &result)
                split((low | mask) + 1, high, into: &result)
                return
            }
            if high & mask != mask {
                split(low, (high & ~mask) - 1, into: &result)
                split(high & ~mask, high, into: &result)
                return
            }
        }
        result.append(zip(encode(low), encode(high)).map { $0...$1 })
    }

    static func encode(_ scalar: UInt32) -> [UInt8] {
        func trail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3f) }
        if scalar < 0x80 { return [UInt8(scalar)] }
        if scalar < 0x800 { return [UInt8(0xc0 | scalar >> 6), trail(0)] }
        if scalar < 0x10000 { return [UInt8(0xe0 | scalar >> 12), trail(6), trail(0)] }
        return [UInt8(0xf0 | scalar >> 18), trail(12), trail(6), trail(0)]
    }
}
