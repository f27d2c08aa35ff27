internal import TrawlBytes
internal import TrawlIngest
internal import TrawlJSON

/// Documents on their way to a node: the body of one bulk request, and where each document came
/// from, so that a rejected one can be told by file and line.
struct BulkBatch: Sendable {
    struct Entry: Sendable {
        var file: String
        var line: Int
        var id: String
        /// Where the document lies in `body`: its action line and its source line.
        var range: Range<Int>
        var sourceStart: Int
    }

    static let maxDocCount = 2_000
    static let maxByteCount = 4 << 20

    private(set) var body: [UInt8] = []
    private(set) var entries: [Entry] = []
    /// The number of the batch, from 0, in the order of reading.
    var number = 0

    var isEmpty: Bool { entries.isEmpty }
    var isFull: Bool {
        entries.count >= Self.maxDocCount || body.count >= Self.maxByteCount
    }

    mutating func add(_ document: IngestDocument, file: String) {
        let start = body.count
        var writer = JSONWriter()
        writer.startObject()
        writer.key("index")
        writer.startObject()
        writer.key("_id")
        let id = document.id ?? Self.id(ofFile: file, line: document.line)
        writer.value(id)
        writer.endObject()
        writer.endObject()
        body += writer.bytes
        body.append(UInt8(ascii: "\n"))
        let sourceStart = body.count
        // A bulk body ends a document with a line end, so none may stand within.
        if document.source.contains(UInt8(ascii: "\n")) {
            body += document.source.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
        } else {
            body += document.source
        }
        body.append(UInt8(ascii: "\n"))
        entries.append(
            Entry(
                file: file, line: document.line, id: id, range: start..<body.count,
                sourceStart: sourceStart))
    }

    /// Only some of the documents, to send them again.
    func only(_ places: [Int]) -> BulkBatch {
        var result = BulkBatch()
        result.number = number
        for place in places {
            let entry = entries[place]
            let start = result.body.count
            result.body += body[entry.range]
            result.entries.append(
                Entry(
                    file: entry.file, line: entry.line, id: entry.id,
                    range: start..<result.body.count,
                    sourceStart: start + entry.sourceStart - entry.range.lowerBound))
        }
        return result
    }

    func source(of entry: Entry) -> ArraySlice<UInt8> {
        body[entry.sourceStart..<entry.range.upperBound - 1]
    }

    /// A document without an id is told by its place, so that the same file read twice makes the
    /// same documents.
    static func id(ofFile file: String, line: Int) -> String {
        let hash = StableHash.hash128("\(file)\n\(line)")
        return String(hash.high, radix: 36) + String(hash.low, radix: 36)
    }
}
