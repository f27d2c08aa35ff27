internal import Glibc
internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlFiles
internal import TrawlLog
internal import TrawlMetadata
internal import TrawlThreads
internal import TrawlTransport

/// Everything that makes a node one of several: it listens to the others, is a member, keeps its
/// copies; the first node keeps the metadata and decides.
final class ClusterNode: Sendable {
    let catalog: IndexCatalog
    let shards: ClusterShards
    private let member: ClusterMember
    private let server: PeerServer
    private let pool: PeerPool
    private let dispatcher: PeerDispatcher
    private let hosting: ShardHosting
    private let views: ViewService
    private let service: MetadataService?
    private let controller: ClusterController?
    private let isStopped = Atomic<Bool>(false)

    /// Where other nodes reach this one.
    var peerAddress: PeerAddress { member.record.peer }

    /// - Parameters:
    ///   - node: Kept with the data, so that a node comes back as itself.
    ///   - local: Opens shards in this node's directory.
    init(
        _ settings: ClusterSettings, configuration: NodeConfiguration, node: NodeID,
        store: any FileStore, syncer: LogSyncer,
        log: @escaping @Sendable (String) -> Void
    ) throws {
        let credentials = PeerCredentials(
            clusterName: configuration.clusterName, node: node.string, secret: settings.secret)
        let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let dispatcher = PeerDispatcher(processorCount: processors)
        self.dispatcher = dispatcher
        server = try PeerServer(
            at: settings.listen, credentials,
            onRefusal: { log("a caller was refused: \($0)") },
            handler: { dispatcher.handle($0) })
        pool = PeerPool(credentials)
        let record = NodeRecord(
            id: node, name: configuration.name, host: configuration.host, httpPort: 0,
            peer: PeerAddress(host: settings.advertisedHost, port: server.port),
            zone: settings.zone, weight: settings.weight, life: 0, startedAt: Self.now,
            keepsMetadata: settings.join == nil)
        var wasAlone = false
        if let join = settings.join {
            let remote = RemoteMetadataStore(pool.client(join))
            service = nil
            member = try Self.join(record, remote, at: join, settings, log: log)
        } else {
            let own = try LocalMetadataStore(try store.directory("metadata"), syncer: syncer)
            let service = MetadataService(own)
            self.service = service
            service.serve(on: dispatcher)
            wasAlone = try Self.takeOver(store, into: own)
            member = try ClusterMember(
                record, store: own, timing: settings.timing,
                settling: { service.settle($0) },
                noteSeen: { service.note(node, hasSeen: $0) }, log: log)
        }
        try member.load()
        let member = member
        let catalog = try IndexCatalog(
            store: ClusterCatalogStore(member), newUUID: RandomID.make())
        self.catalog = catalog
        if wasAlone { try Self.claimShards(of: catalog.snapshot, member) }
        member.observe { state in
            if let (json, revision) = state.catalog { catalog.adopt(json, revision: revision) }
        }
        let local = LocalShards(
            directory: try store.directory("indices"), catalog: catalog, syncer: syncer)
        let surroundings = CopySurroundings(
            node: node, life: member.life, member: member, dispatcher: dispatcher, pool: pool,
            log: log)
        hosting = ShardHosting(surroundings, shards: local, catalog: catalog)
        let shardService = ShardService(hosting: hosting)
        shardService.serve(on: dispatcher)
        views = ViewService(hosting: hosting)
        views.serve(on: dispatcher)
        shards = ClusterShards(
            surroundings, catalog: catalog, hosting: hosting, service: shardService,
            scatter: ClusterScatter(surroundings, hosting: hosting), local: local)
        controller =
            settings.join == nil
            ? ClusterController(member, catalog: catalog, log: log) : nil
        local.startTicking()
    }

    private static var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000
    }

    /// The first contact: the other node may still be starting.
    private static func join(
        _ record: NodeRecord, _ store: RemoteMetadataStore, at address: PeerAddress,
        _ settings: ClusterSettings, log: @escaping @Sendable (String) -> Void
    ) throws -> ClusterMember {
        let deadline = ContinuousClock.now + settings.joinTimeout
        while true {
            do {
                return try ClusterMember(
                    record, store: store, timing: settings.timing,
                    settling: { try store.settle($0) }, log: log)
            } catch let error as TransportError
                where error.problem != .refused && ContinuousClock.now < deadline
            {
                usleep(200_000)
            } catch let error as TransportError {
                throw CoordinatorError(
                    error.kind, "cannot_join_exception",
                    "cannot join the cluster [\(settings.clusterName)] at \(address): "
                        + error.reason)
            }
        }
    }

    /// A node that was alone brings its catalogue into the cluster that it begins.
    private static func takeOver(
        _ store: any FileStore, into metadata: LocalMetadataStore
    ) throws -> Bool {
        guard metadata.get(ClusterKey.catalog.text) == nil,
            let own = try FileCatalogStore(store).load()
        else { return false }
        var transaction = MetadataTransaction()
        transaction.put(ClusterKey.catalog.text, own.json)
        _ = try metadata.commit(transaction)
        return true
    }

    /// The copies that it had alone are the only ones in sync.
    private static func claimShards(
        of catalog: CatalogSnapshot, _ member: ClusterMember
    ) throws {
        var transaction = MetadataTransaction()
        for index in catalog.indices.values {
            for number in 0..<index.shardCount {
                let key = ShardKey(index: index.uuid, number: number)
                let state = ShardState(inSync: [member.id], copies: [member.id])
                transaction.put(ClusterKey.shard(key).text, try Wire.encode(state))
            }
        }
        _ = try member.store.commit(transaction)
    }

    /// Appears among the nodes. From here on it gets copies and calls.
    func start(httpPort: Int) throws {
        try member.start(httpPort: httpPort)
        hosting.start()
        controller?.start()
        _ = SystemThread(name: "cluster-views") { [self] in
            var turn = 0
            while !isStopped.load(ordering: .relaxed) {
                usleep(250_000)
                turn += 1
                shards.clusterScatter.tick(renewing: turn % 80 == 0)
                if turn % 80 == 0 { views.expire() }
            }
        }
    }

    /// Tells the others that it goes, and lets go of its copies.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        controller?.stop()
        hosting.stop()
        member.stop()
        server.stop()
        pool.close()
        service?.stop()
        dispatcher.stop()
    }
}
