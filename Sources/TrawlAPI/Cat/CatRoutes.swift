internal import TrawlHTTP
internal import TrawlJSON

/// Tables for people: `_cat`. What stands in them is in a file for each kind of subject.
enum CatRoutes {
    private static let common =
        "v h s help bytes time local size ts full_id " + Route.masterTimeout + Route.indexOptions

    private static func cat(
        _ names: [String], _ parameters: String = "",
        _ table: @escaping @Sendable (APIRequest, Services) throws -> CatTable
    ) -> Route {
        Route([.get], names.map { "/_cat/" + $0 }, common + parameters) { request, services in
            try table(request, services).respond(to: request)
        }
    }

    static let routes: [Route] = [
        Route([.get], ["/_cat"], "help v h s") { _, _ in
            let names = [
                "aliases", "aliases/{alias}", "allocation", "cluster_manager", "count",
                "count/{index}", "fielddata", "health", "indices", "indices/{index}", "master",
                "nodeattrs", "nodes", "pending_tasks", "plugins", "recovery", "recovery/{index}",
                "repositories", "segments", "segments/{index}", "shards", "shards/{index}",
                "tasks", "templates", "thread_pool", "thread_pool/{thread_pools}",
            ]
            return APIResponse(
                200, .text("=^.^=\n" + names.map { "/_cat/\($0)\n" }.joined()))
        },
        cat(
            ["indices", "indices/{index}"], "health pri include_unloaded_segments",
            CatIndices.indices),
        cat(["shards", "shards/{index}"], "", CatIndices.shards),
        cat(["segments", "segments/{index}"], "", CatIndices.segments),
        cat(
            ["recovery", "recovery/{index}"], "active_only detailed index", CatIndices.recovery),
        cat(["count", "count/{index}"], "", CatCluster.count),
        cat(["health"], "", CatCluster.health),
        cat(["aliases", "aliases/{name}"], "", CatCluster.aliases),
        cat(["templates", "templates/{name}"], "", CatCluster.templates),
        cat(
            ["tasks"], "actions detailed node_id parent_task_id nodes parent_task",
            CatCluster.tasks),
        cat(["nodes"], "", CatNodes.nodes),
        cat(["nodeattrs"]) { _, _ in CatNodes.attributes },
        cat(["plugins"], "include_bootstrap") { _, _ in CatNodes.plugins },
        cat(["master", "cluster_manager"], "", CatNodes.manager),
        cat(["allocation", "allocation/{node_id}"], "", CatNodes.allocation),
        cat(
            ["thread_pool", "thread_pool/{thread_pool_patterns}"], "", CatNodes.threadPools),
        cat(["pending_tasks"]) { _, _ in
            CatTable(columns: [
                .init("insertOrder", "o", right: true, "task insertion order"),
                .init("timeInQueue", "t", right: true, "how long task has been in queue"),
                .init("priority", "p", "task priority"), .init("source", "s", "task source"),
            ])
        },
        cat(["repositories"]) { _, _ in
            CatTable(columns: [
                .init("id", "id,repoId", "unique repository id"),
                .init("type", "t,type", right: true, "repository type"),
            ])
        },
        cat(["fielddata", "fielddata/{fields}"], "fields") { _, _ in
            CatTable(columns: [
                .init("id", "node id"), .init("host", "h", "host name"),
                .init("ip", "ip address"), .init("node", "n", "node name"),
                .init("field", "f", "field name"),
                .init("size", "s", right: true, unit: .bytes, "field data usage"),
            ])
        },
    ]
}
