internal import TrawlJSON

/// TREC and SGML collections: `<DOC>` elements with a `<DOCNO>`; every other element becomes a
/// field of its name in lower case, `TEXT` becomes `body`, and repeated ones are joined.
struct TRECReader: RecordReader {
    static let maxDocumentByteCount = 50 << 20

    private let input: ByteInput

    init(_ input: ByteInput) { self.input = input }

    mutating func next() throws(IngestError) -> IngestRecord? {
        var lines: [UInt8] = []
        var start = 0
        var isInside = false
        while true {
            let number = input.lineNumber
            guard let line = try input.nextLine() else {
                guard isInside else { return nil }
                return .reject(
                    IngestReject(line: start, reason: "the document does not end", text: lines))
            }
            guard case .line(let text) = line else { continue }
            if !isInside {
                let upper = String(decoding: text, as: UTF8.self).uppercased()
                guard upper.contains("<DOC>") || upper.contains("<DOC ") else { continue }
                isInside = true
                start = number
            }
            lines += text
            lines.append(UInt8(ascii: "\n"))
            if String(decoding: text.suffix(64), as: UTF8.self).uppercased().contains("</DOC>") {
                return record(lines, line: start)
            }
            if lines.count > Self.maxDocumentByteCount {
                return .reject(
                    IngestReject(line: start, reason: "the document does not end", text: lines))
            }
        }
    }

    private func record(_ bytes: [UInt8], line: Int) -> IngestRecord {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return .reject(IngestReject(line: line, reason: "not UTF-8", text: bytes))
        }
        var id: String?
        var fields = JSONObject()
        for (tag, content) in Self.elements(of: text) {
            if tag == "docno" {
                id = content
                continue
            }
            let name = tag == "text" ? "body" : tag
            if let before = fields[name]?.stringValue {
                fields[name] = .string(before + "\n" + content)
            } else {
                fields[name] = .string(content)
            }
        }
        guard let id, !id.isEmpty else {
            return .reject(
                IngestReject(line: line, reason: "the document has no <DOCNO>", text: bytes))
        }
        return .document(
            IngestDocument(id: id, source: JSONValue.object(fields).serialized(), line: line))
    }

    /// The innermost-but-one elements: those directly in `<DOC>`, tags inside them taken off.
    static func elements(of text: String) -> [(tag: String, content: String)] {
        var result: [(String, String)] = []
        var open: String?
        var content = ""
        var rest = text[...]
        while let bracket = rest.firstIndex(of: "<") {
            if open != nil { content += rest[..<bracket] }
            guard let end = rest[bracket...].firstIndex(of: ">") else { break }
            let inside = rest[rest.index(after: bracket)..<end]
            rest = rest[rest.index(after: end)...]
            let isClosing = inside.hasPrefix("/")
            let tag = inside.drop { $0 == "/" }.prefix { $0 != " " }.lowercased()
            if tag == "doc" { continue }
            if let name = open {
                if isClosing, tag == name {
                    result.append((name, trimmed(unescaped(content))))
                    open = nil
                } else {
                    content += " "
                }
            } else if !isClosing {
                open = tag
                content = ""
            }
        }
        return result
    }

    private static func trimmed(_ text: String) -> String {
        var slice = text[...]
        while let first = slice.first, first.isWhitespace { slice = slice.dropFirst() }
        while let last = slice.last, last.isWhitespace { slice = slice.dropLast() }
        return String(slice)
    }

    private static func unescaped(_ text: String) -> String {
        guard text.contains("&") else { return text }
        var result = text
        for (entity, character) in [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&"),
        ] {
            result = result.split(separator: entity, omittingEmptySubsequences: false)
                .joined(separator: character)
        }
        return result
    }
}
