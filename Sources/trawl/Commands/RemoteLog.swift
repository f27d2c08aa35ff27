internal import Glibc
internal import TrawlErrors
internal import TrawlHTTP
internal import TrawlIngest
internal import TrawlJSON
internal import TrawlLog

/// `trawl log … --url`: the topics of a node that runs.
enum RemoteLog {
    private static func node(_ arguments: Arguments) throws -> any NodeAccess {
        try NodeOpener.open(arguments)
    }

    private static func path(_ topic: String, _ rest: String = "") -> String {
        "/_trawl/log/topics/" + PathText.escaped(topic) + rest
    }

    private static func show(_ value: JSONValue, _ output: inout Output) {
        output.write(raw: value.serialized(pretty: true))
        output.line()
    }

    static func topics(_ arguments: Arguments, _ output: inout Output) throws -> ExitStatus {
        let topics = try node(arguments).json(.get, "/_trawl/log/topics")["topics"] ?? []
        if arguments.has("json") {
            show(topics, &output)
            return .success
        }
        var table = TextTable([
            (head: "topic", alignment: .left), (head: "partitions", alignment: .right),
        ])
        for topic in topics.arrayValue ?? [] {
            table.add([
                topic["topic"]?.stringValue ?? "", "\(topic["partitions"]?.intValue ?? 0)",
            ])
        }
        for line in table.lines() { output.line(line) }
        return .success
    }

    static func create(
        _ options: TopicOptions, _ arguments: Arguments, _ output: inout Output
    ) throws -> ExitStatus {
        let topic = arguments.operands[0]
        var retention = JSONObject()
        if let time = options.retention.time {
            retention["hours"] = JSONValue(time / .seconds(3600))
        }
        if let count = options.retention.byteCount { retention["bytes"] = JSONValue(count) }
        _ = try node(arguments).json(
            .put, path(topic),
            body: [
                "partitions": JSONValue(options.partitionCount),
                "retention": .object(retention),
                "compact": .bool(options.retention.keepsNewestOfKey),
            ])
        output.line("made the topic \(topic)")
        return .success
    }

    static func describe(_ arguments: Arguments, _ output: inout Output) throws -> ExitStatus {
        show(try node(arguments).json(.get, path(arguments.operands[0])), &output)
        return .success
    }

    /// Each batch is sent again until it is answered; under a producer's numbers it is written once.
    static func append(
        _ headers: [(name: String, value: String)], _ arguments: Arguments,
        _ output: inout Output
    ) throws -> ExitStatus {
        let node = try node(arguments)
        let target = path(arguments.operands[0], "/records")
        let partition = try arguments.int("partition", in: 0...1023, default: 0)
        let input = try ByteInput(path: arguments.operands.dropFirst().first ?? "-")
        let producer = Int64.random(in: 1...(.max))
        var sequence = 0
        var batch: [JSONValue] = []
        var written: Range<Int>?
        func flush() throws {
            if batch.isEmpty { return }
            let body: JSONValue = [
                "partition": JSONValue(partition), "records": .array(batch),
                "producer": [
                    "id": JSONValue(producer), "epoch": 0, "sequence": JSONValue(sequence),
                ],
            ]
            let answer = try sending(body, to: target, of: node)["written"]?[0]
            let first = answer?["first_offset"]?.intValue ?? 0
            let next = answer?["next_offset"]?.intValue ?? first
            written = (written?.lowerBound ?? first)..<next
            sequence += batch.count
            batch = []
        }
        var members = JSONObject()
        if let key = arguments.value("key") { members["key"] = .string(key) }
        if !headers.isEmpty {
            members["headers"] = .object(
                JSONObject(headers.map { (key: $0.name, value: .string($0.value)) }))
        }
        while let line = try input.nextLine() {
            guard case .line(let text) = line,
                let text = String(validating: Array(text), as: UTF8.self)
            else {
                throw UsageError(
                    "line \(input.lineNumber - 1) is too long for a record, or no UTF-8")
            }
            var record = members
            record["value"] = .string(text)
            batch.append(.object(record))
            if batch.count == 1000 { try flush() }
        }
        try flush()
        output.line(
            written.map {
                "\($0.count) records are durable, offsets \($0.lowerBound) to \($0.upperBound - 1)"
            } ?? "nothing to append")
        return .success
    }

    private static func sending(
        _ body: JSONValue, to target: String, of node: any NodeAccess
    ) throws -> JSONValue {
        var pause: UInt32 = 100_000
        while true {
            do {
                return try node.json(.post, target, body: body)
            } catch let error as HTTPError where pause < 3_000_000 {
                Output.error("\(error); sending again")
            } catch let error as NodeError
                where [.overloaded, .unavailable, .timedOut].contains(error.kind)
                && pause < 3_000_000
            {
                Output.error("\(error); sending again")
            }
            usleep(pause)
            pause *= 2
        }
    }

    static func tail(_ arguments: Arguments, _ output: inout Output) throws -> ExitStatus {
        let node = try node(arguments)
        var topic = arguments.operands[0]
        var number = 0
        if let slash = topic.lastIndex(of: "/") {
            guard let given = Int(topic[topic.index(after: slash)...]) else {
                throw UsageError("a node shows TOPIC or TOPIC/PARTITION, not \"\(topic)\"")
            }
            number = given
            topic = String(topic[..<slash])
        }
        let about = try node.json(.get, path(topic))["partitions"]?[number]
        guard let about else { throw UsageError("\(topic) has no partition \(number)") }
        let first = about["first_offset"]?.intValue ?? 0
        let end = about["next_offset"]?.intValue ?? 0
        let count = try arguments.int("count", in: 1...10_000_000, default: 10)
        let follows = arguments.has("follow")
        var next = max(first, try arguments.int("from", default: end - count))
        var left = count
        Interruption.watch()
        while !Interruption.isRequested, follows || (left > 0 && next < end) {
            let answer = try node.json(
                .get,
                path(topic, "/records?partition=\(number)&offset=\(next)")
                    + (follows ? "&wait=1s" : ""))
            for record in answer["records"]?.arrayValue ?? [] where follows || left > 0 {
                let text = RecordText(json: record)
                if arguments.has("json") {
                    output.write(raw: text.json.serialized())
                    output.line()
                } else {
                    output.line(text.line(width: output.isTerminal ? Terminal.width : 10_000))
                }
                left -= 1
            }
            if follows { output.flush() }
            next = answer["next_offset"]?.intValue ?? end
        }
        return .success
    }

    private static func groups(_ arguments: Arguments) throws -> [JSONValue] {
        try node(arguments).json(.get, path(arguments.operands[0], "/groups"))["groups"]?
            .arrayValue ?? []
    }

    static func groups(_ arguments: Arguments, _ output: inout Output) throws -> ExitStatus {
        let groups = try groups(arguments)
        for group in groups {
            for (partition, offset) in group["offsets"]?.objectValue ?? [:] {
                output.line(
                    "\(group["group"]?.stringValue ?? "")  \(arguments.operands[0])/\(partition)"
                        + "  next \(offset.intValue ?? 0)")
            }
        }
        if groups.isEmpty { output.line("no group has committed an offset") }
        return .success
    }

    static func lag(_ arguments: Arguments, _ output: inout Output) throws -> ExitStatus {
        for group in try groups(arguments) {
            for (partition, count) in group["lag"]?.objectValue ?? [:] {
                output.line(
                    "\(group["group"]?.stringValue ?? "")  \(arguments.operands[0])/\(partition)"
                        + "  \(count.intValue ?? 0) behind")
            }
        }
        return .success
    }
}
