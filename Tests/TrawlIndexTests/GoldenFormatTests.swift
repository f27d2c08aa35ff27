import Foundation
import Testing
import TrawlBytes
import TrawlFiles
import TrawlIndex
import TrawlPostings
import TrawlSchema
import TrawlSegment
import TrawlTestKit

/// The files that format version 1 wrote, kept for ever.
///
/// `TRAWL_REWRITE_GOLDEN=1 swift test --filter GoldenFormat` writes them anew: only while a
/// version is not released, and never to make a test of a released one pass.
@Suite("Golden files of format version 1", .serialized)
struct GoldenFormatTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden/v1")

    /// Text with offsets, text, a keyword, numbers with several values and with none: every kind
    /// of file and of section.
    private static let fields: FieldTable = {
        var table = FieldTable()
        table.append("title", FieldStorage(postings: .offsets, norms: true))
        table.append("body", .text)
        table.append("tag", .keyword)
        table.append("number", .number)
        table.append("many", FieldStorage(column: .number))
        return table
    }()

    private static func document(
        _ id: String, _ random: inout SplitMix64
    ) -> (ParsedDocument, words: [String]) {
        var document = ParsedDocument()
        document.id = id
        let title = words(1...3, &random)
        let body = words(0...40, &random)
        document.source = Array(#"{"title":"\#(title)","body":"\#(body)"}"#.utf8)
        add(title, to: FieldNumber(0), of: &document)
        add(body, to: FieldNumber(1), of: &document)
        let tag = ["t\(Int.random(in: 0..<9, using: &random))"]
        document.values.append(
            ParsedDocument.Value(
                field: FieldNumber(2), start: Int32(document.bytes.count),
                byteCount: Int32(tag[0].utf8.count)))
        add(tag, to: FieldNumber(2), of: &document)
        let number = Int64.random(in: -1000...1_000_000, using: &random)
        document.numbers.append(.init(field: FieldNumber(3), value: number))
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let value = Int64.random(in: 0...50, using: &random)
            document.numbers.append(.init(field: FieldNumber(4), value: value))
        }
        return (document, body)
    }

    private static func words(_ count: ClosedRange<Int>, _ random: inout SplitMix64) -> [String] {
        (0..<Int.random(in: count, using: &random)).map { _ in
            // Some words are in most documents, some in one.
            let rank = Int.random(in: 0..<3, using: &random)
            return "w\(Int.random(in: 0..<[4, 60, 4000][rank], using: &random))"
        }
    }

    private static func add(
        _ words: [String], to field: FieldNumber, of document: inout ParsedDocument
    ) {
        let first = document.occurrences.count
        var byteOffset: Int32 = 0
        for (position, word) in words.enumerated() {
            let length = Int32(word.utf8.count)
            document.occurrences.append(
                ParsedDocument.Occurrence(
                    termStart: Int32(document.bytes.count), termByteCount: length,
                    position: Int32(position), startByteOffset: byteOffset,
                    endByteOffset: byteOffset + length))
            document.bytes += Array(word.utf8)
            byteOffset += length + 1
        }
        document.terms.append(
            ParsedDocument.Terms(
                field: field, occurrences: first..<document.occurrences.count,
                length: Int32(words.count)))
    }

    /// Two segments, one with deletes, committed.
    private static func write() throws -> (MemoryFileStore, bodies: [String: [String]]) {
        let store = MemoryFileStore()
        let writer = try IndexWriter(store, identity: 0x1234_5678_9abc_def0)
        var random = SplitMix64(seed: 2026)
        var bodies: [String: [String]] = [:]
        for i in 0..<400 {
            let (parsed, body) = document("doc-\(i)", &random)
            bodies["doc-\(i)"] = body
            let facts = DocumentFacts(
                sequence: Int64(i), epoch: 3, version: 1, stamp: UInt64(i) * 7,
                digest: StableHash.hash128("\(i)"))
            try writer.put(parsed, facts, fields: fields)
            if i == 300 { try writer.refresh() }
        }
        for i in stride(from: 5, to: 300, by: 41) {
            try writer.delete(id: "doc-\(i)")
            bodies["doc-\(i)"] = nil
        }
        try writer.commit(payload: Array("golden".utf8))
        return (store, bodies)
    }

    @Test("today's writer makes the same bytes")
    func writing() throws {
        let (store, _) = try Self.write()
        let names = try store.list().sorted()
        if ProcessInfo.processInfo.environment["TRAWL_REWRITE_GOLDEN"] != nil {
            try? FileManager.default.removeItem(at: Self.folder)
            try FileManager.default.createDirectory(
                at: Self.folder, withIntermediateDirectories: true)
            for name in names {
                try Data(try store.readAll(name)).write(
                    to: Self.folder.appendingPathComponent(name))
            }
        }
        let kept = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        #expect(names == kept)
        for name in names {
            let golden = try Data(contentsOf: Self.folder.appendingPathComponent(name))
            #expect(try store.readAll(name) == Array(golden), "\(name) is written differently")
        }
    }

    @Test("today's reader reads them: clean, and every document and word as it was put in")
    func reading() throws {
        let (_, bodies) = try Self.write()
        let store = try PosixFileStore(Self.folder.path)
        let report = try IndexChecker(store).check()
        #expect(report.isClean, "\(report.problems)")
        #expect(report.segmentCount == 2 && report.docCount == 400)
        let copy = MemoryFileStore()
        for name in try store.list() { try copy.write(name, bytes: try store.readAll(name)) }
        let writer = try IndexWriter(copy, identity: 1)
        #expect(writer.committedPayload == Array("golden".utf8))
        let snapshot = writer.snapshot
        #expect(snapshot.liveCount == bodies.count)
        for (id, body) in bodies {
            let place = try #require(snapshot.document(forID: id))
            let segment = snapshot[place]
            let source = String(decoding: try segment.reader.source(of: place.doc), as: UTF8.self)
            #expect(source.contains(#""body":"\#(body)""#))
            let postings = try #require(segment.field("body")?.postings)
            for word in Set(body) {
                let entry = try #require(try postings.find(Array(word.utf8)))
                let positions = try postings.open(entry).positions(in: UInt32(place.doc))
                #expect(positions.map(Int.init) == body.indices.filter { body[$0] == word })
            }
        }
        // What was there can be merged with what is written today.
        try writer.forceMerge()
        try writer.commit(payload: [])
        #expect(try IndexChecker(copy).check().isClean)
    }
}
