internal import TrawlCoordinator
internal import Synchronization
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlSchema

/// Small things that tools ask for: where a shard may live, and scripts by name.
enum ToolRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .post], ["/_cluster/allocation/explain"],
            "include_yes_decisions include_disk_info", allocation),
        Route(
            [.post], ["/_cluster/voting_config_exclusions"],
            Route.masterTimeout + "node_ids node_names"
        ) { request, services in
            try services.votingExclusions.add(request, services.node)
            return APIResponse(200, .empty)
        },
        Route(
            [.delete], ["/_cluster/voting_config_exclusions"],
            Route.masterTimeout + "wait_for_removal"
        ) { _, services in
            services.votingExclusions.clear()
            return APIResponse(200, .empty)
        },
        Route([.get], ["/_data_stream"], Route.indexOptions) { _, _ in
            .value(["data_streams": []])
        },
        Route([.get], ["/_data_stream/{name}"], Route.indexOptions) { request, _ in
            let name = request.named("name")
            if Wildcard.isPattern(name) { return .value(["data_streams": []]) }
            throw APIError.indexNotFound(name)
        },
        Route([.get], ["/_dangling"], "timeout") { _, services in
            .value([
                "_nodes": ["total": 1, "successful": 1, "failed": 0],
                "cluster_name": .string(services.node.clusterName), "dangling_indices": [],
            ])
        },
        Route([.get], ["/_snapshot", "/_snapshot/{repository}"], Route.masterTimeout + "local") {
            request, _ in
            let name = request["repository"] ?? "_all"
            if name == "_all" || Wildcard.isPattern(name) { return .value([:]) }
            throw APIError(404, "repository_missing_exception", "[\(name)] missing")
        },
        Route([.get], ["/_script_context"]) { _, _ in
            .value(["contexts": [["name": "update", "methods": []]]])
        },
        Route([.get], ["/_script_language"]) { _, _ in
            .value([
                "types_allowed": ["inline"],
                "language_contexts": [["language": "painless", "contexts": ["update"]]],
            ])
        },
        Route([.get], ["/_license", "/_xpack/license"], "local accept_enterprise") { _, services in
            .value([
                "license": [
                    "status": "active", "uid": .string(services.catalog.clusterUUID),
                    "type": "basic", "issue_date": "2026-01-01T00:00:00.000Z",
                    "issue_date_in_millis": 1_767_225_600_000, "max_nodes": 1000,
                    "issued_to": .string(services.node.clusterName), "issuer": "elasticsearch",
                    "start_date_in_millis": -1,
                ]
            ])
        },
        Route([.get], ["/_xpack"], "categories human accept_enterprise") { _, services in
            .value([
                "build": [
                    "hash": .string(services.node.buildHash), "date": "2026-01-01T00:00:00Z",
                ],
                "license": ["uid": "", "type": "basic", "mode": "basic", "status": "active"],
                "features": [:], "tagline": "You know, for X",
            ])
        },
    ]

    private static func allocation(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let catalog = services.catalog
        let body = try request.optionalBodyObject() ?? [:]
        let node: JSONValue = [
            "id": .string(services.node.id), "name": .string(services.node.name),
            "transport_address": .string(services.node.address),
        ]
        func assigned(_ index: String, _ shard: Int) -> APIResponse {
            .value([
                "index": .string(index), "shard": JSONValue(shard), "primary": true,
                "current_state": "started", "current_node": node,
                "can_remain_on_current_node": "yes", "can_rebalance_cluster": "no",
                "can_rebalance_cluster_decisions": [], "can_rebalance_to_other_node": "no",
                "rebalance_explanation":
                    .string(
                        "cannot rebalance as no target node exists that can both allocate this "
                            + "shard and improve the cluster balance"),
            ])
        }
        func unassigned(_ index: String, _ shard: Int) -> APIResponse {
            .value([
                "index": .string(index), "shard": JSONValue(shard), "primary": false,
                "current_state": "unassigned",
                "unassigned_info": [
                    "reason": "INDEX_CREATED", "last_allocation_status": "no_attempt",
                ],
                "can_allocate": "no",
                "allocate_explanation":
                    "cannot allocate because allocation is not permitted to any of the nodes",
            ])
        }
        if let name = body["index"]?.stringValue {
            guard let index = catalog.indices[name] else { throw APIError.indexNotFound(name) }
            let shard = body["shard"]?.intValue ?? 0
            guard (0..<index.shardCount).contains(shard) else {
                throw APIError(
                    404, "shard_not_found_exception", "no such shard",
                    facts: ["index": .string(name), "shard": .string(String(shard))])
            }
            return body["primary"] == false && index.replicaCount > 0
                ? unassigned(name, shard) : assigned(name, shard)
        }
        for name in catalog.names where catalog.indices[name]!.replicaCount > 0 {
            if catalog.indices[name]!.isOpen { return unassigned(name, 0) }
        }
        throw APIError.illegalArgument(
            "unable to find any unassigned shards to explain [ClusterAllocationExplainRequest["
                + "useAnyUnassignedShard=true,includeYesDecisions?=false]")
    }
}

/// Nodes that shall not vote. There is one node, and nothing to vote on: kept for tools that ask.
final class VotingExclusions: Sendable {
    private let nodes = Mutex<[(id: String, name: String)]>([])

    func add(_ request: APIRequest, _ node: NodeDescription) throws {
        let ids = request.list("node_ids")
        let names = request.list("node_names")
        guard (ids == nil) != (names == nil) else {
            throw APIError.illegalArgument(
                "Please set node identifiers correctly. One and only one of [node_name], "
                    + "[node_names] and [node_ids] has to be set")
        }
        let absent = "_absent_"
        nodes.withLock { nodes in
            for id in ids ?? [] { nodes.append((id, id == node.id ? node.name : absent)) }
            for name in names ?? [] { nodes.append((name == node.name ? node.id : absent, name)) }
        }
    }

    func clear() { nodes.withLock { $0 = [] } }

    var shown: [JSONValue] {
        nodes.withLock { nodes in
            nodes.map { ["node_id": .string($0.id), "node_name": .string($0.name)] }
        }
    }
}
