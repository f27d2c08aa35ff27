/// The cluster as clients may see it: who is there, and which copy of which shard lies where.
package struct ClusterPicture: Sendable {
    package struct Node: Sendable {
        package var id: String
        package var name: String
        package var host: String
        package var httpPort: Int
        /// Where other nodes reach it; nil for a node that is alone.
        package var peerAddress: String?
        package var zone = ""
        package var weight = 1.0
        /// Milliseconds since 1970.
        package var startedAt: Int64 = 0
        package var keepsMetadata = true

        package init(id: String, name: String, host: String, httpPort: Int) {
            self.id = id
            self.name = name
            self.host = host
            self.httpPort = httpPort
        }
    }

    package struct Copy: Sendable, Equatable {
        package enum State: String, Sendable {
            case started = "STARTED"
            case initializing = "INITIALIZING"
            /// Gives its place up when another copy is ready.
            case relocating = "RELOCATING"
            case unassigned = "UNASSIGNED"
        }

        package var state: State
        package var isPrimary: Bool
        /// The id of the node; nil for a copy without one.
        package var node: String?
        /// In the words of the API: `NODE_LEFT`, `INDEX_CREATED`, …
        package var unassignedReason: String?
        /// What is wrong, for people.
        package var reason: String?

        package init(_ state: State, isPrimary: Bool, node: String?) {
            self.state = state
            self.isPrimary = isPrimary
            self.node = node
        }

        package var isActive: Bool { state == .started || state == .relocating }
    }

    /// In order of their names.
    package var nodes: [Node]
    /// The id of the node that answers.
    package var localNode: String
    /// Of an index, by shard; nil where everything stands on one node.
    package var copies: (@Sendable (IndexMetadata) -> [[Copy]])?

    package init(nodes: [Node], localNode: String) {
        self.nodes = nodes
        self.localNode = localNode
    }

    package func node(_ id: String?) -> Node? { nodes.first { $0.id == id } }

    /// The copies of every shard, the primary first.
    package func copies(of index: IndexMetadata) -> [[Copy]] {
        if let copies { return copies(index) }
        return (0..<index.shardCount).map { _ in
            let primary = Copy(.started, isPrimary: true, node: localNode)
            var missing = Copy(.unassigned, isPrimary: false, node: nil)
            missing.unassignedReason = "INDEX_CREATED"
            missing.reason = "there is one node only, and two copies of a shard never share one"
            return [primary] + Array(repeating: missing, count: index.copyCount(onNodes: 1) - 1)
        }
    }
}

extension IndexMetadata {
    /// How many copies each shard should have, the primary included.
    package func copyCount(onNodes nodeCount: Int) -> Int {
        guard let expand = settings.text("index.auto_expand_replicas"), expand != "false" else {
            return 1 + replicaCount
        }
        let parts = expand.split(separator: "-", maxSplits: 1).map(String.init)
        let lower = parts.first.flatMap { Int($0) } ?? 0
        let upper = parts.last == "all" ? nodeCount - 1 : parts.last.flatMap { Int($0) } ?? lower
        return 1 + max(lower, min(upper, nodeCount - 1))
    }
}
