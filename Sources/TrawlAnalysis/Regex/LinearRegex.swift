/// A regular expression in Java's syntax that takes time linear in the text, whatever it says.
///
///     let regex = try LinearRegex("(\\w+)@(\\w+)")
///     let match = regex.firstMatch(in: bytes.span)
///
/// Text is valid UTF-8; places are byte offsets.
package struct LinearRegex: Sendable {
    /// A match and its groups; group 0 is the whole.
    package struct Match: Sendable, Equatable {
        package let groups: [Range<Int>?]
        package var range: Range<Int> { groups[0]! }
    }

    package let pattern: String
    package let groupCount: Int
    package let groupNames: [String: Int]
    private let machines: ResourcePool<RegexMachine>
    /// When the pattern is one set of characters, once or one or more times: that set.
    let run: (set: [ClosedRange<UInt32>], repeats: Bool)?

    package init(_ pattern: String, flags: RegexFlags = []) throws(RegexError) {
        self.pattern = pattern
        var parser = RegexParser(pattern, flags: flags)
        let node = try parser.parse()
        let program = try RegexProgram(node, groupCount: parser.groupCount)
        groupCount = parser.groupCount
        groupNames = parser.groupNames
        machines = ResourcePool { RegexMachine(program) }
        switch node {
        case .set(let set): run = (CodePointSet.merged(set), false)
        case .loop(.set(let set), 1, nil, true): run = (CodePointSet.merged(set), true)
        default: run = nil
        }
    }

    package func firstMatch(in text: Span<UInt8>, from start: Int = 0) -> Match? {
        machines.borrow { machine in
            machine.match(text, from: start, anchored: false).map(Self.match)
        }
    }

    package func matchesWhole(_ text: Span<UInt8>) -> Bool {
        machines.borrow { machine in
            machine.match(text, from: 0, anchored: true, mustEndAt: text.count) != nil
        }
    }

    /// All matches, none overlapping; after an empty match the search goes on one character later.
    ///
    /// Some patterns have to read on to the end of the text from each of their matches, to see that
    /// there is no better one: `a*b|a` on many `a`. When that has been sixteen times the text, the
    /// matches that come next end where they first can.
    package func matches(in text: Span<UInt8>) -> [Match] {
        machines.borrow { machine in
            var patience = 16 * text.count + 4096
            var all: [Match] = []
            var start = 0
            while start <= text.count,
                let found = machine.match(
                    text, from: start, anchored: false, patience: &patience)
            {
                let match = Self.match(found)
                all.append(match)
                if match.range.isEmpty {
                    guard match.range.upperBound < text.count else { break }
                    start =
                        match.range.upperBound
                        + text.scalar(at: match.range.upperBound).byteCount
                } else {
                    start = match.range.upperBound
                }
            }
            return all
        }
    }

    private static func match(_ slots: [Int]) -> Match {
        Match(
            groups: stride(from: 0, to: slots.count, by: 2).map {
                slots[$0] >= 0 && slots[$0 + 1] >= 0 ? slots[$0]..<slots[$0 + 1] : nil
            })
    }

    /// Java's replacement text (`$1`, `${name}`, `\$`), made ready; nil when it is malformed.
    package func replacement(_ text: String) -> Replacement? {
        var parts: [Replacement.Part] = []
        var literal: [UInt8] = []
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == 0x5C {
                guard at < bytes.count else { return nil }
                literal.append(bytes[at])
                at += 1
            } else if byte == 0x24 {
                guard at < bytes.count else { return nil }
                var group: Int
                if bytes[at] == 0x7B {
                    guard let end = bytes[at...].firstIndex(of: 0x7D),
                        let known =
                            groupNames[String(decoding: bytes[at + 1..<end], as: UTF8.self)]
                    else { return nil }
                    group = known
                    at = end + 1
                } else {
                    guard bytes[at] >= 0x30, bytes[at] <= 0x39 else { return nil }
                    group = Int(bytes[at] - 0x30)
                    guard group <= groupCount else { return nil }
                    at += 1
                    // More digits belong to the number as long as there is such a group.
                    while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39,
                        group * 10 + Int(bytes[at] - 0x30) <= groupCount
                    {
                        group = group * 10 + Int(bytes[at] - 0x30)
                        at += 1
                    }
                }
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = []
                parts.append(.group(group))
            } else {
                literal.append(byte)
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return Replacement(parts: parts)
    }

    package struct Replacement: Sendable {
        enum Part: Sendable {
            case literal([UInt8])
            case group(Int)
        }
        let parts: [Part]

        /// What stands in place of a match.
        package func bytes(for match: Match, in text: [UInt8]) -> [UInt8] {
            var result: [UInt8] = []
            for part in parts {
                switch part {
                case .literal(let bytes): result += bytes
                case .group(let number):
                    if let range = match.groups[number] { result += text[range] }
                }
            }
            return result
        }
    }
}
