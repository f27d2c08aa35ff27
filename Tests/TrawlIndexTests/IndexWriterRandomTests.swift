import Foundation
import Testing
import TrawlBytes
import TrawlFiles
import TrawlIndex
import TrawlSchema
import TrawlSegment
import TrawlTestKit

@Suite("IndexWriter at random")
struct IndexWriterRandomTests {
    func expectClean(_ store: any FileStore) throws {
        let report = try IndexChecker(store).check()
        #expect(report.isClean, "\(report.problems)")
    }

    @Test(
        "an index holds what a plain list holds, through refreshes, merges and openings",
        .randomized(rounds: 40))
    func model() throws {
        var changes = RandomChanges(RandomContext.generator())
        changes.options.flushesBeside = Bool.random(using: &changes.random)
        let store = MemoryFileStore()
        var writer = try IndexWriter(store, options: changes.options, identity: 1)
        for _ in 0..<250 {
            try changes.step(writer)
            guard Int.random(in: 0..<60, using: &changes.random) == 0 else { continue }
            writer.close()
            #expect(throws: IndexError.self) { try writer.refresh() }
            writer = try IndexWriter(store, options: changes.options, identity: 1)
            changes.model = changes.committed
            try changes.committed.expect(writer.snapshot)
        }
        try writer.commit(payload: changes.payload)
        #expect(writer.liveCount == changes.model.documents.count)
        try writer.forceMerge()
        try changes.model.expect(try writer.refresh())
        #expect(writer.snapshot.segments.count <= 1)
        try expectClean(store)
    }

    /// Fails, crashes or cuts the power somewhere, opens what is left and looks.
    @Test(
        "after any fault every commit that was acknowledged is there whole",
        .randomized(rounds: 200))
    func faults() throws {
        var changes = RandomChanges(RandomContext.generator())
        let memory = MemoryFileStore()
        let plan = FaultPlan()
        let kinds: [FaultPlan.Fault] = [.crash, .crash, .inputOutput, .noSpace, .shortWrite]
        let at = Int.random(in: 0..<400, using: &changes.random)
        let fault = kinds.randomElement(using: &changes.random)!
        plan.fail(at: at, with: fault)
        do {
            let writer = try IndexWriter(
                FaultyFileStore(memory, plan: plan), options: changes.options, identity: 1)
            for _ in 0..<120 {
                do { try changes.step(writer) } catch is FileError {
                    // The writer either goes on or refuses; it never acknowledges what is not.
                    if fault != .noSpace { break }
                } catch is IndexError { break }
            }
        } catch is FileError {}
        if Bool.random(using: &changes.random) { memory.disk.cutPower() }
        let opened = try IndexWriter(memory, options: changes.options, identity: 2)
        let payload = opened.committedPayload
        var found = 0
        for state in [changes.committed, changes.pending].compactMap({ $0 })
        where state.documents.map(\.facts) == Self.facts(of: opened.snapshot) {
            found += 1
            try state.expect(opened.snapshot, "fault \(fault) at \(at), payload \(payload)")
            break
        }
        #expect(found == 1, "neither the last commit nor the one under way is there")
        try expectClean(memory)
        // The index goes on.
        changes.model = ReferenceIndex()
        for id in 0..<5 {
            let document = TestDocument.random(
                id: "after\(id)", sequence: 1_000_000, version: 1, using: &changes.random)
            try opened.put(document.parsed, document.facts, fields: TestDocument.fields)
        }
        try opened.commit(payload: [])
        try expectClean(memory)
    }

    static func facts(of snapshot: Snapshot) -> [DocumentFacts] {
        snapshot.segments.flatMap { segment in
            (0..<segment.docCount).filter { segment.isLive($0) }.map {
                segment.reader.identity.facts(of: $0)
            }
        }
    }

    @Test("changes and deletes go on beside merges, and none is lost", .randomized(rounds: 4))
    func concurrentMerges() throws {
        let store = MemoryFileStore()
        let writer = try IndexWriter(
            store,
            options: IndexWriter.Options(
                bufferByteCount: 400_000, flushesBeside: true,
                mergePolicy: AdjacentMergePolicy(factor: 2, floorByteCount: 1024)), identity: 1)
        var random = RandomContext.generator()
        var model = ReferenceIndex()
        let merges = MergeThread(writer)
        for sequence in 0..<1500 {
            let id = "id\(Int.random(in: 0..<200, using: &random))"
            if Int.random(in: 0..<4, using: &random) == 0 {
                _ = model.delete(id)
                try writer.delete(id: id)
            } else {
                let document = TestDocument.random(
                    id: id, sequence: Int64(sequence), version: 1, using: &random)
                _ = model.put(document)
                try writer.put(document.parsed, document.facts, fields: TestDocument.fields)
            }
            if sequence % 10 == 0 {
                try writer.refresh()
                merges.wake()
            }
            if sequence % 100 == 0 { try writer.commit(payload: []) }
        }
        // The last merges may still be to come.
        while writer.written.mergeCount == 0 { merges.wake() }
        merges.stop()
        #expect(merges.lastFailure == nil)
        try model.expect(try writer.refresh())
        try writer.commit(payload: [])
        try expectClean(store)
    }

    @Test("changes, deletes and refreshes go on while a commit waits for the disk")
    func changesBesideCommit() throws {
        let memory = MemoryFileStore()
        let plan = FaultPlan()
        let writer = try IndexWriter(FaultyFileStore(memory, plan: plan), identity: 1)
        var random = SplitMix64(seed: 5)
        var model = ReferenceIndex()
        func put(_ id: String, sequence: Int64) throws {
            let document = TestDocument.random(
                id: id, sequence: sequence, version: 1, using: &random)
            _ = model.put(document)
            try writer.put(document.parsed, document.facts, fields: TestDocument.fields)
        }
        for id in 0..<20 { try put("\(id)", sequence: Int64(id)) }
        let line = model
        // The disk takes its time: it comes back once the changes below are done.
        let reached = DispatchSemaphore(value: 0)
        let goOn = DispatchSemaphore(value: 0)
        plan.watch { operation in
            guard operation.verb == "sync directory" else { return }
            reached.signal()
            goOn.wait()
        }
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            try? writer.commit(payload: [1])
            done.signal()
        }
        thread.start()
        reached.wait()
        try put("3", sequence: 100)
        try put("new", sequence: 101)
        _ = model.delete("4")
        try writer.delete(id: "4")
        try model.expect(try writer.refresh())
        #expect(writer.hasUncommittedChanges)
        plan.watch { _ in }
        goOn.signal()
        done.wait()
        // What the commit holds is what was there when its line was drawn.
        let copy = MemoryFileStore()
        for name in try memory.list() { try copy.write(name, bytes: try memory.readAll(name)) }
        let opened = try IndexWriter(copy, identity: 2)
        #expect(opened.committedPayload == [1])
        try line.expect(opened.snapshot)
        opened.close()
        try writer.commit(payload: [2])
        try expectClean(memory)
        writer.close()
        try model.expect(try IndexWriter(memory, identity: 2).snapshot)
    }

    @Test("points that do not say what their column says are found")
    func pointsOfAnotherColumn() throws {
        func store(_ numbers: [Int64]) throws -> MemoryFileStore {
            let store = MemoryFileStore()
            let writer = try IndexWriter(store, identity: 1)
            for (i, number) in numbers.enumerated() {
                let document = TestDocument(
                    id: "\(i)", words: ["word0"], number: number, facts: DocumentFacts())
                try writer.put(document.parsed, document.facts, fields: TestDocument.fields)
            }
            try writer.commit(payload: [])
            return store
        }
        let one = try store([5, 6, 7, 8])
        try expectClean(one)
        let name = SegmentFormat.fileName(SegmentID(1), .pnts)
        let other = try store([5, 6, 8, 7])
        try one.replaceAtomically(name, with: try other.readAll(name))
        let report = try IndexChecker(one).check()
        #expect(report.problems.map(\.file) == [name])
        #expect(report.problems[0].reason.contains("not the values of its column"))
    }

    @Test("a flipped bit in any file is named by the checker, and a segment dropped when told")
    func damage() throws {
        var random = SplitMix64(seed: 77)
        let store = MemoryFileStore()
        let writer = try IndexWriter(store, identity: 1)
        for round in 0..<3 {
            for id in 0..<30 {
                let document = TestDocument.random(
                    id: "\(round)-\(id)", sequence: 0, version: 1, using: &random)
                try writer.put(document.parsed, document.facts, fields: TestDocument.fields)
            }
            try writer.refresh()
        }
        try writer.delete(id: "1-3")
        try writer.commit(payload: [9])
        try expectClean(store)
        for name in try store.list() {
            let bytes = try store.readAll(name)
            for at in [0, 9, 22, bytes.count / 2, bytes.count - 17, bytes.count - 1] {
                var flipped = bytes
                flipped[at] ^= 4
                try store.replaceAtomically(name, with: flipped)
                let report = try IndexChecker(store).check()
                #expect(report.problems.contains { $0.file == name }, "\(name) byte \(at)")
            }
            try store.remove(name)
            #expect(try !IndexChecker(store).check().isClean, "\(name) missing")
            try store.write(name, bytes: bytes)
        }
        try expectClean(store)
        let name = SegmentFormat.fileName(SegmentID(2), .post)
        var bytes = try store.readAll(name)
        bytes[40] ^= 1
        try store.replaceAtomically(name, with: bytes)
        let checker = IndexChecker(store)
        let report = try checker.check()
        #expect(report.damages.map(\.segment) == [SegmentID(2)])
        #expect(report.damages[0].loss == "29 living documents of 89 are in it")
        #expect(try checker.dropDamagedSegments(of: report) == [SegmentID(2)])
        try expectClean(store)
        #expect(try IndexWriter(store, identity: 1).snapshot.liveCount == 60)
    }
}
