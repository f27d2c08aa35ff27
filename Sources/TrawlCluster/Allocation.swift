/// Decides where copies go and who leads, step by step: what the states of the shards should be next,
/// given who is there.
///
/// A value computation. The store's node runs it whenever something changed and writes what comes
/// out; each state changes by compare-and-set, so a decision on old facts does nothing.
public struct Allocation: Sendable {
    public struct Member: Sendable, Hashable {
        public var ring: HashRing.Member
        /// The life it has a session in; nil while it is away.
        public var life: Int64?
        /// Whether it may keep copies: false for one that is drained.
        public var isEligible: Bool

        public init(ring: HashRing.Member, life: Int64?, isEligible: Bool = true) {
            self.ring = ring
            self.life = life
            self.isEligible = isEligible
        }
    }

    public var members: [Member]
    public var wanted: [Placement.Shard]
    public var states: [ShardKey: ShardState]
    /// Nodes that an operator named for a shard.
    public var overrides: [ShardKey: [NodeID]]
    /// How many shards may build a copy at the same time for the sake of balance.
    public var moveLimit: Int

    public init(
        members: [Member], wanted: [Placement.Shard], states: [ShardKey: ShardState],
        overrides: [ShardKey: [NodeID]] = [:], moveLimit: Int = 4
    ) {
        self.members = members
        self.wanted = wanted
        self.states = states
        self.overrides = overrides
        self.moveLimit = moveLimit
    }

    /// Where the copies should lie in the end.
    public var target: Assignment {
        let eligible = members.filter(\.isEligible).map(\.ring)
        guard !eligible.isEmpty else { return Assignment(copies: states.mapValues(\.copies)) }
        let current = Assignment(copies: states.mapValues(\.copies))
        var target = Placement(ring: HashRing(eligible)).target(for: wanted, current: current)
        for (key, nodes) in overrides where target.copies[key] != nil { target.copies[key] = nodes }
        return target
    }

    public enum Change: Sendable, Equatable {
        case set(ShardState)
        /// The shard's index is no more.
        case remove
    }

    /// What to write, in order of the shards.
    public func changes() -> [(shard: ShardKey, change: Change)] {
        let alive = Dictionary(
            uniqueKeysWithValues: members.compactMap { member in
                member.life.map { (member.ring.node, $0) }
            })
        let target = target
        let keys = Set(wanted.map(\.key))
        var result: [(ShardKey, Change)] = []
        for key in states.keys.sorted() where !keys.contains(key) { result.append((key, .remove)) }
        var moving = states.values.count { !Set($0.copies).isSubset(of: $0.inSync) }
        for key in keys.sorted() {
            let nodes = target.copies[key] ?? []
            guard let state = states[key] else {
                if let made = Self.begin(on: nodes, alive) { result.append((key, .set(made))) }
                continue
            }
            if let next = ShardController.next(state, alive: alive) {
                result.append((key, .set(next)))
                continue
            }
            let isMore = nodes.contains { !state.copies.contains($0) }
            // A shard that has fewer copies than it could have goes first, whatever the limit.
            let isUrgent = state.inSync.filter { alive[$0] != nil }.count < nodes.count
            if isMore, !isUrgent, moving >= moveLimit { continue }
            if let next = Self.retarget(state, to: nodes, alive: alive) {
                if isMore { moving += 1 }
                result.append((key, .set(next)))
            }
        }
        return result
    }

    /// A shard that nobody ever wrote to: the first copy begins, the others follow it.
    private static func begin(on nodes: [NodeID], _ alive: [NodeID: Int64]) -> ShardState? {
        guard let first = nodes.first(where: { alive[$0] != nil }) else { return nil }
        let state = ShardState(inSync: [first], copies: nodes)
        return ShardController.next(state, alive: alive) ?? state
    }

    private static func retarget(
        _ state: ShardState, to nodes: [NodeID], alive: [NodeID: Int64]
    ) -> ShardState? {
        // Order means nothing to a shard's state: the same nodes are no change.
        if Set(nodes) == Set(state.copies) { return nil }
        return ShardController.retarget(state, to: nodes, alive: alive)
    }
}
