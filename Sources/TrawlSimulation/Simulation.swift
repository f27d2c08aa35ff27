internal import TrawlCluster

/// A whole cluster in one thread, on one clock and one seed: the real cores of replication,
/// election and placement over a network, disks and a metadata store that fail.
///
/// Runs `duration` with faults, then heals everything and waits for the cluster to come to rest.
/// After every event the invariants are checked; at rest, what clients were promised.
public struct Simulation {
    public struct Settings: Sendable {
        public var seed: UInt64
        public var nodeCount: Int
        public var shardCount: Int
        public var copyCount: Int
        public var clientCount: Int
        public var faults: Faults
        /// Simulated microseconds with faults.
        public var duration: Int64

        public init(
            seed: UInt64, nodeCount: Int = 5, shardCount: Int = 2, copyCount: Int = 3,
            clientCount: Int = 3, faults: Faults = .all, duration: Int64 = 8_000_000
        ) {
            precondition(nodeCount >= 1 && copyCount >= 1 && copyCount <= nodeCount)
            self.seed = seed
            self.nodeCount = nodeCount
            self.shardCount = shardCount
            self.copyCount = copyCount
            self.clientCount = clientCount
            self.faults = faults
            self.duration = duration
        }
    }

    /// What a run came to.
    public struct Report: Sendable, Equatable {
        public var eventCount = 0
        public var acknowledged = 0
        public var elections = 0
        public var crashes = 0
        public var bootstraps = 0
        public var truncations = 0
        public var moves = 0
        /// What was not as it has to be; empty when all was well.
        public var violations: [String] = []

        public init() {}

        /// Adds the figures of another run.
        public mutating func add(_ other: Report) {
            eventCount += other.eventCount
            acknowledged += other.acknowledged
            elections += other.elections
            crashes += other.crashes
            bootstraps += other.bootstraps
            truncations += other.truncations
            moves += other.moves
            violations += other.violations
        }
    }

    struct Node {
        var id: NodeID
        var isUp = true
        /// Counts the starts, so that what was planned for an earlier life does not happen.
        var life = 0
        var copies: [Int: SimulatedCopy] = [:]
        var diskIsFull = false
        var diskDelay: Int64 = 2_000
    }

    struct Client {
        var attempt = 0
        var request: Int64 = 0
        var shard = 0
        var isWaiting = false
    }

    let settings: Settings
    let coreSettings = ReplicaCore.Settings(
        maxLag: .milliseconds(800), maxRecordsPerFetch: 16, fetchTimeout: .milliseconds(150))
    var chance: Chance
    var queue = EventQueue()
    var now: Int64 = 0
    var nodes: [Node]
    var clients: [Client]
    var store: SimulatedStore
    /// Pairs that cannot reach each other: from, to. The store is the node after the last.
    var cuts: Set<Int> = []
    var isHealed = false
    var nextRequest: Int64 = 1
    var acknowledged: Set<Int64> = []
    var shardOfRequest: [Int64: Int] = [:]
    var ledger: CommitLedger
    var report = Report()
    /// Prints every event, for looking at one seed.
    var trace: ((String) -> Void)?

    public init(_ settings: Settings, trace: ((String) -> Void)? = nil) {
        self.settings = settings
        self.trace = trace
        chance = Chance(seed: settings.seed)
        nodes = (0..<settings.nodeCount).map { Node(id: NodeID("n\($0)")) }
        clients = Array(repeating: Client(), count: settings.clientCount)
        let ids = nodes.map(\.id)
        let ring = HashRing(ids.map { HashRing.Member(node: $0) })
        let keys = (0..<settings.shardCount).map { ShardKey(index: "s", number: $0) }
        let target = Placement(ring: ring).target(
            for: keys.map { Placement.Shard(key: $0, copyCount: settings.copyCount) })
        store = SimulatedStore(
            states: keys.map { key in
                let copies = target.copies[key] ?? []
                return ShardState(epoch: 0, inSync: copies, copies: copies)
            })
        ledger = CommitLedger(shardCount: settings.shardCount)
    }

    var time: Duration { .microseconds(now) }
    var storeNumber: Int { nodes.count }

    public mutating func run() -> Report {
        for number in nodes.indices {
            queue.plan(.tick(node: number, life: 0), at: 1_000 + Int64(number))
            queue.plan(.heartbeat(node: number), at: 500 + Int64(number))
        }
        queue.plan(.storeTick, at: 2_000)
        for client in clients.indices {
            queue.plan(.clientStep(client: client, attempt: 0), at: 50_000 + Int64(client) * 777)
        }
        if !settings.faults.isEmpty { queue.plan(.fault, at: 300_000) }
        queue.plan(.heal, at: settings.duration)
        let end = settings.duration + 8_000_000
        while let (time, event) = queue.next(), time <= end, report.violations.isEmpty {
            now = time
            report.eventCount += 1
            trace?("\(time) \(event)")
            handle(event)
        }
        if report.violations.isEmpty { checkAtRest() }
        return report
    }

    func canReach(_ from: Int, _ to: Int) -> Bool { !cuts.contains(from * 64 + to) }

    /// Plans a message, if the network lets it through.
    mutating func transmit(_ event: SimulationEvent, from: Int, to: Int) {
        guard canReach(from, to) else { return }
        var copies = 1
        if settings.faults.contains(.network), !isHealed {
            if chance.happens(0.03) { return }
            if chance.happens(0.03) { copies = 2 }
        }
        for _ in 0..<copies {
            var delay = chance.number(in: 100...1_500)
            if settings.faults.contains(.network), !isHealed, chance.happens(0.03) {
                delay += chance.number(in: 0...600_000)
            }
            queue.plan(event, at: now + delay)
        }
    }

    mutating func violation(_ text: String) {
        report.violations.append("at \(now) us: \(text)")
    }

    mutating func handle(_ event: SimulationEvent) {
        switch event {
        case .deliver(let message, let records, let from, let to, let shard):
            guard nodes[to].isUp else { return }
            receive(message, records, from: from, at: to, shard: shard)
        case .tick(let node, let life):
            guard nodes[node].isUp, nodes[node].life == life else { return }
            tick(node)
        case .synced(let node, let life, let shard, let offset):
            guard nodes[node].isUp, nodes[node].life == life else { return }
            synced(node, shard: shard, upTo: offset)
        case .bootstrapped(let node, let life, let shard, let source):
            guard nodes[node].isUp, nodes[node].life == life else { return }
            bootstrapped(node, shard: shard, from: source)
        case .proposal(let node, let shard, let epoch, let inSync, let revision):
            storeReceives(
                inSync: inSync, from: node, shard: shard, epoch: epoch, revision: revision)
        case .refused(let node, let life, let shard):
            guard nodes[node].isUp, nodes[node].life == life else { return }
            nodes[node].copies[shard]?.core.proposalRefused()
        case .notice(let node, let shard, let state):
            guard nodes[node].isUp else { return }
            adopt(state, at: node, shard: shard)
        case .heartbeat(let node): heartbeat(node)
        case .storeTick: storeTick()
        case .clientStep(let client, let attempt):
            if clients[client].attempt == attempt { clientStep(client) }
        case .request(let client, let request, let node, let shard):
            if nodes[node].isUp { requested(request, by: client, at: node, shard: shard) }
        case .acknowledged(let client, let request): answered(request, to: client)
        case .restart(let node): if !nodes[node].isUp { restart(node) }
        case .fault: makeFault()
        case .heal: heal()
        }
    }
}
