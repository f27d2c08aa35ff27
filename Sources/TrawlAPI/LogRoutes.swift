internal import Glibc
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlLog

/// `/_trawl/log`: topics, their records and consumers, and the routes to indices.
enum LogRoutes {
    static let routes: [Route] = [
        Route([.get], ["/_trawl/log", "/_trawl/log/topics"]) { _, services in
            let logs = try service(services)
            let topics = try logs.topics.names.map { name -> JSONValue in
                let options = try logs.topics.options(of: name)
                return ["topic": .string(name), "partitions": JSONValue(options.partitionCount)]
            }
            return .value(["topics": .array(topics)])
        },
        Route([.put], ["/_trawl/log/topics/{topic}"]) { request, services in
            let options = try TopicBody.options(try request.optionalBody() ?? [:])
            try service(services).topics.create(request.named("topic"), options)
            return .acknowledged
        },
        Route([.get], ["/_trawl/log/topics/{topic}"]) { request, services in
            .value(try describe(request.named("topic"), try service(services)))
        },
        Route([.delete], ["/_trawl/log/topics/{topic}"]) { request, services in
            try service(services).removeTopic(request.named("topic"))
            return .acknowledged
        },
        Route([.post], ["/_trawl/log/topics/{topic}/records"], "partition", lane: .write) {
            request, services in
            try append(request, try service(services))
        },
        Route(
            [.get], ["/_trawl/log/topics/{topic}/records"],
            "partition offset max_bytes max_records wait group", lane: .log
        ) { request, services in
            try read(request, try service(services))
        },
        Route([.get], ["/_trawl/log/topics/{topic}/groups"]) { request, services in
            let topics = try service(services).topics
            let topic = request.named("topic")
            let groups = try topics.groups(of: topic).map { try describe($0, topic, topics) }
            return .value(["groups": .array(groups)])
        },
        Route([.get], ["/_trawl/log/topics/{topic}/groups/{group}"]) { request, services in
            let topics = try service(services).topics
            let (topic, group) = (request.named("topic"), request.named("group"))
            guard try topics.groups(of: topic).contains(group) else {
                throw APIError.resourceNotFound(
                    "the group [\(group)] has committed nothing of [\(topic)]")
            }
            return .value(try describe(group, topic, topics))
        },
        Route([.put, .post], ["/_trawl/log/topics/{topic}/groups/{group}"]) {
            request, services in
            try commit(request, try service(services).topics)
        },
        Route([.delete], ["/_trawl/log/topics/{topic}/groups/{group}"]) { request, services in
            try service(services).topics.forget(
                request.named("group"), of: request.named("topic"))
            return .acknowledged
        },
        Route([.get], ["/_trawl/log/routes"]) { _, services in
            let logs = try service(services)
            return .value(["routes": .array(try logs.routes.map { try RouteBody.json($0, logs) })])
        },
        Route([.put, .post], ["/_trawl/log/routes/{name}"]) { request, services in
            let (route, fromStart) = try RouteBody.route(
                request.named("name"), try request.bodyObject())
            try service(services).put(route, fromStart: fromStart)
            return .acknowledged
        },
        Route([.delete], ["/_trawl/log/routes/{name}"]) { request, services in
            try service(services).removeRoute(request.named("name"))
            return .acknowledged
        },
    ]

    static func service(_ services: Services) throws -> LogService {
        guard let logs = services.logs else {
            throw APIError.illegalArgument("this node keeps no topics")
        }
        return logs
    }

    // MARK: Topics

    private static func describe(_ topic: String, _ logs: LogService) throws -> JSONValue {
        let options = try logs.topics.options(of: topic)
        let partitions = try (0..<options.partitionCount).map { number -> JSONValue in
            let log = try logs.topics.partition(number, of: topic)
            return [
                "partition": JSONValue(number), "first_offset": JSONValue(log.startOffset),
                "next_offset": JSONValue(log.endOffset), "epoch": JSONValue(log.epoch),
                "files": JSONValue(log.fileCount), "bytes": JSONValue(log.byteCount),
                "letters": JSONValue(try logs.topics.letters(number, of: topic)?.count ?? 0),
            ]
        }
        var retention = JSONObject()
        if let time = options.retention.time {
            let hours = time / .seconds(3600)
            retention["hours"] =
                Double(Int(hours)) == hours ? JSONValue(Int(hours)) : JSONValue(hours)
        }
        if let count = options.retention.byteCount { retention["bytes"] = JSONValue(count) }
        return [
            "topic": .string(topic), "partitions": .array(partitions),
            "retention": .object(retention),
            "compact": .bool(options.retention.keepsNewestOfKey),
        ]
    }

    private static func describe(
        _ group: String, _ topic: String, _ topics: LogTopics
    ) throws -> JSONValue {
        let offsets = try topics.committed(group, of: topic)
        let lag = try topics.lag(group, of: topic)
        func object(_ numbers: [Int: Int64]) -> JSONValue {
            .object(
                JSONObject(
                    numbers.sorted { $0.key < $1.key }
                        .map { (key: String($0.key), value: JSONValue($0.value)) }))
        }
        return ["group": .string(group), "offsets": object(offsets), "lag": object(lag)]
    }

    private static func commit(_ request: APIRequest, _ topics: LogTopics) throws -> APIResponse {
        let offsets = try request.bodyObject()["offsets"]?.objectValue ?? [:]
        guard !offsets.isEmpty else {
            throw APIError.parsing("[offsets] is missing: {\"offsets\": {\"0\": 12}}")
        }
        for (partition, offset) in offsets {
            guard let number = Int(partition), let offset = offset.intValue else {
                throw APIError.parsing("[offsets] holds partitions and the offsets to go on with")
            }
            try topics.commit(
                Int64(offset), partition: number, group: request.named("group"),
                of: request.named("topic"))
        }
        return .acknowledged
    }

    // MARK: Records

    private static func append(_ request: APIRequest, _ logs: LogService) throws -> APIResponse {
        let body = try request.bodyObject()
        guard let given = body["records"]?.arrayValue, !given.isEmpty else {
            throw APIError.parsing("[records] is missing or empty")
        }
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let now = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        let records = try given.map { try RecordBody.record($0, now: now) }
        var producer: ProducerStamp?
        if let stamp = body["producer"] {
            guard let id = stamp["id"]?.intValue, id >= 0,
                let epoch = (stamp["epoch"]?.intValue ?? 0).asInt16,
                let sequence = stamp["sequence"]?.intValue.flatMap({ Int32(exactly: $0) }),
                sequence >= 0
            else {
                throw APIError.parsing(
                    "[producer] has an id, an epoch, and the sequence of the first record")
            }
            producer = ProducerStamp(id: Int64(id), epoch: epoch, sequence: sequence)
        }
        let written = try logs.append(
            records, to: request.named("topic"),
            partition: try request.optionalInt("partition") ?? body["partition"]?.intValue,
            producer: producer)
        return .value([
            "written": .array(
                written.map {
                    [
                        "partition": JSONValue($0.partition),
                        "first_offset": JSONValue($0.offsets.lowerBound),
                        "next_offset": JSONValue($0.offsets.upperBound),
                    ]
                })
        ])
    }

    /// The longest that a reader waits for what is to come.
    private static let longestWait = Duration.seconds(30)

    private static func read(_ request: APIRequest, _ logs: LogService) throws -> APIResponse {
        let topic = request.named("topic")
        let number = try request.int("partition", default: 0)
        let log = try logs.topics.partition(number, of: topic)
        var from = try request.optionalLong("offset")
        if from == nil, let group = request["group"] {
            from = try logs.topics.committed(group, of: topic)[number].map {
                max($0, log.startOffset)
            }
        }
        let start = from ?? log.startOffset
        let wait = try request.duration("wait") ?? .zero
        if wait > .zero, start == log.endOffset {
            _ = log.wait(for: start, timeout: min(wait, longestWait))
        }
        let maxByteCount = try request.int("max_bytes", default: 1 << 20)
        let maxCount = try request.int("max_records", default: 10_000)
        guard maxByteCount > 0, maxCount > 0 else {
            throw APIError.illegalArgument("[max_bytes] and [max_records] are at least 1")
        }
        let end = log.endOffset
        let all = try log.read(from: start, maxByteCount: min(maxByteCount, 64 << 20))
        let records = all.prefix(maxCount)
        return .value([
            "topic": .string(topic), "partition": JSONValue(number),
            "records": .array(records.map(RecordBody.json)),
            // Nothing left by compaction: reading goes on after it.
            "next_offset": JSONValue(records.last.map { $0.offset + 1 } ?? max(start, end)),
            "end_offset": JSONValue(log.endOffset),
        ])
    }
}

extension Int {
    fileprivate var asInt16: Int16? { Int16(exactly: self).flatMap { $0 >= 0 ? $0 : nil } }
}

/// A topic in a request: `{"partitions": 4, "retention": {"hours": 168, "bytes": 1e9},
/// "compact": true}`.
enum TopicBody {
    static func options(_ body: JSONValue) throws -> TopicOptions {
        var options = TopicOptions()
        for (key, value) in body.objectValue ?? [:] {
            switch (key, value) {
            case ("partitions", let value) where value.intValue != nil:
                options.partitionCount = value.intValue ?? 1
            case ("compact", .bool(let compact)): options.retention.keepsNewestOfKey = compact
            case ("retention", .object(let retention)):
                for (name, value) in retention {
                    guard let number = value.doubleValue, number > 0, number < 1e15 else {
                        throw APIError.illegalArgument("[retention.\(name)] is no number above 0")
                    }
                    switch name {
                    case "hours": options.retention.time = .seconds(number * 3600)
                    case "bytes": options.retention.byteCount = Int(number)
                    default:
                        throw APIError.illegalArgument(
                            "[retention] has [hours] and [bytes], not [\(name)]")
                    }
                }
            default:
                throw APIError.illegalArgument(
                    "a topic has [partitions], [retention] and [compact]; [\(key)] is wrong here")
            }
        }
        return options
    }
}

/// A record in requests and answers. Bytes that are not UTF-8 stand as `value_base64`.
enum RecordBody {
    static func record(_ value: JSONValue, now: Int64) throws -> LogRecord {
        guard let object = value.objectValue else {
            throw APIError.parsing("each of [records] is an object")
        }
        var record = LogRecord(key: nil, value: nil, timestamp: now)
        for (name, value) in object {
            switch (name, value) {
            case ("key", .null), ("value", .null): break
            case ("key", .string(let key)): record.key = Array(key.utf8)
            case ("value", .string(let text)): record.value = Array(text.utf8)
            case ("value", let value): record.value = value.serialized()
            case ("value_base64", .string(let text)):
                guard let bytes = Base64Text.decode(text) else {
                    throw APIError.parsing("[value_base64] is not base64")
                }
                record.value = bytes
            case ("timestamp", let value) where value.intValue != nil:
                record.timestamp = Int64(value.intValue ?? 0)
            case ("headers", .object(let headers)):
                for (key, value) in headers {
                    guard value.isNull || value.stringValue != nil else {
                        throw APIError.parsing("the header [\(key)] is no text")
                    }
                    record.headers.append(.init(key, value.stringValue.map { Array($0.utf8) }))
                }
            default:
                throw APIError.parsing(
                    "a record has [key], [value] or [value_base64], [headers], [timestamp]; "
                        + "[\(name)] is wrong here")
            }
        }
        return record
    }

    static func json(_ record: LogRecord) -> JSONValue {
        var object: JSONObject = [
            "offset": JSONValue(record.offset), "timestamp": JSONValue(record.timestamp),
        ]
        object["key"] = record.key.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null
        put(record.value, into: &object)
        if !record.headers.isEmpty {
            var headers = JSONObject()
            for header in record.headers {
                headers[header.key] =
                    header.value.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null
            }
            object["headers"] = .object(headers)
        }
        return .object(object)
    }

    static func put(_ value: [UInt8]?, into object: inout JSONObject) {
        guard let value else {
            object["value"] = .null
            return
        }
        if let text = String(validating: value, as: UTF8.self) {
            object["value"] = .string(text)
        } else {
            object["value_base64"] = .string(Base64Text.encode(value))
        }
    }
}

/// A route in requests and answers: `{"topic": "orders", "index": "orders-eu", "pattern":
/// "eu.#"}`, with `exact`, `pattern`, `headers` and `headers_match`, or none of them for every
/// record; `index` may be several; `from` is `end` or `start`.
enum RouteBody {
    static func route(_ name: String, _ body: JSONObject) throws -> (TopicRoute, Bool) {
        var topic: String?
        var indices: [String] = []
        var matches: [TopicRoute.Match] = []
        var needsAll = true
        var fromStart = false
        for (key, value) in body {
            switch (key, value) {
            case ("topic", .string(let text)): topic = text
            case ("index", .string(let text)): indices = [text]
            case ("index", .array(let values)): indices = values.compactMap(\.stringValue)
            case ("exact", .string(let text)): matches.append(.exact(text))
            case ("pattern", .string(let text)): matches.append(.pattern(text))
            case ("headers", .object(let headers)):
                var wanted: [String: String] = [:]
                for (header, value) in headers {
                    guard let text = value.stringValue else {
                        throw APIError.illegalArgument("the header [\(header)] is no text")
                    }
                    wanted[header] = text
                }
                matches.append(.headers(wanted, needsAll: true))
            case ("headers_match", .string("all")): needsAll = true
            case ("headers_match", .string("any")): needsAll = false
            case ("from", .string("start")): fromStart = true
            case ("from", .string("end")): fromStart = false
            default:
                throw APIError.illegalArgument(
                    "a route has [topic], [index], one of [exact], [pattern], [headers], with "
                        + "[headers_match] all or any, and [from] start or end; [\(key)] is wrong "
                        + "here")
            }
        }
        guard let topic else { throw APIError.illegalArgument("[topic] is missing") }
        guard matches.count <= 1 else {
            throw APIError.illegalArgument("a route has one of [exact], [pattern], [headers]")
        }
        var match = matches.first ?? .all
        if case .headers(let wanted, _) = match { match = .headers(wanted, needsAll: needsAll) }
        return (TopicRoute(name: name, topic: topic, match: match, indices: indices), fromStart)
    }

    static func json(_ route: TopicRoute, _ logs: LogService) throws -> JSONValue {
        var object: JSONObject = [
            "route": .string(route.name), "topic": .string(route.topic),
            "index": .array(route.indices.map { .string($0) }),
        ]
        switch route.match {
        case .all: break
        case .exact(let key): object["exact"] = .string(key)
        case .pattern(let pattern): object["pattern"] = .string(pattern)
        case .headers(let wanted, let needsAll):
            object["headers"] = .object(
                JSONObject(
                    wanted.sorted { $0.key < $1.key }
                        .map { (key: $0.key, value: .string($0.value)) }))
            object["headers_match"] = needsAll ? "all" : "any"
        }
        object["deliveries"] = .array(
            try logs.deliveries(of: route).map { delivery in
                var entry: JSONObject = [
                    "index": .string(delivery.index), "lag": JSONValue(delivery.lag),
                ]
                if let problem = delivery.problem { entry["problem"] = .string(problem) }
                return .object(entry)
            })
        return .object(object)
    }
}
