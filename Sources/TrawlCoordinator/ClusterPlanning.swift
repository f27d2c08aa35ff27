/// What an operator asks for by name: `_cluster/reroute`.
package enum RerouteCommand: Sendable, Equatable {
    /// The copy on one node goes to another one.
    case move(index: String, shard: Int, from: String, to: String)
    /// A move that was asked for and is not done is given up.
    case cancel(index: String, shard: Int)
}

/// Where copies will go, before anything moves.
package struct ClusterPlan: Sendable {
    package struct Move: Sendable, Equatable {
        package var index: String
        package var shard: Int
        /// Names of nodes; nil for an additional copy.
        package var source: String?
        package var target: String
        /// What has to be copied, when the leader could be asked.
        package var byteCount: Int?

        package init(
            index: String, shard: Int, source: String?, target: String, byteCount: Int? = nil
        ) {
            self.index = index
            self.shard = shard
            self.source = source
            self.target = target
            self.byteCount = byteCount
        }
    }

    package struct Drop: Sendable, Equatable {
        package var index: String
        package var shard: Int
        package var node: String

        package init(index: String, shard: Int, node: String) {
            self.index = index
            self.shard = shard
            self.node = node
        }
    }

    package var moves: [Move] = []
    package var drops: [Drop] = []

    package init() {}
}

/// The ring of nodes: which part of it each one owns, and what it keeps.
package struct RingPicture: Sendable {
    package struct Node: Sendable {
        package var name: String
        package var zone: String
        package var weight: Double
        /// Of the whole ring.
        package var share: Double
        package var copyCount: Int
        package var leaderCount: Int

        package init(
            name: String, zone: String, weight: Double, share: Double, copyCount: Int,
            leaderCount: Int
        ) {
            self.name = name
            self.zone = zone
            self.weight = weight
            self.share = share
            self.copyCount = copyCount
            self.leaderCount = leaderCount
        }
    }

    package var nodes: [Node]
    /// Places in `nodes`: who owns each of so many equal parts of the ring, clockwise.
    package var owners: [Int]

    package init(nodes: [Node], owners: [Int]) {
        self.nodes = nodes
        self.owners = owners
    }
}

/// What only a cluster can be asked.
package protocol ClusterPlanning: Sendable {
    /// - Parameter excluded: Names of nodes, with `*`, as if they were drained.
    func plan(excluding excluded: [String]) -> ClusterPlan
    func ring(parts: Int) -> RingPicture
    func reroute(_ commands: [RerouteCommand], isDryRun: Bool) throws
}
