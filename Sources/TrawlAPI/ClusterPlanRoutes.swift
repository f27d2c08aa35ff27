internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON

/// Where copies lie and will lie: the ring, plans, and what an operator asks for.
enum ClusterPlanRoutes {
    static let routes: [Route] = [
        Route(
            [.post], ["/_cluster/reroute"],
            Route.masterTimeout + "dry_run explain retry_failed metric", reroute),
        Route([.get], ["/_trawl/ring"], "parts", ring),
        Route([.get], ["/_trawl/plan"], "exclude", plan),
    ]

    private static func planning(_ services: Services) throws -> any ClusterPlanning {
        guard let planning = services.coordinator.planning else {
            throw APIError.illegalArgument(
                "this node is alone: it was started without --secret-file")
        }
        return planning
    }

    private static func reroute(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let body = try request.optionalBodyObject() ?? [:]
        for key in body.keys where key != "commands" {
            throw APIError.xContentParse(
                "[cluster_reroute] unknown field [\(key)]")
        }
        let items = body["commands"]?.arrayValue ?? []
        let metrics = Set(
            request.list("metric")
                ?? ClusterRoutes.stateMetrics.subtracting(["metadata"]).sorted())
        var answer: JSONObject = ["acknowledged": true]
        if services.coordinator.planning == nil {
            answer["explanations"] = try refusals(items, request)
        } else if !items.isEmpty {
            try planning(services).reroute(
                try items.map(command), isDryRun: try request.bool("dry_run"))
        }
        answer["state"] = .object(try ClusterRoutes.state(metrics, request, services))
        return .value(.object(answer))
    }

    /// Nothing can be moved on a node that is alone: commands are explained when that is asked,
    /// and refused when they are meant.
    private static func refusals(
        _ items: [JSONValue], _ request: APIRequest
    ) throws -> JSONValue? {
        let explains = try request.bool("explain")
        let isDry = try request.bool("dry_run")
        let explanations = try items.map { item -> JSONValue in
            guard let name = item.objectValue?.keys.first,
                var facts = item.objectValue?[name]?.objectValue
            else { throw APIError.parse("a command is an object with one member, its name") }
            let reason =
                "can't \(name) \(facts["shard"] ?? .null), failed to find it on node "
                + (facts["node"]?.stringValue ?? "")
            guard explains || isDry else {
                throw APIError.illegalArgument("[\(name)] \(reason)")
            }
            if facts["allow_primary"] == nil { facts["allow_primary"] = false }
            return [
                "command": .string(name), "parameters": .object(facts),
                "decisions": [
                    [
                        "decider": .string("\(name)_allocation_command"), "decision": "NO",
                        "explanation": .string(reason),
                    ]
                ],
            ]
        }
        return explains ? .array(explanations) : nil
    }

    private static func command(_ value: JSONValue) throws -> RerouteCommand {
        guard let object = value.objectValue, object.count == 1, let name = object.keys.first,
            let facts = object[name]?.objectValue
        else { throw APIError.parse("a command is an object with one member, its name") }
        func text(_ key: String) throws -> String {
            guard let text = facts[key]?.stringValue else {
                throw APIError.parse("[\(name)] needs [\(key)]")
            }
            return text
        }
        guard let shard = facts["shard"]?.intValue else {
            throw APIError.parse("[\(name)] needs [shard], a number")
        }
        switch name {
        case "move":
            return .move(
                index: try text("index"), shard: shard, from: try text("from_node"),
                to: try text("to_node"))
        case "cancel": return .cancel(index: try text("index"), shard: shard)
        default:
            throw APIError.illegalArgument(
                "unknown allocation command [\(name)]: this engine knows move and cancel")
        }
    }

    private static func ring(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let parts = min(max(1, request["parts"].flatMap { Int($0) } ?? 72), 4096)
        let ring = try planning(services).ring(parts: parts)
        return .value([
            "nodes": .array(
                ring.nodes.map {
                    [
                        "name": .string($0.name), "zone": .string($0.zone),
                        "weight": JSONValue($0.weight), "share": JSONValue($0.share),
                        "copies": JSONValue($0.copyCount), "leaders": JSONValue($0.leaderCount),
                    ]
                }),
            "owners": .array(ring.owners.map { JSONValue($0) }),
        ])
    }

    private static func plan(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let plan = try planning(services).plan(excluding: request.list("exclude") ?? [])
        return .value([
            "moves": .array(
                plan.moves.map { move in
                    [
                        "index": .string(move.index), "shard": JSONValue(move.shard),
                        "from": move.source.map { .string($0) } ?? .null,
                        "to": .string(move.target),
                        "bytes": move.byteCount.map { JSONValue($0) } ?? .null,
                    ]
                }),
            "drops": .array(
                plan.drops.map {
                    [
                        "index": .string($0.index), "shard": JSONValue($0.shard),
                        "node": .string($0.node),
                    ]
                }),
        ])
    }
}
