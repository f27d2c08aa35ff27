internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlErrors
internal import TrawlIndex
internal import TrawlQuery
internal import TrawlSearch

/// One shard as one search sees it, on one of the nodes that have a copy.
///
/// Nothing is opened before it is asked: the first question opens the view and is answered by it. Until
/// the search has its documents it may go on with another copy; a view that was used before, for the
/// page of a scroll, stays with its copy or fails.
final class ClusterView: ShardView {
    struct Place {
        var node: NodeID?
        /// Open on another node.
        var remote: Int64?
        /// Open on this node.
        var local: (any ShardView)?
        /// Nodes that failed this search.
        var failed: Set<NodeID> = []
        /// Whether documents were fetched through it.
        var isUsed = false
        var lastQuestion: ShardQuestion?
    }

    let key: ShardKey
    let index: IndexMetadata
    let scatter: ClusterScatter
    let place = Mutex(Place())

    init(_ key: ShardKey, of index: IndexMetadata, _ scatter: ClusterScatter) {
        self.key = key
        self.index = index
        self.scatter = scatter
    }

    deinit {
        place.withLock { place in
            if let node = place.node, let id = place.remote { scatter.release(id, on: node) }
        }
    }

    /// The node that answers for this view, chosen when it is asked first.
    func node() throws -> NodeID {
        try place.withLock { place in
            if let node = place.node { return node }
            guard let node = scatter.choose(key, besides: place.failed) else {
                throw CoordinatorError(
                    .unavailable, "no_shard_available_action_exception",
                    "no copy of \(key) can be reached")
            }
            place.node = node
            return node
        }
    }

    /// Gives its node up, when it may go on with another.
    func leave(_ node: NodeID) -> Bool {
        place.withLock { place in
            guard place.node == node, !place.isUsed else { return false }
            place.failed.insert(node)
            place.node = nil
            place.remote = nil
            place.local = nil
            return true
        }
    }

    func localView() throws -> any ShardView {
        if let view = place.withLock({ $0.local }) { return view }
        let view = try scatter.hosting.currentView(of: key)
        place.withLock { $0.local = view }
        return view
    }

    // MARK: One by one

    /// Understood by the mapping alone, which every node has.
    func check(_ query: Query, now: Int64) throws {
        let empty = Snapshot(generation: 0, segments: [])
        let view = try SnapshotView(
            snapshot: empty, index: index, shard: key.number, cache: FilterCache())
        try view.check(query, now: now)
    }

    func statistics(of question: ShardQuestion) throws -> any ShardStatistics {
        try scatter.statistics([self], question)[0].get()
    }

    func find(_ question: ShardQuestion) throws -> ShardAnswer {
        try scatter.find([self], question)[0].get()
    }

    func count(_ question: ShardQuestion) throws -> Int {
        try scatter.count([self], question)[0].get()
    }

    func explain(_ question: ShardQuestion, id: DocumentID) throws -> Explanation? {
        try scatter.explain(self, question, id: id)
    }
}
