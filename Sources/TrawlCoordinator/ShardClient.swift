package import TrawlDocument
internal import TrawlJSON

/// What a change came to in its shard.
package struct ShardWrite: Sendable {
    package var outcome: ChangeOutcome
    /// The change's place in the shard's log: `_seq_no`.
    package var offset: Int64
    package var epoch: Int64
    /// Why a document was refused, with what caused it.
    package var error: (any Error)?

    package init(outcome: ChangeOutcome, offset: Int64, epoch: Int64) {
        self.outcome = outcome
        self.offset = offset
        self.epoch = epoch
    }
}

/// A document as a shard gives it back.
package struct ShardDocument: Sendable, Codable {
    package var id: String
    package var source: [UInt8]
    package var routing: String?
    package var version: Int64
    package var offset: Int64
    package var epoch: Int64

    package init(
        id: String, source: [UInt8], routing: String?, version: Int64, offset: Int64, epoch: Int64
    ) {
        self.id = id
        self.source = source
        self.routing = routing
        self.version = version
        self.offset = offset
        self.epoch = epoch
    }
}

/// How a shard is at the moment.
package struct ShardFigures: Sendable, Codable {
    package struct Segment: Sendable, Codable {
        package var name: String
        package var docCount = 0
        package var deletedCount = 0
        package var byteCount = 0
        package var isCommitted = true
        package var isSearchable = true

        package init(name: String) { self.name = name }
    }

    package var docCount = 0
    package var deletedCount = 0
    package var byteCount = 0
    package var segments: [Segment] = []
    /// The last change applied, -1 before the first.
    package var maxOffset: Int64 = -1
    package var refreshCount = 0
    package var flushCount = 0
    package var memoryByteCount = 0
    package var operations = OperationFigures()

    package init() {}
}

/// Reaches one shard, which may be here or elsewhere.
package protocol ShardClient: AnyObject, Sendable {
    var number: Int { get }

    /// Appends changes to the shard's log and applies them. What is returned is durable.
    func write(_ changes: [Change]) throws -> [ShardWrite]
    /// The newest applied version of a document, refreshed or not; of the last refresh when not
    /// in real time.
    func get(_ id: DocumentID, inRealTime: Bool) throws -> ShardDocument?
    /// The shard as of its last refresh.
    func view() throws -> any ShardView
    /// Makes everything applied so far visible to searches.
    func refresh() throws
    /// Makes the changes up to an offset visible to searches, when they are not yet.
    func show(through offset: Int64) throws
    /// Makes a commit.
    func flush() throws
    func forceMerge(to segmentCount: Int, onlyExpungesDeletes: Bool) throws
    /// Learns of a new mapping or new settings.
    func adopt(_ index: IndexMetadata)
    var figures: ShardFigures { get }
    /// Those of the copy on one node; nil when it cannot be reached.
    func figures(on node: String) -> ShardFigures?
    /// Commits and lets go of the files.
    func close()
}

extension ShardClient {
    package func figures(on node: String) -> ShardFigures? { figures }
}

/// Opens the shards of this node.
package protocol ShardProvider: Sendable {
    func openShard(_ index: IndexMetadata, number: Int) throws -> any ShardClient
    /// Deletes the files of indices that are no more.
    func removeAll(but uuids: Set<String>)
    /// Bytes of the device that holds the data: all, and free ones.
    var diskByteCounts: (total: Int, free: Int) { get }
    /// How questions reach the views of its shards.
    var scatter: any ShardScatter { get }
    /// Who is there; nil for a node that is alone.
    var picture: ClusterPicture? { get }
    /// Plans and moves; nil for a node that is alone.
    var planning: (any ClusterPlanning)? { get }
    /// Waits until a new index can take changes, at most so long.
    func waitUntilReady(_ index: IndexMetadata, timeout: Duration) -> Bool
}

extension ShardProvider {
    package var scatter: any ShardScatter { LocalScatter() }
    package var picture: ClusterPicture? { nil }
    package var planning: (any ClusterPlanning)? { nil }
    package func waitUntilReady(_ index: IndexMetadata, timeout: Duration) -> Bool { true }
}
