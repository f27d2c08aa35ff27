import Foundation
import Synchronization
import Testing
import TrawlDocument
import TrawlFiles
import TrawlIndex
import TrawlJSON
import TrawlLog
import TrawlSegment
import TrawlShard
import TrawlTestKit

@Suite("Catching up", .randomized(rounds: 4))
struct CatchUpTests {
    private typealias H = ShardHarness

    private func open(
        _ store: any FileStore, _ schema: MemorySchema, threads: Int
    ) throws -> Shard {
        var options = Shard.Options()
        options.log.freeWatermark = 0
        options.catchUpThreads = threads
        return try Shard.open(
            store, schema: schema, options: options, syncer: LogSyncer(), identity: 1)
    }

    private func content(_ shard: Shard) throws -> [String: String] {
        var content: [String: String] = [:]
        for id in 0..<60 {
            guard let found = try shard.get(DocumentID("\(id)")) else { continue }
            content["\(id)"] =
                "\(found.facts.version) \(found.facts.sequence) "
                + String(decoding: found.source, as: UTF8.self)
        }
        return content
    }

    @Test(
        "a backlog read by several threads comes to the same content as read by none, and as live")
    func sameContent() throws {
        var random = RandomContext.generator()
        let memory = MemoryFileStore()
        let live = try open(memory, MemorySchema(), threads: 0)
        for _ in 0..<15 {
            var changes: [Change] = []
            for _ in 0..<100 {
                let id = "\(Int.random(in: 0..<60, using: &random))"
                switch Int.random(in: 0..<10, using: &random) {
                case 0: changes.append(H.delete(id))
                case 1: changes.append(H.create(id, ["n": 0]))
                case 2:
                    changes.append(H.update(id, ["script": "ctx._source.n += 1"]))
                case 3: changes.append(H.update(id, ["script": "ctx._source.n.x = 1"]))
                case 4:
                    // New fields, now and then of a type that another document contradicts.
                    let field = "f\(Int.random(in: 0..<9, using: &random))"
                    let value: JSONValue = Bool.random(using: &random) ? 5 : "five"
                    changes.append(H.index(id, [field: value]))
                case 5:
                    changes.append(
                        H.index(id, ["n": 7], request: "r\(Int.random(in: 0..<40, using: &random))")
                    )
                default:
                    let words = (0..<Int.random(in: 1...8, using: &random))
                        .map { _ in "w\(Int.random(in: 0..<99, using: &random))" }
                    changes.append(
                        H.index(
                            id, ["t": .string(words.joined(separator: " ")), "n": 1]))
                }
            }
            _ = try live.write(changes)
        }
        let expected = try content(live)
        let digest = live.digest
        let end = live.appliedEnd
        // Nothing was committed: all of it is a backlog.
        memory.disk.cutPower()
        for threads in [0, 1, 2, 5] {
            let shard = try open(memory, MemorySchema(), threads: threads)
            #expect(shard.appliedEnd == end)
            #expect(shard.digest == digest, "with \(threads) threads")
            #expect(try content(shard) == expected, "with \(threads) threads")
            memory.disk.cutPower()
        }
    }

    /// Holds up the syncs of logs until it is told.
    private final class Gate: Sendable {
        let isShut = Mutex(false)

        func pass(_ operation: FaultPlan.Operation) {
            guard operation.verb == "sync", operation.path.hasSuffix(".log") else { return }
            while isShut.withLock({ $0 }) { usleep(1000) }
        }
    }

    @Test("asynchronous: acknowledged before the sync, committed only after it")
    func asynchronous() throws {
        let plan = FaultPlan()
        let gate = Gate()
        let memory = MemoryFileStore()
        let shard = try open(
            FaultyFileStore(memory, plan: plan), MemorySchema(), threads: 0)
        plan.watch { gate.pass($0) }
        shard.setAsynchronous(true)
        gate.isShut.withLock { $0 = true }
        #expect(try shard.outcome(H.index("1", ["n": 1])) == .created(version: 1))
        #expect(try shard.outcome(H.index("1", ["n": 2])) == .updated(version: 2))
        #expect(shard.log.endOffset == 0, "nothing is durable yet")
        #expect(try H.source(shard, "1") == ["n": 2])
        let isCommitted = Mutex(false)
        let thread = Thread {
            try? shard.commit()
            isCommitted.withLock { $0 = true }
        }
        thread.start()
        usleep(100_000)
        #expect(!isCommitted.withLock { $0 }, "a commit is never ahead of the log")
        gate.isShut.withLock { $0 = false }
        let deadline = ContinuousClock.now + .seconds(20)
        while !isCommitted.withLock({ $0 }), ContinuousClock.now < deadline { usleep(1000) }
        #expect(isCommitted.withLock { $0 } && shard.log.endOffset == 2)
        memory.disk.cutPower()
        let again = try open(memory, MemorySchema(), threads: 0)
        #expect(try H.source(again, "1") == ["n": 2])
        // As it is by default, a write waits.
        #expect(try again.outcome(H.index("2", ["n": 1])) == .created(version: 1))
        #expect(again.log.endOffset == 3)
    }
}
