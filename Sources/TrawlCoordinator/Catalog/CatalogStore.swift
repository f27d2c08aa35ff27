package import TrawlFiles

/// Where the catalog is kept: in a file of a node that is alone, or where all nodes of a cluster find
/// it.
package protocol CatalogStore: Sendable {
    /// Whether other nodes read it, too.
    var isShared: Bool { get }
    /// Nil when there is none yet.
    func load() throws -> (json: [UInt8], revision: Int64)?
    /// Puts the catalog, durably, in place of the one with the revision (0: of none).
    ///
    /// - Returns: Its own revision, larger than all before; nil when another one is there by now.
    func replace(revision: Int64, with json: [UInt8]) throws -> Int64?
}

/// The catalog in a file. Nobody else changes it: the directory is locked.
package struct FileCatalogStore: CatalogStore {
    private let store: any FileStore

    package init(_ store: any FileStore) { self.store = store }

    package let isShared = false

    package func load() throws -> (json: [UInt8], revision: Int64)? {
        guard store.exists(CatalogFormat.fileName) else { return nil }
        return (try store.readAll(CatalogFormat.fileName), 1)
    }

    package func replace(revision: Int64, with json: [UInt8]) throws -> Int64? {
        try store.replaceAtomically(CatalogFormat.fileName, with: json)
        return revision + 1
    }
}
