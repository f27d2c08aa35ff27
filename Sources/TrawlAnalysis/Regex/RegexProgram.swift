/// Instructions for `RegexMachine`.
struct RegexProgram: Sendable {
    enum Instruction: Sendable {
        case set(Int)
        /// Goes to both, the first with priority.
        case split(Int, Int)
        case jump(Int)
        case save(Int)
        case assert(RegexNode.Assertion)
        case look(Int)
        case match
    }

    /// A look-around: its own program, anchored, over a bounded length.
    struct Look: Sendable {
        var program: RegexProgram
        var isAhead: Bool
        var isNegated: Bool
        var lengths: ClosedRange<Int>
    }

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [CodePointSet] = []
    private(set) var looks: [Look] = []
    private var setNumbers: [[ClosedRange<UInt32>]: Int] = [:]
    let groupCount: Int
    /// What a match can begin with; nil when it can be empty or begins with an assertion.
    private(set) var firstSet: CodePointSet?

    private static let largest = 20_000

    init(_ node: RegexNode, groupCount: Int) throws(RegexError) {
        self.groupCount = groupCount
        try add(.save(0))
        try compile(node)
        try add(.save(1))
        try add(.match)
        setNumbers = [:]
        firstSet = Self.first(node).map(CodePointSet.init(ranges:))
    }

    private mutating func add(_ instruction: Instruction) throws(RegexError) {
        if instructions.count >= Self.largest {
            throw RegexError(message: "The expression is too large", offset: 0)
        }
        instructions.append(instruction)
    }

    private mutating func compile(_ node: RegexNode) throws(RegexError) {
        switch node {
        case .empty: break
        case .set(let ranges):
            let merged = CodePointSet.merged(ranges)
            let number: Int
            if let known = setNumbers[merged] {
                number = known
            } else {
                number = sets.count
                sets.append(CodePointSet(ranges: merged))
                setNumbers[merged] = number
            }
            try add(.set(number))
        case .sequence(let parts):
            for part in parts { try compile(part) }
        case .choice(let parts):
            var ends: [Int] = []
            for (index, part) in parts.enumerated() {
                guard index < parts.count - 1 else {
                    try compile(part)
                    break
                }
                let split = instructions.count
                try add(.split(split + 1, 0))
                try compile(part)
                ends.append(instructions.count)
                try add(.jump(0))
                instructions[split] = .split(split + 1, instructions.count)
            }
            for end in ends { instructions[end] = .jump(instructions.count) }
        case .loop(let inner, let low, let high, let isGreedy):
            try compileLoop(inner, low, high, isGreedy)
        case .group(let inner, let number):
            try add(.save(2 * number))
            try compile(inner)
            try add(.save(2 * number + 1))
        case .assertion(let assertion): try add(.assert(assertion))
        case .look(let inner, let isAhead, let isNegated):
            let lengths = inner.lengths
            looks.append(
                Look(
                    program: try RegexProgram(inner, groupCount: groupCount), isAhead: isAhead,
                    isNegated: isNegated, lengths: lengths.min...(lengths.max ?? 255)))
            try add(.look(looks.count - 1))
        }
    }

    private mutating func compileLoop(
        _ inner: RegexNode, _ low: Int, _ high: Int?, _ isGreedy: Bool
    ) throws(RegexError) {
        for _ in 0..<low { try compile(inner) }
        func split(_ into: Int, _ past: Int) -> Instruction {
            isGreedy ? .split(into, past) : .split(past, into)
        }
        guard let high else {
            let start = instructions.count
            try add(.jump(0))
            try compile(inner)
            try add(.jump(start))
            instructions[start] = split(start + 1, instructions.count)
            return
        }
        var starts: [Int] = []
        for _ in 0..<max(0, high - low) {
            starts.append(instructions.count)
            try add(.jump(0))
            try compile(inner)
        }
        for start in starts { instructions[start] = split(start + 1, instructions.count) }
    }

    private static func first(_ node: RegexNode) -> [ClosedRange<UInt32>]? {
        switch node {
        case .empty, .assertion, .look: return nil
        case .set(let ranges): return ranges
        case .group(let inner, _): return first(inner)
        case .loop(let inner, let low, _, _): return low > 0 ? first(inner) : nil
        case .sequence(let parts):
            var all: [ClosedRange<UInt32>] = []
            for part in parts {
                if case .loop(let inner, 0, _, _) = part, let set = first(inner) {
                    all += set
                    continue
                }
                guard let set = first(part) else { return nil }
                return all + set
            }
            return nil
        case .choice(let parts):
            var all: [ClosedRange<UInt32>] = []
            for part in parts {
                guard let set = first(part) else { return nil }
                all += set
            }
            return all
        }
    }
}
