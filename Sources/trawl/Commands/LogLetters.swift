internal import TrawlErrors
internal import TrawlHTTP
internal import TrawlJSON

/// `trawl log letters|mend|replay|discard`: what could not be applied, through the API, on a
/// directory or a node.
enum LogLetters {
    private static let base = "/_trawl/log/letters"

    private static func path(_ letter: String, _ rest: String = "") throws -> String {
        let parts = letter.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 || parts.count == 1 else {
            throw UsageError(
                "\"\(letter)\" is no letter: INDEX/SHARD/NUMBER, or topic:TOPIC/PARTITION/NUMBER",
                help: "trawl log letters")
        }
        return base + "/" + parts.map(PathText.escaped).joined(separator: "/") + rest
    }

    private static func using<T>(
        _ arguments: Arguments, _ body: (any NodeAccess) throws -> T
    ) throws -> T {
        let node = try NodeOpener.open(arguments)
        do {
            let value = try body(node)
            try node.close()
            return value
        } catch {
            try? node.close()
            throw error
        }
    }

    static let letters = Command(
        name: "letters", summary: "Changes that could not be applied, with the reason.",
        operands: "[INDEX|topic:TOPIC]", operandCount: 0...1,
        details: """
            Each has a name, INDEX/SHARD/NUMBER or topic:TOPIC/PARTITION/NUMBER, for mend, replay and
            discard.
            """,
        options: [
            .data, .url, .json, .flag("all", nil, "Those replayed and discarded, too."),
        ], examples: ["trawl log letters english"]
    ) { arguments, output in
        var target = base
        if let source = arguments.operands.first { target += "/" + PathText.escaped(source) }
        if arguments.has("all") { target += "?all" }
        let letters = try using(arguments) { node in
            try node.json(.get, target)["letters"]?.arrayValue ?? []
        }
        for letter in letters {
            if arguments.has("json") {
                output.write(raw: letter.serialized())
                output.line()
                continue
            }
            let status = letter["status"]?.stringValue ?? ""
            output.line(
                "\(letter["letter"]?.stringValue ?? "")"
                    + (status == "open" ? "" : "  \(status)")
                    + (letter["mended"] == nil ? "" : "  mended")
                    + (letter["index"]?.stringValue.map { "  for \($0)" } ?? ""))
            output.line(
                "  \(letter["type"]?.stringValue ?? ""): \(letter["reason"]?.stringValue ?? "")")
            if let last = letter["last_try"]?.stringValue { output.line("  last try: \(last)") }
            let record = RecordText(json: letter["mended"] ?? letter["record"] ?? [:])
            output.line(record.line(width: output.isTerminal ? Terminal.width : 10_000))
        }
        if !arguments.has("json") { output.line("\(letters.count) letters") }
        return .success
    }

    static let mend = Command(
        name: "mend", summary: "Put a corrected document or request in place of a letter's.",
        operands: "LETTER [FILE|-]", operandCount: 1...2,
        details: """
            The file holds the document, or with --request what is to be done: {"op": "update", "id":
            "7", "body": {…}}, its missing members as they were. Then replay the letter.
            """,
        options: [
            .data, .url, .flag("request", nil, "The file holds a request, not a document."),
        ],
        examples: ["echo '{\"price\": 12}' | trawl log mend products/0/3"]
    ) { arguments, output in
        let file = arguments.operands.dropFirst().first ?? "-"
        guard let body = try JSONValue.parse(try TextFile.read(file)).objectValue else {
            throw UsageError("\(file == "-" ? "the input" : file) holds no JSON object")
        }
        let letter = arguments.operands[0]
        _ = try using(arguments) { node in
            try node.json(
                .post, try path(letter, "/_mend"),
                body: [arguments.has("request") ? "request" : "document": .object(body)])
        }
        output.line("\(letter) is mended; trawl log replay \(letter) sends it")
        return .success
    }

    static let replay = Command(
        name: "replay", summary: "Send letters again, mended or as they came.",
        operands: "LETTER|INDEX|topic:TOPIC", operandCount: 0...1,
        details: """
            One letter, or all that wait of an index or a topic, or all there are with --all. Each is
            a new change: it comes after everything that happened since.
            """,
        options: [.data, .url, .json, .flag("all", nil, "All that wait.")],
        examples: ["trawl log replay products/0/3", "trawl log replay products"]
    ) { arguments, output in
        let results = try send("_replay", arguments)
        var isFine = true
        for result in results {
            let word = result["result"]?.stringValue ?? ""
            if ["refused", "conflict", "failed", "postponed"].contains(word) { isFine = false }
            if arguments.has("json") {
                output.write(raw: result.serialized())
                output.line()
            } else {
                output.line(
                    "\(result["letter"]?.stringValue ?? "")  \(word)"
                        + (result["reason"]?.stringValue.map { ": \($0)" } ?? ""))
            }
        }
        if results.isEmpty { output.line("no letter waits") }
        return isFine ? .success : ExitStatus(.conflict)
    }

    static let discard = Command(
        name: "discard", summary: "Give letters up. They stay readable with letters --all.",
        operands: "LETTER|INDEX|topic:TOPIC", operandCount: 0...1,
        options: [.data, .url, .flag("all", nil, "All that wait.")],
        examples: ["trawl log discard products/0/3"]
    ) { arguments, output in
        let results = try send("_discard", arguments)
        for result in results {
            output.line("\(result["letter"]?.stringValue ?? arguments.operands[0])  discarded")
        }
        if results.isEmpty { output.line("no letter waits") }
        return .success
    }

    private static func send(_ verb: String, _ arguments: Arguments) throws -> [JSONValue] {
        guard let name = arguments.operands.first else {
            guard arguments.has("all") else {
                throw UsageError("name a letter, an index or a topic, or give --all")
            }
            return try using(arguments) { node in
                try node.json(.post, "\(base)/\(verb)")["results"]?.arrayValue ?? []
            }
        }
        let answer = try using(arguments) { node in
            try node.json(.post, try path(name, "/" + verb))
        }
        return answer["results"]?.arrayValue ?? [answer]
    }
}
