/// Which faults a simulation makes, by name, and how often.
public struct Faults: Sendable, OptionSet {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Messages are lost, repeated and late.
    public static let network = Faults(rawValue: 1)
    /// Some nodes cannot reach some others, both ways or one way.
    public static let partitions = Faults(rawValue: 2)
    /// Processes end and start again; what was written stays.
    public static let crashes = Faults(rawValue: 4)
    /// Machines lose power: what was not synced is gone, wholly or from some record on.
    public static let power = Faults(rawValue: 8)
    /// Disks are slow or full for a while.
    public static let disks = Faults(rawValue: 16)
    /// A copy finds damage when it starts and begins anew.
    public static let corruption = Faults(rawValue: 32)
    /// The metadata store is away for a while.
    public static let metadata = Faults(rawValue: 64)
    /// Copies are moved between nodes.
    public static let moves = Faults(rawValue: 128)

    public static let all = Faults(rawValue: 255)

    public static let names: [(name: String, fault: Faults)] = [
        ("network", .network), ("partitions", .partitions), ("crashes", .crashes),
        ("power", .power), ("disks", .disks), ("corruption", .corruption),
        ("metadata", .metadata), ("moves", .moves), ("all", .all), ("none", []),
    ]
}
