internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON

/// How a by-query operation is cut: into parts that are told apart in its answer (`slices`), or
/// to the one part that the request is for (`slice`).
struct ByQuerySlices {
    let count: Int
    let own: (id: Int, max: Int)?

    init(
        _ request: APIRequest, _ body: JSONObject, _ services: Services, _ shardCount: Int
    ) throws {
        let given = body["slice"] ?? body["source"]?["slice"]
        if let slice = given?.objectValue {
            guard let id = slice["id"]?.intValue, let max = slice["max"]?.intValue, max > 1,
                id >= 0, id < max
            else { throw APIError.illegalArgument("[slice] needs an [id] below its [max]") }
            own = (id, max)
        } else {
            own = nil
        }
        switch request["slices"] {
        case nil: count = 1
        case "auto": count = max(1, shardCount)
        case let text?:
            guard let number = Int(text) else {
                throw APIError.illegalArgument(
                    "[slices] must be a positive integer or the string \"auto\"")
            }
            guard number >= 1 else {
                throw APIError.illegalArgument("[slices] must be at least 1 but was [\(number)]")
            }
            guard number <= 1024 else {
                throw APIError.illegalArgument("[slices] must be at most 1024")
            }
            count = number
        }
        if own != nil, count > 1 {
            throw APIError.validation([
                "can't specify both manual and automatic slicing at the same time"
            ])
        }
    }

    func contains(_ id: String) -> Bool {
        own.map { Coordinator.shardNumber(routing: id, of: $0.max) == $0.id } ?? true
    }

    func slice(of id: String) -> Int {
        count == 1 ? 0 : Coordinator.shardNumber(routing: id, of: count)
    }
}
