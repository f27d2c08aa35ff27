internal import TrawlHTTP
internal import TrawlJSON

/// `trawl log route`: which records of a topic go to which indices.
enum LogRoutesCommand {
    static let command = Command(
        name: "route", summary: "Bring the records of a topic into indices.",
        details: """
            A record is a change: its key is the document's id, its value the document, none a
            delete. What is compared is its header route, or its key without one. A node that runs
            delivers, each record once.
            """,
        subcommands: [add, list, remove])

    private static func path(_ name: String) -> String {
        "/_trawl/log/routes/" + PathText.escaped(name)
    }

    private static let add = Command(
        name: "add", summary: "Add a route, or replace the one of its name.",
        operands: "NAME TOPIC INDEX…", operandCount: 3...100,
        details: """
            Without --exact, --pattern or --header every record goes to every index named.
            """,
        options: [
            .data, .url, .value("exact", "KEY", "Records whose routing key is this."),
            .value("pattern", "PATTERN", "Words between dots; * is one word, # any number."),
            .value("header", "NAME=VALUE", "Records with this header.", repeats: true),
            .flag("any", nil, "Any of the headers is enough (default: all of them)."),
            .flag("from-start", nil, "Also the records that are there already."),
        ],
        examples: [
            "trawl log route add eu orders orders-eu --pattern 'eu.#'",
            "trawl log route add all orders orders archive --from-start",
        ]
    ) { arguments, output in
        var body: JSONObject = [
            "topic": .string(arguments.operands[1]),
            "index": .array(arguments.operands.dropFirst(2).map { .string($0) }),
            "from": arguments.has("from-start") ? "start" : "end",
        ]
        for name in ["exact", "pattern"] {
            if let value = arguments.value(name) { body[name] = .string(value) }
        }
        var headers = JSONObject()
        for text in arguments.values("header") {
            guard let equals = text.firstIndex(of: "=") else {
                throw UsageError("--header takes NAME=VALUE, not \"\(text)\"")
            }
            headers[String(text[..<equals])] = .string(String(text[text.index(after: equals)...]))
        }
        if !headers.isEmpty {
            body["headers"] = .object(headers)
            body["headers_match"] = arguments.has("any") ? "any" : "all"
        }
        let node = try NodeOpener.open(arguments)
        _ = try node.json(.put, path(arguments.operands[0]), body: .object(body))
        try node.close()
        output.line("the route \(arguments.operands[0]) is there")
        return .success
    }

    private static let list = Command(
        name: "list", summary: "All routes, and how far each was delivered.",
        options: [.data, .url, .json], examples: ["trawl log route list"]
    ) { arguments, output in
        let node = try NodeOpener.open(arguments)
        let routes = try node.json(.get, "/_trawl/log/routes")["routes"] ?? []
        try node.close()
        if arguments.has("json") {
            output.write(raw: routes.serialized(pretty: true))
            output.line()
            return .success
        }
        for route in routes.arrayValue ?? [] {
            for delivery in route["deliveries"]?.arrayValue ?? [] {
                output.line(
                    "\(route["route"]?.stringValue ?? "")  \(route["topic"]?.stringValue ?? "") -> "
                        + "\(delivery["index"]?.stringValue ?? "")  \(rule(route))  "
                        + "\(delivery["lag"]?.intValue ?? 0) behind"
                        + (delivery["problem"]?.stringValue.map { "  \($0)" } ?? ""))
            }
        }
        if routes.arrayValue?.isEmpty ?? true { output.line("no routes") }
        return .success
    }

    private static func rule(_ route: JSONValue) -> String {
        if let key = route["exact"]?.stringValue { return "exact \(key)" }
        if let pattern = route["pattern"]?.stringValue { return "pattern \(pattern)" }
        guard let headers = route["headers"]?.objectValue else { return "every record" }
        let list = headers.map { "\($0.key)=\($0.value.stringValue ?? "")" }
        return "\(route["headers_match"]?.stringValue ?? "all") of "
            + list.joined(separator: ", ")
    }

    private static let remove = Command(
        name: "remove", summary: "End a route. What it delivered stays.",
        operands: "NAME", operandCount: 1...1, options: [.data, .url],
        examples: ["trawl log route remove eu"]
    ) { arguments, output in
        let node = try NodeOpener.open(arguments)
        _ = try node.json(.delete, path(arguments.operands[0]))
        try node.close()
        output.line("the route \(arguments.operands[0]) is gone")
        return .success
    }
}
