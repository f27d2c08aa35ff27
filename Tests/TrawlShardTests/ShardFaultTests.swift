internal import Testing
internal import TrawlDocument
internal import TrawlErrors
internal import TrawlFiles
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlLog
internal import TrawlSegment
internal import TrawlShard
internal import TrawlTestKit
import TrawlThreads

@Suite("Shard, faults and chance", .randomized(rounds: 4))
struct ShardFaultTests {
    private typealias H = ShardHarness

    /// What a shard should hold, in the plainest way.
    private struct Model {
        struct Document: Equatable {
            var source: JSONObject
            var version: Int64
            var offset: Int64
        }

        var documents: [String: Document] = [:]
        var deleted: [String: Int64] = [:]
        var next: Int64 = 0

        /// What the change comes to. A change that is refused takes no offset when it comes alone.
        mutating func apply(_ change: Change) -> ChangeOutcome {
            let id = change.id.string
            let old = documents[id]
            let version = (old?.version ?? deleted[id] ?? 0) + 1
            switch change.condition {
            case .sequence(let offset, _):
                if old?.offset != offset { return .conflict(reason: "") }
            case .external(let given):
                if let known = old?.version ?? deleted[id], known >= given {
                    return .conflict(reason: "")
                }
                return put(id, change, given, old)
            default: break
            }
            return put(id, change, version, old)
        }

        private mutating func put(
            _ id: String, _ change: Change, _ version: Int64, _ old: Document?
        ) -> ChangeOutcome {
            func json(_ bytes: [UInt8]) -> JSONObject {
                (try? JSONValue.parse(bytes))?.objectValue ?? [:]
            }
            var source: JSONObject
            switch change.operation {
            case .create(let bytes):
                if old != nil { return .conflict(reason: "") }
                source = json(bytes)
            case .index(let bytes): source = json(bytes)
            case .delete:
                documents[id] = nil
                deleted[id] = version
                next += 1
                return old == nil ? .notFound(version: version) : .deleted(version: version)
            case .update(let update):
                guard let old else { return .failed(type: "", reason: "") }
                source = old.source
                for (key, value) in json(update.body)["doc"]?.objectValue ?? [:] {
                    source[key] = value
                }
                if source == old.source {
                    return .noop(version: old.version, offset: old.offset)
                }
            }
            documents[id] = Document(source: source, version: version, offset: next)
            deleted[id] = nil
            next += 1
            return old == nil ? .created(version: version) : .updated(version: version)
        }
    }

    private func randomChange(_ model: Model, _ random: inout SplitMix64) -> Change {
        let id = "\(Int.random(in: 0..<12, using: &random))"
        let source: JSONValue = [
            "n": JSONValue(Int.random(in: 0..<4, using: &random)),
            "t": .string(Generators.text(upTo: 6, using: &random)),
        ]
        var change: Change
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: change = H.index(id, source)
        case 4: change = H.create(id, source)
        case 5, 6: change = H.delete(id)
        default:
            change = H.update(
                id, ["doc": ["n": JSONValue(Int.random(in: 0..<4, using: &random))]])
        }
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            change.condition = .sequence(
                offset: model.documents[id]?.offset ?? 0, epoch: 1)
        case 1:
            change.condition = .external(version: Int64.random(in: 1...40, using: &random))
            if case .update = change.operation { change.condition = .none }
        default: break
        }
        return change
    }

    private func same(_ left: ChangeOutcome, _ right: ChangeOutcome) -> Bool {
        switch (left, right) {
        case (.conflict, .conflict), (.failed, .failed): true
        default: left == right
        }
    }

    private func check(_ shard: Shard, holds model: Model) throws {
        for i in 0..<12 {
            let id = "\(i)"
            let found = try shard.get(DocumentID(id))
            let expected = model.documents[id]
            #expect(found?.facts.version == expected?.version)
            #expect(found?.facts.sequence == expected?.offset)
            #expect(try H.source(shard, id)?.objectValue == expected?.source)
        }
        #expect(shard.figures.docCount == model.documents.count)
    }

    @Test("random changes agree with the plain model through refreshes, commits, merges, crashes")
    func model() throws {
        var random = RandomContext.generator()
        let memory = MemoryFileStore()
        let schema = MemorySchema()
        // A process of its own for each life of the shard: what a dead one still holds, an old
        // snapshot for one, must not reach the files of the next.
        var process = FaultyFileStore(memory)
        var shard = try H.open(process, schema: schema)
        let twin = try H.open(MemoryFileStore(), schema: schema)
        var model = Model()
        for _ in 0..<250 {
            switch Int.random(in: 0..<30, using: &random) {
            case 0: try shard.commit()
            case 1, 2: try shard.refresh()
            case 3:
                process.plan.crash()
                memory.disk.cutPower { _, count in Int.random(in: 0...count, using: &random) }
                process = FaultyFileStore(memory)
                shard = try H.open(process, schema: schema)
                try check(shard, holds: model)
            case 4:
                try shard.close()
                shard = try H.open(process, schema: schema)
            case 5: try shard.index.mergeAll()
            default:
                let change = randomChange(model, &random)
                let expected = model.apply(change)
                let outcome = try shard.outcome(change)
                #expect(same(outcome, expected), "\(change): \(outcome), not \(expected)")
                #expect(same(try twin.outcome(change), expected))
            }
        }
        try check(shard, holds: model)
        #expect(shard.digest == twin.digest)
        #expect(shard.appliedEnd == model.next)
        try shard.refresh()
        #expect(shard.snapshot().liveCount == model.documents.count)
    }

    @Test("a crash at every file operation: all that was acknowledged is there, nothing twice")
    func crashEverywhere() throws {
        var step = 0
        var isDone = false
        while !isDone {
            let memory = MemoryFileStore()
            let schema = MemorySchema()
            let store = FaultyFileStore(memory)
            store.plan.fail(at: step, with: .crash)
            var acknowledged = 0
            var attempted = 0
            do {
                let shard = try H.open(store, schema: schema)
                for i in 1...8 {
                    attempted = i
                    // Counts how often it was applied.
                    _ = try shard.write([
                        H.update(
                            "count",
                            [
                                "script": "ctx._source.n += 1", "upsert": ["n": 1],
                            ]), H.index("\(i)", ["n": JSONValue(i)]),
                    ])
                    acknowledged = i
                    if i % 3 == 0 { try shard.refresh() }
                    if i % 4 == 0 { try shard.commit() }
                }
            } catch {}
            isDone = step >= store.plan.operationCount
            memory.disk.cutPower()
            let shard = try H.open(memory, schema: schema)
            let count = try H.source(shard, "count")?["n"]?.intValue ?? 0
            #expect(count >= acknowledged && count <= attempted, "step \(step)")
            for i in 1...8 where i <= acknowledged {
                #expect(try H.source(shard, "\(i)") == ["n": JSONValue(i)], "step \(step)")
            }
            #expect(shard.figures.docCount == (count == 0 ? 0 : 1) + count, "step \(step)")
            // Everything is where a replay from zero puts it, and the shard goes on.
            _ = try shard.write([H.index("more", [:])])
            step += step < 60 ? 1 : 3
        }
        #expect(step > 60)
    }

    @Test("a log whose sync fails stops the shard's writes; what was acknowledged stays readable")
    func failedSync() throws {
        let store = FaultyFileStore(MemoryFileStore())
        let shard = try H.open(store)
        _ = try shard.write([H.index("1", ["n": 1])])
        store.plan.fail("sync", of: ".log", with: .inputOutput)
        #expect(throws: LogError.self) { try shard.write([H.index("2", ["n": 2])]) }
        store.plan.heal()
        #expect(throws: LogError.self) { try shard.write([H.index("3", ["n": 3])]) }
        #expect(try H.source(shard, "1") == ["n": 1])
        #expect(try shard.get(DocumentID("2")) == nil)
        try shard.refresh()
        #expect(shard.snapshot().liveCount == 1)
    }

    @Test("a full disk refuses changes and loses none; with space back the shard goes on")
    func diskFull() throws {
        let memory = MemoryFileStore()
        let shard = try H.open(memory)
        var written = 0
        for i in 0..<20 {
            _ = try shard.write([H.index("\(i)", ["n": JSONValue(i)])])
            written += 1
        }
        memory.disk.capacity = 100
        let error = #expect(throws: LogError.self) { try shard.write([H.index("x", [:])]) }
        #expect(error?.kind == .overloaded)
        #expect(throws: (any Error).self) { try shard.commit() }
        memory.disk.capacity = 1 << 30
        _ = try shard.write([H.index("y", [:])])
        try shard.refresh()
        try shard.commit()
        #expect(shard.figures.docCount == written + 1)
        let schema = MemorySchema()
        try shard.close()
        let again = try H.open(memory, schema: schema)
        #expect(again.figures.docCount == written + 1)
    }

    @Test("many threads write at once: each document counts every one of its updates")
    func threads() throws {
        let shard = try H.open(MemoryFileStore())
        _ = try shard.write([H.index("c", ["n": 0])])
        let threads = (0..<6).map { thread in
            SystemThread(name: "writer") {
                for i in 0..<20 {
                    _ = try? shard.write([
                        H.update("c", ["script": "ctx._source.n += 1"]),
                        H.index("\(thread)-\(i)", ["n": JSONValue(i)]),
                    ])
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(try H.source(shard, "c") == ["n": 120])
        #expect(shard.figures.docCount == 121)
        #expect(shard.appliedEnd == 241)
    }
}
