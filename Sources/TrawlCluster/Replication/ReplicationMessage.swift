/// What the copies of a shard say to each other. Followers ask, the leader answers.
public enum ReplicationMessage: Sendable, Equatable, Codable {
    /// A follower asks for what comes after its log. The question tells the leader, too, how much
    /// the follower has on disk.
    case fetch(Fetch)
    case records(Records)
    /// The follower's log is not the beginning of the leader's: cut it back to at most here.
    case diverging(epoch: Int64, lastEpoch: Int64, endOffset: Int64)
    /// The leader's log begins later than the follower's ends: copy the files first.
    case tooOld(epoch: Int64)
    /// The one that was asked does not lead in that epoch.
    case notLeader(epoch: Int64)

    public struct Fetch: Sendable, Equatable, Codable {
        public var epoch: Int64
        /// The end of the follower's log, all of it synced.
        public var offset: Int64
        /// The epoch of the follower's last record.
        public var lastEpoch: Int64
        /// Which copy on that node asks: one that was begun anew has another number.
        public var incarnation: Int64

        public init(epoch: Int64, offset: Int64, lastEpoch: Int64, incarnation: Int64) {
            self.epoch = epoch
            self.incarnation = incarnation
            self.offset = offset
            self.lastEpoch = lastEpoch
        }
    }

    /// Records of the leader's log; the bytes travel beside this.
    public struct Records: Sendable, Equatable, Codable {
        public var epoch: Int64
        public var offsets: Range<Int64>
        /// Epochs of the records, as starts within `offsets`.
        public var starts: [EpochHistory.Start]
        public var highWatermark: Int64

        public init(
            epoch: Int64, offsets: Range<Int64>, starts: [EpochHistory.Start],
            highWatermark: Int64
        ) {
            self.epoch = epoch
            self.offsets = offsets
            self.starts = starts
            self.highWatermark = highWatermark
        }
    }
}
