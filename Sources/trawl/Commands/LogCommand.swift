internal import Glibc
internal import TrawlIngest
internal import TrawlJSON
internal import TrawlLog

/// `trawl log`: the logs of a data directory, where every change is before it is anywhere else.
enum LogCommand {
    static let command = Command(
        name: "log", summary: "Look into the logs of a data directory, and write to topics.",
        details: """
            Every shard has a log, INDEX/SHARD, with the changes since its last commit, and one of
            dead letters. Topics are logs of your own, and routes bring their records into indices.
            On a directory its node must not be running; --url asks a node, which shows topics only.
            """,
        subcommands: [
            topics, create, describe, append, tail, groups, lag, LogRoutesCommand.command,
            LogLetters.letters, LogLetters.mend, LogLetters.replay, LogLetters.discard,
        ])

    private static func open(_ arguments: Arguments) throws -> LogDirectory {
        try LogDirectory(
            arguments.value("data") ?? Terminal.environment("TRAWL_DATA") ?? "trawl-data")
    }

    private static func write(_ value: JSONValue, to output: inout Output) {
        output.write(raw: value.serialized(pretty: true))
        output.line()
    }

    private static let topics = Command(
        name: "topics", summary: "All logs: topics, shards, dead letters.",
        options: [.data, .url, .json], examples: ["trawl log topics"]
    ) { arguments, output in
        if arguments.has("url") { return try RemoteLog.topics(arguments, &output) }
        let all = try open(arguments).all()
        if arguments.has("json") {
            write(.array(all.map(describe)), to: &output)
            return .success
        }
        var table = TextTable([
            (head: "log", alignment: .left), (head: "kind", alignment: .left),
            (head: "first", alignment: .right), (head: "next", alignment: .right),
            (head: "epoch", alignment: .right), (head: "files", alignment: .right),
            (head: "bytes", alignment: .right),
        ])
        for entry in all {
            table.add([
                entry.name, entry.kind.rawValue, "\(entry.log.startOffset)",
                "\(entry.log.endOffset)", "\(entry.log.epoch)", "\(entry.log.fileCount)",
                ByteText.short(entry.log.byteCount),
            ])
        }
        for line in table.lines() { output.line(line) }
        return .success
    }

    private static func describe(_ entry: LogDirectory.Named) -> JSONValue {
        [
            "log": .string(entry.name), "kind": .string(entry.kind.rawValue),
            "first_offset": JSONValue(entry.log.startOffset),
            "next_offset": JSONValue(entry.log.endOffset), "epoch": JSONValue(entry.log.epoch),
            "files": JSONValue(entry.log.fileCount), "bytes": JSONValue(entry.log.byteCount),
        ]
    }

    private static let create = Command(
        name: "create", summary: "Make a topic.", operands: "TOPIC", operandCount: 1...1,
        options: [
            .data, .url, .value("partitions", "N", "How many partitions (default 1)."),
            .value("retention-hours", "N", "Let go of records older than this."),
            .value("retention-bytes", "SIZE", "Let go of the oldest beyond this size."),
            .flag("compact", nil, "Keep the newest record of each key only."),
        ], examples: ["trawl log create orders --partitions 4 --retention-hours 168"]
    ) { arguments, output in
        var options = TopicOptions()
        options.partitionCount = try arguments.int("partitions", in: 1...1024, default: 1)
        if arguments.has("retention-hours") {
            options.retention.time = .seconds(
                3600 * (try arguments.int("retention-hours", in: 1...1_000_000, default: 1)))
        }
        if arguments.has("retention-bytes") {
            options.retention.byteCount = try arguments.byteCount("retention-bytes", default: 0)
        }
        options.retention.keepsNewestOfKey = arguments.has("compact")
        if arguments.has("url") { return try RemoteLog.create(options, arguments, &output) }
        let directory = try open(arguments)
        try directory.topics.create(arguments.operands[0], options)
        output.line("made the topic \(arguments.operands[0])")
        return .success
    }

    private static let describe = Command(
        name: "describe", summary: "One log: offsets, size, when its records were written.",
        operands: "LOG", operandCount: 1...1, options: [.data, .url],
        examples: ["trawl log describe english/0"]
    ) { arguments, output in
        if arguments.has("url") { return try RemoteLog.describe(arguments, &output) }
        let directory = try open(arguments)
        let entry = try directory.named(arguments.operands[0])
        var object = describe(entry).objectValue ?? [:]
        if entry.log.endOffset > entry.log.startOffset {
            let first = try entry.log.read(from: entry.log.startOffset).first
            let last = try entry.log.read(from: entry.log.endOffset - 1).last
            object["first_timestamp"] = first.map { JSONValue($0.timestamp) }
            object["last_timestamp"] = last.map { JSONValue($0.timestamp) }
        }
        write(.object(object), to: &output)
        return .success
    }

    private static let append = Command(
        name: "append", summary: "Append lines to a topic, each a record.",
        operands: "TOPIC [FILE|-]", operandCount: 1...2,
        options: [
            .data, .url, .value("key", "KEY", "The key of every record."),
            .value("header", "NAME=VALUE", "A header of every record.", repeats: true),
            .value("partition", "N", "Which partition (default 0)."),
        ], examples: ["echo '{\"order\": 7}' | trawl log append orders --key 7"]
    ) { arguments, output in
        let headers = try arguments.values("header").map { text in
            guard let equals = text.firstIndex(of: "=") else {
                throw UsageError("--header takes NAME=VALUE, not \"\(text)\"")
            }
            return (
                name: String(text[..<equals]), value: String(text[text.index(after: equals)...])
            )
        }
        if arguments.has("url") { return try RemoteLog.append(headers, arguments, &output) }
        let directory = try open(arguments)
        let log = try directory.topics.partition(
            try arguments.int("partition", in: 0...1023, default: 0), of: arguments.operands[0])
        let input = try ByteInput(path: arguments.operands.dropFirst().first ?? "-")
        let key = arguments.value("key").map { Array($0.utf8) }
        var written: Range<Int64>?
        var batch: [LogRecord] = []
        func flush() throws {
            guard !batch.isEmpty else { return }
            let range = try log.append(batch)
            written = (written?.lowerBound ?? range.lowerBound)..<range.upperBound
            batch = []
        }
        while let line = try input.nextLine() {
            guard case .line(let text) = line else {
                throw UsageError("line \(input.lineNumber - 1) is too long for a record")
            }
            var time = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &time)
            let now = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
            batch.append(
                LogRecord(
                    key: key, value: Array(text),
                    headers: headers.map { .init($0.name, Array($0.value.utf8)) },
                    timestamp: now))
            if batch.count == 1000 { try flush() }
        }
        try flush()
        output.line(
            written.map {
                "\($0.count) records are durable, offsets \($0.lowerBound) to \($0.upperBound - 1)"
            } ?? "nothing to append")
        return .success
    }

    private static let tail = Command(
        name: "tail", summary: "The last records of a log, or those from an offset on.",
        operands: "LOG", operandCount: 1...1,
        options: [
            .data, .url, .value("count", "N", "How many (default 10).", short: "n"),
            .value("from", "OFFSET", "Begin there."), .json,
            .flag("follow", "f", "With --url: go on with what comes."),
        ],
        examples: [
            "trawl log tail english/0 --count 3", "trawl log tail english/0 --from 0 --json",
        ]
    ) { arguments, output in
        if arguments.has("url") { return try RemoteLog.tail(arguments, &output) }
        guard !arguments.has("follow") else {
            throw UsageError("--follow needs --url: nobody writes to a directory meanwhile")
        }
        let directory = try open(arguments)
        let log = try directory.named(arguments.operands[0]).log
        let count = try arguments.int("count", in: 1...10_000_000, default: 10)
        let from = try arguments.int("from", default: Int(log.endOffset) - count)
        var next = max(log.startOffset, Int64(from))
        var left = count
        while left > 0, next < log.endOffset {
            let records = try log.read(from: next)
            guard let last = records.last else { break }
            for record in records.prefix(left) {
                let text = RecordText(record: record)
                if arguments.has("json") {
                    output.write(raw: text.json.serialized())
                    output.line()
                } else {
                    output.line(text.line(width: output.isTerminal ? Terminal.width : 10_000))
                }
            }
            left -= min(left, records.count)
            next = last.offset + 1
        }
        return .success
    }

    private static let groups = Command(
        name: "groups", summary: "The consumer groups of a topic and where each goes on.",
        operands: "TOPIC", operandCount: 1...1, options: [.data, .url],
        examples: ["trawl log groups orders"]
    ) { arguments, output in
        if arguments.has("url") { return try RemoteLog.groups(arguments, &output) }
        let directory = try open(arguments)
        let topic = arguments.operands[0]
        let groups = try directory.topics.groups(of: topic)
        for group in groups {
            for (partition, offset) in try directory.topics.committed(group, of: topic).sorted(
                by: { $0.key < $1.key })
            {
                output.line("\(group)  \(topic)/\(partition)  next \(offset)")
            }
        }
        if groups.isEmpty { output.line("no group has committed an offset") }
        return .success
    }

    private static let lag = Command(
        name: "lag", summary: "How many records each consumer group has still to read.",
        operands: "TOPIC", operandCount: 1...1, options: [.data, .url],
        examples: ["trawl log lag orders"]
    ) { arguments, output in
        if arguments.has("url") { return try RemoteLog.lag(arguments, &output) }
        let directory = try open(arguments)
        let topic = arguments.operands[0]
        for group in try directory.topics.groups(of: topic) {
            let lag = try directory.topics.lag(group, of: topic)
            for (partition, count) in lag.sorted(by: { $0.key < $1.key }) {
                output.line("\(group)  \(topic)/\(partition)  \(count) behind")
            }
        }
        return .success
    }
}
