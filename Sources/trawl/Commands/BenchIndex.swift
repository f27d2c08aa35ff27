internal import Glibc
internal import TrawlFiles
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlSegment

/// `trawl bench index`: builds an index of the field's benchmark: `body` with positions, `id`
/// stored, nothing else.
enum BenchIndex {
    static let command = Command(
        name: "index", summary: "Index a file of JSON lines, for the search benchmark.",
        operands: "CORPUS DIR", operandCount: 2...2,
        options: [
            .value("memory", "MB", "Flush a segment when the buffer holds this much (256)."),
            .value("segments", "N", "Merge to this many segments at the end; 0 leaves them (1)."),
            .value("max-docs", "N", "Flush after so many documents, too."),
            .flag("store", nil, "Store the JSON as source, too."),
        ],
        examples: ["trawl bench index medium.jsonl /tmp/index"]
    ) { arguments, output in
        let memory = try arguments.int("memory", in: 1...1_000_000, default: 256) << 20
        let segments = try arguments.int("segments", in: 0...1000, default: 1)
        let maxDocs = try arguments.int("max-docs", in: 1...1 << 30, default: 1 << 30)
        var run = try BenchIndexRun(
            directory: arguments.operands[1], memory: memory, maxDocs: maxDocs,
            stores: arguments.has("store"))
        let started = cpuSeconds()
        try run.index(arguments.operands[0])
        let indexed = cpuSeconds()
        try run.merge(to: segments)
        let merged = cpuSeconds()
        let megabytes = Double(run.textByteCount) / 1e6
        output.line(
            "{\"docs\": \(run.docCount), \"text_mb\": \(rounded(megabytes)), "
                + "\"index_cpu_s\": \(rounded(indexed - started)), "
                + "\"merge_cpu_s\": \(rounded(merged - indexed)), "
                + "\"mb_per_cpu_s\": \(rounded(megabytes / (merged - started))), "
                + "\"segments\": \(run.segmentCount)}")
        return .success
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    /// Of the whole process.
    static func cpuSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Finds `id` and `body` in a document and cuts the body into words.
private struct BenchDocumentSink: JSONSink {
    enum Member { case id, body, other }
    var document = ParsedDocument()
    var textByteCount = 0
    private var member = Member.other
    private var depth = 0

    mutating func begin() {
        document.removeAll()
        member = .other
        depth = 0
    }

    mutating func null(at range: Range<Int>) throws(JSONError) {}
    mutating func bool(_ value: Bool, at range: Range<Int>) throws(JSONError) {}
    mutating func number(
        _ literal: UnsafeBufferPointer<UInt8>, isInteger: Bool, at range: Range<Int>
    ) throws(JSONError) {}

    mutating func string(
        _ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>
    ) throws(JSONError) {
        guard depth == 1 else { return }
        switch member {
        case .id: unsafe document.id = String(decoding: utf8, as: UTF8.self)
        case .body: unsafe takeBody(utf8)
        case .other: break
        }
    }

    private mutating func takeBody(_ utf8: UnsafeBufferPointer<UInt8>) {
        textByteCount += utf8.count
        var occurrences = document.occurrences
        document.occurrences = []
        var position: Int32 = 0
        unsafe BenchWords.forEach(utf8, into: &document.bytes) { start, byteCount in
            occurrences.append(
                ParsedDocument.Occurrence(
                    termStart: Int32(start), termByteCount: Int32(byteCount), position: position,
                    startByteOffset: 0, endByteOffset: 0))
            position += 1
        }
        document.occurrences = occurrences
        if position > 0 {
            document.terms.append(
                ParsedDocument.Terms(
                    field: FieldNumber(0), occurrences: 0..<occurrences.count, length: position))
        }
    }

    mutating func key(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) throws(JSONError) {
        guard depth == 1 else { return }
        member =
            unsafe utf8.elementsEqual("body".utf8)
            ? .body : unsafe utf8.elementsEqual("id".utf8) ? .id : .other
    }

    mutating func startObject(at byteOffset: Int) throws(JSONError) { depth += 1 }
    mutating func endObject(at byteOffset: Int) throws(JSONError) { depth -= 1 }
    mutating func startArray(at byteOffset: Int) throws(JSONError) { depth += 1 }
    mutating func endArray(at byteOffset: Int) throws(JSONError) { depth -= 1 }
}

private struct BenchIndexRun {
    private let store: PosixFileStore
    private let memory: Int
    private let maxDocs: Int
    private let stores: Bool
    private var table = FieldTable()
    private var buffer = SegmentBuffer()
    private var views: [SegmentView] = []
    private var nextSegment: UInt64 = 1
    private(set) var docCount = 0
    private(set) var textByteCount = 0

    var segmentCount: Int { views.count }

    init(directory: String, memory: Int, maxDocs: Int, stores: Bool) throws {
        store = try PosixFileStore(directory)
        for file in try store.list() { try store.remove(file) }
        self.memory = memory
        self.maxDocs = maxDocs
        self.stores = stores
        table.append("body", .text)
    }

    mutating func index(_ path: String) throws {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let source = try PosixFileStore(
            path.hasPrefix("/") ? "/" + folder : folder.isEmpty ? "." : folder)
        let mapping = try source.map(name)
        let bytes = unsafe mapping.bytes
        let text = unsafe bytes.bindMemory(to: UInt8.self)
        var parser = JSONParser(sink: BenchDocumentSink(), duplicates: .allowed)
        var start = 0
        while start < text.count {
            let rest = text.count - start
            let found = unsafe memchr(bytes.baseAddress! + start, 10, rest)
            let end =
                unsafe found.map { unsafe UnsafeRawPointer($0) - bytes.baseAddress! } ?? text.count
            if end > start {
                let line = unsafe UnsafeBufferPointer(rebasing: text[start..<end])
                parser.sink.begin()
                try unsafe parser.parse(line)
                if stores { unsafe parser.sink.document.source.append(contentsOf: line) }
                buffer.add(parser.sink.document, DocumentFacts(), fields: table)
                docCount += 1
                if docCount % 64 == 0, buffer.memoryByteCount > memory { try flush() }
                if buffer.docCount >= maxDocs { try flush() }
            }
            start = end + 1
        }
        try flush()
        textByteCount = parser.sink.textByteCount
    }

    private mutating func nextID() -> SegmentID {
        defer { nextSegment += 1 }
        return SegmentID(nextSegment)
    }

    private mutating func flush() throws {
        guard !buffer.isEmpty else { return }
        let id = nextID()
        let written = try SegmentWriter.write(buffer, as: id, in: store)
        buffer = SegmentBuffer()
        views.append(SegmentView(try SegmentReader(written.info.id, in: store), live: nil))
    }

    mutating func merge(to count: Int) throws {
        guard count > 0 else { return }
        while views.count > count {
            // All at once when one is wanted, else the two smallest neighbours.
            var first = 0
            var length = views.count
            if count > 1 {
                length = 2
                first = (0..<views.count - 1).min {
                    views[$0].docCount + views[$0 + 1].docCount
                        < views[$1].docCount + views[$1 + 1].docCount
                }!
            }
            let sources = Array(views[first..<first + length])
            let merged = try SegmentMerger.merge(sources, as: nextID(), in: store)
            let view = SegmentView(try SegmentReader(merged.info.id, in: store), live: nil)
            views.replaceSubrange(first..<first + length, with: [view])
            for source in sources {
                for file in try store.list()
                where SegmentFormat.owner(ofFileNamed: file) == source.id {
                    try store.remove(file)
                }
            }
        }
    }
}
