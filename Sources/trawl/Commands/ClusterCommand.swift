internal import TrawlHTTP
internal import TrawlJSON

/// `trawl cluster`: who is there, what lies where, and what will move.
enum ClusterCommand {
    static let command = Command(
        name: "cluster", summary: "Look at a cluster, and plan its moves.",
        subcommands: [status, ring, plan, drain, move])

    private static let url = Command.Option.value(
        "url", "URL", "Any node of the cluster (default: http://127.0.0.1:9200).")

    private static func node(_ arguments: Arguments) -> any NodeAccess {
        RemoteNode(url: arguments.value("url") ?? "http://127.0.0.1:9200")
    }

    // MARK: Status

    private static let status = Command(
        name: "status", summary: "Show the nodes, and the copies of every shard.",
        options: [url, .json], examples: ["trawl cluster status"]
    ) { arguments, output in
        let node = node(arguments)
        let health = try node.json(.get, "/_cluster/health?explain")
        let nodes = try node.json(
            .get, "/_cat/nodes?format=json&full_id=true&h=id,name,http_address,cluster_manager")
        let shards = try node.json(.get, "/_cat/shards?format=json&s=index,shard,prirep&bytes=b")
        if arguments.has("json") {
            let all: JSONValue = ["health": health, "nodes": nodes, "shards": shards]
            output.write(raw: all.serialized(pretty: true))
            output.line()
            return .success
        }
        func text(_ value: JSONValue, _ key: String) -> String { value[key]?.stringValue ?? "-" }
        let color = text(health, "status")
        output.line(
            "cluster \(text(health, "cluster_name")) is "
                + output.styled(color, color == "green" ? .good : .bad))
        for reason in health["reasons"]?.arrayValue ?? [] {
            output.line("  " + (reason.stringValue ?? ""))
        }
        output.line()
        var table = TextTable([
            ("node", .left), ("address", .left), ("copies", .right), ("leads", .right),
            ("", .left),
        ])
        let rows = shards.arrayValue ?? []
        for entry in nodes.arrayValue ?? [] {
            let name = text(entry, "name")
            let own = rows.filter { text($0, "node") == name }
            table.add([
                name, text(entry, "http_address"), String(own.count),
                String(own.count { text($0, "prirep") == "p" }),
                text(entry, "cluster_manager") == "*" ? "keeps the metadata" : "",
            ])
        }
        for line in table.lines() { output.line(line) }
        output.line()
        var copies = TextTable([
            ("index", .left), ("shard", .right), ("copy", .left), ("state", .left),
            ("documents", .right), ("size", .right), ("node", .left),
        ])
        for row in rows {
            copies.add([
                text(row, "index"), text(row, "shard"),
                text(row, "prirep") == "p" ? "leader" : "follower", text(row, "state"),
                text(row, "docs"), Int(text(row, "store")).map(ByteText.short) ?? "-",
                text(row, "node"),
            ])
        }
        if rows.isEmpty {
            output.line("There are no indices yet.")
        } else {
            for line in copies.lines() { output.line(line) }
        }
        return .success
    }

    // MARK: Ring

    private static let ring = Command(
        name: "ring", summary: "Draw the ring of nodes: which part each one owns.",
        options: [url, .json], examples: ["trawl cluster ring"]
    ) { arguments, output in
        let answer = try node(arguments).json(.get, "/_trawl/ring?parts=\(RingDrawing.partCount)")
        if arguments.has("json") {
            output.write(raw: answer.serialized(pretty: true))
            output.line()
            return .success
        }
        let owners = answer["owners"]?.arrayValue?.compactMap(\.intValue) ?? []
        for line in RingDrawing.lines(owners) { output.line(line) }
        output.line()
        var table = TextTable([
            ("", .left), ("node", .left), ("zone", .left), ("weight", .right),
            ("of the ring", .right), ("copies", .right), ("leads", .right),
        ])
        for (place, entry) in (answer["nodes"]?.arrayValue ?? []).enumerated() {
            let share = entry["share"]?.doubleValue ?? 0
            let tenths = Int((share * 1000).rounded())
            table.add([
                String(RingDrawing.letter(place)), entry["name"]?.stringValue ?? "-",
                entry["zone"]?.stringValue ?? "", entry["weight"]?.description ?? "1",
                "\(tenths / 10).\(tenths % 10) %", entry["copies"]?.description ?? "0",
                entry["leaders"]?.description ?? "0",
            ])
        }
        for line in table.lines() { output.line(line) }
        return .success
    }

    // MARK: Plan

    private static let plan = Command(
        name: "plan", summary: "Show what will move, and how many bytes, before anything moves.",
        options: [
            url, .json,
            .value("drain", "NODE", "As if the node were drained.", repeats: true),
        ], examples: ["trawl cluster plan", "trawl cluster plan --drain node-2"]
    ) { arguments, output in
        let drained = arguments.values("drain").map(PathText.escaped).joined(separator: ",")
        let answer = try node(arguments).json(
            .get, "/_trawl/plan" + (drained.isEmpty ? "" : "?exclude=\(drained)"))
        if arguments.has("json") {
            output.write(raw: answer.serialized(pretty: true))
            output.line()
            return .success
        }
        let moves = answer["moves"]?.arrayValue ?? []
        var table = TextTable([
            ("index", .left), ("shard", .right), ("from", .left), ("to", .left),
            ("bytes", .right),
        ])
        var total = 0
        for move in moves {
            total += move["bytes"]?.intValue ?? 0
            table.add([
                move["index"]?.stringValue ?? "-", move["shard"]?.description ?? "-",
                move["from"]?.stringValue ?? "(a new copy)", move["to"]?.stringValue ?? "-",
                move["bytes"]?.intValue.map(ByteText.short) ?? "?",
            ])
        }
        for drop in answer["drops"]?.arrayValue ?? [] {
            table.add([
                drop["index"]?.stringValue ?? "-", drop["shard"]?.description ?? "-",
                drop["node"]?.stringValue ?? "-", "(dropped)", "",
            ])
        }
        if moves.isEmpty, answer["drops"]?.arrayValue?.isEmpty ?? true {
            output.line("Everything lies where it should.")
        } else {
            for line in table.lines() { output.line(line) }
            output.line("\(moves.count) moves, \(ByteText.short(total))")
        }
        return .success
    }

    // MARK: Changing

    private static let drain = Command(
        name: "drain", summary: "Move everything off a node, or take that back.",
        operands: "[NODE]", operandCount: 0...1,
        options: [url, .flag("stop", nil, "Nodes are used again.")],
        examples: ["trawl cluster drain node-2", "trawl cluster drain --stop"]
    ) { arguments, output in
        let name = arguments.operands.first
        guard (name == nil) == arguments.has("stop") else {
            throw UsageError("name a node, or say --stop", help: "trawl cluster drain --help")
        }
        let value: JSONValue = name.map { .string($0) } ?? .null
        _ = try node(arguments).json(
            .put, "/_cluster/settings",
            body: ["persistent": ["cluster.routing.allocation.exclude._name": value]])
        output.line(
            name.map { "\($0) gives its copies up; trawl cluster status shows how far it is" }
                ?? "no node is drained any more")
        return .success
    }

    private static let move = Command(
        name: "move", summary: "Move one copy of a shard to another node.",
        operands: "INDEX SHARD FROM TO", operandCount: 4...4, options: [url],
        examples: ["trawl cluster move news 0 node-1 node-3"]
    ) { arguments, output in
        let operands = arguments.operands
        guard let shard = Int(operands[1]) else {
            throw UsageError(
                "SHARD is a number, not \"\(operands[1])\"", help: "trawl cluster move --help")
        }
        let command: JSONValue = [
            "move": [
                "index": .string(operands[0]), "shard": JSONValue(shard),
                "from_node": .string(operands[2]), "to_node": .string(operands[3]),
            ]
        ]
        _ = try node(arguments).json(
            .post, "/_cluster/reroute", body: ["commands": [command]])
        output.line("\(operands[0])[\(shard)] goes from \(operands[2]) to \(operands[3])")
        return .success
    }
}
