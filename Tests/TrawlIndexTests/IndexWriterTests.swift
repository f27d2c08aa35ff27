import Testing
import TrawlBytes
import TrawlFiles
import TrawlIndex
import TrawlSchema
import TrawlSegment
import TrawlTestKit

@Suite("IndexWriter")
struct IndexWriterTests {
    func document(_ id: String, _ words: String, sequence: Int64 = 0) -> TestDocument {
        TestDocument(
            id: id, words: words.split(separator: " ").map { String($0) }, number: sequence,
            facts: DocumentFacts(sequence: sequence))
    }

    func put(_ writer: IndexWriter, _ document: TestDocument) throws {
        try writer.put(document.parsed, document.facts, fields: TestDocument.fields)
    }

    @Test("a change is seen after a refresh, not before, and never by an older snapshot")
    func refresh() throws {
        let writer = try IndexWriter(MemoryFileStore(), identity: 1)
        try put(writer, document("a", "word0 word1"))
        #expect(writer.snapshot.liveCount == 0)
        let first = try writer.refresh()
        #expect(first.liveCount == 1)
        try put(writer, document("a", "word1", sequence: 1))
        try put(writer, document("b", "word4", sequence: 2))
        let second = try writer.refresh()
        #expect(first.liveCount == 1)
        #expect(try first.docFrequency(of: Array("word0".utf8), in: "body") == 1)
        #expect(second.liveCount == 2)
        #expect(try second.docFrequency(of: Array("word0".utf8), in: "body") == 0)
        #expect(second.generation > first.generation)
        #expect(try writer.refresh() === second, "nothing changed")
    }

    @Test("a document is found by its id before it is refreshed")
    func realTime() throws {
        let writer = try IndexWriter(MemoryFileStore(), identity: 1)
        let one = document("a", "word0", sequence: 7)
        try put(writer, one)
        #expect(try writer.document(forID: "a")?.source == one.source)
        #expect(writer.facts(forID: "a")?.sequence == 7)
        try writer.refresh()
        #expect(try writer.document(forID: "a")?.source == one.source)
        try writer.delete(id: "a")
        #expect(try writer.document(forID: "a") == nil)
        #expect(writer.snapshot.document(forID: "a") != nil)
    }

    @Test("statistics are those of the living documents at once, before any merge")
    func statistics() throws {
        let writer = try IndexWriter(MemoryFileStore(), identity: 1)
        try put(writer, document("a", "word0 word0 word1"))
        try put(writer, document("b", "word0"))
        try put(writer, document("c", ""))
        try writer.refresh()
        try writer.delete(id: "a")
        let snapshot = try writer.refresh()
        #expect(snapshot.statistics(of: "body") == FieldStatistics(docCount: 1, totalLength: 1))
        #expect(try snapshot.docFrequency(of: Array("word0".utf8), in: "body") == 1)
        #expect(try snapshot.docFrequency(of: Array("word1".utf8), in: "body") == 0)
        #expect(snapshot.statistics(of: "nothing") == FieldStatistics())
    }

    @Test("what was not committed is gone after opening again, and its files with it")
    func reopen() throws {
        let store = MemoryFileStore()
        let writer = try IndexWriter(store, identity: 42)
        try put(writer, document("a", "word0"))
        try writer.commit(payload: [1, 2])
        try put(writer, document("b", "word1"))
        try writer.refresh()
        let again = try IndexWriter(store, identity: 43)
        #expect(again.snapshot.liveCount == 1)
        #expect(again.committedPayload == [1, 2])
        #expect(again.committed.identity == 42)
        let owners = Set(try store.list().compactMap { SegmentFormat.owner(ofFileNamed: $0) })
        #expect(owners == [SegmentID(1)])
    }

    @Test("files of merged segments stay while a snapshot or the last commit needs them")
    func ledger() throws {
        let store = MemoryFileStore()
        let writer = try IndexWriter(store, identity: 1)
        for round in 0..<3 {
            try put(writer, document("\(round)", "word0"))
            try writer.refresh()
        }
        try writer.commit(payload: [])
        func owners() throws -> [UInt64] {
            Set(try store.list().compactMap { SegmentFormat.owner(ofFileNamed: $0)?.number })
                .sorted()
        }
        var kept: Snapshot? = writer.snapshot
        try writer.forceMerge()
        #expect(try owners() == [1, 2, 3, 4])
        try writer.refresh()
        try writer.commit(payload: [])
        #expect(try owners() == [1, 2, 3, 4], "the snapshot holds them")
        #expect(kept?.liveCount == 3)
        kept = nil
        #expect(try owners() == [4])
    }

    @Test("a snapshot that outlives its writer removes no file of the writer after it")
    func oldSnapshot() throws {
        let store = MemoryFileStore()
        var writer = try IndexWriter(store, identity: 1)
        func fill() throws {
            for round in 0..<2 {
                try put(writer, document("\(round)", "word0"))
                try writer.refresh()
            }
        }
        try fill()
        var kept: Snapshot? = writer.snapshot
        try writer.forceMerge()
        writer.close()
        // Nothing was committed: the same names are used again.
        writer = try IndexWriter(store, identity: 1)
        try fill()
        #expect(kept?.liveCount == 2)
        kept = nil
        try writer.commit(payload: [])
        writer.close()
        #expect(try IndexWriter(store, identity: 1).liveCount == 2)
    }

    @Test("documents of a snapshot are deleted unless they changed since")
    func deleteOfSnapshot() throws {
        let writer = try IndexWriter(MemoryFileStore(), identity: 1)
        for id in 0..<4 { try put(writer, document("\(id)", "word0", sequence: Int64(id))) }
        let snapshot = try writer.refresh()
        try put(writer, document("1", "word1", sequence: 9))
        let places = (0..<3).map { Snapshot.Place(segment: 0, doc: $0) }
        #expect(try writer.delete(places, of: snapshot) == 2)
        #expect(try writer.refresh().liveCount == 2)
        #expect(writer.facts(forID: "1")?.sequence == 9)
    }

    @Test("a full disk refuses, and when space is back the same writer goes on")
    func diskFull() throws {
        let plan = FaultPlan()
        let memory = MemoryFileStore()
        let writer = try IndexWriter(FaultyFileStore(memory, plan: plan), identity: 1)
        try put(writer, document("a", "word0"))
        plan.fail("write", of: ".stor", with: .noSpace)
        #expect(throws: FileError.self) { try writer.commit(payload: [1]) }
        #expect(throws: FileError.self) { try writer.refresh() }
        #expect(try memory.list() == [])
        plan.heal()
        try put(writer, document("b", "word0"))
        try writer.commit(payload: [2])
        #expect(try IndexWriter(memory, identity: 1).snapshot.liveCount == 2)
    }

    @Test("after a failed sync nothing is acknowledged any more")
    func failedSync() throws {
        let plan = FaultPlan()
        let memory = MemoryFileStore()
        let writer = try IndexWriter(FaultyFileStore(memory, plan: plan), identity: 1)
        try put(writer, document("a", "word0"))
        plan.fail("sync", of: ".post", with: .inputOutput)
        #expect(throws: FileError.self) { try writer.commit(payload: [1]) }
        plan.heal()
        #expect(throws: IndexError.self) { try writer.commit(payload: [1]) }
        #expect(throws: IndexError.self) { try put(writer, document("b", "word0")) }
        #expect(throws: IndexError.self) { try writer.delete(id: "a") }
        #expect(throws: IndexError.self) { try writer.refresh() }
    }

    @Test("a cancelled merge leaves nothing behind and can be done later")
    func cancel() throws {
        let store = MemoryFileStore()
        let writer = try IndexWriter(store, identity: 1)
        for id in 0..<2 {
            try put(writer, document("\(id)", "word0"))
            try writer.refresh()
        }
        let before = try store.list()
        writer.cancelMerges()
        #expect(throws: IndexError.self) { try writer.forceMerge() }
        #expect(try store.list() == before)
        writer.resumeMerges()
        try writer.forceMerge()
        #expect(try writer.refresh().segments.count == 1)
    }
}

@Suite("AdjacentMergePolicy")
struct AdjacentMergePolicyTests {
    func candidates(_ sizes: [Int]) -> [MergeCandidate] {
        sizes.map { MergeCandidate(byteCount: $0, docCount: 100, liveCount: 100) }
    }

    @Test("neighbours of one size are joined, oldest first")
    func joins() {
        let policy = AdjacentMergePolicy(factor: 3, floorByteCount: 10, maxByteCount: 10_000)
        #expect(policy.merge(among: candidates([20, 20])) == nil)
        #expect(policy.merge(among: candidates([20, 25, 20])) == 0..<3)
        #expect(policy.merge(among: candidates([900, 20, 25, 20, 20])) == 1..<4)
        #expect(policy.merge(among: candidates([900, 20, 25])) == nil)
        #expect(policy.merge(among: candidates([1, 2, 9])) == 0..<3, "all under the floor")
        #expect(policy.merge(among: candidates([9000, 9000, 9000])) == nil, "too large together")
    }

    @Test("busy segments are left alone, the dead are swept")
    func busy() {
        let policy = AdjacentMergePolicy(factor: 3, floorByteCount: 10, maxByteCount: 10_000)
        var some = candidates([20, 20, 20, 20, 20])
        some[1].isBusy = true
        #expect(policy.merge(among: some) == 2..<5)
        var half = candidates([900, 20])
        half[0].liveCount = 60
        #expect(policy.merge(among: half) == 0..<1)
        half[1].liveCount = 0
        #expect(policy.merge(among: half) == 1..<2)
    }

    @Test("a thousand flushes rewrite a document about log times")
    func amplification() {
        let policy = AdjacentMergePolicy(factor: 10, floorByteCount: 1, maxByteCount: 1 << 40)
        var sizes: [Int] = []
        var merged = 0
        for _ in 0..<1000 {
            sizes.append(100)
            while let range = policy.merge(among: candidates(sizes)) {
                let total = sizes[range].reduce(0, +)
                merged += total
                sizes.replaceSubrange(range, with: [total])
            }
        }
        #expect(sizes == [100_000])
        #expect(merged == 3 * 100_000)
    }
}
