package import TrawlBytes

/// What is kept of every document beside its fields and its source.
package struct DocumentFacts: Sendable, Equatable {
    /// The offset of the change in its log: `_seq_no` in the API.
    package var sequence: Int64
    /// The epoch of the leader that took the change: `_primary_term` in the API.
    package var epoch: Int64
    /// How often the document was changed, or a number from outside: `_version` in the API.
    package var version: Int64
    /// When the document was taken in, in the order of all shards: breaks ties of score.
    package var stamp: UInt64
    /// Of the content, to compare documents without reading them.
    package var digest: StableHash.Hash128

    package init(
        sequence: Int64 = 0, epoch: Int64 = 1, version: Int64 = 1, stamp: UInt64 = 0,
        digest: StableHash.Hash128 = .zero
    ) {
        self.sequence = sequence
        self.epoch = epoch
        self.version = version
        self.stamp = stamp
        self.digest = digest
    }
}
