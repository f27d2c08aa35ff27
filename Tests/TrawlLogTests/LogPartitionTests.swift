internal import Synchronization
internal import Testing
internal import TrawlErrors
internal import TrawlFiles
internal import TrawlLog
internal import TrawlTestKit
import TrawlThreads

@Suite("LogPartition", .randomized(rounds: 3))
struct LogPartitionTests {
    static func options(fileByteCount: Int = 2000) -> LogOptions {
        var options = LogOptions()
        options.fileByteCount = fileByteCount
        options.freeWatermark = 0
        return options
    }

    static func open(
        _ store: any FileStore, fileByteCount: Int = 2000
    ) throws -> LogPartition {
        try LogPartition.open(
            store, options: options(fileByteCount: fileByteCount), syncer: LogSyncer())
    }

    static func record(_ text: String, time: Int64 = 0, key: String? = nil) -> LogRecord {
        LogRecord(key: key.map { Array($0.utf8) }, value: Array(text.utf8), timestamp: time)
    }

    static func texts(_ log: LogPartition, from start: Int64 = 0) throws -> [String] {
        var texts: [String] = []
        var next = start
        while true {
            let records = try log.read(from: next, maxByteCount: 500)
            guard let last = records.last else { return texts }
            texts += records.map { String(decoding: $0.value ?? [], as: UTF8.self) }
            next = last.offset + 1
        }
    }

    @Test("what is appended is read from any offset, over many files, and after opening again")
    func appendAndRead() throws {
        var random = RandomContext.generator()
        for onDisk in [false, true] {
            let directory = try TemporaryDirectory()
            let store: any FileStore = onDisk ? try directory.store() : MemoryFileStore()
            var all: [LogRecord] = []
            for _ in 0..<3 {
                let log = try Self.open(store)
                #expect(log.endOffset == Int64(all.count))
                for _ in 0..<20 {
                    let batch = LogRecords.random(
                        count: Int.random(in: 1...8, using: &random), &random)
                    let offsets = try log.append(batch)
                    #expect(offsets == Int64(all.count)..<Int64(all.count + batch.count))
                    all += batch
                }
                #expect(log.fileCount > 3)
                for _ in 0..<10 {
                    let start = Int.random(in: 0...all.count, using: &random)
                    let read = try log.read(
                        from: Int64(start), maxByteCount: Int.random(in: 1...9000, using: &random))
                    #expect(read.isEmpty == (start == all.count))
                    #expect(
                        read.map(LogRecords.content)
                            == all[start...].prefix(read.count).map(LogRecords.content))
                    #expect(read.first.map { $0.offset == start } ?? true)
                }
                log.close()
            }
        }
    }

    @Test("many writers share syncs, each hears of its own records, and the order is one")
    func concurrent() async throws {
        let directory = try TemporaryDirectory()
        let log = try Self.open(try directory.store(), fileByteCount: 20_000)
        let offsets = Mutex<[Int64: String]>([:])
        let threads = (0..<8).map { writer in
            SystemThread(name: "writer") {
                for i in 0..<25 {
                    let text = "\(writer)-\(i)"
                    guard let range = try? log.append([Self.record(text)]) else { return }
                    offsets.withLock { $0[range.lowerBound] = text }
                }
            }
        }
        for thread in threads { thread.join() }
        let acknowledged = offsets.withLock { $0 }
        #expect(acknowledged.count == 200)
        #expect(
            try Self.texts(log) == (0..<200).map { acknowledged[Int64($0)] ?? "missing" })
    }

    @Test("only what was synced is read; after a power cut all that was acknowledged is there")
    func powerCut() throws {
        var random = RandomContext.generator()
        let memory = MemoryFileStore()
        var acknowledged: [String] = []
        var written: [String] = []
        for round in 0..<6 {
            let log = try Self.open(memory)
            let found = try Self.texts(log)
            #expect(found.starts(with: acknowledged))
            #expect(written.starts(with: found))
            acknowledged = found
            written = found
            for i in 0..<20 {
                let text = "\(round).\(i)" + String(repeating: "x", count: 90)
                written.append(text)
                if Bool.random(using: &random) {
                    _ = try log.append([Self.record(text)])
                    acknowledged = written
                } else {
                    _ = try log.append([Self.record(text)], producer: nil, epoch: nil) { _ in }
                }
            }
            memory.disk.cutPower { _, unsynced in Int.random(in: 0...unsynced, using: &random) }
        }
    }

    @Test("a crash at every file operation loses nothing acknowledged")
    func faultsEverywhere() throws {
        var step = 0
        while true {
            let memory = MemoryFileStore()
            let store = FaultyFileStore(memory)
            store.plan.fail(at: step, with: .crash)
            var acknowledged = 0
            var attempted = 0
            if let log = try? Self.open(store, fileByteCount: 400) {
                for i in 0..<12 {
                    attempted += 1
                    let text = "\(i)" + String(repeating: "y", count: 60)
                    guard (try? log.append([Self.record(text)])) != nil else { break }
                    acknowledged += 1
                }
            }
            let isDone = step >= store.plan.operationCount
            memory.disk.cutPower()
            let log = try Self.open(memory, fileByteCount: 400)
            let found = try Self.texts(log).count
            #expect(found >= acknowledged && found <= attempted, "step \(step)")
            _ = try log.append([Self.record("more")])
            #expect(try Self.texts(log).last == "more")
            if isDone { break }
            step += 1
        }
        #expect(step > 30)
    }

    @Test("a sync that fails stops the partition for good; it does not try again and acknowledge")
    func failedSync() throws {
        let store = FaultyFileStore(MemoryFileStore())
        let log = try Self.open(store)
        _ = try log.append([Self.record("a")])
        store.plan.fail("sync", of: ".log", with: .inputOutput)
        #expect(throws: LogError.self) { _ = try log.append([Self.record("b")]) }
        store.plan.heal()
        let error = #expect(throws: LogError.self) { _ = try log.append([Self.record("c")]) }
        #expect(error?.code == "log_stopped")
        #expect(error?.description.contains("takes no more writes") == true)
        #expect(try Self.texts(log) == ["a"])
    }

    @Test("a full disk refuses before it loses, and the log goes on when there is room")
    func diskFull() throws {
        let memory = MemoryFileStore()
        let log = try Self.open(memory)
        _ = try log.append([Self.record("a")])
        let used = log.byteCount
        // Room for half a batch: the write itself fails.
        memory.disk.capacity =
            try memory.list().reduce(0) {
                $0 + (try memory.byteCount(of: $1))
            } + 40
        let error = #expect(throws: LogError.self) { _ = try log.append([Self.record("b")]) }
        #expect(error?.code == "disk_full" && error?.kind == .overloaded)
        #expect(log.byteCount == used)
        memory.disk.capacity = 1 << 30
        #expect(try log.append([Self.record("c")]) == 1..<2)
        #expect(try Self.texts(log) == ["a", "c"])
        // The watermark refuses before anything is written.
        var options = Self.options()
        options.freeWatermark = 1 << 20
        let other = try LogPartition.open(
            try memory.directory("other"), options: options, syncer: LogSyncer())
        memory.disk.capacity = 1 << 19
        #expect(throws: LogError.self) { _ = try other.append([Self.record("d")]) }
        #expect(other.byteCount == 0)
        memory.disk.capacity = 1 << 30
        _ = try other.append([Self.record("e")])
    }

    @Test("a torn end is cut; a bad batch with good ones after it is named")
    func damage() throws {
        func filled() throws -> MemoryFileStore {
            let memory = MemoryFileStore()
            let log = try Self.open(memory, fileByteCount: 1 << 20)
            for i in 0..<5 { _ = try log.append([Self.record("record \(i)")]) }
            log.close()
            return memory
        }
        let name = "memory:/" + String(repeating: "0", count: 20) + ".log"
        let torn = try filled()
        torn.disk.damage(name) { $0.removeLast(3) }
        #expect(try Self.texts(try Self.open(torn)).count == 4)

        let flippedEnd = try filled()
        flippedEnd.disk.damage(name) { $0[$0.count - 2] ^= 1 }
        #expect(try Self.texts(try Self.open(flippedEnd)).count == 4)

        let flipped = try filled()
        flipped.disk.damage(name) { $0[200] ^= 1 }
        let error = #expect(throws: LogError.self) { _ = try Self.open(flipped) }
        #expect(error?.kind == .corrupted)
        #expect(error?.description.contains("batch of offset") == true)

        let wrong = try filled()
        try wrong.remove("partition")
        #expect(throws: LogError.self) { _ = try Self.open(wrong) }
    }

    @Test("files that are missing, cut, or whose index is damaged: named, or mended")
    func missing() throws {
        func filled() throws -> MemoryFileStore {
            let memory = MemoryFileStore()
            let log = try Self.open(memory, fileByteCount: 300)
            for i in 0..<20 { _ = try log.append([Self.record("record \(i)")]) }
            log.close()
            return memory
        }
        let logs = try filled().list().filter { $0.hasSuffix(".log") }
        #expect(logs.count > 4)
        let gap = try filled()
        try gap.remove(logs[2])
        #expect(throws: LogError.self) { _ = try Self.open(gap) }
        let first = try filled()
        try first.remove(logs[0])
        #expect(throws: LogError.self) { _ = try Self.open(first) }
        let cut = try filled()
        cut.disk.damage("memory:/" + logs[1]) { $0.removeLast(5) }
        #expect(throws: LogError.self) { _ = try Self.open(cut) }
        let index = try filled()
        index.disk.damage("memory:/" + logs[1].dropLast(4) + ".index") { $0[30] ^= 1 }
        #expect(try Self.texts(try Self.open(index)).count == 20)
        let middle = try filled()
        middle.disk.damage("memory:/" + logs[1]) { $0[80] ^= 1 }
        let log = try Self.open(middle)
        let error = #expect(throws: LogError.self) { _ = try Self.texts(log) }
        #expect(error?.kind == .corrupted)
        #expect(error?.description.contains(logs[1]) == true)
    }

    @Test("a producer's batch that comes again is answered, not written; a gap is refused")
    func producers() throws {
        let memory = MemoryFileStore()
        var log = try Self.open(memory, fileByteCount: 300)
        func send(_ sequence: Int32, epoch: Int16 = 0, count: Int = 2) throws -> Range<Int64> {
            try log.append(
                (0..<count).map { Self.record("\(sequence)+\($0)") },
                producer: ProducerStamp(id: 7, epoch: epoch, sequence: sequence))
        }
        #expect(try send(0) == 0..<2)
        #expect(try send(2) == 2..<4)
        #expect(try send(0) == 0..<2)
        #expect(throws: LogError.outOfOrder(producer: 7, expected: 4, found: 6)) { try send(6) }
        for i in 2..<8 { _ = try send(Int32(i * 2)) }
        log.close()
        log = try Self.open(memory, fileByteCount: 300)
        #expect(try send(14) == 14..<16)
        #expect(try send(16) == 16..<18)
        #expect(try send(0, epoch: 1) == 18..<20)
        #expect(throws: LogError.producerFenced(producer: 7, epoch: 0, current: 1)) {
            try send(18)
        }
        #expect(log.endOffset == 20)
    }

    @Test("epochs only grow, an old leader is refused, and both survive opening again")
    func epochs() throws {
        let memory = MemoryFileStore()
        let log = try Self.open(memory)
        #expect(log.epoch == 1)
        try log.beginEpoch(4)
        #expect(throws: LogError.fenced(epoch: 1, current: 4)) {
            _ = try log.append([Self.record("a")], producer: nil, epoch: 1)
        }
        #expect(throws: LogError.self) { try log.beginEpoch(4) }
        _ = try log.append([Self.record("a")], producer: nil, epoch: 4)
        log.close()
        let again = try Self.open(memory)
        #expect(again.epoch == 4)
        #expect(again.logID == log.logID)
    }

    @Test("retention removes old files, but none that someone needs")
    func retention() throws {
        let memory = MemoryFileStore()
        let log = try Self.open(memory, fileByteCount: 300)
        for i in 0..<30 { _ = try log.append([Self.record("r\(i)", time: Int64(i) * 1000)]) }
        var retention = LogRetention()
        retention.time = .seconds(10)
        #expect(try log.retain(retention, now: 30_000, slowest: 0) == 0)
        let kept = try log.retain(retention, now: 30_000, slowest: 9)
        #expect(kept > 0 && kept <= 9)
        let later = try log.retain(retention, now: 30_000, slowest: nil)
        #expect(later > kept && later <= 21)
        #expect(throws: LogError.self) { _ = try log.read(from: 0) }
        #expect(try Self.texts(log, from: later).first == "r\(later)")
        retention.time = nil
        retention.byteCount = 400
        _ = try log.retain(retention, now: 30_000, slowest: nil)
        #expect(log.byteCount <= 700)
        let start = log.startOffset
        log.close()
        let again = try Self.open(memory, fileByteCount: 300)
        #expect(again.startOffset == start)
        #expect(try Self.texts(again, from: start).last == "r29")
        #expect(try again.offset(at: 28_000) == 28)
    }

    @Test("compaction keeps the newest of each key, at its offset")
    func compaction() throws {
        let memory = MemoryFileStore()
        var log = try Self.open(memory, fileByteCount: 500)
        for i in 0..<60 {
            _ = try log.append([
                Self.record("a\(i)", key: "k\(i % 7)"), Self.record("b\(i)", key: "l\(i % 3)"),
            ])
        }
        #expect(try log.compact() > 20)
        func newest() throws -> [String: Int64] {
            var found: [String: Int64] = [:]
            var next: Int64 = 0
            while let last = try log.read(from: next).last {
                for record in try log.read(from: next) {
                    found[String(decoding: record.key!, as: UTF8.self)] = record.offset
                }
                next = last.offset + 1
            }
            return found
        }
        let expected = try newest()
        #expect(expected["k3"] == 59 / 7 * 7 * 2 + 6 && expected.count == 10)
        log.close()
        log = try Self.open(memory, fileByteCount: 500)
        #expect(try newest() == expected)
        #expect(log.endOffset == 120)
    }

    @Test("who waits for a record is woken by it, or by the end of the time")
    func longPoll() throws {
        let log = try Self.open(MemoryFileStore())
        #expect(!log.wait(for: 0, timeout: .milliseconds(20)))
        let thread = SystemThread(name: "poll") {
            _ = try? log.append([Self.record("a")])
        }
        #expect(log.wait(for: 0, timeout: .seconds(10)))
        thread.join()
    }
}
