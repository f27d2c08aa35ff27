internal import Glibc
internal import Synchronization
internal import TrawlBytes
internal import TrawlErrors
package import TrawlJSON
internal import TrawlSchema

/// Sends each request to the right shards of this node and puts together what comes back.
///
/// Knows indices by the catalog and shards only as ``ShardClient``.
package final class Coordinator: Sendable {
    /// A new index is answered for when its shards can take changes, or after this.
    private static let readyTimeout = Duration.seconds(30)

    package let catalog: IndexCatalog
    let provider: any ShardProvider
    package let pipelines = PipelineBook()
    /// By the index's uuid, in the order of the shards' numbers. A shard is opened once, by
    /// whoever needs it first; opening waits for nothing but the disk.
    private let opened = Mutex<[String: [any ShardClient]]>([:])
    private let lastStamp = Mutex<UInt64>(0)

    package init(catalog: IndexCatalog, provider: any ShardProvider) {
        self.catalog = catalog
        self.provider = provider
    }

    package var isReady: Bool { true }

    /// Milliseconds since 1970.
    package var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// A stamp later than all before: the order in which changes were received.
    package func nextStamp() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let clock = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        return lastStamp.withLock { last in
            last = max(last + 1, clock)
            return last
        }
    }

    // MARK: Shards

    package func shards(of index: IndexMetadata) throws -> [any ShardClient] {
        try opened.withLock { opened in
            if let shards = opened[index.uuid] { return shards }
            let shards = try (0..<index.shardCount).map { number in
                try provider.openShard(index, number: number)
            }
            opened[index.uuid] = shards
            return shards
        }
    }

    /// The shard that holds a document: contiguous ranges of 2^16 slots of the hash of the
    /// routing, or of the id.
    package static func shardNumber(routing: String, of count: Int) -> Int {
        let slot = Int(StableHash.hash64(routing) >> 48)
        return slot * count / 65_536
    }

    package func dropShards(ofRemoved names: [String]) {
        let known = Set(catalog.snapshot.indices.values.map(\.uuid))
        let gone = opened.withLock { opened in
            let gone = opened.filter { !known.contains($0.key) }
            for uuid in gone.keys { opened[uuid] = nil }
            return gone
        }
        for shards in gone.values {
            for shard in shards { shard.close() }
        }
        provider.removeAll(but: known)
    }

    /// Commits and closes everything.
    package func close() {
        let all = opened.withLock { opened in
            defer { opened = [:] }
            return opened.values.flatMap { $0 }
        }
        for shard in all { shard.close() }
    }

    // MARK: Indices

    package func createIndex(_ creation: IndexCreation) throws {
        let now = now
        let uuid = RandomID.make(length: RandomID.uuidLength)
        let index = try catalog.update { try $0.create(creation, uuid: uuid, now: now) }
        _ = try shards(of: index)
        _ = provider.waitUntilReady(index, timeout: Self.readyTimeout)
    }

    /// The index or alias that a document goes to, made by templates when there is none yet.
    package func writeTarget(
        _ name: String, requireAlias: Bool = false
    ) throws -> (index: IndexMetadata, alias: AliasMetadata?) {
        let snapshot = catalog.snapshot
        if requireAlias {
            let resolved = try DateMathName.resolve(name, now: now)
            if snapshot.aliases[resolved] == nil {
                throw CoordinatorError(
                    .notFound, "index_not_found_exception",
                    "no such index [\(name)] and [require_alias] request flag is [true] and "
                        + "[\(name)] is not an alias", index: name, indexUUID: "_na_")
            }
        }
        if let target = try snapshot.writeTarget(name, now: now) {
            if !target.index.isOpen { throw CoordinatorError.closed(target.index) }
            return target
        }
        let resolved = try DateMathName.resolve(name, now: now)
        try IndexName.checkIndex(resolved)
        let automatic =
            snapshot.transientSettings.text("action.auto_create_index")
            ?? snapshot.persistentSettings.text("action.auto_create_index") ?? "true"
        guard Self.allows(automatic, resolved) else {
            throw CoordinatorError(
                .notFound, "index_not_found_exception",
                "no such index [\(resolved)] and [action.auto_create_index] is [\(automatic)]",
                index: resolved, indexUUID: "_na_")
        }
        do {
            try createIndex(IndexCreation(name: resolved))
        } catch let error as CoordinatorError
            where error.type == "resource_already_exists_exception"
        {
            // Somebody else was first.
        }
        guard let target = try catalog.snapshot.writeTarget(name, now: now) else {
            throw CoordinatorError.indexNotFound(resolved)
        }
        return target
    }

    private static func allows(_ automatic: String, _ name: String) -> Bool {
        if let plain = Bool(automatic) { return plain }
        for item in automatic.split(separator: ",") {
            let pattern = item.drop { $0 == "+" || $0 == "-" || $0 == " " }
            if Wildcard.matches(String(pattern), name) { return !item.hasPrefix("-") }
        }
        return false
    }

    package func deleteIndices(_ names: [String]) throws {
        if names.isEmpty { return }
        try catalog.update { catalog in
            for name in names { catalog.remove(name) }
        }
        dropShards(ofRemoved: names)
    }

    package func setOpen(_ isOpen: Bool, _ names: [String]) throws {
        let closing = names.compactMap { catalog.snapshot.indices[$0] }.filter(\.isOpen)
        if !isOpen {
            for index in closing { for shard in try shards(of: index) { try shard.flush() } }
        }
        try catalog.update { catalog in
            for name in names {
                guard var index = catalog.indices[name], index.isOpen != isOpen else { continue }
                index.isOpen = isOpen
                index.version += 1
                catalog.put(index)
            }
        }
    }

    package func updateSettings(
        _ update: FlatSettings, of names: [String], keepingExisting: Bool = false
    ) throws {
        let changed = try catalog.update { catalog in
            let targets = names.compactMap { catalog.indices[$0] }
            try SettingRules.checkUpdate(update, of: targets, keepingExisting: keepingExisting)
            var changed: [IndexMetadata] = []
            for var index in targets {
                let onlyBlocks =
                    update.names.allSatisfy { $0.hasPrefix("index.blocks.") }
                    && update.removals.allSatisfy { $0.hasPrefix("index.blocks.") }
                if !onlyBlocks { try index.checkAccess(.metadata) }
                index.settings.merge(update, keepingExisting: keepingExisting)
                index.mapping = try index.mapping.under(index.settings)
                index.version += 1
                catalog.put(index)
                changed.append(index)
            }
            return changed
        }
        for index in changed { tellShards(of: index) }
    }

    package func putMapping(_ mapping: JSONObject, of names: [String]) throws {
        let changed = try catalog.update { catalog in
            var changed: [IndexMetadata] = []
            for name in names {
                guard var index = catalog.indices[name] else { continue }
                try index.checkAccess(.metadata)
                index.mapping = try index.mapping.merging(mapping)
                index.version += 1
                catalog.put(index)
                changed.append(index)
            }
            return changed
        }
        for index in changed { tellShards(of: index) }
    }

    package func changeAliases<Result: Sendable>(
        _ change: (inout CatalogSnapshot, Int64) throws -> Result
    ) throws -> Result {
        let now = now
        return try catalog.update { try change(&$0, now) }
    }

    package func changeCatalog<Result: Sendable>(
        _ change: (inout CatalogSnapshot) throws -> Result
    ) throws -> Result {
        try catalog.update(change)
    }

    /// Shards that are open learn of a new mapping or new settings.
    func tellShards(of index: IndexMetadata) {
        let shards = opened.withLock { $0[index.uuid] }
        for shard in shards ?? [] { shard.adopt(index) }
    }
}

/// Identifiers that nobody else makes: letters, digits, `-` and `_`, 6 random bits in each.
package enum RandomID {
    /// As long as clients expect the ids of indices and nodes to be.
    package static let uuidLength = 22

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    package static func make(length: Int = 20) -> String {
        var random = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        var bits: UInt64 = 0
        for place in 0..<length {
            if place % 10 == 0 { bits = random.next() }
            bytes.append(alphabet[Int(bits & 63)])
            bits >>= 6
        }
        // The first character of an id is never one that an index expression would read.
        if bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "_") { bytes[0] = 65 }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Coordinator {
    package var diskByteCounts: (total: Int, free: Int) { provider.diskByteCounts }

    /// The nodes and copies of the cluster; nil for a node that is alone.
    package var picture: ClusterPicture? { provider.picture }
    package var planning: (any ClusterPlanning)? { provider.planning }
}

extension Coordinator {
    /// Opens the shards of every open index, as a node does when it starts.
    package func openAll() throws {
        let snapshot = catalog.snapshot
        provider.removeAll(but: Set(snapshot.indices.values.map(\.uuid)))
        for name in snapshot.names where snapshot.indices[name]!.isOpen {
            _ = try shards(of: snapshot.indices[name]!)
        }
    }
}
