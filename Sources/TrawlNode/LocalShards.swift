internal import Glibc
internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlFiles
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlLog
internal import TrawlShard

/// The shards of this node: one directory for each, `indices/UUID/NUMBER`, and one thread that
/// does what is due.
final class LocalShards: ShardProvider {
    private let directory: any FileStore
    private let catalog: IndexCatalog
    private let syncer: LogSyncer
    private let open = Mutex<[String: [LocalShard]]>([:])
    private let isStopping = Atomic<Bool>(false)

    init(directory: any FileStore, catalog: IndexCatalog, syncer: LogSyncer = LogSyncer()) {
        self.directory = directory
        self.catalog = catalog
        self.syncer = syncer
    }

    func openShard(_ index: IndexMetadata, number: Int) throws -> any ShardClient {
        try open(index, number: number, Shard.Options())
    }

    /// Opens one copy among several: what its log holds is applied when it is committed.
    ///
    /// - Parameter logFloor: From which offset on the log has to stay.
    func openReplicated(
        _ index: IndexMetadata, number: Int, logFloor: @escaping @Sendable () -> Int64
    ) throws -> LocalShard {
        var options = Shard.Options()
        options.isReplicated = true
        options.logFloor = logFloor
        return try open(index, number: number, options)
    }

    func directory(of key: ShardKey) throws(FileError) -> any FileStore {
        try directory.directory(key.index).directory(String(key.number))
    }

    /// Lets go of a closed shard and removes its files.
    func removeDirectory(of key: ShardKey) throws(FileError) {
        open.withLock { $0[key.index]?.removeAll { $0.number == key.number } }
        let parent = try directory.directory(key.index)
        if try parent.directories().contains(String(key.number)) {
            try parent.removeDirectory(String(key.number))
        }
        if try parent.directories().isEmpty { try directory.removeDirectory(key.index) }
    }

    private func open(
        _ index: IndexMetadata, number: Int, _ options: Shard.Options
    ) throws -> LocalShard {
        let store = try directory.directory(index.uuid).directory(String(number))
        var options = options
        options.refreshInterval = index.refreshInterval
        options.catchUpThreads = max(2, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        options.wallClock = {
            var time = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &time)
            return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        }
        let schema = CatalogSchema(catalog: catalog, name: index.name, uuid: index.uuid)
        let shard = LocalShard(
            number: number,
            shard: try Shard.open(store, schema: schema, options: options, syncer: syncer),
            index: index, catalog: catalog)
        shard.adopt(index)
        open.withLock { $0[index.uuid, default: []].append(shard) }
        return shard
    }

    /// The dead letters of the shards that are open, in the order of their names.
    var letterBooks: [ShardLetters] {
        open.withLock { $0.values.flatMap { $0 } }
            .map { ShardLetters(index: $0.indexName, shard: $0.number, book: $0.shard.letters) }
            .sorted { ($0.index, $0.shard) < ($1.index, $1.shard) }
    }

    func removeAll(but uuids: Set<String>) {
        open.withLock { open in open = open.filter { uuids.contains($0.key) } }
        for name in (try? directory.directories()) ?? [] where !uuids.contains(name) {
            // What cannot be removed now is tried again at the next start.
            try? directory.removeDirectory(name)
        }
    }

    var diskByteCounts: (total: Int, free: Int) {
        var figures = statvfs()
        guard unsafe statvfs(directory.path, &figures) == 0 else {
            // Not a directory of the system: as much as it says, at most an exabyte.
            let free = min((try? directory.freeByteCount()) ?? 0, 1 << 60)
            return (free, free)
        }
        let unit = Int(figures.f_frsize)
        return (Int(figures.f_blocks) * unit, Int(figures.f_bavail) * unit)
    }

    /// Refreshes and commits what is due, until ``stopTicking()``.
    func startTicking() {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        _ = unsafe pthread_create(
            &thread, nil,
            { context in
                unsafe Unmanaged<LocalShards>.fromOpaque(context!).takeRetainedValue().tick()
                return nil
            }, context)
        pthread_detach(thread)
    }

    func stopTicking() { isStopping.store(true, ordering: .relaxed) }

    private func tick() {
        let began = ContinuousClock.now
        while !isStopping.load(ordering: .relaxed) {
            usleep(100_000)
            let now = ContinuousClock.now - began
            for shard in open.withLock({ $0.values.flatMap { $0 } }) { shard.tick(at: now) }
        }
    }
}

/// The catalog as a shard sees it: the mapping of its index, and where new fields go.
private final class CatalogSchema: SchemaSource {
    private let catalog: IndexCatalog
    private let name: String
    private let uuid: String
    /// What was read last: asking again for the same version makes nothing anew.
    private let last: Mutex<ShardSchema>

    init(catalog: IndexCatalog, name: String, uuid: String) {
        self.catalog = catalog
        self.name = name
        self.uuid = uuid
        last = Mutex(ShardSchema(version: -1))
    }

    var schema: ShardSchema {
        let snapshot = catalog.snapshot
        return last.withLock { last in
            guard let index = snapshot.indices[name], index.uuid == uuid,
                index.version != last.version
            else { return last }
            last = Self.schema(index)
            return last
        }
    }

    private static func schema(_ index: IndexMetadata) -> ShardSchema {
        ShardSchema(
            version: index.version, mapping: index.mapping.mapping,
            catalog: index.mapping.analyzers, limits: index.mapping.limits)
    }

    func extend(by update: JSONObject) throws -> ShardSchema {
        let index = try catalog.update { catalog in
            guard var index = catalog.indices[name], index.uuid == uuid else {
                throw CoordinatorError.indexNotFound(name)
            }
            index.mapping = try index.mapping.merging(update)
            index.version += 1
            catalog.put(index)
            return index
        }
        return Self.schema(index)
    }
}
