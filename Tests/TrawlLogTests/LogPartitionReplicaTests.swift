internal import Testing
internal import TrawlErrors
internal import TrawlFiles
internal import TrawlLog
internal import TrawlTestKit
internal import TrawlThreads

@Suite("LogPartition as a copy", .randomized(rounds: 3))
struct LogPartitionReplicaTests {
    private typealias Log = LogPartitionTests

    /// Copies batches of one log to the end of another and waits until they are durable.
    private func copy(_ source: LogPartition, to target: LogPartition) throws {
        while target.writtenEnd < source.endOffset {
            guard
                let chunk = try source.readChunk(from: target.writtenEnd, maxByteCount: 300)
            else { return }
            let signal = Signal()
            final class Box: @unchecked Sendable { var done: LogError?? = nil }
            // Guarded by the signal.
            let box = Box()
            _ = try target.append(batches: chunk.bytes) { error in
                signal.change { box.done = .some(error) }
            }
            let result: LogError?? = signal.wait(timeout: .seconds(20)) { box.done }
            #expect(result == .some(nil))
        }
    }

    @Test("a copy of all batches is the same log: offsets, texts, epochs, over files and reopening")
    func copying() throws {
        var random = RandomContext.generator()
        let leader = try Log.open(MemoryFileStore())
        let store = MemoryFileStore()
        var follower = try Log.open(store)
        var epoch: Int64 = 1
        for round in 0..<30 {
            if Int.random(in: 0..<4, using: &random) == 0 {
                epoch += Int64.random(in: 1...3, using: &random)
                try leader.lead(epoch: epoch)
            }
            let count = Int.random(in: 1...6, using: &random)
            _ = try leader.append((0..<count).map { Log.record("r\(round)-\($0)") })
            if Bool.random(using: &random) { try copy(leader, to: follower) }
            if Int.random(in: 0..<5, using: &random) == 0 {
                follower.close()
                follower = try Log.open(store)
            }
        }
        try copy(leader, to: follower)
        #expect(try Log.texts(follower) == Log.texts(leader))
        #expect(follower.endOffset == leader.endOffset)
        #expect(follower.epochStarts.map(\.offset) == leader.epochStarts.map(\.offset))
        #expect(follower.epochStarts.map(\.epoch) == leader.epochStarts.map(\.epoch))
    }

    @Test("an end that is cut is gone, durably, and another leader's records take its place")
    func cutting() throws {
        var random = RandomContext.generator()
        for _ in 0..<10 {
            let disk = MemoryDisk()
            let old = try Log.open(MemoryFileStore(disk: disk), fileByteCount: 300)
            let new = try Log.open(MemoryFileStore(), fileByteCount: 300)
            var bounds: [Int64] = []
            for i in 0..<Int.random(in: 5...20, using: &random) {
                bounds.append(try old.append([Log.record("both \(i)")]).upperBound)
            }
            let shared = bounds.randomElement(using: &random)!
            while new.endOffset < shared {
                let chunk = try #require(
                    try old.readChunk(from: new.endOffset, maxByteCount: 1))
                _ = try new.append(batches: chunk.bytes) { _ in }
                #expect(new.wait(for: chunk.nextOffset - 1, timeout: .seconds(20)))
            }
            try new.lead(epoch: 5)
            for i in 0..<8 { _ = try new.append([Log.record("new \(i)")]) }
            old.follow()
            try old.cut(to: shared)
            #expect(old.endOffset == shared)
            old.close()
            disk.cutPower()
            let again = try Log.open(MemoryFileStore(disk: disk), fileByteCount: 300)
            #expect(again.endOffset == shared)
            try copy(new, to: again)
            #expect(try Log.texts(again) == Log.texts(new))
            #expect(again.epoch == 5)
        }
    }

    @Test("who follows takes nothing but the leader's batches, and those only where they belong")
    func fencing() throws {
        let leader = try Log.open(MemoryFileStore())
        let follower = try Log.open(MemoryFileStore())
        _ = try leader.append([Log.record("a")])
        _ = try leader.append([Log.record("b")])
        let chunk = try #require(try leader.readChunk(from: 1))
        #expect(throws: LogError.self) { try follower.append(batches: chunk.bytes) { _ in } }
        follower.follow()
        #expect(throws: LogError.self) {
            try follower.append([Log.record("own")], producer: nil, epoch: 1)
        }
        var bytes = try #require(try leader.readChunk(from: 0)).bytes
        bytes[70] ^= 1
        #expect(throws: LogError.self) { try follower.append(batches: bytes) { _ in } }
        #expect(follower.writtenEnd == 0)
        try follower.lead(epoch: 2)
        #expect(throws: LogError.self) {
            try follower.append([Log.record("old")], producer: nil, epoch: 1)
        }
        _ = try follower.append([Log.record("own")], producer: nil, epoch: 2)
        #expect(follower.epochStarts.map(\.epoch) == [2])
    }

    @Test("a log that begins with a copy of files goes on at their offset, with their epochs")
    func beginning() throws {
        let store = MemoryFileStore()
        try LogPartition.begin(in: store, logID: 77, at: 40, epochs: [(1, 0), (4, 30), (6, 40)])
        let log = try Log.open(store)
        #expect(log.logID == 77)
        #expect(log.startOffset == 40)
        #expect(log.endOffset == 40)
        #expect(log.epochStarts.map(\.epoch) == [1, 4])
        try log.lead(epoch: 7)
        #expect(try log.append([Log.record("x")]) == 40..<41)
    }
}
