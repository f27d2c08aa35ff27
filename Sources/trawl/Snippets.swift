internal import TrawlJSON

/// The lines below a result: where its text has what was looked for, marked on a terminal.
enum Snippets {
    static let titleNames = ["title", "name", "subject", "headline"]

    /// Shown beside the title, or not at all.
    private static let plainNames = titleNames + ["id"]
    private static let bodyNames = ["body", "text", "description", "content"]
    private static let lineCount = 2
    // Characters of Unicode for use within programs: texts do not come with them.
    private static let markStart: Character = "\u{fff9}"
    private static let markEnd: Character = "\u{fffb}"

    /// What is asked of the node to make them.
    static let request: JSONValue = [
        "pre_tags": [.string(String(markStart))], "post_tags": [.string(String(markEnd))],
        "number_of_fragments": JSONValue(lineCount), "fragment_size": 160, "order": "score",
        "max_analyzed_offset": 1_000_000, "fields": ["*": [:]],
    ]

    /// At most two lines, each of at most `width` columns: snippets of the text, of any other
    /// field but title and id when the text has none, or the beginning of the text.
    static func lines(of hit: JSONValue, width: Int, _ output: Output) -> [String] {
        let found = hit["highlight"]?.objectValue ?? [:]
        let others = found.keys.filter { name in
            !plainNames.contains { name == $0 || name.hasPrefix($0 + ".") }
        }
        if let name = bodyNames.first(where: { found[$0] != nil }) ?? others.first {
            let texts = (found[name]?.arrayValue ?? []).compactMap(\.stringValue)
            return texts.prefix(lineCount).map { styled($0.onOneLine, width, output) }
        }
        let source = hit["_source"]?.objectValue ?? [:]
        let texts = bodyNames.compactMap { source[$0]?.stringValue }
        return texts.first.map { [$0.onOneLine.clipped(to: width)] } ?? []
    }

    /// The snippet cut to a width, marks not counted.
    static func styled(_ snippet: String, _ width: Int, _ output: Output) -> String {
        let plain = snippet.filter { $0 != markStart && $0 != markEnd }
        var room = plain.clipped(to: width).count
        let isCut = Terminal.columns(of: plain) > width
        if isCut { room -= 1 }
        var line = ""
        var marked: String?
        for character in snippet {
            if character == markStart {
                marked = ""
            } else if character == markEnd {
                line += output.styled(marked ?? "", .match)
                marked = nil
            } else {
                if room == 0 { break }
                room -= 1
                if marked == nil { line.append(character) } else { marked?.append(character) }
            }
        }
        if let marked, !marked.isEmpty { line += output.styled(marked, .match) }
        return isCut ? line + "…" : line
    }
}

extension String {
    /// White space folded, so that a result stays on its lines.
    var onOneLine: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
