internal import TrawlHTTP
internal import TrawlJSON

/// How fast a by-query operation goes: `requests_per_second`, which may be changed while it runs.
struct ByQueryPace {
    private let services: Services
    private let number: Int
    private(set) var throttled = Duration.zero

    init(_ request: APIRequest, _ services: Services, _ number: Int) throws {
        self.services = services
        self.number = number
        services.tasks.setRate(number, try Self.rate(request))
    }

    /// Nil for as fast as can be.
    static func rate(_ request: APIRequest) throws -> Double? {
        guard let text = request["requests_per_second"] else { return nil }
        if text == "unlimited" { return nil }
        guard let rate = Double(text) else {
            throw APIError.illegalArgument(
                "[requests_per_second] must be a float greater than 0. Use -1 to disable "
                    + "throttling.")
        }
        if rate == -1 { return nil }
        guard rate > 0 else {
            throw APIError.illegalArgument(
                "[requests_per_second] must be a float greater than 0. Use -1 to disable "
                    + "throttling.")
        }
        return rate.isFinite ? rate : nil
    }

    var shownRate: Double { services.tasks.rate(number) ?? -1 }

    /// Waits until as much time has gone since `start` as so many documents may take. The rate
    /// is looked up again and again: it may change, and the task may be cancelled.
    mutating func wait(after count: Int, since start: ContinuousClock.Instant) {
        let began = ContinuousClock.now
        while !services.tasks.isCancelled(number), let rate = services.tasks.rate(number) {
            let end = start + .milliseconds(Int64(Double(count) / rate * 1000))
            let left = end - ContinuousClock.now
            if left <= .zero { break }
            services.pause(milliseconds: UInt32(max(1, min(50, left / .milliseconds(1)))))
        }
        throttled += ContinuousClock.now - began
    }

    static func rethrottle(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        guard request.has("requests_per_second") else {
            throw APIError.illegalArgument("requests_per_second is a required parameter")
        }
        let rate = try rate(request)
        let task = try TaskRoutes.find(request.named("task_id"), services)
        guard !task.isCompleted else { return .value(["nodes": [:]]) }
        services.tasks.setRate(task.number, rate)
        guard var current = services.tasks[task.number] else { return .value(["nodes": [:]]) }
        current.status?["requests_per_second"] = JSONValue(rate ?? -1)
        let id = "\(services.node.id):\(task.number)"
        let entry = TaskRoutes.object(current, services, isDetailed: true)
        return .value([
            "nodes": [services.node.id: .object(TaskRoutes.node([id: entry], services))]
        ])
    }
}
