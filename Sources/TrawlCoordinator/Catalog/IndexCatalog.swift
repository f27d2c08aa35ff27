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
    private let store: any FileStore
    private let current: Mutex<CatalogSnapshot>
    /// Held for a whole change, the file's sync included; readers never wait for it.
    private let changing = Mutex(())

    /// - Parameter newUUID: Names a catalog that is begun.
    package init(store: any FileStore, newUUID: String) throws {
        self.store = store
        if store.exists(CatalogFormat.fileName) {
            let bytes = try store.readAll(CatalogFormat.fileName)
            let value: JSONValue
            do throws(JSONError) {
                value = try JSONValue.parse(bytes)
            } catch {
                throw CatalogFormat.damaged(error.description)
            }
            current = Mutex(try CatalogSnapshot(json: value))
        } else {
            var snapshot = CatalogSnapshot()
            snapshot.clusterUUID = newUUID
            current = Mutex(snapshot)
            try store.replaceAtomically(
                CatalogFormat.fileName, with: snapshot.json.serialized(pretty: true))
        }
    }

    package var snapshot: CatalogSnapshot { current.withLock { $0 } }

    /// Changes the catalog as one step: all of `change`, durably, or nothing when it throws.
    package func update<Result: Sendable>(
        _ change: (inout CatalogSnapshot) throws -> Result
    ) throws -> Result {
        try changing.withLock { _ in
            var copy = current.withLock { $0 }
            let result = try change(&copy)
            copy.version += 1
            copy.rebuildAliases()
            try store.replaceAtomically(
                CatalogFormat.fileName, with: copy.json.serialized(pretty: false))
            current.withLock { $0 = copy }
            return result
        }
    }
}
