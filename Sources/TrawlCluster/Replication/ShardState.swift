/// What the metadata store keeps of one shard. Changed only by compare-and-set on `revision`.
///
/// - `epoch` grows with every new leader. A leader acts in its epoch only, and whoever knows of a
///   later one refuses it.
/// - `inSync` always contains every acknowledged change on each of its members: a leader comes
///   from it and from nowhere else.
/// - `copies` are all who keep or build a copy; `inSync` is a part of them.
/// - `leaderLife` says which start of the leader's process leads. A process that ended may have
///   lost what it had sent but not synced, so a restarted leader never goes on in its old epoch.
/// - `incarnations` count how often a node began its copy anew. What an earlier copy on the same
///   node once had says nothing about the one there now.
public struct ShardState: Sendable, Hashable, Codable {
    public var epoch: Int64
    public var leader: NodeID?
    public var leaderLife: Int64
    public var inSync: [NodeID]
    public var copies: [NodeID]
    /// Only those above zero.
    public var incarnations: [NodeID: Int64]
    public var revision: Int64

    public init(
        epoch: Int64 = 0, leader: NodeID? = nil, leaderLife: Int64 = 0, inSync: [NodeID],
        copies: [NodeID], incarnations: [NodeID: Int64] = [:], revision: Int64 = 0
    ) {
        self.epoch = epoch
        self.leader = leader
        self.leaderLife = leaderLife
        self.inSync = inSync
        self.copies = copies
        self.incarnations = incarnations
        self.revision = revision
    }

    public func incarnation(of node: NodeID) -> Int64 { incarnations[node, default: 0] }

    /// What is always true of a state; nil, or what is not.
    public var violation: String? {
        if Set(copies).count != copies.count { return "a node keeps two copies" }
        if Set(inSync).count != inSync.count { return "a node stands twice in the in-sync set" }
        if !Set(inSync).isSubset(of: copies) { return "a node in sync keeps no copy" }
        if inSync.isEmpty { return "nobody is in sync" }
        if let leader, !inSync.contains(leader) { return "the leader is not in sync" }
        return nil
    }
}
