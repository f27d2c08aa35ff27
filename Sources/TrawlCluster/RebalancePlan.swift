/// What has to happen to get from one assignment to another: copied first, dropped afterwards, so
/// that no shard ever has fewer copies than before.
public struct RebalancePlan: Sendable, Equatable {
    public struct Move: Sendable, Equatable {
        public var shard: ShardKey
        /// Who gives a copy up when the move is done; nil for an additional copy.
        public var source: NodeID?
        public var target: NodeID
    }

    public var moves: [Move]
    /// Copies that go without a new one in their place.
    public var drops: [(shard: ShardKey, node: NodeID)]

    /// In order of the shards.
    public init(from current: Assignment, to target: Assignment) {
        moves = []
        drops = []
        for shard in Set(current.copies.keys).union(target.copies.keys).sorted() {
            let before = current.copies[shard] ?? []
            let after = target.copies[shard] ?? []
            var leaving = before.filter { !after.contains($0) }
            for node in after where !before.contains(node) {
                let source = leaving.isEmpty ? nil : leaving.removeFirst()
                moves.append(Move(shard: shard, source: source, target: node))
            }
            drops += leaving.map { (shard, $0) }
        }
    }

    public var isEmpty: Bool { moves.isEmpty && drops.isEmpty }

    public static func == (left: RebalancePlan, right: RebalancePlan) -> Bool {
        left.moves == right.moves && left.drops.elementsEqual(right.drops, by: ==)
    }
}
