internal import TrawlErrors
package import TrawlFiles
internal import TrawlJSON
internal import Synchronization

/// How the catalog lies on disk: one JSON file, replaced atomically with every change.
package enum CatalogFormat {
    package static let fileName = "catalog.json"
    static let version = 1

    static func damaged(_ what: String) -> CoordinatorError {
        CoordinatorError(
            .corrupted, "corrupt_catalog", "cannot read \(fileName): \(what)")
    }
}

/// The indices, aliases and templates of a node: a snapshot that requests read, and one place
/// where it is changed. A change is on disk before anybody sees it.
package final class IndexCatalog: Sendable {
    private let store: any CatalogStore
    private let current: Mutex<(snapshot: CatalogSnapshot, revision: Int64)>
    /// Held for a whole change, the file's sync included; readers never wait for it.
    private let changing = Mutex(())

    /// - Parameter newUUID: Names a catalog that is begun.
    package init(store: any CatalogStore, newUUID: String) throws {
        self.store = store
        if let found = try Self.load(from: store) {
            current = Mutex(found)
            return
        }
        var snapshot = CatalogSnapshot()
        snapshot.clusterUUID = newUUID
        let json = snapshot.json(withTransient: store.isShared).serialized(pretty: true)
        if let revision = try store.replace(revision: 0, with: json) {
            current = Mutex((snapshot, revision))
        } else if let found = try Self.load(from: store) {
            // Another node was first.
            current = Mutex(found)
        } else {
            throw CatalogFormat.damaged("it was removed")
        }
    }

    /// The catalog of a node that is alone, in its directory.
    package convenience init(store: any FileStore, newUUID: String) throws {
        try self.init(store: FileCatalogStore(store), newUUID: newUUID)
    }

    private static func load(
        from store: any CatalogStore
    ) throws -> (snapshot: CatalogSnapshot, revision: Int64)? {
        try store.load().map { (try parse($0.json), $0.revision) }
    }

    private static func parse(_ json: [UInt8]) throws -> CatalogSnapshot {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(json)
        } catch {
            throw CatalogFormat.damaged(error.description)
        }
        return try CatalogSnapshot(json: value)
    }

    package var snapshot: CatalogSnapshot { current.withLock { $0.snapshot } }

    /// Takes over what another node changed. Older ones than the one known are ignored.
    package func adopt(_ json: [UInt8], revision: Int64) {
        guard revision > current.withLock({ $0.revision }),
            let snapshot = try? Self.parse(json)
        else { return }
        current.withLock { current in
            if revision > current.revision { current = (snapshot, revision) }
        }
    }

    /// Changes the catalog as one step: all of `change`, durably, or nothing when it throws.
    package func update<Result: Sendable>(
        _ change: (inout CatalogSnapshot) throws -> Result
    ) throws -> Result {
        try changing.withLock { _ in
            while true {
                var (copy, revision) = current.withLock { $0 }
                let result = try change(&copy)
                copy.version += 1
                copy.rebuildAliases()
                let json = copy.json(withTransient: store.isShared).serialized(pretty: false)
                if let made = try store.replace(revision: revision, with: json) {
                    current.withLock { current in
                        if made >= current.revision { current = (copy, made) }
                    }
                    return result
                }
                // Another node changed it meanwhile: the change is decided anew on what is there.
                guard let found = try Self.load(from: store) else {
                    throw CatalogFormat.damaged("it was removed")
                }
                current.withLock { current in
                    if found.revision > current.revision { current = found }
                }
            }
        }
    }
}
