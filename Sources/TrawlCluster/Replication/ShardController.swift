/// Decides who leads a shard. Runs where the metadata is kept, on the states it keeps; a value
/// computation without a clock: who is alive comes in, the next state comes out.
public enum ShardController {
    /// The state that should follow, given who has a session and in which life, or nil when
    /// nothing has to change.
    ///
    /// - A leader without a session, or in another life than the one that was elected, is
    ///   replaced by the first copy in sync that has one. That may be itself, in a new epoch.
    /// - The in-sync set loses the leader that was replaced, never the new one, and nobody else:
    ///   only the leader knows who keeps up.
    /// - When nobody in sync has a session, the shard waits: there is no unclean election.
    public static func next(_ state: ShardState, alive: [NodeID: Int64]) -> ShardState? {
        if let leader = state.leader, alive[leader] == state.leaderLife { return nil }
        let successors = state.copies.filter { state.inSync.contains($0) && alive[$0] != nil }
        guard let successor = successors.first, let life = alive[successor] else { return nil }
        var next = state
        next.epoch += 1
        next.revision += 1
        next.leader = successor
        next.leaderLife = life
        if let old = state.leader, old != successor { next.inSync.removeAll { $0 == old } }
        return next
    }

    /// A leader's proposal, as the store takes it: only from the leader of the epoch in force, on
    /// the revision it has seen, and never without the leader.
    public static func accept(
        inSync: [NodeID], from node: NodeID, epoch: Int64, revision: Int64, in state: ShardState
    ) -> ShardState? {
        guard state.leader == node, state.epoch == epoch, state.revision == revision,
            inSync.contains(node), Set(inSync).isSubset(of: state.copies)
        else { return nil }
        var next = state
        next.inSync = inSync
        next.revision += 1
        return next
    }

    /// A copy found its own log or files damaged and starts anew, empty, in a new incarnation. It
    /// has to leave the in-sync set before it is seen alive again, or it might be made leader of
    /// nothing. Nil when it is the last one in sync: then only an operator may decide to go on
    /// without its changes.
    public static func retire(_ node: NodeID, from state: ShardState) -> ShardState? {
        guard state.copies.contains(node), state.inSync != [node] else { return nil }
        var next = state
        next.inSync.removeAll { $0 == node }
        next.revision += 1
        next.incarnations[node] = next.revision
        if next.leader == node {
            next.leader = nil
            next.epoch += 1
        }
        return next
    }

    /// The copies a shard should have, towards a target: new ones come first, and an old one goes
    /// when the new ones are in sync.
    public static func retarget(
        _ state: ShardState, to target: [NodeID], alive: [NodeID: Int64]
    ) -> ShardState? {
        var next = state
        for node in target where !next.copies.contains(node) {
            next.copies.append(node)
            next.incarnations[node] = state.revision + 1
        }
        let isReady = target.allSatisfy { next.inSync.contains($0) }
        if isReady, let leader = next.leader {
            if !target.contains(leader) {
                // Leadership goes with the copy, to one that can take it now.
                guard let first = target.first(where: { alive[$0] != nil }),
                    let life = alive[first]
                else { return nil }
                next.leader = first
                next.leaderLife = life
                next.epoch += 1
            }
            next.inSync = next.inSync.filter { target.contains($0) }
            next.copies = target
            next.incarnations = next.incarnations.filter { target.contains($0.key) }
        }
        guard next != state else { return nil }
        next.revision += 1
        return next
    }
}
