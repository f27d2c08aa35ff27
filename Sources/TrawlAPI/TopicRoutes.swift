internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlLog

/// `/_trawl/log/TOPIC`: the short way to make a topic, and to feed it by lines.
enum TopicRoutes {
    static let routes: [Route] = [
        Route([.put], ["/_trawl/log/{topic}"]) { request, services in
            let options = try TopicBody.options(try request.optionalBody() ?? [:])
            try LogRoutes.service(services).topics.create(request.named("topic"), options)
            return .acknowledged
        },
        Route([.post], ["/_trawl/log/{topic}"], lane: .write) { request, services in
            let now = services.now
            let records = try records(request.content).map {
                LogRecord(key: $0.key, value: $0.value, timestamp: now)
            }
            _ = try LogRoutes.service(services).append(
                records, to: request.named("topic"), partition: nil, producer: nil)
            return .value(["records": JSONValue(records.count)])
        },
    ]

    /// A line each: `{"key": …, "value": …}`. A value that is null or missing says that the key is
    /// gone. Texts stand for their own bytes, everything else for its JSON.
    private static func records(
        _ content: [UInt8]
    ) throws -> [(key: [UInt8]?, value: [UInt8]?)] {
        var records: [(key: [UInt8]?, value: [UInt8]?)] = []
        for (number, line) in content.split(separator: UInt8(ascii: "\n")).enumerated() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0d }) { continue }
            guard let slice = try? JSONSlice(parsing: Array(line)),
                let members = try? slice.members()
            else {
                throw APIError.illegalArgument(
                    "line \(number + 1) is no JSON object {\"key\": …, \"value\": …}")
            }
            for (key, _) in members where key != "key" && key != "value" {
                throw APIError.illegalArgument(
                    "line \(number + 1) has the unknown member [\(key)], known are key and value")
            }
            func bytes(_ name: String) throws -> [UInt8]? {
                guard let member = slice[name] else { return nil }
                switch try member.value() {
                case .null: return nil
                case .string(let text): return Array(text.utf8)
                default: return member.array
                }
            }
            records.append((try bytes("key"), try bytes("value")))
        }
        if records.isEmpty { throw APIError.validation(["no records given"]) }
        return records
    }
}
