/// A regular expression over field names: `match_pattern: regex`. Matches a whole name.
///
/// Simulated state by state, so that the time is at most the product of both lengths.
struct PatternExpression: Sendable, Equatable {
    private enum Test: Sendable, Equatable {
        case any
        case one(UInt32)
        case set([ClosedRange<UInt32>], isNegated: Bool)
    }

    private indirect enum Part: Sendable, Equatable {
        case empty
        case test(Test)
        case both(Part, Part)
        case either(Part, Part)
        case repeated(Part, from: Int, to: Int?)
    }

    private enum Step: Sendable, Equatable {
        case test(Test)
        case jump([Int])
        case accept
    }

    private let pattern: String
    private var program: [Step] = []

    init(_ pattern: String) throws(SchemaError) {
        self.pattern = pattern
        var reader = Reader(rest: Array(pattern.unicodeScalars.map(\.value))[...])
        guard let part = reader.either(), reader.rest.isEmpty else {
            throw .illegalArgument(
                "Pattern [\(pattern)] of type [REGEX] is invalid. Cannot create dynamic template")
        }
        emit(part)
        program.append(.accept)
        guard program.count < 10_000 else {
            throw .illegalArgument("Pattern [\(pattern)] is too large")
        }
    }

    private mutating func emit(_ part: Part) {
        guard program.count < 10_000 else { return }
        switch part {
        case .empty: break
        case .test(let test): program.append(.test(test))
        case .both(let a, let b):
            emit(a)
            emit(b)
        case .either(let a, let b):
            let fork = program.count
            program.append(.jump([]))
            emit(a)
            let skip = program.count
            program.append(.jump([]))
            program[fork] = .jump([fork + 1, program.count])
            emit(b)
            program[skip] = .jump([program.count])
        case .repeated(let inner, let from, let to):
            for _ in 0..<from { emit(inner) }
            if let to {
                var forks: [Int] = []
                for _ in from..<max(to, from) {
                    forks.append(program.count)
                    program.append(.jump([]))
                    emit(inner)
                }
                for fork in forks { program[fork] = .jump([fork + 1, program.count]) }
            } else {
                let fork = program.count
                program.append(.jump([]))
                emit(inner)
                program.append(.jump([fork]))
                program[fork] = .jump([fork + 1, program.count])
            }
        }
    }

    func matches(_ text: String) -> Bool {
        var current = closure([0])
        for scalar in text.unicodeScalars {
            var next: [Int] = []
            for state in current {
                if case .test(let test) = program[state],
                    PatternExpression.accepts(test, scalar.value)
                {
                    next.append(state + 1)
                }
            }
            if next.isEmpty { return false }
            current = closure(next)
        }
        return current.contains { program[$0] == .accept }
    }

    private func closure(_ start: [Int]) -> [Int] {
        var seen = Set<Int>()
        var stack = start
        while let state = stack.popLast() {
            guard seen.insert(state).inserted else { continue }
            if case .jump(let targets) = program[state] { stack += targets }
        }
        return seen.sorted()
    }

    private static func accepts(_ test: Test, _ scalar: UInt32) -> Bool {
        switch test {
        case .any: scalar != 10
        case .one(let wanted): scalar == wanted
        case .set(let ranges, let isNegated):
            ranges.contains { $0.contains(scalar) } != isNegated
        }
    }

    private struct Reader {
        var rest: ArraySlice<UInt32>
        var depth = 0

        private func at(_ character: Unicode.Scalar) -> Bool { rest.first == character.value }

        mutating func either() -> Part? {
            depth += 1
            defer { depth -= 1 }
            guard depth < 50, var part = sequence() else { return nil }
            while at("|") {
                rest = rest.dropFirst()
                guard let other = sequence() else { return nil }
                part = .either(part, other)
            }
            return part
        }

        private mutating func sequence() -> Part? {
            var part = Part.empty
            while !rest.isEmpty, !at("|"), !at(")") {
                guard var atom = atom() else { return nil }
                while let first = rest.first, let scalar = Unicode.Scalar(first) {
                    var bounds: (Int, Int?)
                    switch scalar {
                    case "*": bounds = (0, nil)
                    case "+": bounds = (1, nil)
                    case "?": bounds = (0, 1)
                    case "{":
                        guard let counted = counts() else { return nil }
                        bounds = counted
                    default: bounds = (-1, nil)
                    }
                    if bounds.0 < 0 { break }
                    if scalar != "{" { rest = rest.dropFirst() }
                    atom = .repeated(atom, from: bounds.0, to: bounds.1)
                }
                part = part == .empty ? atom : .both(part, atom)
            }
            return part
        }

        private mutating func counts() -> (Int, Int?)? {
            guard let end = rest.firstIndex(of: 0x7D) else { return nil }
            let text = rest[rest.index(after: rest.startIndex)..<end].compactMap(
                Unicode.Scalar.init)
            let parts = String(String.UnicodeScalarView(text))
                .split(separator: ",", omittingEmptySubsequences: false)
            rest = rest[(end + 1)...]
            guard parts.count <= 2, let from = Int(parts[0]), from <= 1_000 else { return nil }
            if parts.count == 1 { return (from, from) }
            if parts[1].isEmpty { return (from, nil) }
            guard let to = Int(parts[1]), to >= from, to <= 1_000 else { return nil }
            return (from, to)
        }

        private mutating func atom() -> Part? {
            guard let value = rest.popFirst(), let scalar = Unicode.Scalar(value) else {
                return nil
            }
            switch scalar {
            case ".": return .test(.any)
            // A whole name is matched anyway.
            case "^", "$": return .empty
            case "(":
                if rest.starts(with: [0x3F, 0x3A]) { rest = rest.dropFirst(2) }
                guard let inner = either(), at(")") else { return nil }
                rest = rest.dropFirst()
                return inner
            case "[": return set()
            case "\\":
                guard let ranges = escape() else { return nil }
                return .test(.set(ranges.0, isNegated: ranges.1))
            case "*", "+", "?", ")", "{": return nil
            default: return .test(.one(value))
            }
        }

        private mutating func escape() -> ([ClosedRange<UInt32>], Bool)? {
            guard let value = rest.popFirst(), let scalar = Unicode.Scalar(value) else {
                return nil
            }
            switch scalar {
            case "d": return ([48...57], false)
            case "D": return ([48...57], true)
            case "w": return ([48...57, 65...90, 95...95, 97...122], false)
            case "W": return ([48...57, 65...90, 95...95, 97...122], true)
            case "s": return ([9...13, 32...32], false)
            case "S": return ([9...13, 32...32], true)
            case "t": return ([9...9], false)
            case "n": return ([10...10], false)
            default:
                let isLetter = (value | 32 >= 97 && value | 32 <= 122)
                return isLetter ? nil : ([value...value], false)
            }
        }

        private mutating func set() -> Part? {
            var ranges: [ClosedRange<UInt32>] = []
            let isNegated = at("^")
            if isNegated { rest = rest.dropFirst() }
            var isFirst = true
            while let value = rest.first, isFirst || value != 0x5D {
                isFirst = false
                rest = rest.dropFirst()
                if value == 0x5C {
                    guard let (inner, negated) = escape(), !negated else { return nil }
                    ranges += inner
                    continue
                }
                if rest.first == 0x2D, let end = rest.dropFirst().first, end != 0x5D {
                    guard end >= value else { return nil }
                    ranges.append(value...end)
                    rest = rest.dropFirst(2)
                } else {
                    ranges.append(value...value)
                }
            }
            guard rest.popFirst() == 0x5D else { return nil }
            return .test(.set(ranges, isNegated: isNegated))
        }
    }
}
