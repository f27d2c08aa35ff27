/// The name of a node, unique in its cluster and the same after a restart.
public struct NodeID: Hashable, Sendable, Comparable, CustomStringConvertible, Codable {
    public var string: String

    public init(_ string: String) { self.string = string }

    public var description: String { string }

    public static func < (left: NodeID, right: NodeID) -> Bool { left.string < right.string }
}
