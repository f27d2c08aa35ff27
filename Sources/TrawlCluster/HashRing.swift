internal import TrawlBytes

/// The nodes of a cluster on a ring of 64-bit points: 128 points for each node, times its weight.
///
/// A value: the same members make the same ring on every machine and in every release.
public struct HashRing: Sendable {
    public static let pointsPerNode = 128

    public struct Member: Sendable, Hashable {
        public var node: NodeID
        /// Nodes of one zone tend to fail together: copies go to different zones first.
        public var zone: String
        /// How much the node can carry, compared with the others.
        public var weight: Double

        public init(node: NodeID, zone: String = "", weight: Double = 1) {
            precondition(weight > 0 && weight.isFinite, "a weight is a positive number")
            self.node = node
            self.zone = zone
            self.weight = weight
        }
    }

    /// In order of their ids, whatever order they came in.
    public let members: [Member]
    /// Sorted; `owners[i]` is the place in `members` of the node at `points[i]`.
    private let points: [UInt64]
    private let owners: [Int32]

    /// - Precondition: No two members have the same id.
    public init(_ members: [Member]) {
        let sorted = members.sorted { $0.node < $1.node }
        for (left, right) in zip(sorted, sorted.dropFirst()) {
            precondition(left.node != right.node, "\(left.node) stands twice on the ring")
        }
        var pairs: [(point: UInt64, owner: Int32)] = []
        for (place, member) in sorted.enumerated() {
            let count = max(1, Int((Double(Self.pointsPerNode) * member.weight).rounded()))
            let seed = StableHash.hash64(member.node.string)
            for i in 0..<count {
                pairs.append((StableHash.hash64("\(i)", seed: seed), Int32(place)))
            }
        }
        pairs.sort { ($0.point, $0.owner) < ($1.point, $1.owner) }
        self.members = sorted
        points = pairs.map(\.point)
        owners = pairs.map(\.owner)
    }

    /// The place in the list of points of the first one at or after `point`.
    private func start(at point: UInt64) -> Int {
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low + high) / 2
            if points[middle] < point { low = middle + 1 } else { high = middle }
        }
        return low == points.count ? 0 : low
    }

    /// Goes round the ring once from `point`, clockwise, visiting each member once, until the
    /// visitor says stop. Members are told by their place in `members`.
    func walk(from point: UInt64, visit: (Int) -> Bool) {
        guard !points.isEmpty else { return }
        var seen = FixedBitSet(bitCount: members.count)
        var left = members.count
        var index = start(at: point)
        while left > 0 {
            let owner = Int(owners[index])
            if !seen.contains(owner) {
                seen.insert(owner)
                left -= 1
                if !visit(owner) { return }
            }
            index = index + 1 == owners.count ? 0 : index + 1
        }
    }

    /// The first `count` distinct nodes from a point, load and zones left aside.
    public func nodes(from point: UInt64, count: Int) -> [NodeID] {
        var result: [NodeID] = []
        walk(from: point) { owner in
            result.append(members[owner].node)
            return result.count < count
        }
        return result
    }
}
