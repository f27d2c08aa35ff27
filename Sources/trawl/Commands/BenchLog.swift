internal import Glibc
internal import Synchronization
internal import TrawlFiles
internal import TrawlLog
internal import TrawlThreads

/// `trawl bench log`: appends acknowledged after sync, beside a bare loop of write and sync in the
/// same run, and reading from the cache.
enum BenchLog {
    static let command = Command(
        name: "log", summary: "Append to the log, acknowledged after sync, and read it.",
        options: [
            .value("directory", "DIR", "On which disk (default: the current directory)."),
            .value("seconds", "N", "How long each line takes (default 2)."),
        ],
        examples: ["trawl bench log --directory /var/tmp"]
    ) { arguments, output in
        let seconds = try arguments.int("seconds", in: 1...60, default: 2)
        let parent = try PosixFileStore(arguments.value("directory") ?? ".")
        let name = "trawl-bench-log-\(getpid())"
        let store = try parent.directory(name)
        defer { try? parent.removeDirectory(name) }
        var table = TextTable([
            (head: "writers × records", alignment: .left),
            (head: "bare/s", alignment: .right), (head: "log/s", alignment: .right),
            (head: "log ÷ bare", alignment: .right),
        ])
        for batch in [1, 10, 100, 1000] {
            let bare = try bare(store, batch: batch, seconds: seconds)
            let log = try appends(store, writers: 1, batch: batch, seconds: seconds)
            table.add(row("1 × \(batch)", bare, log))
        }
        let bare = try bare(store, batch: 64, seconds: seconds)
        let log = try appends(store, writers: 64, batch: 1, seconds: seconds)
        table.add(row("64 × 1", bare, log))
        for line in table.lines() { output.line(line) }
        output.line("")
        output.line("sequential read: \(try read(store)) MB/s")
        return .success
    }

    private static func row(_ name: String, _ bare: Double, _ log: Double) -> [String] {
        let percent = Int((log / bare * 100).rounded())
        return [name, "\(Int(bare))", "\(Int(log))", "\(percent) %"]
    }

    private static let value = [UInt8](repeating: 0x61, count: 200)

    /// Records of 200 bytes written and synced by hand, as fast as the disk lets.
    private static func bare(
        _ store: any FileStore, batch: Int, seconds: Int
    ) throws -> Double {
        let name = "bare-\(batch)"
        let file = try store.grow(name)
        let bytes = [UInt8](repeating: 0x61, count: 200 * batch)
        let clock = ContinuousClock()
        let start = clock.now
        var count = 0
        while clock.now - start < .seconds(seconds) {
            try file.append(bytes)
            try file.sync()
            count += batch
        }
        let time = (clock.now - start) / .seconds(1)
        try file.close()
        try store.remove(name)
        return Double(count) / time
    }

    private static func appends(
        _ store: any FileStore, writers: Int, batch: Int, seconds: Int
    ) throws -> Double {
        let name = "log-\(writers)-\(batch)"
        let log = try LogPartition.open(try store.directory(name), syncer: LogSyncer())
        let records = (0..<batch).map { _ in LogRecord(key: nil, value: value) }
        let total = Mutex(0)
        let clock = ContinuousClock()
        let start = clock.now
        let threads = (0..<writers).map { _ in
            SystemThread(name: "bench-writer") {
                var count = 0
                while clock.now - start < .seconds(seconds) {
                    guard (try? log.append(records)) != nil else { break }
                    count += batch
                }
                total.withLock { $0 += count }
            }
        }
        for thread in threads { thread.join() }
        let time = (clock.now - start) / .seconds(1)
        if let failure = log.failure { throw failure }
        log.close()
        return Double(total.withLock { $0 }) / time
    }

    private static func read(_ store: any FileStore) throws -> Int {
        let log = try LogPartition.open(try store.directory("read"), syncer: LogSyncer())
        let records = (0..<1000).map { _ in LogRecord(key: nil, value: value) }
        for _ in 0..<1000 { _ = try log.append(records) }
        var best = 0.0
        for _ in 0..<3 {
            var next: Int64 = 0
            var byteCount = 0
            let time = try ContinuousClock().measure {
                while let chunk = try log.readChunk(from: next, maxByteCount: 1 << 20) {
                    byteCount += chunk.bytes.count
                    next = chunk.nextOffset
                }
            }
            best = max(best, Double(byteCount) / 1e6 / (time / .seconds(1)))
        }
        log.close()
        return Int(best)
    }
}
