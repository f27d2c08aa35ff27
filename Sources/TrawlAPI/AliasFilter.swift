internal import TrawlJSON
internal import TrawlQuery

/// Filters of aliases are queries, checked when the alias is made.
enum AliasFilter {
    static func check(_ filter: JSONValue, _ alias: String) throws {
        do throws(QueryError) {
            _ = try QueryDSL.parse(filter)
        } catch {
            throw APIError(
                400, "illegal_argument_exception", "failed to parse filter for alias [\(alias)]",
                cause: ["type": .string(error.type), "reason": .string(error.reason)])
        }
    }
}
