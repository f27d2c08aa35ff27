internal import TrawlBytes

/// The entries of a store and what changed last: a value without clock or disk.
struct MetadataState: Sendable {
    private(set) var entries: [String: MetadataEntry] = [:]
    private(set) var revision: Int64 = 0
    /// The latest changes, for watchers; those before are forgotten.
    private var changes: [MetadataChanges.Change] = []
    /// Watchers that have seen this revision can be served from `changes`.
    private var rememberedFrom: Int64 = 0
    static let rememberedCount = 8192

    init() {}

    func holds(_ conditions: [MetadataTransaction.Condition]) -> Bool {
        conditions.allSatisfy { (entries[$0.key]?.revision ?? 0) == $0.revision }
    }

    /// Whether the transaction changes anything: deleting what is not there does not.
    func isEmpty(_ transaction: MetadataTransaction) -> Bool {
        transaction.puts.isEmpty && transaction.deletes.allSatisfy { entries[$0] == nil }
    }

    mutating func apply(_ transaction: MetadataTransaction) {
        revision += 1
        for key in transaction.deletes where entries.removeValue(forKey: key) != nil {
            changes.append(.init(key: key, value: nil, revision: revision))
        }
        for put in transaction.puts {
            entries[put.key] = MetadataEntry(
                key: put.key, value: put.value, revision: revision, session: put.session)
            changes.append(.init(key: put.key, value: put.value, revision: revision))
        }
        if changes.count > Self.rememberedCount * 2 {
            let cut = changes[changes.count - Self.rememberedCount].revision
            changes.removeAll { $0.revision <= cut }
            rememberedFrom = cut
        }
    }

    func list(_ prefix: String) -> [MetadataEntry] {
        entries.values.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
    }

    /// Nil: nothing changed since.
    func changes(after seen: Int64) -> MetadataChanges? {
        if seen == revision { return nil }
        // A watcher ahead of the store has seen another store.
        guard seen >= rememberedFrom, seen < revision else { return .forgotten }
        return .changed(changes.filter { $0.revision > seen }, upTo: revision)
    }

    // MARK: Bytes

    /// The lasting part: what a snapshot keeps.
    ///
    ///      revision, next session: zigzag; count; each: key, value counted, revision zigzag
    func write(to writer: inout ByteWriter, nextSession: Int64) {
        writer.writeZigzag(revision)
        writer.writeZigzag(nextSession)
        let lasting = list("").filter { $0.session == nil }
        writer.writeVarint(lasting.count)
        for entry in lasting {
            writer.write(entry.key)
            writer.write(counted: entry.value)
            writer.writeZigzag(entry.revision)
        }
    }

    static func read(
        from reader: inout ByteReader
    ) throws(CorruptionError) -> (MetadataState, nextSession: Int64) {
        var state = MetadataState()
        state.revision = try reader.readZigzag()
        let nextSession = try reader.readZigzag()
        for _ in 0..<(try reader.readCount()) {
            let key = try reader.readString()
            let value = Array(try reader.readCounted())
            state.entries[key] = MetadataEntry(
                key: key, value: value, revision: try reader.readZigzag())
        }
        state.rememberedFrom = state.revision
        return (state, nextSession)
    }

    /// A revision that was used for something that did not last.
    mutating func skip(to revision: Int64) {
        self.revision = max(self.revision, revision)
        changes = []
        rememberedFrom = self.revision
    }
}

extension MetadataTransaction {
    /// A record of the store's log: its revision, and what lasts of the transaction.
    func record(revision: Int64) -> [UInt8] {
        var writer = ByteWriter()
        writer.writeZigzag(revision)
        let lasting = puts.filter { $0.session == nil }
        // What a session puts over a lasting entry takes that away.
        let gone = deletes + puts.filter { $0.session != nil }.map(\.key)
        writer.writeVarint(lasting.count)
        for put in lasting {
            writer.write(put.key)
            writer.write(counted: put.value)
        }
        writer.writeVarint(gone.count)
        for key in gone { writer.write(key) }
        return writer.bytes
    }

    static func read(
        record bytes: [UInt8], file: String
    ) throws(CorruptionError) -> (MetadataTransaction, revision: Int64) {
        var reader = ByteReader(bytes, file: file)
        var transaction = MetadataTransaction()
        let revision = try reader.readZigzag()
        for _ in 0..<(try reader.readCount()) {
            let key = try reader.readString()
            transaction.put(key, Array(try reader.readCounted()))
        }
        for _ in 0..<(try reader.readCount()) { transaction.delete(try reader.readString()) }
        return (transaction, revision)
    }
}
