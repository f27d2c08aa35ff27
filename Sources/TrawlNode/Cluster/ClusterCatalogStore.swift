internal import TrawlCoordinator
internal import TrawlMetadata

/// The catalogue as all nodes share it: one entry of the metadata store.
final class ClusterCatalogStore: CatalogStore {
    private let member: ClusterMember

    init(_ member: ClusterMember) { self.member = member }

    let isShared = true

    func load() throws -> (json: [UInt8], revision: Int64)? {
        try member.store.get(ClusterKey.catalog.text).map { ($0.value, $0.revision) }
    }

    func replace(revision: Int64, with json: [UInt8]) throws -> Int64? {
        var transaction = MetadataTransaction()
        transaction.require(ClusterKey.catalog.text, revision: revision)
        transaction.put(ClusterKey.catalog.text, json)
        guard let made = try member.store.commit(transaction) else { return nil }
        member.settle(made)
        return made
    }
}
