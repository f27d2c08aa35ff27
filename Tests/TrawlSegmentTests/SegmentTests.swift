import Testing
import TrawlBytes
import TrawlFiles
import TrawlPostings
import TrawlSchema
import TrawlSegment
import TrawlTestKit

/// Documents as a mapping would hand them over, made by chance, with what is expected of them.
struct SampleDocument {
    var id: String
    var routing: String?
    var source: [UInt8]
    var facts: DocumentFacts
    var words: [String]
    var tags: [String]
    var numbers: [Int64]

    static let fields: FieldTable = {
        var table = FieldTable()
        table.append("body", .text)
        table.append("tag", .keyword)
        table.append("price", .number)
        table.append("title", FieldStorage(postings: .offsets, norms: true))
        return table
    }()

    static func random(_ number: Int, using random: inout SplitMix64) -> SampleDocument {
        let words = (0..<Int.random(in: 0...40, using: &random)).map { _ in
            // Squaring makes low numbers frequent.
            let rank = Int.random(in: 0..<30, using: &random)
            return "w\(rank * rank / 9)"
        }
        return SampleDocument(
            id: "doc-\(number)",
            routing: number % 7 == 0 ? "r\(number % 3)" : nil,
            source: Array("{\"n\":\(number),\"body\":\"\(words.joined(separator: " "))\"}".utf8),
            facts: DocumentFacts(
                sequence: Int64(number), epoch: 3, version: Int64(number % 4 + 1),
                stamp: UInt64(number) << 20,
                digest: StableHash.hash128("\(number)")),
            words: words,
            tags: (0..<Int.random(in: 0...3, using: &random)).map { _ in
                "tag\(Int.random(in: 0..<12, using: &random))"
            },
            numbers: (0..<Int.random(in: 0...2, using: &random)).map { _ in
                Int64.random(in: -50...50, using: &random)
            })
    }

    var parsed: ParsedDocument {
        var document = ParsedDocument()
        document.id = id
        document.routing = routing
        document.source = source
        add(words, to: FieldNumber(0), &document)
        if !tags.isEmpty { add(Array(Set(tags)).sorted(), to: FieldNumber(1), &document) }
        if !words.isEmpty { add(Array(words.prefix(2)), to: FieldNumber(3), &document) }
        for tag in tags {
            document.values.append(
                ParsedDocument.Value(
                    field: FieldNumber(1), start: Int32(document.bytes.count),
                    byteCount: Int32(tag.utf8.count)))
            document.bytes.append(contentsOf: tag.utf8)
        }
        for number in numbers {
            document.numbers.append(ParsedDocument.Number(field: FieldNumber(2), value: number))
        }
        return document
    }

    private func add(_ words: [String], to field: FieldNumber, _ document: inout ParsedDocument) {
        let start = document.occurrences.count
        for (position, word) in words.enumerated() {
            document.occurrences.append(
                ParsedDocument.Occurrence(
                    termStart: Int32(document.bytes.count),
                    termByteCount: Int32(word.utf8.count), position: Int32(position),
                    startByteOffset: Int32(position * 5),
                    endByteOffset: Int32(position * 5 + word.utf8.count)))
            document.bytes.append(contentsOf: word.utf8)
        }
        document.terms.append(
            ParsedDocument.Terms(
                field: field, occurrences: start..<document.occurrences.count,
                length: Int32(words.count)))
    }
}

@Suite("Segments", .randomized(rounds: 4))
struct SegmentTests {
    static func write(
        _ documents: [SampleDocument], deleting deleted: [Int] = [], as number: UInt64,
        in store: any FileStore
    ) throws -> SegmentView {
        let buffer = SegmentBuffer()
        for document in documents {
            buffer.add(document.parsed, document.facts, fields: SampleDocument.fields)
        }
        for doc in deleted { buffer.delete(doc) }
        let written = try SegmentWriter.write(buffer, as: SegmentID(number), in: store)
        try written.output.sync()
        return SegmentView(try SegmentReader(SegmentID(number), in: store), live: written.live)
    }

    /// Everything that a segment says must be what the living documents say.
    static func expect(_ view: SegmentView, holds documents: [SampleDocument?]) throws {
        let reader = view.reader
        #expect(reader.docCount == documents.count)
        #expect(view.liveCount == documents.filter { $0 != nil }.count)
        var statistics = FieldStatistics()
        var frequencies: [String: [Int: [Int]]] = [:]
        for (doc, document) in documents.enumerated() {
            #expect(view.isLive(doc) == (document != nil))
            guard let document else { continue }
            #expect(try reader.source(of: doc) == document.source)
            #expect(reader.identity.id(of: doc) == document.id)
            #expect(reader.identity.routing(of: doc) == document.routing)
            #expect(reader.identity.facts(of: doc) == document.facts)
            #expect(view.doc(id: document.id, hash: StableHash.hash64(document.id)) == doc)
            statistics.add(length: document.words.count)
            for (position, word) in document.words.enumerated() {
                frequencies[word, default: [:]][doc, default: []].append(position)
            }
            if let price = reader.field("price")?.numbers {
                #expect(price.values(of: doc) == document.numbers.sorted())
            }
            if let tag = reader.field("tag")?.bytes {
                let found = tag.values(of: doc).map { String(decoding: $0, as: UTF8.self) }
                #expect(found == Set(document.tags).sorted())
            }
            let norm = NormEncoding.encode(Int32(document.words.count))
            #expect(reader.field("body")?.norms?.norm(of: doc) == norm)
        }
        #expect(view.doc(id: "nobody", hash: StableHash.hash64("nobody")) == nil)
        guard let body = reader.field("body"), let postings = body.postings else {
            #expect(documents.isEmpty)
            return
        }
        #expect(view.statistics(of: body) == statistics)
        for (word, docs) in frequencies {
            let term = Array(word.utf8)
            #expect(try view.docFrequency(of: term, in: body) == docs.count)
            let entry = try #require(try postings.find(term))
            let list = try postings.open(entry)
            for (doc, positions) in docs.sorted(by: { $0.key < $1.key }) {
                #expect(list.seek(to: DocNumber(doc)) == DocNumber(doc))
                #expect(list.frequency(in: DocNumber(doc)) == positions.count)
                #expect(list.positions(in: DocNumber(doc)) == positions.map { UInt32($0) })
            }
        }
        if let points = reader.field("price")?.points {
            let found = points.docs(from: -10, through: 10)
            for (doc, document) in documents.enumerated() {
                guard let document else { continue }
                #expect(
                    found.contains(doc) == document.numbers.contains { (-10...10).contains($0) })
            }
        }
    }

    @Test("a segment gives back what was put in, with deletes and without")
    func roundTrip() throws {
        var random = RandomContext.generator()
        let store = MemoryFileStore()
        let count = Int.random(in: 1...400, using: &random)
        var documents: [SampleDocument?] = (0..<count).map { .random($0, using: &random) }
        let deleted = documents.indices.filter { _ in Int.random(in: 0..<5, using: &random) == 0 }
        let view = try Self.write(documents.map { $0! }, deleting: deleted, as: 1, in: store)
        for doc in deleted { documents[doc] = nil }
        try Self.expect(view, holds: documents)
        var checker = SegmentChecker()
        checker.check(SegmentID(1), liveGeneration: 0, in: store)
        // The checker was told that all live, so it misses only those left out of the look-up.
        let expected = deleted.isEmpty ? 0 : 1
        #expect(checker.problems.count == expected, "\(checker.problems)")
    }

    @Test("a merge holds the living documents of its sources, in order")
    func merge() throws {
        var random = RandomContext.generator()
        let store = MemoryFileStore()
        var views: [SegmentView] = []
        var living: [SampleDocument] = []
        var next = 0
        for number in 1...Int.random(in: 1...4, using: &random) {
            let count = Int.random(in: 1...300, using: &random)
            let documents = (next..<next + count).map {
                SampleDocument.random($0, using: &random)
            }
            next += count
            let rate = Int.random(in: 0...3, using: &random)
            let deleted = documents.indices.filter { _ in
                Int.random(in: 0..<4, using: &random) < rate
            }
            views.append(
                try Self.write(documents, deleting: deleted, as: UInt64(number), in: store))
            living += documents.indices.filter { !deleted.contains($0) }.map { documents[$0] }
        }
        let merged = try SegmentMerger.merge(views, as: SegmentID(99), in: store)
        try merged.output.sync()
        let reader = try SegmentReader(SegmentID(99), in: store)
        try Self.expect(SegmentView(reader, live: nil), holds: living)
        var checker = SegmentChecker()
        checker.check(SegmentID(99), liveGeneration: 0, in: store)
        #expect(checker.problems.isEmpty, "\(checker.problems)")
        for (view, map) in zip(views, merged.maps) {
            for doc in 0..<view.docCount {
                let new = map.newNumber(of: doc)
                #expect((new != nil) == view.isLive(doc))
                if let new {
                    #expect(reader.identity.id(of: new) == view.reader.identity.id(of: doc))
                }
            }
        }
    }

    @Test("merging deleted documents away gives the bytes of a segment that never had them")
    func sameBytes() throws {
        var random = RandomContext.generator()
        let store = MemoryFileStore()
        let documents = (0..<200).map { SampleDocument.random($0, using: &random) }
        let deleted = Array(stride(from: 0, to: 200, by: 3))
        let view = try Self.write(documents, deleting: deleted, as: 1, in: store)
        _ = try SegmentMerger.merge([view], as: SegmentID(5), in: store)
        let fresh = MemoryFileStore()
        let kept = documents.indices.filter { $0 % 3 != 0 }.map { documents[$0] }
        _ = try Self.write(kept, as: 5, in: fresh)
        for kind in SegmentFormat.Kind.allCases where kind != .live {
            let name = SegmentFormat.fileName(SegmentID(5), kind)
            #expect(try store.readAll(name) == fresh.readAll(name), "\(kind)")
        }
    }

    @Test("a flipped bit in any file is found by the checker, and nothing crashes")
    func bitFlips() throws {
        var random = RandomContext.generator()
        let store = MemoryFileStore()
        let documents = (0..<60).map { SampleDocument.random($0, using: &random) }
        _ = try Self.write(documents, as: 1, in: store)
        for name in try store.list() {
            let bytes = try store.readAll(name)
            for _ in 0..<6 {
                var flipped = bytes
                let at = Int.random(in: 0..<bytes.count, using: &random)
                flipped[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                try store.replaceAtomically(name, with: flipped)
                var checker = SegmentChecker()
                checker.check(SegmentID(1), liveGeneration: 0, in: store)
                #expect(!checker.problems.isEmpty, "\(name) byte \(at)")
            }
            try store.replaceAtomically(name, with: Array(bytes.prefix(bytes.count / 2)))
            var checker = SegmentChecker()
            checker.check(SegmentID(1), liveGeneration: 0, in: store)
            #expect(checker.problems.contains { $0.file == name }, "\(name) cut short")
            try store.replaceAtomically(name, with: bytes)
        }
        var checker = SegmentChecker()
        checker.check(SegmentID(1), liveGeneration: 0, in: store)
        #expect(checker.problems.isEmpty)
    }
}
