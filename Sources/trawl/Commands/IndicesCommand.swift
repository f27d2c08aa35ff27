internal import TrawlHTTP
internal import TrawlJSON

/// `trawl indices`: what indices there are, and what is done to whole ones.
enum IndicesCommand {
    static let command = Command(
        name: "indices", summary: "List, create, delete and look after indices.",
        subcommands: [list, create, delete, stats, mapping, refresh, merge, reindex])

    private static let access: [Command.Option] = [.data, .url]

    private static let list = Command(
        name: "list", summary: "List the indices.", operands: "[PATTERN]", operandCount: 0...1,
        options: access + [.json], examples: ["trawl indices list"]
    ) { arguments, output in
        try withNode(arguments) { node in
            let pattern = PathText.escaped(arguments.operands.first ?? "*")
            let rows = try node.json(
                .get, "/_cat/indices/\(pattern)?format=json&s=index&bytes=b")
            if arguments.has("json") {
                output.write(raw: rows.serialized(pretty: true))
                output.line()
                return .success
            }
            var table = TextTable([
                ("index", .left), ("health", .left), ("documents", .right), ("deleted", .right),
                ("size", .right), ("shards", .right), ("replicas", .right),
            ])
            for row in rows.arrayValue ?? [] {
                func text(_ key: String) -> String { row[key]?.stringValue ?? "-" }
                table.add([
                    text("index"), text("health"), text("docs.count"), text("docs.deleted"),
                    Int(text("store.size")).map(ByteText.short) ?? "-", text("pri"), text("rep"),
                ])
            }
            if (rows.arrayValue ?? []).isEmpty {
                Output.error("There are no indices yet; trawl index NAME FILE makes one.")
            } else {
                for line in table.lines() { output.line(line) }
            }
            return .success
        }
    }

    private static let create = Command(
        name: "create", summary: "Create an index.", operands: "INDEX", operandCount: 1...1,
        options: access + [
            .value("shards", "N", "Number of shards (default: 1)."),
            .value("replicas", "N", "Copies besides the first (default: 1 in a cluster)."),
            .value("mapping", "FILE", "Mapping, or a whole body with settings, as JSON."),
        ], examples: ["trawl indices create news --shards 2"]
    ) { arguments, output in
        var body = JSONObject()
        if let file = arguments.value("mapping") {
            let given = try JSONValue.parse(TextFile.read(file)).objectValue ?? [:]
            let isWhole = given["mappings"] != nil || given["settings"] != nil
            body = isWhole ? given : ["mappings": .object(given)]
        }
        var settings = body["settings"]?.objectValue ?? [:]
        for (option, name) in [("shards", "number_of_shards"), ("replicas", "number_of_replicas")]
        where arguments.has(option) {
            settings[name] = JSONValue(try arguments.int(option, in: 0...1024, default: 1))
        }
        if !settings.isEmpty { body["settings"] = .object(settings) }
        return try withNode(arguments) { node in
            let name = arguments.operands[0]
            _ = try node.json(.put, "/\(PathText.escaped(name))", body: .object(body))
            output.line("created \(name)")
            return .success
        }
    }

    private static let delete = Command(
        name: "delete", summary: "Delete an index and all its documents.", operands: "INDEX",
        operandCount: 1...1, options: access, examples: ["trawl indices delete news"]
    ) { arguments, output in
        try withNode(arguments) { node in
            let name = arguments.operands[0]
            _ = try node.json(.delete, "/\(PathText.escaped(name))")
            output.line("deleted \(name)")
            return .success
        }
    }

    private static let stats = shown(
        "stats", "Show an index's figures.", example: "trawl indices stats english",
        target: { "/\($0)/_stats" })

    private static let mapping = shown(
        "mapping", "Show an index's mapping.", example: "trawl indices mapping english",
        target: { "/\($0)/_mapping" })

    private static let refresh = done(
        "refresh", "Make applied changes visible.", example: "trawl indices refresh english",
        target: { name, _ in "/\(name)/_refresh" })

    private static let merge = done(
        "merge", "Merge an index's segments.", example: "trawl indices merge english --segments 1",
        options: [.value("segments", "N", "To at most N segments (default: 1).")],
        target: { name, arguments in
            let count = try arguments.int("segments", in: 1...1000, default: 1)
            return "/\(name)/_forcemerge?max_num_segments=\(count)"
        })

    private static let reindex = Command(
        name: "reindex", summary: "Copy the documents of one index into another.",
        operands: "SOURCE TARGET", operandCount: 2...2, options: access,
        examples: ["trawl indices reindex news news-2"]
    ) { arguments, output in
        try withNode(arguments) { node in
            let result = try node.json(
                .post, "/_reindex?refresh=true",
                body: [
                    "source": ["index": .string(arguments.operands[0])],
                    "dest": ["index": .string(arguments.operands[1])],
                ])
            output.line("copied \(result["total"]?.intValue ?? 0) documents")
            return .success
        }
    }

    /// A verb that prints what the node answers.
    private static func shown(
        _ name: String, _ summary: String, example: String,
        target: @escaping @Sendable (String) -> String
    ) -> Command {
        Command(
            name: name, summary: summary, operands: "INDEX", operandCount: 1...1, options: access,
            examples: [example]
        ) { arguments, output in
            try withNode(arguments) { node in
                let value = try node.json(.get, target(PathText.escaped(arguments.operands[0])))
                output.write(raw: value.serialized(pretty: true))
                output.line()
                return .success
            }
        }
    }

    /// A verb that has something done.
    private static func done(
        _ name: String, _ summary: String, example: String, options: [Command.Option] = [],
        target: @escaping @Sendable (String, Arguments) throws -> String
    ) -> Command {
        Command(
            name: name, summary: summary, operands: "INDEX", operandCount: 1...1,
            options: access + options, examples: [example]
        ) { arguments, output in
            try withNode(arguments) { node in
                let index = arguments.operands[0]
                _ = try node.json(.post, try target(PathText.escaped(index), arguments))
                output.line("done: \(name) \(index)")
                return .success
            }
        }
    }

    private static func withNode(
        _ arguments: Arguments, _ body: (any NodeAccess) throws -> ExitStatus
    ) throws -> ExitStatus {
        let node = try NodeOpener.open(arguments)
        do {
            let status = try body(node)
            try node.close()
            return status
        } catch {
            try? node.close()
            throw error
        }
    }
}

/// Sizes for people.
enum ByteText {
    static func short(_ count: Int) -> String {
        let units = ["B", "KB", "MB", "GB", "TB"]
        var value = Double(count)
        var unit = 0
        while value >= 1000, unit + 1 < units.count {
            value /= 1024
            unit += 1
        }
        if unit == 0 { return "\(count) B" }
        let tenths = Int((value * 10).rounded())
        return tenths >= 100
            ? "\(tenths / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
