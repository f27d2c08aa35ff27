internal import TrawlBytes

/// Which shard of an index a document belongs to.
///
/// The hash of its routing (its id when it has none) gives one of 65,536 slots; the shards cut the
/// slots into equal contiguous ranges. Doubling the shards halves every range, so a split moves
/// no document to a stranger.
public struct SlotMap: Sendable, Hashable {
    public static let slotCount = 1 << 16
    public static let maxShardCount = 1024

    public let shardCount: Int

    public init(shardCount: Int) {
        precondition((1...Self.maxShardCount).contains(shardCount))
        self.shardCount = shardCount
    }

    public static func slot(ofRouting routing: String) -> Int {
        Int(StableHash.hash64(routing) >> 48)
    }

    public func shard(ofSlot slot: Int) -> Int { slot * shardCount / Self.slotCount }

    public func shard(ofRouting routing: String) -> Int {
        shard(ofSlot: Self.slot(ofRouting: routing))
    }

    /// The slots of a shard: those `shard(ofSlot:)` gives to it.
    public func slots(ofShard shard: Int) -> Range<Int> {
        let size = Self.slotCount
        let lower = (shard * size + shardCount - 1) / shardCount
        let upper = ((shard + 1) * size + shardCount - 1) / shardCount
        return lower..<upper
    }
}
