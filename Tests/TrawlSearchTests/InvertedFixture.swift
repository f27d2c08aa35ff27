import TrawlBytes
import TrawlPostings
import TrawlSegment

@testable import TrawlSearch

/// Some documents of one field, inverted in memory and cut into segments.
final class InvertedFixture {
    /// One segment, opened.
    final class Part: Sendable {
        let terms: [UInt8], postings: [UInt8], positions: [UInt8]
        let norms: NormBytes
        let base: Int
        let docCount: Int

        init(_ documents: ArraySlice<[String]>) throws {
            let buffer = InvertedBuffer(detail: .positions)
            var norms: [UInt8] = []
            for (doc, words) in documents.enumerated() {
                var bytes: [UInt8] = []
                var numbers: [Int32] = []
                for (position, word) in words.enumerated() {
                    numbers += [Int32(bytes.count), Int32(word.utf8.count), Int32(position), 0, 0]
                    bytes += word.utf8
                }
                unsafe bytes.withUnsafeBytes { bytes in
                    unsafe numbers.withUnsafeBytes { numbers in
                        unsafe buffer.add(
                            document: DocNumber(doc), bytes: bytes, occurrences: numbers)
                    }
                }
                norms.append(NormEncoding.encode(Int32(words.count)))
            }
            let sinks = (MemorySink(), MemorySink(), MemorySink())
            let writer = InvertedWriter(terms: sinks.0, postings: sinks.1, positions: sinks.2)
            try buffer.write(
                to: writer, name: "body", docCount: documents.count { !$0.isEmpty }, norms: norms)
            try writer.finish()
            (terms, postings, positions) = (sinks.0.bytes, sinks.1.bytes, sinks.2.bytes)
            self.norms = NormBytes(copying: norms)
            base = documents.startIndex
            docCount = documents.count
        }

        func open() throws -> FieldPostings {
            // The arrays are immutable and owned by `self`, which the reader keeps.
            func whole(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
                unsafe UnsafeRawBufferPointer(
                    start: bytes.withUnsafeBytes { $0.baseAddress }, count: bytes.count)
            }
            let files = unsafe InvertedReader.Files(
                terms: whole(terms), postings: whole(postings), positions: whole(positions),
                owner: self, name: "test.term")
            return try InvertedReader(files, docLimit: docCount).field("body")!
        }
    }

    let parts: [(part: Part, field: FieldPostings)]
    let statistics: FieldStatistics
    let scoring: FieldScoring
    let live: FixedBitSet?
    private let room = SearchRoom()

    /// - Parameters:
    ///   - segments: Into how many the documents are cut.
    ///   - live: Which documents live, over all segments; statistics count only those.
    init(
        _ documents: [[String]], segments: Int = 1, live: FixedBitSet? = nil,
        similarity: BM25 = BM25()
    ) throws {
        var parts: [(Part, FieldPostings)] = []
        // Cuts are multiples of 64, so that one set of live bits can serve all.
        let size = max(64, (documents.count / segments + 63) / 64 * 64)
        for start in stride(from: 0, to: documents.count, by: size) {
            let part = try Part(documents[start..<min(start + size, documents.count)])
            parts.append((part, try part.open()))
        }
        self.parts = parts
        self.live = live
        var statistics = FieldStatistics()
        for (doc, words) in documents.enumerated() where live?.contains(doc) ?? true {
            statistics.add(length: words.count)
        }
        self.statistics = statistics
        scoring = FieldScoring(similarity, statistics)
    }

    /// How many living documents have a word.
    func documentFrequency(_ word: String) throws -> Int {
        var count = 0
        for (part, field) in parts {
            guard let entry = try field.find(Array(word.utf8)) else { continue }
            for doc in try field.open(entry).documents()
            where live?.contains(part.base + Int(doc)) ?? true {
                count += 1
            }
        }
        return count
    }

    /// Runs a search over all segments; `make` gives the query over one, nil when nothing there
    /// can match.
    func run(
        limit: Int, exhaustive: Bool = false, counting: Bool = false,
        _ make: (Part, FieldPostings) throws -> Matcher?
    ) throws -> (hits: [TopKQueue.Hit], count: Int) {
        var queue = TopKQueue(limit: limit)
        var count = 0
        for (part, field) in parts {
            guard let matcher = try make(part, field) else { continue }
            try unsafe withLive(from: part.base) { live in
                let search = unsafe SegmentSearch(
                    matcher, docLimit: part.docCount, base: UInt32(part.base), live: live,
                    room: room)
                if exhaustive {
                    count += try ExhaustiveTopK.collect(search, into: &queue)
                } else if counting {
                    count += try search.collectAndCount(into: &queue)
                } else if limit == 0 {
                    count += try search.count()
                } else {
                    try search.collect(into: &queue)
                }
            }
        }
        return (queue.sorted(), count)
    }

    private func withLive(
        from base: Int, _ body: (UnsafePointer<UInt64>?) throws -> Void
    ) rethrows {
        guard let live else { return try body(nil) }
        try unsafe live.words.withUnsafeBufferPointer {
            try unsafe body($0.baseAddress! + base / 64)
        }
    }
}
