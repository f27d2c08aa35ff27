/// Which epoch wrote which offsets of a log: the starts of the epochs that wrote something.
///
/// Two logs that agree on the epoch of an offset agree on every record up to it, because one
/// leader wrote the epoch alone and in order. So a copy finds out how much of its log is the
/// leader's by comparing histories, never by its high watermark (which may be behind).
public struct EpochHistory: Sendable, Hashable {
    public struct Start: Sendable, Hashable, Codable {
        public var epoch: Int64
        public var offset: Int64

        public init(epoch: Int64, offset: Int64) {
            self.epoch = epoch
            self.offset = offset
        }
    }

    /// Epochs and offsets both strictly grow.
    public private(set) var starts: [Start]

    public init(starts: [Start] = []) {
        self.starts = starts
        for (left, right) in zip(starts, starts.dropFirst()) {
            precondition(left.epoch < right.epoch && left.offset < right.offset)
        }
    }

    /// The epoch of the last record; -1 for an empty log.
    public var lastEpoch: Int64 { starts.last?.epoch ?? -1 }

    /// Notes that a record of `epoch` was written at `offset`.
    ///
    /// - Precondition: Epochs never fall, and the offset is the log's end.
    public mutating func note(epoch: Int64, at offset: Int64) {
        precondition(epoch >= lastEpoch, "a log's epochs never fall")
        if epoch > lastEpoch { starts.append(Start(epoch: epoch, offset: offset)) }
    }

    /// Forgets everything at and after an offset.
    public mutating func truncate(to offset: Int64) {
        while let last = starts.last, last.offset >= offset { starts.removeLast() }
    }

    public func epoch(at offset: Int64) -> Int64 {
        starts.last { $0.offset <= offset }?.epoch ?? -1
    }

    /// The largest known epoch up to `epoch`, and where it ends in a log that ends at `end`.
    public func end(ofEpoch epoch: Int64, logEnd: Int64) -> (epoch: Int64, offset: Int64) {
        guard let place = starts.lastIndex(where: { $0.epoch <= epoch }) else {
            return (-1, starts.first?.offset ?? logEnd)
        }
        let offset = place + 1 < starts.count ? starts[place + 1].offset : logEnd
        return (starts[place].epoch, offset)
    }
}
