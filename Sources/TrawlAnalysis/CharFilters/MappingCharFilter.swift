/// `mapping`: replaces strings by others, the longest that matches at each place.
struct MappingCharFilter: CharFilter {
    private final class Node: @unchecked Sendable {
        // Built before the filter is shared, read only from then on.
        var next: [UInt8: Node] = [:]
        var replacement: [UInt8]?
    }
    private let root: Node
    private let starts: [Bool]
    var normalizes: Bool { true }

    init(_ pairs: [(String, String)]) {
        let root = Node()
        var starts = [Bool](repeating: false, count: 256)
        for (key, value) in pairs where !key.isEmpty {
            var node = root
            starts[Int(key.utf8.first!)] = true
            for byte in key.utf8 {
                if node.next[byte] == nil { node.next[byte] = Node() }
                node = node.next[byte]!
            }
            node.replacement = Array(value.utf8)
        }
        self.root = root
        self.starts = starts
    }

    init(settings: AnalysisSettings) throws(AnalysisError) {
        if settings.has("mappings_path") {
            throw settings.error(
                "mappings_path", "[mappings_path] is not supported: put the rules into [mappings]")
        }
        guard let rules = try settings.lines("mappings") else {
            throw settings.error(
                "mappings", "mapping requires either `mappings` or `mappings_path`")
        }
        var pairs: [(String, String)] = []
        for rule in rules {
            guard let arrow = rule.range(of: "=>") else {
                throw settings.error("mappings", "Invalid Mapping Rule : [\(rule)]")
            }
            let key = AnalysisSettings.trimmed(String(rule[..<arrow.lowerBound]))
            let value = AnalysisSettings.trimmed(String(rule[arrow.upperBound...]))
            if key.isEmpty {
                throw settings.error(
                    "mappings", "Invalid Mapping Rule : [\(rule)]. The left side must not be empty")
            }
            pairs.append((Self.unescaped(key), Self.unescaped(value)))
        }
        self.init(pairs)
    }

    static func unescaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let c = rest.popFirst() {
            guard c == "\\", let next = rest.popFirst() else {
                result.append(c)
                continue
            }
            switch next {
            case "n": result.append("\n")
            case "t": result.append("\t")
            case "r": result.append("\r")
            case "b": result.append("\u{8}")
            case "f": result.append("\u{C}")
            case "u":
                let digits = String(String.UnicodeScalarView(rest.prefix(4)))
                if digits.count == 4, let value = UInt32(digits, radix: 16),
                    let scalar = Unicode.Scalar(value)
                {
                    result.append(scalar)
                    rest = rest.dropFirst(4)
                } else {
                    result.append("u")
                }
            default: result.append(next)
            }
        }
        return String(result)
    }

    func apply(to text: FilteredText) -> FilteredText {
        let input = text.bytes
        var output = FilteredText()
        output.reserve(input.count)
        var at = 0
        while at < input.count {
            guard starts[Int(input[at])] else {
                output.copy(input[at])
                at += 1
                continue
            }
            var node = root
            var end = at
            var best: (end: Int, replacement: [UInt8])?
            while end < input.count, let next = node.next[input[end]] {
                node = next
                end += 1
                if let replacement = node.replacement { best = (end, replacement) }
            }
            if let best {
                output.replace(best.end - at, with: best.replacement)
                at = best.end
            } else {
                output.copy(input[at])
                at += 1
            }
        }
        return output
    }
}

extension String {
    /// The first place of another string.
    func range(of part: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) {
                return start..<index(start, offsetBy: part.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
