internal import TrawlQuery

/// A piece of a field's text, with what was found in it marked.
struct Snippet {
    var text: String
    var score: Float
}

/// Writes pieces of text with tags around what was found.
struct SnippetWriter {
    var preTag = "<em>"
    var postTag = "</em>"
    var encoder = Highlight.Encoder.default

    /// - Parameter marks: In the order of their beginnings. Those that overlap share their tags;
    ///   one that goes on behind the piece is written whole.
    func text(
        _ units: [UInt16], _ range: Range<Int>, marks: some Sequence<MarkedToken>
    ) -> String {
        var text = ""
        var at = range.lowerBound
        var open: Range<Int>?
        func close() {
            guard let mark = open else { return }
            if mark.lowerBound > at { write(units[at..<mark.lowerBound], &text) }
            let start = max(at, mark.lowerBound)
            if mark.upperBound > start {
                text += preTag
                write(units[start..<mark.upperBound], &text)
                text += postTag
                at = mark.upperBound
            }
            open = nil
        }
        for mark in marks {
            if let current = open, mark.start < current.upperBound {
                open = current.lowerBound..<max(current.upperBound, mark.end)
            } else {
                close()
                open = mark.start..<mark.end
            }
        }
        close()
        if at < range.upperBound { write(units[at..<range.upperBound], &text) }
        return text
    }

    private func write(_ units: ArraySlice<UInt16>, _ text: inout String) {
        let piece = String(decoding: units, as: UTF16.self)
        guard encoder == .html else {
            text += piece
            return
        }
        for character in piece.unicodeScalars {
            switch character {
            case "\"": text += "&quot;"
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "'": text += "&#x27;"
            case "/": text += "&#x2F;"
            default: text.unicodeScalars.append(character)
            }
        }
    }

    /// Without control characters and spaces at both ends, as Java trims.
    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { $0.value > 0x20 }),
            let last = scalars.lastIndex(where: { $0.value > 0x20 })
        else { return "" }
        return String(scalars[first...last])
    }
}
