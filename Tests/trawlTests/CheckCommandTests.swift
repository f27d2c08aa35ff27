import Testing
import TrawlErrors
import TrawlFiles
import TrawlIndex
import TrawlSchema
import TrawlSegment
import TrawlTestKit

@testable import trawl

@Suite("trawl check")
struct CheckCommandTests {
    private func check(_ words: String...) -> trawl.ExitStatus {
        // What is printed goes nowhere.
        var output = Output(descriptor: -1)
        return Trawl.run(["check"] + words, output: &output)
    }

    @Test("damage anywhere below the directory is found, and dropped only when told")
    func damage() throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store().directory("books").directory("0")
        let writer = try IndexWriter(store, identity: 1)
        for number in 0..<2 {
            var document = ParsedDocument()
            document.id = "\(number)"
            document.source = Array("{\"n\":\(number)}".utf8)
            try writer.put(document, DocumentFacts(), fields: FieldTable())
            try writer.commit(payload: [])
        }
        #expect(check(directory.path) == .success)
        let name = SegmentFormat.fileName(SegmentID(1), .stor)
        var bytes = try store.readAll(name)
        bytes[30] ^= 1
        try store.replaceAtomically(name, with: bytes)
        #expect(check(directory.path) == trawl.ExitStatus(.corrupted))
        #expect(check(directory.path, "--json") == trawl.ExitStatus(.corrupted))
        #expect(store.exists(name))
        #expect(check(directory.path, "--drop-damaged") == trawl.ExitStatus(.corrupted))
        #expect(!store.exists(name))
        #expect(check(directory.path) == .success)
        #expect(try IndexWriter(store, identity: 1).snapshot.liveCount == 1)
    }
}
