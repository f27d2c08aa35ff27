internal import TrawlJSON

/// A text or Markdown file as one document: `path`, `title`, `body`, and for Markdown the front
/// matter's fields and the headings.
struct WholeFileReader: RecordReader {
    static let maxByteCount = 50 << 20

    private let input: ByteInput
    private let isMarkdown: Bool
    private let idField: String?
    private var isDone = false

    init(_ input: ByteInput, isMarkdown: Bool, idField: String?) {
        self.input = input
        self.isMarkdown = isMarkdown
        self.idField = idField
    }

    mutating func next() throws(IngestError) -> IngestRecord? {
        if isDone { return nil }
        isDone = true
        let bytes = try input.readAll(maxByteCount: Self.maxByteCount)
        if bytes.isEmpty { return nil }
        if bytes.contains(0) { throw IngestError(.binary, in: input.name) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw IngestError(.encoding("bytes that are no UTF-8"), in: input.name)
        }
        var page = isMarkdown ? MarkdownPage(text) : MarkdownPage(plain: text)
        let fileName = String(input.name.split(separator: "/").last ?? "")
        if page.title.isEmpty { page.title = page.headings.first ?? fileName }
        var members = JSONObject()
        members["path"] = .string(input.name)
        members["title"] = .string(page.title)
        if !page.headings.isEmpty {
            members["headings"] = .array(page.headings.map { .string($0) })
        }
        for (key, value) in page.front where members[key] == nil && key != "body" {
            members[key] = value
        }
        members["body"] = .string(page.body)
        var id: String? = input.name
        if let idField { id = members[idField]?.stringValue ?? id }
        return .document(
            IngestDocument(
                id: id, source: JSONValue.object(members).serialized(), line: 1))
    }
}

/// A Markdown file taken apart: front matter (`key: value` lines between `---`), headings, text.
struct MarkdownPage: Equatable {
    var title = ""
    var front: [(key: String, value: JSONValue)] = []
    var headings: [String] = []
    var body = ""

    static func == (left: MarkdownPage, right: MarkdownPage) -> Bool {
        left.title == right.title && left.headings == right.headings && left.body == right.body
            && left.front.elementsEqual(right.front, by: ==)
    }

    /// Text that is no Markdown: all of it is body.
    init(plain text: String) { body = text }

    init(_ text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasSuffix("\r") ? $0.dropLast() : $0 }[...]
        if lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") {
            for line in lines[lines.startIndex + 1..<end] { takeFront(line) }
            lines = lines[(end + 1)...]
        }
        var isCode = false
        for line in lines {
            if line.hasPrefix("```") || line.hasPrefix("~~~") { isCode.toggle() }
            guard !isCode, line.hasPrefix("#") else { continue }
            let level = line.prefix { $0 == "#" }.count
            let rest = line.dropFirst(level)
            guard level <= 6, rest.hasPrefix(" ") else { continue }
            var heading = rest.drop { $0 == " " }
            while let last = heading.last, last == "#" || last == " " {
                heading = heading.dropLast()
            }
            headings.append(String(heading))
        }
        body = lines.joined(separator: "\n")
    }

    private mutating func takeFront(_ line: Substring) {
        guard let colon = line.firstIndex(of: ":") else { return }
        let key = String(line[..<colon].filter { $0 != " " })
        var value = line[line.index(after: colon)...].drop { $0 == " " }
        while value.last == " " { value = value.dropLast() }
        guard !key.isEmpty, !value.isEmpty else { return }
        if key == "title" {
            title = String(Self.unquoted(value))
        } else if value.hasPrefix("["), value.hasSuffix("]") {
            let parts = value.dropFirst().dropLast().split(separator: ",")
            front.append(
                (key, .array(parts.map { .string(String(Self.unquoted($0.drop { $0 == " " }))) })))
        } else {
            front.append((key, .string(String(Self.unquoted(value)))))
        }
    }

    private static func unquoted(_ text: Substring) -> Substring {
        for quote in ["\"", "'"]
        where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return text.dropFirst().dropLast()
        }
        return text
    }
}
