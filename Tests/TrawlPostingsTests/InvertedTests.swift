import Testing
import TrawlBytes
import TrawlTestKit

@testable import TrawlPostings

/// A field as plainly as it can be kept: term → document → occurrences.
struct ReferenceField {
    struct Occurrence: Equatable {
        var position: Int32
        var start: Int32
        var end: Int32
    }

    var terms: [[UInt8]: [DocNumber: [Occurrence]]] = [:]
    var documents: Set<DocNumber> = []

    /// Documents with words of a small and a large vocabulary, some rare, some in every document.
    static func random(documents count: Int, seed: UInt64) -> (ReferenceField, [Document]) {
        var random = SplitMix64(seed: seed)
        var field = ReferenceField()
        var documents: [Document] = []
        for doc in 0..<count {
            var document = Document()
            let length = Int.random(in: 0...40, using: &random)
            var position: Int32 = 0
            for _ in 0..<length {
                position += Int32.random(in: 0...2, using: &random) == 0 ? 0 : 1
                if Int.random(in: 0...50, using: &random) == 0 { position += 1000 }
                let rank = Int.random(in: 1...1000, using: &random)
                let word: String
                switch rank {
                case ...300: word = "common"
                case ...500: word = "half\(rank % 3)"
                case ...800: word = "word-with-the-same-prefix-\(rank)"
                case ...990: word = "w\(Int.random(in: 0...2000, using: &random))"
                default:
                    word = String(repeating: "long", count: Int.random(in: 1...200, using: &random))
                }
                let start = position * 7
                document.add(
                    Array(word.utf8), position: position, start: start,
                    end: start + Int32(word.utf8.count))
            }
            if length > 0 { field.documents.insert(DocNumber(doc)) }
            document.record(DocNumber(doc), in: &field)
            documents.append(document)
        }
        return (field, documents)
    }

    struct Document {
        var bytes: [UInt8] = []
        var numbers: [Int32] = []

        mutating func add(_ term: [UInt8], position: Int32, start: Int32, end: Int32) {
            numbers += [Int32(bytes.count), Int32(term.count), position, start, end]
            bytes += term
        }

        func record(_ doc: DocNumber, in field: inout ReferenceField) {
            for i in stride(from: 0, to: numbers.count, by: 5) {
                let term = Array(bytes[Int(numbers[i])..<Int(numbers[i] + numbers[i + 1])])
                field.terms[term, default: [:]][doc, default: []].append(
                    Occurrence(
                        position: numbers[i + 2], start: numbers[i + 3], end: numbers[i + 4]))
            }
        }

        func add(to buffer: InvertedBuffer, as doc: DocNumber) {
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe numbers.withUnsafeBytes { numbers in
                    unsafe buffer.add(document: doc, bytes: bytes, occurrences: numbers)
                }
            }
        }
    }
}

/// Holds the bytes of written files for as long as a reader lives.
final class WrittenFiles: Sendable {
    let terms: [UInt8], postings: [UInt8], positions: [UInt8]

    init(_ write: (InvertedWriter) throws -> Void) throws {
        let sinks = (MemorySink(), MemorySink(), MemorySink())
        let writer = InvertedWriter(terms: sinks.0, postings: sinks.1, positions: sinks.2)
        try write(writer)
        try writer.finish()
        (terms, postings, positions) = (sinks.0.bytes, sinks.1.bytes, sinks.2.bytes)
    }

    func reader(docLimit: Int) throws -> InvertedReader {
        // The arrays are immutable and owned by `self`, which the reader keeps.
        let files = unsafe InvertedReader.Files(
            terms: UnsafeRawBufferPointer(
                start: terms.withUnsafeBytes { $0.baseAddress }, count: terms.count),
            postings: UnsafeRawBufferPointer(
                start: postings.withUnsafeBytes { $0.baseAddress }, count: postings.count),
            positions: UnsafeRawBufferPointer(
                start: positions.withUnsafeBytes { $0.baseAddress }, count: positions.count),
            owner: self, name: "test.term")
        return try InvertedReader(files, docLimit: docLimit)
    }
}

@Suite("Inverted files")
struct InvertedTests {
    private func buffer(
        _ documents: [ReferenceField.Document], _ detail: PostingsDetail, base: Int = 0
    ) -> InvertedBuffer {
        let buffer = InvertedBuffer(detail: detail)
        for (i, document) in documents.enumerated() {
            document.add(to: buffer, as: DocNumber(i))
        }
        return buffer
    }

    private func expect(
        _ field: FieldPostings, equals reference: ReferenceField, _ comment: Comment
    ) throws {
        let names = reference.terms.keys.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(field.termCount == names.count, comment)
        #expect(field.docCount == reference.documents.count, comment)
        var cursor = TermsCursor(field)
        var occurrences = 0
        for name in names {
            #expect(try cursor.advance(), comment)
            #expect(Array(cursor.term) == name, comment)
            let expected = reference.terms[name]!
            let docs = expected.keys.sorted()
            guard let entry = try field.find(name) else {
                Issue.record("\(String(decoding: name, as: UTF8.self)) is missing; \(comment)")
                continue
            }
            #expect(entry.docCount == docs.count, comment)
            let list = try field.open(entry)
            #expect(try list.documents() == docs, comment)
            if field.detail >= .frequencies {
                let total = expected.values.reduce(0) { $0 + $1.count }
                occurrences += total
                #expect(entry.occurrenceCount == UInt64(total), comment)
            }
            for doc in docs.count > 8 ? Array(docs.prefix(4) + docs.suffix(4)) : docs {
                let found = expected[doc]!
                #expect(list.seek(to: doc) == doc, comment)
                guard field.detail >= .frequencies else { continue }
                #expect(list.frequency(in: doc) == found.count, comment)
                guard field.detail >= .positions else { continue }
                #expect(list.positions(in: doc) == found.map { UInt32($0.position) }, comment)
                guard field.detail >= .offsets else { continue }
                let offsets = try list.offsets(in: doc)
                #expect(offsets.map(\.start) == found.map { Int($0.start) }, comment)
                #expect(offsets.map(\.end) == found.map { Int($0.end) }, comment)
            }
            for doc in stride(from: DocNumber(0), to: DocNumber(600), by: 37) {
                #expect(list.seek(to: doc) == docs.first { $0 >= doc } ?? .end, comment)
            }
        }
        #expect(try !cursor.advance(), comment)
        if field.detail >= .frequencies { #expect(field.occurrenceSum == UInt64(occurrences)) }
        for absent in [
            "", "common ", "commo", "zzz", "word-with-the-same-prefix-", "half", "\u{0}",
        ] {
            #expect(try field.find(Array(absent.utf8)) == nil, comment)
        }
    }

    @Test(
        "what is written is read, by every detail",
        arguments: PostingsDetail.allCases, [0, 1, 3, 200, 1500])
    func roundTrip(_ detail: PostingsDetail, _ count: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let (reference, documents) = ReferenceField.random(documents: count, seed: seed)
        let files = try WrittenFiles {
            try buffer(documents, detail).write(
                to: $0, name: "body", docCount: reference.documents.count,
                norms: [UInt8](repeating: 7, count: count))
        }
        let field = try #require(try files.reader(docLimit: count).field("body"))
        try expect(field, equals: reference, "seed \(seed)")
    }

    @Test("a merge is the same as writing all live documents at once", arguments: 0..<6)
    func merge(_ round: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        let detail = PostingsDetail.allCases[round % 4]
        let deletes = round % 2 == 1
        var sources: [PostingsMerger.Source] = []
        var joined = ReferenceField()
        var live: [ReferenceField.Document] = []
        var base: DocNumber = 0
        for _ in 0..<3 {
            let count = Int.random(in: 1...700, using: &random)
            let (reference, documents) = ReferenceField.random(
                documents: count, seed: random.next())
            let files = try WrittenFiles {
                try buffer(documents, detail).write(
                    to: $0, name: "f", docCount: reference.documents.count, norms: nil)
            }
            let field = try #require(try files.reader(docLimit: count).field("f"))
            var map: [DocNumber] = []
            let first = base
            for (i, document) in documents.enumerated() {
                if deletes, Bool.random(using: &random) {
                    map.append(.end)
                    continue
                }
                map.append(base)
                if reference.documents.contains(DocNumber(i)) { joined.documents.insert(base) }
                document.record(base, in: &joined)
                live.append(document)
                base += 1
            }
            sources.append(.init(field: field, base: first, map: deletes ? map : nil))
        }
        let once = try WrittenFiles {
            try buffer(live, detail).write(
                to: $0, name: "f", docCount: joined.documents.count, norms: nil)
        }
        let merged = try WrittenFiles {
            try PostingsMerger.merge(
                sources, name: "f", detail: detail, docCount: joined.documents.count, norms: nil,
                to: $0)
        }
        #expect(once.terms == merged.terms, "seed \(seed)")
        #expect(once.postings == merged.postings, "seed \(seed)")
        #expect(once.positions == merged.positions, "seed \(seed)")
        let field = try #require(try merged.reader(docLimit: Int(base)).field("f"))
        try expect(field, equals: joined, "seed \(seed)")
    }

    @Test("a walk by prefix or automaton finds what a full scan finds")
    func walk() throws {
        struct NoDigitSeven: TermAutomaton {
            var start: Bool { true }
            func step(_ state: Bool, _ byte: UInt8) -> Bool? {
                byte == UInt8(ascii: "7") ? nil : true
            }
            func accepts(_ state: Bool) -> Bool { state }
        }
        let (reference, documents) = ReferenceField.random(documents: 800, seed: 5)
        let files = try WrittenFiles {
            try buffer(documents, .frequencies).write(
                to: $0, name: "f", docCount: reference.documents.count, norms: nil)
        }
        let field = try #require(try files.reader(docLimit: 800).field("f"))
        let all = reference.terms.keys.sorted { $0.lexicographicallyPrecedes($1) }
        for prefix in ["", "w", "word-with-the-same-prefix-5", "half1", "x"] {
            let bytes = Array(prefix.utf8)
            var found: [[UInt8]] = []
            try field.forEachTerm(withPrefix: bytes) { term, _ in
                found.append(Array(term))
                return true
            }
            #expect(found == all.filter { $0.starts(with: bytes) })
            found = []
            try field.forEachTerm(withPrefix: bytes, matching: NoDigitSeven()) { term, _, _ in
                found.append(Array(term))
                return true
            }
            #expect(
                found
                    == all.filter {
                        $0.starts(with: bytes)
                            && !$0.dropFirst(bytes.count).contains(UInt8(ascii: "7"))
                    })
        }
    }

    @Test("damaged bytes are an error or other numbers, never a crash", arguments: 0..<20)
    func damage(_ round: Int) throws {
        var random = SplitMix64(seed: UInt64(round))
        let (reference, documents) = ReferenceField.random(documents: 700, seed: 3)
        let good = try WrittenFiles {
            try buffer(documents, .positions).write(
                to: $0, name: "f", docCount: reference.documents.count, norms: nil)
        }
        for _ in 0..<20 {
            var postings = good.postings
            for _ in 0..<Int.random(in: 1...50, using: &random) {
                postings[Int.random(in: 0..<postings.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            try unsafe postings.withUnsafeBytes { bytes in
                try unsafe good.terms.withUnsafeBytes { terms in
                    try unsafe good.positions.withUnsafeBytes { positions in
                        let files = unsafe InvertedReader.Files(
                            terms: terms, postings: bytes, positions: positions, owner: nil,
                            name: "test.term")
                        let field = try #require(
                            try InvertedReader(files, docLimit: 700).field("f"))
                        try field.forEachTerm { _, entry in
                            guard let list = try? field.open(entry),
                                let docs = try? list.documents()
                            else { return true }
                            #expect(docs.allSatisfy { $0 < 700 })
                            return true
                        }
                    }
                }
            }
        }
    }
}
