internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON

/// Small things that tools ask for: where a shard may live, and scripts by name.
enum ToolRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .post], ["/_cluster/allocation/explain"],
            "include_yes_decisions include_disk_info", allocation),
        Route(
            [.post, .delete], ["/_cluster/voting_config_exclusions"],
            Route.masterTimeout + "node_ids node_names wait_for_removal"
        ) { _, _ in APIResponse(200, .empty) },
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
