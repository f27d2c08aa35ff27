internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlSchema

/// Tasks: what runs, what came of what ran in the background, and stopping it.
enum TaskRoutes {
    static let routes: [Route] = [
        Route(
            [.get], ["/_tasks"],
            "actions detailed group_by nodes node_id parent_task_id timeout wait_for_completion",
            list),
        Route([.get], ["/_tasks/{task_id}"], "wait_for_completion timeout", show),
        Route(
            [.post], ["/_tasks/_cancel", "/_tasks/{task_id}/_cancel"],
            "actions nodes parent_task_id wait_for_completion timeout", cancel),
    ]

    static func object(
        _ task: TaskTable.Task, _ services: Services, isDetailed: Bool
    ) -> JSONValue {
        var object: JSONObject = [
            "node": .string(services.node.id), "id": JSONValue(task.number),
            "type": "transport", "action": .string(task.action),
        ]
        if isDetailed { object["description"] = .string(task.description) }
        if let status = task.status { object["status"] = status }
        object["start_time_in_millis"] = JSONValue(task.startedAt)
        object["running_time_in_nanos"] = JSONValue(
            Int((ContinuousClock.now - task.began) / .nanoseconds(1)))
        object["cancellable"] = true
        object["cancelled"] = .bool(task.isCancelled)
        object["headers"] = task.opaqueID.map { ["X-Opaque-Id": .string($0)] } ?? [:]
        return .object(object)
    }

    private static func list(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let isDetailed = try request.bool("detailed")
        let patterns = request.list("actions")
        let number = services.tasks.begin(
            "cluster:monitor/tasks/lists", "", now: services.now,
            opaqueID: request.http.header("x-opaque-id"))
        defer { services.tasks.forget(number) }
        let tasks = services.tasks.running.filter { task in
            patterns.map { $0.contains { Wildcard.matches($0, task.action) } } ?? true
        }
        let entries = JSONObject(
            tasks.map {
                (
                    key: "\(services.node.id):\($0.number)",
                    value: object($0, services, isDetailed: isDetailed)
                )
            })
        switch request["group_by"] ?? "nodes" {
        case "none": return .value(["tasks": .array(entries.values)])
        case "parents": return .value(["tasks": .object(entries)])
        case "nodes":
            return .value([
                "nodes": tasks.isEmpty
                    ? [:]
                    : [services.node.id: .object(node(entries, services))] as JSONValue
            ])
        case let other:
            throw APIError.illegalArgument(
                "[group_by] must be one of [nodes], [parents] or [none] but was [\(other)]")
        }
    }

    static func node(_ entries: JSONObject, _ services: Services) -> JSONObject {
        [
            "name": .string(services.node.name),
            "transport_address": .string(services.node.address),
            "host": .string(services.node.host), "ip": .string(services.node.address),
            "roles": ["cluster_manager", "data", "ingest", "remote_cluster_client"],
            "tasks": .object(entries),
        ]
    }

    /// A task by `node:number`.
    static func find(_ id: String, _ services: Services) throws -> TaskTable.Task {
        let parts = id.split(separator: ":").map(String.init)
        guard parts.count == 2, let number = Int(parts[1]) else {
            throw APIError.illegalArgument("malformed task id \(id)")
        }
        guard parts[0] == services.node.id, let task = services.tasks[number] else {
            throw APIError.resourceNotFound(
                "task [\(id)] isn't running and hasn't stored its results")
        }
        return task
    }

    private static func show(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let id = request.named("task_id")
        var task = try find(id, services)
        if try request.bool("wait_for_completion") {
            let deadline = request.began + (try request.duration("timeout") ?? .seconds(30))
            while !task.isCompleted, ContinuousClock.now < deadline {
                services.pause(milliseconds: 10)
                task = try find(id, services)
            }
        }
        var body: JSONObject = [
            "completed": .bool(task.isCompleted),
            "task": object(task, services, isDetailed: true),
        ]
        body["response"] = task.response
        body["error"] = task.error
        return .value(.object(body))
    }

    private static func cancel(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        var cancelled: [TaskTable.Task] = []
        if let id = request["task_id"] {
            let task = try find(id, services)
            if services.tasks.cancel(task.number) { cancelled = [task] }
        } else {
            let patterns = request.list("actions") ?? ["*"]
            for task in services.tasks.running
            where patterns.contains(where: { Wildcard.matches($0, task.action) }) {
                if services.tasks.cancel(task.number) { cancelled.append(task) }
            }
        }
        let entries = JSONObject(
            cancelled.map {
                (
                    key: "\(services.node.id):\($0.number)",
                    value: object($0, services, isDetailed: false)
                )
            })
        return .value([
            "nodes": cancelled.isEmpty
                ? [:] : [services.node.id: .object(node(entries, services))] as JSONValue
        ])
    }
}
