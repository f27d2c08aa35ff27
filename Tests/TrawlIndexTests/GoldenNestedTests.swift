import Foundation
import Testing
import TrawlFiles
import TrawlIndex
import TrawlSegment
import TrawlTestKit

/// Segments with nested documents: version 2 of `.info` and of `.live`, kept for ever.
///
/// `TRAWL_REWRITE_GOLDEN=1 swift test --filter GoldenNested` writes them anew, under the rules of
/// `GoldenFormatTests`.
@Suite("Golden files with nested documents", .serialized)
struct GoldenNestedTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden/nested")

    /// Two segments, one with deletes, committed.
    private static func write() throws -> (MemoryFileStore, ReferenceIndex) {
        let store = MemoryFileStore()
        let writer = try IndexWriter(store, identity: 0x2026)
        var random = SplitMix64(seed: 7)
        var model = ReferenceIndex()
        for i in 0..<60 {
            let document = TestDocument.random(
                id: "d\(i)", sequence: Int64(i), version: 1, using: &random)
            _ = model.put(document)
            try writer.put(document.parsed, document.facts, fields: TestDocument.fields)
            if i == 40 { try writer.refresh() }
        }
        for i in stride(from: 2, to: 40, by: 9) {
            _ = model.delete("d\(i)")
            try writer.delete(id: "d\(i)")
        }
        try writer.commit(payload: [7])
        return (store, model)
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
        #expect(names.contains("n00000001.info"))
        for name in names {
            let golden = try Data(contentsOf: Self.folder.appendingPathComponent(name))
            #expect(try store.readAll(name) == Array(golden), "\(name) is written differently")
        }
    }

    @Test("today's reader reads them: clean, with every object where it was")
    func reading() throws {
        let (_, model) = try Self.write()
        let store = try PosixFileStore(Self.folder.path)
        let report = try IndexChecker(store).check()
        #expect(report.isClean, "\(report.problems)")
        let copy = MemoryFileStore()
        for name in try store.list() { try copy.write(name, bytes: try store.readAll(name)) }
        let writer = try IndexWriter(copy, identity: 1)
        try model.expect(writer.snapshot)
        try writer.forceMerge()
        try model.expect(try writer.refresh())
        try writer.commit(payload: [])
        #expect(try IndexChecker(copy).check().isClean)
    }
}
