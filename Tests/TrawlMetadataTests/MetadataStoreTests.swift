import Testing
import TrawlFiles
import TrawlLog
import TrawlThreads

@testable import TrawlMetadata

/// What every store promises. A new store adds itself to `stores`.
@Suite("MetadataStore")
struct MetadataStoreTests {
    /// A store, and what passes its time.
    struct Subject: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var make: @Sendable () throws -> (store: any MetadataStore, passTime: @Sendable () -> Void)
    }

    static let stores = [
        Subject(testDescription: "local") {
            let store = try LocalMetadataStore(MemoryFileStore(), syncer: LogSyncer())
            return (store, { store.expire(at: .now + .seconds(3600)) })
        }
    ]

    private func put(_ key: String, _ value: UInt8, session: Int64? = nil) -> MetadataTransaction {
        var transaction = MetadataTransaction()
        transaction.put(key, [value], session: session)
        return transaction
    }

    @Test(
        "a transaction happens when all its conditions hold, and not at all otherwise",
        arguments: stores)
    func conditions(subject: Subject) throws {
        let (store, _) = try subject.make()
        let first = try #require(try store.commit(put("a", 1)))
        var both = put("a", 2)
        both.require("a", revision: first)
        both.require("b", revision: 0)
        both.put("b", [1])
        let second = try #require(try store.commit(both))
        #expect(second > first)
        #expect(try store.commit(both) == nil)
        #expect(try store.get("a")?.value == [2])
        #expect(try store.get("b")?.revision == second)
        #expect(try store.list("").entries.map(\.key) == ["a", "b"])
        var delete = MetadataTransaction()
        delete.delete("a")
        #expect(try store.commit(delete) != nil)
        #expect(try store.get("a") == nil)
    }

    @Test(
        "what a session put goes with it, and a session that ended can do nothing more",
        arguments: stores)
    func sessions(subject: Subject) throws {
        let (store, passTime) = try subject.make()
        let session = try store.openSession(timeToLive: .seconds(60))
        #expect(try store.commit(put("here", 1, session: session)) != nil)
        #expect(try store.commit(put("stays", 1)) != nil)
        try store.renew(session: session)
        passTime()
        #expect(try store.get("here") == nil)
        #expect(try store.get("stays") != nil)
        #expect(throws: (any Error).self) { try store.renew(session: session) }
        #expect(throws: (any Error).self) {
            try store.commit(self.put("here", 2, session: session))
        }
        #expect(try store.openSession(timeToLive: .seconds(1)) > session)
    }

    @Test("one reigns at a time, and the epochs of the reigns grow", arguments: stores)
    func campaigns(subject: Subject) throws {
        let (store, passTime) = try subject.make()
        let a = try store.openSession(timeToLive: .seconds(60))
        let first = try #require(try store.campaign("leader", session: a, value: [1]))
        let b = try store.openSession(timeToLive: .seconds(7200))
        #expect(try store.campaign("leader", session: b, value: [2]) == nil)
        passTime()
        let second = try #require(try store.campaign("leader", session: b, value: [2]))
        #expect(second > first)
    }

    @Test("a watcher that goes on from what it has seen misses nothing", arguments: stores)
    func watching(subject: Subject) throws {
        let (store, _) = try subject.make()
        let start = try store.list("").revision
        #expect(
            try store.changes(after: start, timeout: .milliseconds(1))
                == .changed([], upTo: start))
        let writer = SystemThread(name: "writer") {
            for i in 0..<200 {
                var transaction = MetadataTransaction()
                transaction.put("k\(i % 7)", [UInt8(i)])
                _ = try? store.commit(transaction)
            }
        }
        var seen = start
        var values: [UInt8] = []
        let began = ContinuousClock.now
        while values.count < 200, ContinuousClock.now - began < .seconds(20) {
            guard
                case .changed(let changes, let upTo) = try store.changes(
                    after: seen, timeout: .seconds(1))
            else { break }
            values += changes.compactMap { $0.value?.first }
            seen = upTo
        }
        writer.join()
        #expect(values == (0..<200).map { UInt8($0) })
        #expect(try store.changes(after: seen + 5, timeout: .zero) == .forgotten)
    }
}

@Suite("LocalMetadataStore")
struct LocalMetadataStoreTests {
    @Test("what was committed is there after a power cut, and revisions and sessions only grow")
    func powerCut() throws {
        let disk = MemoryDisk()
        var revision: Int64 = 0
        var session: Int64 = 0
        for round in 0..<5 {
            // Snapshots often, so that they and the log take turns.
            let store = try LocalMetadataStore(
                MemoryFileStore(disk: disk), syncer: LogSyncer(), snapshotEvery: 600)
            #expect(store.list("").entries.count == round * 10)
            #expect(store.revision > revision)
            let opened = try store.openSession(timeToLive: .seconds(60))
            #expect(opened > session)
            session = opened
            for i in 0..<10 {
                var transaction = MetadataTransaction()
                transaction.put("k\(round)-\(i)", [UInt8](repeating: UInt8(i), count: 50))
                revision = try #require(try store.commit(transaction))
            }
            var mine = MetadataTransaction()
            mine.put("mine", [], session: session)
            revision = try #require(try store.commit(mine))
            disk.cutPower()
        }
    }
}
