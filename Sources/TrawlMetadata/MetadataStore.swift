/// One fact of the cluster, as the store has it.
package struct MetadataEntry: Sendable, Equatable, Codable {
    package var key: String
    package var value: [UInt8]
    /// The store's revision when it was put.
    package var revision: Int64
    /// The session that it goes with; nil for one that stays.
    package var session: Int64?

    package init(key: String, value: [UInt8], revision: Int64, session: Int64? = nil) {
        self.key = key
        self.value = value
        self.revision = revision
        self.session = session
    }
}

/// Several changes that happen together or not at all.
package struct MetadataTransaction: Sendable, Equatable, Codable {
    /// What has to be true before: the revision of a key, 0 for a key that is not there.
    package struct Condition: Sendable, Equatable, Codable {
        package var key: String
        package var revision: Int64
    }

    package struct Put: Sendable, Equatable, Codable {
        package var key: String
        package var value: [UInt8]
        package var session: Int64?
    }

    package var conditions: [Condition] = []
    package var puts: [Put] = []
    package var deletes: [String] = []

    package init() {}

    package mutating func require(_ key: String, revision: Int64) {
        conditions.append(Condition(key: key, revision: revision))
    }

    package mutating func put(_ key: String, _ value: [UInt8], session: Int64? = nil) {
        puts.append(Put(key: key, value: value, session: session))
    }

    package mutating func delete(_ key: String) { deletes.append(key) }
}

/// What changed after a revision.
package enum MetadataChanges: Sendable, Equatable, Codable {
    /// In order; a nil value says that the key is gone.
    case changed([Change], upTo: Int64)
    /// The store does not remember so far back: everything has to be read again.
    case forgotten

    package struct Change: Sendable, Equatable, Codable {
        package var key: String
        package var value: [UInt8]?
        package var revision: Int64
    }
}

/// Where the cluster keeps what all nodes have to agree on: who is there, which indices there are,
/// who leads which shard.
///
/// What every store promises, whatever it is made of (`MetadataStoreTests` is run against each):
/// - transactions happen one after the other; each that changes something makes the next revision;
/// - what `commit` returned from is durable, but entries of a session are gone with the session;
/// - a watcher that goes on from the revision it has seen misses nothing, or is told so;
/// - a session that was not renewed for its time ends, and never before.
package protocol MetadataStore: Sendable {
    /// - Returns: The session's number, larger than all before.
    func openSession(timeToLive: Duration) throws -> Int64
    /// - Throws: `MetadataError.sessionExpired` when the session has ended.
    func renew(session: Int64) throws
    func close(session: Int64) throws

    func get(_ key: String) throws -> MetadataEntry?
    /// All entries whose key begins so, in order of their keys, as of one revision.
    func list(_ prefix: String) throws -> (entries: [MetadataEntry], revision: Int64)
    /// - Returns: The new revision; nil when a condition was not true.
    func commit(_ transaction: MetadataTransaction) throws -> Int64?
    /// What changed after `revision`; waits for something to change, at most so long.
    func changes(after revision: Int64, timeout: Duration) throws -> MetadataChanges
}

extension MetadataStore {
    /// Stands for election: the first with a session wins, until its session ends.
    ///
    /// - Returns: The epoch of the reign, larger than all before; nil when somebody else reigns.
    package func campaign(_ key: String, session: Int64, value: [UInt8]) throws -> Int64? {
        var transaction = MetadataTransaction()
        transaction.require(key, revision: 0)
        transaction.put(key, value, session: session)
        return try commit(transaction)
    }
}
