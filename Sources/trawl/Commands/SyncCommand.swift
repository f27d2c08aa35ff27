internal import Glibc
internal import TrawlErrors
internal import TrawlHTTP
internal import TrawlJSON

/// `trawl sync`: a node follows a primary store, and proves that it equals it.
enum SyncCommand {
    static let command = Command(
        name: "sync", summary: "Follow a primary store, and prove equality with it.",
        details: """
            A node copies the rows of a table and then follows its changes. Everything is done by the
            node, so it goes on when this program ends.
            """,
        subcommands: [
            add, list, status, verify, proofs, letters, pause, resume, resync, rebuild, remove,
        ])

    private static let url = Command.Option.value(
        "url", "URL", "The node that follows (default: TRAWL_URL, else http://127.0.0.1:9200).")

    private static func node(_ arguments: Arguments) -> any NodeAccess {
        RemoteNode(
            url: arguments.value("url") ?? Terminal.environment("TRAWL_URL")
                ?? "http://127.0.0.1:9200")
    }

    private static func path(_ name: String, _ rest: String = "") -> String {
        "/_trawl/sync/" + PathText.escaped(name) + rest
    }

    /// As a shell counts a Ctrl-C.
    private static let interrupted = ExitStatus(rawValue: 130)

    private static func show(_ value: JSONValue, _ output: inout Output) {
        output.write(raw: value.serialized(pretty: true))
        output.line()
    }

    // MARK: Adding and removing

    private static let add = Command(
        name: "add", summary: "Begin to follow a table.", operands: "NAME", operandCount: 1...1,
        details: """
            Makes what it needs in the store (SQLite: an outbox table and triggers; PostgreSQL: a
            publication and a slot), copies the rows, then follows. An index that is not there is made
            as INDEX-1 behind the alias INDEX.
            """,
        options: [
            url,
            .value("index", "INDEX", "Where the documents go."),
            .value("from", "STORE", "sqlite:PATH, postgres://USER@HOST/DATABASE, or topic:NAME."),
            .value("table", "TABLE", "Whose changes are followed."),
            .value("key", "COLUMNS", "What makes the id (default: the primary key)."),
            .value("columns", "LIST", "column or column:field, with commas (default: all)."),
            .value("sql", "QUERY", "SQLite: a query whose rows are the documents."),
            .value("format", "FORMAT", "What a topic's records are: json or debezium."),
            .value("on-schema-change", "WHAT", "follow (default) or stop."),
            .value("verify-every", "SECONDS", "Prove equality again and again."),
            .value("verify-rate", "ROWS", "Rows a second that a proof reads at most."),
            .value("file", "FILE", "All of this as JSON, as PUT /_trawl/sync/NAME takes it."),
            .flag("wait", nil, "Return when everything is copied."),
        ],
        examples: [
            "trawl sync add shop --index products --from sqlite:shop.db --table products"
        ]
    ) { arguments, output in
        let name = arguments.operands[0]
        var object = JSONObject()
        if let file = arguments.value("file") {
            let text = try TextFile.read(file)
            guard let given = try JSONValue.parse(text).objectValue else {
                throw UsageError("\(file) holds no JSON object")
            }
            object = given
        }
        for key in ["index", "table", "sql", "format"] {
            if let value = arguments.value(key) { object[key] = .string(value) }
        }
        if let from = arguments.value("from") { object["from"] = .string(whole(from)) }
        for key in ["key", "columns"] {
            if let value = arguments.value(key) {
                object[key] = .array(value.split(separator: ",").map { .string(String($0)) })
            }
        }
        if let policy = arguments.value("on-schema-change") {
            object["on_schema_change"] = .string(policy)
        }
        if arguments.has("verify-every") {
            object["verify_seconds"] = JSONValue(
                try arguments.int("verify-every", in: 1...10_000_000, default: 60))
        }
        if arguments.has("verify-rate") {
            object["verify_rate"] = JSONValue(
                try arguments.int("verify-rate", in: 1...1_000_000_000, default: 1))
        }
        let node = node(arguments)
        _ = try node.json(.put, path(name), body: .object(object))
        guard arguments.has("wait") else {
            output.line("following; trawl sync status \(name) shows how far it is")
            return .success
        }
        Interruption.watch()
        while !Interruption.isRequested {
            let status = try node.json(.get, path(name))
            let state = status["state"]?.stringValue ?? ""
            if state == "following" {
                for line in SyncText.lines(status) { output.line(line) }
                return .success
            }
            if state == "stopped" {
                throw UsageError(status["reason"]?.stringValue ?? "it stopped")
            }
            usleep(50_000)
        }
        return interrupted
    }

    /// The node may have been started somewhere else: the path of a database is made whole.
    private static func whole(_ from: String) -> String {
        guard from.hasPrefix("sqlite:"), !from.hasPrefix("sqlite:/") else { return from }
        var buffer = [CChar](repeating: 0, count: 4097)
        // As long as said.
        guard unsafe getcwd(&buffer, buffer.count - 1) != nil else { return from }
        let directory = String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "sqlite:" + directory + "/" + from.dropFirst("sqlite:".count)
    }

    private static let remove = Command(
        name: "remove", summary: "End it, and take away what it made in the store.",
        operands: "NAME", operandCount: 1...1,
        options: [url, .flag("force", nil, "Also when the store cannot be reached.")],
        examples: ["trawl sync remove shop"]
    ) { arguments, output in
        _ = try node(arguments).json(
            .delete, path(arguments.operands[0], arguments.has("force") ? "?force" : ""))
        output.line("\(arguments.operands[0]) is not followed any more; the index stays")
        return .success
    }

    // MARK: Looking

    private static let list = Command(
        name: "list", summary: "All stores that a node follows.", options: [url, .json],
        examples: ["trawl sync list"]
    ) { arguments, output in
        let answer = try node(arguments).json(.get, "/_trawl/sync")
        if arguments.has("json") {
            show(answer, &output)
            return .success
        }
        var table = TextTable([
            ("name", .left), ("state", .left), ("index", .left), ("lag", .right),
            ("events", .right), ("letters", .right), ("source", .left),
        ])
        let syncs = answer["syncs"]?.arrayValue ?? []
        for sync in syncs {
            table.add([
                sync["name"]?.stringValue ?? "", sync["state"]?.stringValue ?? "",
                sync["index"]?.stringValue ?? "", SyncText.lag(sync),
                sync["events"]?.description ?? "", sync["letters"]?.description ?? "",
                sync["source"]?.stringValue ?? "",
            ])
        }
        if syncs.isEmpty {
            output.line("Nothing is followed: trawl sync add begins.")
        } else {
            for line in table.lines() { output.line(line) }
        }
        return .success
    }

    private static let status = Command(
        name: "status", summary: "How one is: state, lag, letters, the last proof.",
        operands: "NAME", operandCount: 1...1,
        options: [url, .json, .flag("watch", nil, "Again every second, until Ctrl-C.")],
        examples: ["trawl sync status shop"]
    ) { arguments, output in
        let node = node(arguments)
        let name = arguments.operands[0]
        Interruption.watch()
        var shown = 0
        repeat {
            let status = try node.json(.get, path(name))
            if arguments.has("json") {
                show(status, &output)
            } else {
                if shown > 0, output.isTerminal { output.write("\u{1b}[\(shown)A\u{1b}[J") }
                let lines = SyncText.lines(status)
                for line in lines { output.line(line) }
                shown = lines.count
            }
            output.flush()
            guard arguments.has("watch") else { break }
            for _ in 0..<10 where !Interruption.isRequested { usleep(100_000) }
        } while !Interruption.isRequested
        return .success
    }

    // MARK: Proving

    private static let verify = Command(
        name: "verify", summary: "Compare store and index at one position, key by key.",
        operands: "NAME", operandCount: 1...1,
        details: """
            Both sides may be written meanwhile. Exits with 4 when they differ, and names the keys
            that are missing, surplus or different.
            """,
        options: [
            url, .json, .flag("repair", nil, "Bring just those keys anew, and compare again."),
            .flag("watch", nil, "Again and again, until Ctrl-C."),
        ], examples: ["trawl sync verify shop", "trawl sync verify shop --repair"]
    ) { arguments, output in
        let node = node(arguments)
        let name = arguments.operands[0]
        Interruption.watch()
        var isEqual = true
        repeat {
            let asked = try node.json(
                .post, path(name, "/_verify" + (arguments.has("repair") ? "?repair" : "")))
            let number = asked["proof"]?.description ?? ""
            guard let proof = try finished(number, of: name, node) else { return interrupted }
            if arguments.has("json") {
                show(proof, &output)
            } else {
                for line in SyncText.proof(proof, output) { output.line(line) }
            }
            output.flush()
            isEqual = ["equal", "repaired"].contains(proof["state"]?.stringValue ?? "")
            guard arguments.has("watch") else { break }
            for _ in 0..<10 where !Interruption.isRequested { usleep(100_000) }
        } while !Interruption.isRequested
        return isEqual ? .success : ExitStatus(.conflict)
    }

    /// Waits for the end of a proof; nil when Ctrl-C came first.
    private static func finished(
        _ number: String, of name: String, _ node: any NodeAccess
    ) throws -> JSONValue? {
        while !Interruption.isRequested {
            let proof = try node.json(.get, path(name, "/_proofs/\(number)"))
            if !["waiting", "running"].contains(proof["state"]?.stringValue ?? "") { return proof }
            let status = try node.json(.get, path(name))
            if status["state"]?.stringValue == "stopped" {
                throw UsageError(status["reason"]?.stringValue ?? "it stopped")
            }
            usleep(50_000)
        }
        return nil
    }

    private static let proofs = Command(
        name: "proofs", summary: "The history of proofs.", operands: "NAME", operandCount: 1...1,
        options: [url, .json], examples: ["trawl sync proofs shop"]
    ) { arguments, output in
        let answer = try node(arguments).json(.get, path(arguments.operands[0], "/_proofs"))
        if arguments.has("json") {
            show(answer, &output)
            return .success
        }
        var table = TextTable([
            ("proof", .right), ("state", .left), ("position", .left), ("documents", .right),
            ("keys", .right), ("seconds", .right), ("index", .left),
        ])
        for proof in answer["proofs"]?.arrayValue ?? [] {
            let keys = ["missing", "surplus", "different", "unreadable"].reduce(0) {
                $0 + (proof[$1 + "_count"]?.intValue ?? proof[$1]?.arrayValue?.count ?? 0)
            }
            table.add([
                proof["proof"]?.description ?? "", proof["state"]?.stringValue ?? "",
                proof["position"]?.stringValue ?? "",
                proof["store_documents"]?.description ?? "", String(keys),
                SyncText.seconds(proof["seconds"]?.doubleValue ?? 0),
                proof["index"]?.stringValue ?? "",
            ])
        }
        for line in table.lines() { output.line(line) }
        return .success
    }

    private static let letters = Command(
        name: "letters", summary: "Rows that could not become documents, and why.",
        operands: "NAME", operandCount: 1...1,
        options: [url, .json, .flag("replay", nil, "Try them again.")],
        examples: ["trawl sync letters shop", "trawl sync letters shop --replay"]
    ) { arguments, output in
        let node = node(arguments)
        let name = arguments.operands[0]
        if arguments.has("replay") {
            _ = try node.json(.post, path(name, "/_letters/_replay"))
            output.line("they are tried again")
            return .success
        }
        let answer = try node.json(.get, path(name, "/_letters"))
        if arguments.has("json") {
            show(answer, &output)
            return .success
        }
        let letters = answer["letters"]?.arrayValue ?? []
        for letter in letters {
            output.line(
                (letter["id"]?.stringValue ?? "") + "  " + (letter["reason"]?.stringValue ?? ""))
        }
        output.line("\(letters.count) letters")
        return .success
    }

    // MARK: Steering

    private static func simple(
        _ name: String, _ summary: String, _ said: String
    ) -> Command {
        Command(
            name: name, summary: summary, operands: "NAME", operandCount: 1...1, options: [url],
            examples: ["trawl sync \(name) shop"]
        ) { arguments, output in
            _ = try node(arguments).json(.post, path(arguments.operands[0], "/_\(name)"))
            output.line("\(arguments.operands[0]) \(said)")
            return .success
        }
    }

    private static let pause = simple(
        "pause", "Stop applying changes; the store keeps them.", "pauses")
    private static let resume = simple(
        "resume", "Go on, after a pause or after a stop.", "goes on")
    private static let resync = simple(
        "resync", "Begin anew on the same index: copy everything, remove what is too much.",
        "is copied anew")
    private static let rebuild = simple(
        "rebuild", "Build a new index beside the old one, prove it equal, switch the alias.",
        "is rebuilt; trawl sync status shows how far it is")
}

/// How a sync is told to people.
enum SyncText {
    static func seconds(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    static func lag(_ status: JSONValue) -> String {
        let lag = status["lag"]
        var parts: [String] = []
        if let events = lag?["events"]?.intValue { parts.append("\(events) events") }
        if let bytes = lag?["bytes"]?.intValue { parts.append(ByteText.short(bytes)) }
        if let value = lag?["seconds"]?.doubleValue { parts.append(seconds(value) + " s") }
        return parts.isEmpty ? "-" : parts.joined(separator: ", ")
    }

    static func lines(_ status: JSONValue) -> [String] {
        func text(_ key: String) -> String { status[key]?.stringValue ?? "" }
        var lines = ["\(text("name")): \(text("state")), \(text("source")) into \(text("index"))"]
        if let reason = status["reason"]?.stringValue { lines.append("  because   " + reason) }
        for copy in status["copies"]?.arrayValue ?? [] {
            let isComplete = copy["complete"]?.boolValue ?? false
            lines.append(
                "  index     \(copy["index"]?.stringValue ?? ""), "
                    + "\(copy["rows"]?.description ?? "0") rows copied"
                    + (isComplete ? "" : " so far"))
        }
        let rate = Int((status["events_per_second"]?.doubleValue ?? 0).rounded())
        lines.append("  position  \(text("position"))")
        lines.append("  lag       \(lag(status))")
        lines.append(
            "  events    \(status["events"]?.description ?? "0"), \(rate) a second lately")
        lines.append("  letters   \(status["letters"]?.description ?? "0")")
        if let proof = status["last_proof"], proof.objectValue != nil {
            lines.append(
                "  proof     \(proof["proof"]?.description ?? ""): "
                    + "\(proof["state"]?.stringValue ?? "") at "
                    + "\(proof["position"]?.stringValue ?? ""), "
                    + "\(proof["store_documents"]?.description ?? "0") documents")
        } else {
            lines.append("  proof     none yet: trawl sync verify \(text("name"))")
        }
        return lines
    }

    static func proof(_ proof: JSONValue, _ output: Output) -> [String] {
        let state = proof["state"]?.stringValue ?? ""
        let time = seconds(proof["seconds"]?.doubleValue ?? 0)
        if state == "failed" {
            return [output.styled("failed", .bad) + ": \(proof["reason"]?.stringValue ?? "")"]
        }
        var lines = [
            output.styled(state, state == "different" ? .bad : .good)
                + " at position \(proof["position"]?.stringValue ?? ""): "
                + "\(proof["store_documents"]?.description ?? "0") documents in the store, "
                + "\(proof["index_documents"]?.description ?? "0") in the index, \(time) s"
        ]
        if state != "different" { lines.append("digest \(proof["digest"]?.stringValue ?? "")") }
        for kind in ["missing", "surplus", "different", "unreadable"] {
            let count = proof[kind + "_count"]?.intValue ?? 0
            guard count > 0 else { continue }
            let keys = (proof[kind]?.arrayValue ?? []).prefix(10).compactMap(\.stringValue)
            lines.append(
                "\(kind) \(count): \(keys.joined(separator: ", "))"
                    + (count > keys.count ? ", …" : ""))
        }
        let repaired = proof["repaired"]?.intValue ?? 0
        if repaired > 0 { lines.append("\(repaired) brought anew") }
        return lines
    }
}
