/// What a file of documents looks like.
public enum DocumentFormat: String, Sendable, CaseIterable {
    case jsonl, json, csv, tsv, text, markdown, trec

    /// From the name of the file, packed or not: `reviews.csv.gz` is CSV.
    package init?(fileName: String) {
        var name = fileName.lowercased()[...]
        for packed in [".gz", ".zst", ".zstd"] where name.hasSuffix(packed) {
            name = name.dropLast(packed.count)
        }
        switch name.split(separator: ".").last {
        case "jsonl", "ndjson", "jsonlines": self = .jsonl
        case "json": self = .json
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        case "txt", "text", "log": self = .text
        case "md", "markdown": self = .markdown
        case "trec", "sgml", "sgm": self = .trec
        default: return nil
        }
    }

    /// From the first bytes of text.
    package init?(content head: ArraySlice<UInt8>) {
        let text = head.drop { $0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }
        guard let first = text.first else { return nil }
        switch first {
        case UInt8(ascii: "{"): self = .jsonl
        case UInt8(ascii: "["): self = .json
        default:
            if text.starts(with: "<DOC".utf8) {
                self = .trec
                return
            }
            let line = text.prefix { $0 != UInt8(ascii: "\n") }
            if line.contains(UInt8(ascii: "\t")) {
                self = .tsv
            } else if line.starts(with: "---".utf8) || line.starts(with: "# ".utf8) {
                self = .markdown
            } else {
                return nil
            }
        }
    }

    /// A reader for a file of this format.
    ///
    /// - Parameter idField: The field that holds a document's id; nil tries `_id` and `id`.
    package func reader(of input: ByteInput, idField: String?) -> any RecordReader {
        switch self {
        case .jsonl: JSONLinesReader(input, idField: idField)
        case .json: JSONArrayReader(input, idField: idField)
        case .csv: SeparatedReader(input, separator: UInt8(ascii: ","), idField: idField)
        case .tsv: SeparatedReader(input, separator: UInt8(ascii: "\t"), idField: idField)
        case .text: WholeFileReader(input, isMarkdown: false, idField: idField)
        case .markdown: WholeFileReader(input, isMarkdown: true, idField: idField)
        case .trec: TRECReader(input)
        }
    }

    /// The format of an input: as it was named, or by its content, or by its name.
    package static func detect(
        _ input: ByteInput, named format: DocumentFormat?
    ) throws(IngestError) -> DocumentFormat {
        if let format { return format }
        let head = try input.peek(4096)
        if head.contains(0) { throw IngestError(.binary, in: input.name) }
        let byName = DocumentFormat(fileName: input.name)
        // A .json file is often one document a line.
        if byName == .json { return DocumentFormat(content: head) ?? .json }
        if let found = byName ?? DocumentFormat(content: head) { return found }
        if head.isEmpty { return .text }
        throw IngestError(.unknownFormat, in: input.name)
    }
}
