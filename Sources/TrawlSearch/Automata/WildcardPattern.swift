/// `*` any run of characters, `?` one character, `\` takes the next one as it is.
package enum WildcardPattern {
    package enum Piece: Equatable {
        case text(String)
        case anyRun
        case anyOne
    }

    package static func pieces(of pattern: String) -> [Piece] {
        var pieces: [Piece] = []
        var text = String.UnicodeScalarView()
        func flush() {
            if !text.isEmpty { pieces.append(.text(String(text))) }
            text = .init()
        }
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            if isEscaped {
                text.append(scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else if scalar == "*" {
                flush()
                if pieces.last != .anyRun { pieces.append(.anyRun) }
            } else if scalar == "?" {
                flush()
                pieces.append(.anyOne)
            } else {
                text.append(scalar)
            }
        }
        // A backslash at the end stands for itself.
        if isEscaped { text.append("\\") }
        flush()
        return pieces
    }

    /// The pattern that stands for a text and nothing else.
    static func escaped(_ text: String) -> String {
        var pattern = ""
        for character in text {
            if "*?\\".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
        return pattern
    }

    /// - Returns: What every match begins with, and the automaton for what follows.
    package static func compile(
        _ pattern: String, caseInsensitive: Bool, limit: Int
    ) -> (prefix: [UInt8], rest: PatternAutomaton) {
        var pieces = pieces(of: pattern)
        var prefix: [UInt8] = []
        if !caseInsensitive, case .text(let text)? = pieces.first {
            prefix = Array(text.utf8)
            pieces.removeFirst()
        }
        let expressions = PatternExpressions()
        var tail = PatternExpressions.empty
        for piece in pieces.reversed() {
            switch piece {
            case .text(let text):
                for scalar in text.unicodeScalars.reversed() {
                    let ranges = RegexpPattern.ranges(
                        of: scalar.value, caseInsensitive: caseInsensitive)
                    tail = expressions.sequence(expressions.scalars(ranges), tail)
                }
            case .anyRun: tail = expressions.sequence(PatternExpressions.all, tail)
            case .anyOne: tail = expressions.sequence(expressions.anyScalar, tail)
            }
        }
        return (prefix, PatternAutomaton(expressions, root: tail, limit: limit))
    }
}
