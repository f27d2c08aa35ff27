internal import Glibc
internal import TrawlAnalysis
internal import TrawlFiles
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlSegment

/// `trawl bench writer`: the whole way of documents into an index: parsed and analysed by a
/// mapping, put, flushed, merged beside, committed, opened again.
enum BenchWriter {
    static let command = Command(
        name: "writer", summary: "Index JSON lines through mapping, analysis, flush and merges.",
        operands: "CORPUS DIR", operandCount: 2...2,
        details: """
            DIR must not hold anything else: what is in it is removed. Fields are mapped as they
            come; ids are counted. Printed: time, processor time and peak memory by the system,
            write amplification, and how long opening takes.
            """,
        options: [
            .value("memory", "SIZE", "What the buffers may take (default 256MB)."),
            .value("threads", "N", "Threads that parse and analyse (default 0: the writer's)."),
            .value("documents", "N", "Stop after so many."),
            .value("repeat", "N", "Go through the corpus so many times (default 1)."),
            .value("update", "PERCENT", "How many documents replace an earlier one (default 0)."),
            .value("merge", "N", "Merge to so many segments at the end (default 0: do not)."),
            .flag("without-source", nil, "Do not store the source."),
        ],
        examples: ["trawl bench writer medium.jsonl /tmp/index --memory 256MB --threads 1"]
    ) { arguments, output in
        var run = try BenchWriterRun(arguments)
        for line in try run.run() { output.line(line) }
        return .success
    }
}

private struct BenchWriterRun {

    private let store: PosixFileStore
    private let corpus: MappedFile
    private let options: IndexWriter.Options
    private let threadCount: Int
    private let limit: Int
    private let repeats: Int
    private let updatePercent: Int
    private let segmentCount: Int
    private let storesSource: Bool
    private let mapping: Mapping
    private let catalog = AnalyzerCatalog()

    init(_ arguments: Arguments) throws {
        store = try PosixFileStore(arguments.operands[1])
        let path = arguments.operands[0]
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let name = path.split(separator: "/").last.map(String.init) ?? path
        corpus = try PosixFileStore(folder.isEmpty ? "." : folder.joined(separator: "/")).map(name)
        options = IndexWriter.Options(
            bufferByteCount: try arguments.byteCount("memory", default: 256 << 20),
            flushesBeside: true)
        threadCount = try arguments.int("threads", in: 0...256, default: 0)
        limit = try arguments.int("documents", in: 1...Int.max, default: .max)
        repeats = try arguments.int("repeat", in: 1...10_000, default: 1)
        updatePercent = try arguments.int("update", in: 0...100, default: 0)
        segmentCount = try arguments.int("merge", in: 0...1000, default: 0)
        storesSource = !arguments.has("without-source")
        mapping = try MappingParser().parse([
            "properties": [
                "id": ["type": "keyword"], "title": ["type": "text"], "body": ["type": "text"],
            ]
        ])
    }

    mutating func run() throws -> [String] {
        for file in try store.list() { try store.remove(file) }
        let clock = ContinuousClock()
        let start = clock.now
        let cpuStart = cpuSeconds()
        let writer = try IndexWriter(store, options: options, identity: 1)
        let merges = MergeThread(writer)
        let (docCount, byteCount) = try index(into: writer, merges)
        try writer.commit(payload: [])
        let wall = clock.now - start
        let cpu = cpuSeconds() - cpuStart
        merges.stop()
        if segmentCount > 0 {
            try writer.forceMerge(to: segmentCount)
            try writer.commit(payload: [])
        }
        let mergeCPU = cpuSeconds() - cpuStart - cpu
        let written = writer.written
        let segments = writer.segmentCount
        writer.close()
        let openStart = clock.now
        let again = try IndexWriter(store, options: options, identity: 1)
        let opening = clock.now - openStart
        let megabytes = Double(byteCount) / 1e6
        return [
            "\(docCount) documents, \(Self.rounded(megabytes)) MB of JSON, "
                + "\(Self.rounded(Double(again.committed.segments.map(\.byteCount).reduce(0, +)) / 1e6)) MB on disk",
            "index: \(Self.rounded(Self.seconds(wall))) s, \(Self.rounded(cpu)) CPU s, "
                + "\(Self.rounded(megabytes / cpu)) MB per CPU second, "
                + "\(Self.rounded(megabytes / Self.seconds(wall))) MB/s",
            "merge to \(segmentCount): \(Self.rounded(mergeCPU)) CPU s",
            "flushed \(written.flushedSegmentCount) segments, \(written.flushedByteCount >> 20) MB; "
                + "merged \(written.mergeCount) times, \(written.mergedByteCount >> 20) MB; "
                + "amplification \(Self.rounded(written.amplification)); \(segments) segments",
            "peak memory \(Self.peakMemory() >> 20) MB of a budget of "
                + "\(options.bufferByteCount >> 20) MB",
            "opening \(again.liveCount) documents: \(Self.rounded(Self.seconds(opening) * 1000)) ms",
        ]
    }

    /// Of the whole process.
    private func cpuSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    private static func seconds(_ duration: Duration) -> Double {
        let parts = duration.components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }

    /// The most that was resident at once, the mapped corpus included.
    private static func peakMemory() -> Int {
        var usage = rusage()
        // 0 is RUSAGE_SELF, whose type Swift takes for another.
        unsafe getrusage(0, &usage)
        return usage.ru_maxrss << 10
    }

    private func index(
        into writer: IndexWriter, _ merges: MergeThread
    ) throws -> (docCount: Int, byteCount: Int) {
        let table = FieldTable(mapping)
        let lines = LineReader(corpus, limit: limit, repeats: repeats)
        var sequence: Int64 = 0
        var byteCount = 0
        func put(_ documents: [ParsedDocument]) throws {
            for document in documents {
                byteCount += document.source.count
                let facts = DocumentFacts(sequence: sequence, stamp: UInt64(sequence))
                try writer.put(document, facts, fields: table)
                sequence += 1
                if sequence % 10_000 == 0 { merges.wake() }
            }
        }
        if threadCount == 0 {
            let parse = try worker()
            while let batch = lines.next() { try put(parse(batch)) }
        } else {
            try OrderedWork.run(
                threadCount: threadCount, window: threadCount * 4, next: { lines.next() },
                makeWorker: { try worker() }, consume: put)
        }
        return (Int(sequence), byteCount)
    }

    private func worker() throws -> (LineReader.Batch) throws -> [ParsedDocument] {
        let parser = try DocumentParser(mapping: mapping, catalog: catalog)
        return { batch in
            var documents: [ParsedDocument] = []
            documents.reserveCapacity(batch.lines.count)
            for (index, line) in batch.lines.enumerated() {
                let number = batch.first + index
                // Spread over what came before, the same in every run.
                let replaces =
                    updatePercent > 0 && number % 100 < updatePercent && number > 100
                let id = replaces ? number * 7919 % number : number
                var document = ParsedDocument()
                let outcome = try parser.parse(
                    id: "\(id)", source: corpus.array(line), into: &document)
                guard outcome == .parsed else {
                    throw UsageError("a document of the corpus has unknown fields")
                }
                if !storesSource { document.source = [] }
                documents.append(document)
            }
            return documents
        }
    }
}

extension MappedFile {
    fileprivate func array(_ range: Range<Int>) -> [UInt8] { unsafe Array(bytes[range]) }
}

/// Cuts a file into batches of lines. Called from one thread at a time.
private final class LineReader: @unchecked Sendable {
    struct Batch: Sendable {
        var first: Int
        var lines: [Range<Int>]
    }

    private let file: MappedFile
    private let limit: Int
    private var repeats: Int
    private var place = 0
    private var count = 0

    init(_ file: MappedFile, limit: Int, repeats: Int) {
        self.file = file
        self.limit = limit
        self.repeats = repeats
    }

    func next() -> Batch? {
        var lines: [Range<Int>] = []
        let first = count
        while lines.count < 64, count < limit {
            if place >= file.byteCount {
                repeats -= 1
                if repeats <= 0 { break }
                place = 0
            }
            guard let base = unsafe file.bytes.baseAddress else { break }
            let found = unsafe memchr(base + place, 10, file.byteCount - place)
            let end = unsafe found.map { unsafe UnsafeRawPointer($0) - base } ?? file.byteCount
            if end > place {
                lines.append(place..<end)
                count += 1
            }
            place = end + 1
        }
        return lines.isEmpty ? nil : Batch(first: first, lines: lines)
    }
}
