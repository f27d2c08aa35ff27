/// `synonym_graph` and `synonym`: adds or puts in place the synonyms of words and phrases.
///
/// Rules are in Solr's format. What a rule puts in is not looked at again, so rules that lead in
/// circles end. At each place the longest match wins.
struct SynonymFilter: TokenFilter {
    /// Outputs in the order of the rules, each a sequence of terms.
    private struct Entry: Sendable {
        var outputs: [[[UInt8]]] = []
        var keepsOriginal = false
    }
    private struct Node: Sendable {
        var next = TermMap<Int>()
        var entry: Entry?
    }

    private var nodes = [Node()]
    private let isGraph: Bool

    init(settings: AnalysisSettings, isGraph: Bool, context: FilterContext) throws(AnalysisError) {
        self.isGraph = isGraph
        for key in ["synonyms_path", "synonyms_set"] where settings.has(key) {
            throw settings.error(
                key, "[\(key)] is not supported: put the rules into [\(settings.path).synonyms]")
        }
        guard let rules = try settings.lines("synonyms") else {
            throw settings.error(
                "synonyms",
                "synonym requires either `synonyms` or `synonyms_path` to be configured")
        }
        let format = try settings.string("format") ?? "solr"
        guard format == "solr" || format == "" else {
            throw settings.error("format", "unsupported synonym format [\(format)]: use [solr]")
        }
        let expands = try settings.bool("expand", default: true)
        let isLenient = try settings.bool("lenient", default: false)
        let analyzer = Analyzer(
            name: "synonyms", charFilters: context.charFilters, tokenizer: context.tokenizer,
            filters: context.precedingFilters)
        for rule in rules {
            do {
                try add(rule, expands, analyzer)
            } catch let problem {
                if isLenient { continue }
                throw settings.error(
                    "synonyms", "Invalid synonym rule [\(rule)]: \(problem.message)")
            }
        }
    }

    private mutating func add(
        _ rule: String, _ expands: Bool, _ analyzer: Analyzer
    ) throws(AnalysisError) {
        let line = AnalysisSettings.trimmed(rule)
        if line.isEmpty || line.hasPrefix("#") { return }
        let sides = Self.split(line, at: "=>")
        guard sides.count <= 2 else {
            throw AnalysisError(
                .invalidSetting, "more than one explicit mapping specified on the same line")
        }
        let inputs = try Self.phrases(sides[0], analyzer)
        if sides.count == 2 {
            let outputs = try Self.phrases(sides[1], analyzer)
            for input in inputs { add(input, outputs, keepsOriginal: false) }
        } else if expands {
            for input in inputs {
                add(input, inputs.filter { $0 != input }, keepsOriginal: true)
            }
        } else if let first = inputs.first {
            for input in inputs { add(input, [first], keepsOriginal: false) }
        }
    }

    private mutating func add(
        _ input: [[UInt8]], _ outputs: [[[UInt8]]], keepsOriginal: Bool
    ) {
        var node = 0
        for term in input {
            if let next = nodes[node].next[term[...]] {
                node = next
            } else {
                nodes.append(Node())
                nodes[node].next.set(term, nodes.count - 1)
                node = nodes.count - 1
            }
        }
        var entry = nodes[node].entry ?? Entry()
        for output in outputs where !entry.outputs.contains(output) { entry.outputs.append(output) }
        entry.keepsOriginal = entry.keepsOriginal || keepsOriginal
        nodes[node].entry = entry
    }

    /// Cuts at a separator that no backslash precedes, and leaves the backslashes.
    private static func split(_ text: String, at separator: String) -> [String] {
        var parts = [""]
        var rest = text[...]
        while let c = rest.first {
            if c == "\\" {
                parts[parts.count - 1] += String(rest.prefix(2))
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix(separator) {
                parts.append("")
                rest = rest.dropFirst(separator.count)
            } else {
                parts[parts.count - 1].append(c)
                rest = rest.dropFirst()
            }
        }
        return parts
    }

    private static func phrases(
        _ side: String, _ analyzer: Analyzer
    ) throws(AnalysisError) -> [[[UInt8]]] {
        var result: [[[UInt8]]] = []
        for part in split(side, at: ",") {
            var text = ""
            var isEscaped = false
            for c in AnalysisSettings.trimmed(part) {
                if c == "\\", !isEscaped {
                    isEscaped = true
                    continue
                }
                text.append(c)
                isEscaped = false
            }
            let buffer = analyzer.analyze(text)
            guard !buffer.tokens.isEmpty else {
                throw AnalysisError(
                    .invalidSetting, "term: \(text) was completely eliminated by analyzer")
            }
            for token in buffer.tokens where token.positionIncrement != 1 {
                throw AnalysisError(
                    .invalidSetting,
                    "term: \(text) analyzed to a token (\(buffer.termString(of: token))) with "
                        + "position increment != 1 (got: \(token.positionIncrement))")
            }
            result.append(buffer.tokens.map { Array(buffer.term(of: $0)) })
        }
        return result
    }

    private func longestMatch(_ buffer: TokenBuffer, _ start: Int) -> (count: Int, entry: Entry)? {
        var node = 0
        var best: (Int, Entry)?
        var index = start
        while index < buffer.tokens.count,
            let next = nodes[node].next[buffer.term(of: buffer.tokens[index])]
        {
            node = next
            index += 1
            if let entry = nodes[node].entry { best = (index - start, entry) }
        }
        return best
    }

    func apply(to buffer: inout TokenBuffer) {
        var result: [Token] = []
        var index = 0
        var found = false
        // For the flat form: tokens with their absolute positions.
        var flat: [(position: Int, token: Token)] = []
        var position = -1
        while index < buffer.tokens.count {
            guard let match = longestMatch(buffer, index) else {
                let token = buffer.tokens[index]
                result.append(token)
                position += Int(token.positionIncrement)
                if !isGraph { flat.append((position, token)) }
                index += 1
                continue
            }
            found = true
            let matched = Array(buffer.tokens[index..<index + match.count])
            index += match.count
            if isGraph {
                addGraph(match.entry, matched, &buffer.arena, &result)
                continue
            }
            let start = position + Int(matched[0].positionIncrement)
            for output in match.entry.outputs {
                for (offset, term) in output.enumerated() {
                    var token = Self.token(term, over: matched, &buffer.arena)
                    if offset < match.count, output.count == match.count {
                        token.startByteOffset = matched[offset].startByteOffset
                        token.endByteOffset = matched[offset].endByteOffset
                    }
                    flat.append((start + offset, token))
                }
            }
            for token in matched {
                position += Int(token.positionIncrement)
                if match.entry.keepsOriginal { flat.append((position, token)) }
            }
        }
        guard found else { return }
        if !isGraph {
            // Originals come before their synonyms, as Lucene has it.
            let ordered = flat.enumerated().sorted {
                let a = ($0.element.position, $0.element.token.type == .synonym ? 1 : 0, $0.offset)
                let b = ($1.element.position, $1.element.token.type == .synonym ? 1 : 0, $1.offset)
                return a < b
            }
            var last = -1
            result = ordered.map { entry in
                var token = entry.element.token
                token.positionIncrement = Int32(entry.element.position - last)
                token.positionLength = 1
                last = entry.element.position
                return token
            }
        }
        buffer.tokens = result
    }

    private static func token(
        _ term: [UInt8], over matched: [Token], _ arena: inout [UInt8]
    ) -> Token {
        let token = Token(
            termStart: Int32(arena.count), termByteCount: Int32(term.count),
            startByteOffset: matched[0].startByteOffset,
            endByteOffset: matched[matched.count - 1].endByteOffset, type: .synonym)
        arena += term
        return token
    }

    /// Every output and the original are paths from one node to another. First come the first
    /// tokens of all paths, then the rest of each, as Lucene's SynonymGraphFilter has them.
    private func addGraph(
        _ entry: Entry, _ matched: [Token], _ arena: inout [UInt8], _ result: inout [Token]
    ) {
        var paths = entry.outputs.map { output in
            output.map { Self.token($0, over: matched, &arena) }
        }
        if entry.keepsOriginal { paths.append(matched) }
        paths.removeAll(where: \.isEmpty)
        guard !paths.isEmpty else { return }
        let end = 1 + paths.reduce(0) { $0 + $1.count - 1 }
        var later: [(start: Int, end: Int, token: Token)] = []
        var node = 0
        for (index, path) in paths.enumerated() {
            var first = path[0]
            first.positionIncrement = index == 0 ? matched[0].positionIncrement : 0
            first.positionLength = Int32(path.count == 1 ? end : node + 1)
            result.append(first)
            for (offset, token) in path.enumerated().dropFirst() {
                node += 1
                later.append((node, offset == path.count - 1 ? end : node + 1, token))
            }
        }
        var previous = 0
        for (start, stop, var token) in later {
            token.positionIncrement = Int32(start - previous)
            token.positionLength = Int32(stop - start)
            previous = start
            result.append(token)
        }
    }
}

/// `flatten_graph`: a graph as a row of positions, which is all that an index can hold.
///
/// A node goes as far right as the longest path to it needs.
struct FlattenGraphFilter: TokenFilter {
    func apply(to buffer: inout TokenBuffer) {
        guard buffer.tokens.contains(where: { $0.positionLength > 1 }) else { return }
        var nodes: [Int] = []
        var node = -1
        for token in buffer.tokens {
            node += Int(token.positionIncrement)
            nodes.append(node)
        }
        // The place of each node, as far as it is known: at least one after every token into it.
        var places: [Int: Int] = [:]
        var previous: (node: Int, place: Int)?
        var result: [(place: Int, end: Int, token: Token)] = []
        for (index, token) in buffer.tokens.enumerated() {
            let from = nodes[index]
            // A node that no token leads to comes after a hole.
            let place =
                places[from] ?? previous.map { $0.place + (from - $0.node) } ?? from
            places[from] = place
            let to = from + Int(token.positionLength)
            places[to] = max(places[to] ?? 0, place + 1)
            previous = (from, place)
            result.append((place, to, token))
        }
        let ordered = result.enumerated().sorted {
            ($0.element.place, $0.offset) < ($1.element.place, $1.offset)
        }
        var last = -1
        buffer.tokens = ordered.map { entry in
            var token = entry.element.token
            token.positionIncrement = Int32(entry.element.place - last)
            token.positionLength = Int32(
                max(1, (places[entry.element.end] ?? 0) - entry.element.place))
            last = entry.element.place
            return token
        }
    }
}
