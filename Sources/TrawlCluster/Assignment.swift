internal import TrawlBytes

/// A shard as the cluster knows it: of which index (by uuid), which number.
public struct ShardKey: Hashable, Sendable, Comparable, CustomStringConvertible, Codable {
    public var index: String
    public var number: Int

    public init(index: String, number: Int) {
        self.index = index
        self.number = number
    }

    public var description: String { "\(index)[\(number)]" }

    public static func < (left: ShardKey, right: ShardKey) -> Bool {
        (left.index, left.number) < (right.index, right.number)
    }

    /// Where the shard lies on the ring.
    public var point: UInt64 { StableHash.hash64(description) }
}

/// Which nodes keep the copies of which shard. Stored with an epoch: the ring proposes, the
/// stored assignment decides.
public struct Assignment: Sendable, Equatable {
    /// Grows by one with every change.
    public var epoch: Int64
    /// The first node of a list was the first choice of the ring; who leads is decided elsewhere.
    public var copies: [ShardKey: [NodeID]]

    public init(epoch: Int64 = 0, copies: [ShardKey: [NodeID]] = [:]) {
        self.epoch = epoch
        self.copies = copies
    }

    /// How many copies each node keeps.
    public var loads: [NodeID: Int] {
        var loads: [NodeID: Int] = [:]
        for nodes in copies.values {
            for node in nodes { loads[node, default: 0] += 1 }
        }
        return loads
    }
}
