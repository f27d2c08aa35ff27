internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlLog

/// `/_trawl/log/letters`: what could not be applied, to be looked at, mended, sent again or
/// discarded.
enum LetterRoutes {
    private static let one = "/_trawl/log/letters/{source}/{part}/{number}"

    static let routes: [Route] = [
        Route([.get], ["/_trawl/log/letters", "/_trawl/log/letters/{source}"], "all size") {
            request, services in
            let logs = try LogRoutes.service(services)
            let source = request["source"]
            try check(source, logs, services)
            let letters = try logs.letters(
                of: source, limit: try request.int("size", default: 1000),
                onlyOpen: !(try request.bool("all")))
            return .value([
                "letters": .array(letters.map { describe($0.address, $0.letter) })
            ])
        },
        Route([.get], [one]) { request, services in
            let address = try address(request)
            return .value(
                describe(address, try LogRoutes.service(services).letter(address)))
        },
        Route([.put, .post], [one + "/_mend"]) { request, services in
            let address = try address(request)
            let logs = try LogRoutes.service(services)
            let letter = try logs.letter(address)
            try logs.mend(address, with: try mended(letter, by: try request.bodyObject()))
            return .value(describe(address, try logs.letter(address)))
        },
        Route([.post], [one + "/_replay"], lane: .write) { request, services in
            let address = try address(request)
            return .value(
                describe(address, try LogRoutes.service(services).replay(address)))
        },
        Route(
            [.post], ["/_trawl/log/letters/_replay", "/_trawl/log/letters/{source}/_replay"],
            lane: .write
        ) { request, services in
            try all(request, services) { logs, address in
                describe(address, try logs.replay(address))
            }
        },
        Route([.post, .delete], [one + "/_discard"]) { request, services in
            try LogRoutes.service(services).discard(try address(request))
            return .acknowledged
        },
        Route(
            [.post], ["/_trawl/log/letters/_discard", "/_trawl/log/letters/{source}/_discard"]
        ) { request, services in
            try all(request, services) { logs, address in
                try logs.discard(address)
                return ["letter": .string(address.description), "result": "discarded"]
            }
        },
    ]

    private static func address(_ request: APIRequest) throws -> LetterAddress {
        let text =
            "\(request.named("source"))/\(request.named("part"))/\(request.named("number"))"
        guard let address = LetterAddress(text) else {
            throw APIError.illegalArgument("[\(text)] is no letter: INDEX/SHARD/NUMBER")
        }
        return address
    }

    private static func check(_ source: String?, _ logs: LogService, _ services: Services) throws {
        guard let source, !source.hasPrefix(LetterAddress.topicPrefix),
            services.catalog.indices[source] == nil
        else { return }
        throw APIError.indexNotFound(source)
    }

    /// Does something with each letter that waits. One that fails says so and the others go on.
    private static func all(
        _ request: APIRequest, _ services: Services,
        _ body: (LogService, LetterAddress) throws -> JSONValue
    ) throws -> APIResponse {
        let logs = try LogRoutes.service(services)
        try check(request["source"], logs, services)
        let letters = try logs.letters(of: request["source"], limit: 10_000, onlyOpen: true)
        let results = letters.map { address, _ -> JSONValue in
            do { return try body(logs, address) } catch {
                return [
                    "letter": .string(address.description), "result": "postponed",
                    "reason": .string("\(error)"),
                ]
            }
        }
        return .value(["results": .array(results)])
    }

    // MARK: Text

    private static func describe(
        _ address: LetterAddress, _ letter: DeadLetters.Letter
    ) -> JSONValue {
        var object: JSONObject = [
            "letter": .string(address.description), "status": .string(letter.status.word),
            "offset": JSONValue(letter.offset), "type": .string(letter.type),
            "reason": .string(letter.reason),
        ]
        if let target = letter.target { object["index"] = .string(target) }
        if case .replayed(let offset) = letter.status {
            object["replayed_offset"] = JSONValue(offset)
        }
        if letter.tryCount > 0 {
            object["tries"] = JSONValue(letter.tryCount)
            object["last_try"] = letter.lastTry.map { .string($0) }
        }
        object["record"] = RecordBody.json(letter.record)
        object["mended"] = letter.mended.map(RecordBody.json)
        return .object(object)
    }

    private static func describe(
        _ address: LetterAddress, _ result: DeliveryResult
    ) -> JSONValue {
        var object: JSONObject = ["letter": .string(address.description)]
        switch result {
        case .done(let word, let offset):
            object["result"] = .string(word)
            object["offset"] = JSONValue(offset)
        case .conflict(let reason):
            object["result"] = "conflict"
            object["reason"] = .string(reason)
        case .refused(let type, let reason):
            object["result"] = "refused"
            object["type"] = .string(type)
            object["reason"] = .string(reason)
        case .failedLater(let reason, let offset):
            // It is another letter now.
            object["result"] = "failed"
            object["reason"] = .string(reason)
            object["offset"] = JSONValue(offset)
        case .postponed(let reason):
            object["result"] = "postponed"
            object["reason"] = .string(reason)
        }
        return .object(object)
    }

    /// `{"document": {…}}` puts a document in place of the change's; `{"request": {"op": …, "id":
    /// …, "routing": …, "body": {…}}}` another request, its missing members as they were.
    private static func mended(
        _ letter: DeadLetters.Letter, by body: JSONObject
    ) throws -> LogRecord {
        var record = letter.mended ?? letter.record
        func set(_ name: String, _ text: String) {
            record.headers.removeAll { $0.key == name }
            record.headers.append(.init(name, Array(text.utf8)))
        }
        let op = record.header("op").map { String(decoding: $0, as: UTF8.self) }
        switch (body["document"], body["request"]) {
        case (.some(.object(let document)), nil) where body.count == 1:
            record.value = JSONValue.object(document).serialized()
            if op != "create" { set("op", "index") }
        case (nil, .some(.object(let request))) where body.count == 1:
            for (key, value) in request {
                switch (key, value) {
                case ("op", .string(let text))
                where ["index", "create", "update", "delete"].contains(text):
                    set("op", text)
                    if text == "delete" { record.value = nil }
                case ("id", .string(let text)) where !text.isEmpty: record.key = Array(text.utf8)
                case ("routing", .string(let text)): set("routing", text)
                case ("body", .object(let object)):
                    record.value = JSONValue.object(object).serialized()
                default:
                    throw APIError.illegalArgument(
                        "[request] has [op] (index, create, update, delete), [id], [routing] and "
                            + "[body]; [\(key)] is wrong here")
                }
            }
        default:
            throw APIError.illegalArgument(
                "a letter is mended by {\"document\": {…}} or {\"request\": {…}}")
        }
        do throws(CodecFailure) {
            var whole = record
            if whole.key == nil { whole.key = [UInt8(ascii: "x")] }
            _ = try ChangeCodec.change(of: whole)
        } catch {
            throw APIError.illegalArgument("that would be no change: \(error.reason)")
        }
        return record
    }
}
