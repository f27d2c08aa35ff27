internal import Glibc
internal import TrawlDocument
internal import TrawlFiles
internal import TrawlLog
internal import TrawlShard

/// `trawl bench startup`: how long a shard takes to open with changes that were not committed, by how
/// many threads read their documents.
enum BenchStartup {
    static let command = Command(
        name: "startup", summary: "Open a shard with changes that are not committed.",
        options: [
            .value("documents", "N", "How many are committed (default 1000000)."),
            .value("changes", "N", "How many are not (default 10000)."),
            .value("words", "N", "How many words a document has (default 20)."),
            .value("directory", "DIR", "On which disk (default: the current directory)."),
        ],
        examples: ["trawl bench startup --documents 1000000 --changes 10000"]
    ) { arguments, output in
        let documents = try arguments.int("documents", in: 0...100_000_000, default: 1_000_000)
        let changes = try arguments.int("changes", in: 1...100_000_000, default: 10_000)
        let wordCount = try arguments.int("words", in: 1...10_000, default: 20)
        let parent = try PosixFileStore(arguments.value("directory") ?? ".")
        let name = "trawl-bench-startup-\(getpid())"
        let store = try parent.directory(name)
        defer { try? parent.removeDirectory(name) }
        let schema = MemorySchema()
        var options = Shard.Options()
        options.commitAfterChanges = .max
        func write(_ range: Range<Int>, to shard: Shard) throws {
            for start in stride(from: range.lowerBound, to: range.upperBound, by: 1000) {
                let batch = (start..<min(start + 1000, range.upperBound)).map { number in
                    Change(
                        id: DocumentID(String(number)),
                        operation: .index(source: document(number, wordCount)))
                }
                _ = try shard.write(batch)
            }
        }
        do {
            let shard = try Shard.open(store, schema: schema, options: options, syncer: LogSyncer())
            try write(0..<documents, to: shard)
            try shard.close()
        }
        let backlog = try Shard.open(store, schema: schema, options: options, syncer: LogSyncer())
        // Half of them replace what is there.
        try write(documents - min(documents, changes / 2)..<documents, to: backlog)
        try write(documents..<documents + changes - min(documents, changes / 2), to: backlog)
        let digest = backlog.digest
        // As after a kill: nothing of it is committed.
        output.line("\(documents) documents, \(changes) changes that are not committed")
        let processors = max(2, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        var best: [Int: Duration] = [:]
        for _ in 0..<3 {
            for threads in [0, processors] {
                options.catchUpThreads = threads
                var opened: Shard?
                let time = try ContinuousClock().measure {
                    opened = try Shard.open(
                        store, schema: schema, options: options, syncer: LogSyncer())
                }
                guard opened?.digest == digest else {
                    throw UsageError("with \(threads) threads the content is another")
                }
                best[threads] = min(best[threads] ?? time, time)
            }
        }
        for (threads, time) in best.sorted(by: { $0.key < $1.key }) {
            let seconds = time / .seconds(1)
            output.line(
                "opened in \(Int(seconds * 1000)) ms, \(threads) threads reading ahead: "
                    + "\(Int(Double(changes) / seconds)) changes/s")
        }
        return .success
    }

    /// Words by their rank, the frequent ones often.
    private static func document(_ number: Int, _ wordCount: Int) -> [UInt8] {
        var state = UInt64(number) &* 0x9e37_79b9_7f4a_7c15 | 1
        var text = "{\"n\":\(number),\"text\":\""
        for _ in 0..<wordCount {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            let rank = Int(state % 1000) * Int((state >> 32) % 1000) / 20
            text += "w\(rank) "
        }
        return Array((text + "\"}").utf8)
    }
}
