package import TrawlErrors

/// What can go wrong between a request and the shards. The type is the name by which clients of
/// the API know it; the index is the one that the failure is about.
package struct CoordinatorError: TrawlError, Equatable, Codable {
    package var kind: ErrorKind
    package var type: String
    package var reason: String
    package var index: String?
    package var indexUUID: String?
    /// What kind of name was not found: `index_or_alias`, `index_expression`, `aliases`.
    package var resourceType: String?
    /// The HTTP status where the kind alone does not say it.
    package var status: Int?
    package var shard: Int?
    package var causes: [Cause] = []

    package struct Cause: Sendable, Equatable, Codable {
        package var type: String
        package var reason: String

        package init(type: String, reason: String) {
            self.type = type
            self.reason = reason
        }
    }

    package init(
        _ kind: ErrorKind, _ type: String, _ reason: String, index: String? = nil,
        indexUUID: String? = nil, resourceType: String? = nil, status: Int? = nil
    ) {
        self.kind = kind
        self.type = type
        self.reason = reason
        self.index = index
        self.indexUUID = indexUUID
        self.resourceType = resourceType
        self.status = status
    }

    package var code: String { type }
    package var description: String { "\(type): \(reason)" }

    package static func illegalArgument(_ reason: String) -> CoordinatorError {
        CoordinatorError(.invalidRequest, "illegal_argument_exception", reason)
    }

    package static func settings(_ reason: String) -> CoordinatorError {
        CoordinatorError(.invalidRequest, "settings_exception", reason)
    }

    package static func indexNotFound(
        _ name: String, resourceType: String = "index_or_alias"
    ) -> CoordinatorError {
        CoordinatorError(
            .notFound, "index_not_found_exception", "no such index [\(name)]", index: name,
            indexUUID: "_na_", resourceType: resourceType)
    }

    package static func invalidName(_ name: String, _ reason: String) -> CoordinatorError {
        CoordinatorError(
            .invalidRequest, "invalid_index_name_exception",
            "Invalid index name [\(name)], \(reason)", index: name, indexUUID: "_na_")
    }

    package static func closed(_ index: IndexMetadata) -> CoordinatorError {
        CoordinatorError(
            .invalidRequest, "index_closed_exception", "closed", index: index.name,
            indexUUID: index.uuid)
    }

    /// A block that stands on an index, as its number and text are known.
    package static func blocked(_ name: String, _ block: String) -> CoordinatorError {
        CoordinatorError(
            .invalidRequest, "cluster_block_exception", "index [\(name)] blocked by: [\(block)];",
            status: 403)
    }
}
