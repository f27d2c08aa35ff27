internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlErrors
internal import TrawlTransport

/// A shard of the cluster, wherever its copies are at the moment.
///
/// Writes go to the leader, and wait for one when there is none. A change that may or may not have
/// happened is sent again under its request id, so that it happens once.
final class RoutedShard: ShardClient {
    let number: Int
    let key: ShardKey
    private let index: IndexMetadata
    private let cluster: ClusterShards

    /// A write or a look-up that finds no leader waits so long for one.
    private static let patience = Duration.seconds(30)
    private static let callTimeout = Duration.seconds(20)

    init(_ key: ShardKey, of index: IndexMetadata, _ cluster: ClusterShards) {
        number = key.number
        self.key = key
        self.index = index
        self.cluster = cluster
    }

    /// Runs the body where the leader is, again when the leader changed, until the time is over.
    private func atLeader<T>(
        here: () throws -> T, there: (PeerClient, Duration) throws -> T
    ) throws -> T {
        let deadline = ContinuousClock.now + Self.patience
        var last: (any Error)?
        while true {
            let left = deadline - .now
            let state = cluster.member.state
            let shard = state.shards[key]
            do {
                guard left > .zero else { break }
                if let leader = shard?.leader, state.nodes[leader] != nil {
                    if leader == cluster.node { return try here() }
                    if let client = cluster.client(leader) {
                        return try there(client, min(left, Self.callTimeout))
                    }
                }
            } catch {
                guard Self.mayBeElsewhere(error) else { throw error }
                last = error
            }
            // Until somebody else leads, or for a moment: a leader may only have been busy.
            _ = cluster.member.wait(timeout: min(max(.zero, left), .milliseconds(50))) { now in
                now.shards[key] != shard ? true : nil
            }
        }
        throw CoordinatorError(
            .unavailable, "unavailable_shards_exception",
            "[\(index.name)][\(number)] primary shard is not active Timeout: [30s]"
                + (last.map { ", last failure: \($0)" } ?? ""), index: index.name)
    }

    /// Whether the failure says that this node is not, or may not be, the leader any more.
    private static func mayBeElsewhere(_ error: any Error) -> Bool {
        switch error {
        case let error as TransportError:
            return error.problem != .overloaded && error.problem != .malformed
        case let error as any TrawlError:
            return [
                "not_leader_exception", "shard_not_here_exception", "shard_closed", "closed",
                "no_shard_available_action_exception",
            ].contains(error.code)
        default: return false
        }
    }

    // MARK: Writing

    func write(_ changes: [Change]) throws -> [ShardWrite] {
        var changes = changes
        let state = cluster.member.state.shards[key]
        if state?.leader != cluster.node || (state?.copies.count ?? 0) > 1 {
            for i in changes.indices where changes[i].requestID == nil {
                changes[i].requestID = RandomID.make()
            }
        }
        let sent = changes
        return try atLeader(
            here: { try cluster.service.write(sent, to: key) },
            there: { client, timeout in
                let answer = try client.ask(
                    ShardQuestions.Write(shard: key, changes: sent), timeout: timeout)
                return answer.results.map { result in
                    var write = ShardWrite(
                        outcome: result.outcome, offset: result.offset, epoch: result.epoch)
                    write.error = result.error.map(PeerErrors.error)
                    return write
                }
            })
    }

    // MARK: Reading

    func get(_ id: DocumentID, inRealTime: Bool) throws -> ShardDocument? {
        if !inRealTime, cluster.hosting.isCurrent(key) {
            return try cluster.service.get(id, of: key, inRealTime: false)
        }
        return try atLeader(
            here: { try cluster.service.get(id, of: key, inRealTime: inRealTime) },
            there: { client, timeout in
                try client.ask(
                    ShardQuestions.Get(shard: key, id: id, inRealTime: inRealTime),
                    timeout: timeout
                ).first
            })
    }

    func view() throws -> any ShardView {
        // With the mapping as it is now: documents bring fields at any time.
        let current = cluster.catalog.snapshot.indices[index.name]
        return ClusterView(
            key, of: current?.uuid == index.uuid ? current! : index, cluster.clusterScatter)
    }

    // MARK: Maintenance

    /// Every copy in sync shows afterwards what the leader had applied.
    func refresh() throws {
        let end = try atLeader(
            here: { try cluster.service.refresh(key, through: nil) },
            there: { client, timeout in
                try client.ask(
                    ShardQuestions.Refresh(shard: key, through: nil), timeout: timeout)
            })
        try atOtherCopies(
            here: { [self] in _ = try cluster.service.refresh(key, through: end) },
            question: ShardQuestions.Refresh(shard: key, through: end))
    }

    /// On every copy that a search may be answered by.
    func show(through offset: Int64) throws {
        try atCopies(
            besides: nil,
            here: { [self] in _ = try cluster.service.refresh(key, through: offset + 1) },
            question: ShardQuestions.Refresh(shard: key, through: offset + 1))
    }

    func flush() throws { try maintain(.flush) }

    func forceMerge(to segmentCount: Int, onlyExpungesDeletes: Bool) throws {
        try maintain(
            .merge(segmentCount: segmentCount, onlyExpungesDeletes: onlyExpungesDeletes))
    }

    private func maintain(_ work: ShardQuestions.Maintain.Work) throws {
        try atLeader(
            here: { try cluster.service.maintain(key, work) },
            there: { client, timeout in
                _ = try client.ask(
                    ShardQuestions.Maintain(shard: key, work: work), timeout: timeout)
            })
        try atOtherCopies(
            here: { [self] in try cluster.service.maintain(key, work) },
            question: ShardQuestions.Maintain(shard: key, work: work))
    }

    private func atOtherCopies(
        here: @escaping () throws -> Void, question: some PeerQuestion
    ) throws {
        try atCopies(
            besides: cluster.member.state.shards[key]?.leader, here: here, question: question)
    }

    /// Asks all copies in sync, at the same time. One that left the set meanwhile does not count.
    private func atCopies(
        besides excluded: NodeID?, here: @escaping () throws -> Void, question: some PeerQuestion
    ) throws {
        let state = cluster.member.state
        guard let shard = state.shards[key] else { return }
        var waiting: [(NodeID, () throws -> Void)] = []
        for node in shard.inSync where node != excluded && state.nodes[node] != nil {
            if node == cluster.node {
                waiting.append((node, here))
            } else if let client = cluster.client(node) {
                let answer = try client.begin(question, timeout: Self.callTimeout)
                waiting.append((node, { _ = try answer() }))
            }
        }
        for (node, wait) in waiting {
            do { try wait() } catch {
                let isGone = cluster.member.wait(timeout: .seconds(3)) { now in
                    now.shards[key]?.inSync.contains(node) == true && now.nodes[node] != nil
                        ? nil : true
                }
                if isGone == nil { throw error }
            }
        }
    }

    func adopt(_ index: IndexMetadata) {}

    var figures: ShardFigures {
        let found = try? atLeaderOnce(
            here: { try cluster.hosting.require(key).local.figures },
            there: { try $0.ask(ShardQuestions.Figures(shard: key), timeout: .seconds(2)) })
        return found ?? ShardFigures()
    }

    func figures(on node: String) -> ShardFigures? {
        let node = NodeID(node)
        if node == cluster.node { return cluster.hosting.copy(key)?.local.figures }
        guard let client = cluster.client(node) else { return nil }
        return try? client.ask(ShardQuestions.Figures(shard: key), timeout: .seconds(2))
    }

    private func atLeaderOnce<T>(
        here: () throws -> T, there: (PeerClient) throws -> T
    ) throws -> T {
        guard let leader = cluster.member.state.shards[key]?.leader else {
            throw HostedCopy.lost(key)
        }
        if leader == cluster.node { return try here() }
        guard let client = cluster.client(leader) else { throw HostedCopy.lost(key) }
        return try there(client)
    }

    /// The copies are the node's, not the coordinator's.
    func close() {}
}
