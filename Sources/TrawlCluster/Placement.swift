/// Where copies should lie: the ring's choice with bounded load (Mirrokni, Thorup, Zadimoghaddam,
/// "Consistent Hashing with Bounded Loads", 2016), kept as close to what is stored as it can be.
///
/// What is always true of a result:
/// - no two copies of a shard lie on one node;
/// - a shard has as many copies as it asks for, or as there are nodes;
/// - copies lie in as many zones as there are, up to their number, unless the bound on load is
///   in the way of all of a zone's nodes;
/// - a node keeps at most `cap` copies, 5 % above its fair share rounded up, unless there is no
///   other node left for a copy.
public struct Placement: Sendable {
    public struct Shard: Sendable, Hashable {
        public var key: ShardKey
        public var copyCount: Int

        public init(key: ShardKey, copyCount: Int) {
            precondition(copyCount >= 1)
            self.key = key
            self.copyCount = copyCount
        }
    }

    static let slack = 1.05

    private let ring: HashRing
    private let zones: [Int32]
    private let zoneCount: Int
    private let places: [NodeID: Int]

    public init(ring: HashRing) {
        self.ring = ring
        var zoneNumbers: [String: Int32] = [:]
        zones = ring.members.map { member in
            let next = Int32(zoneNumbers.count)
            return zoneNumbers[member.zone, default: next].also {
                zoneNumbers[member.zone] = $0
            }
        }
        zoneCount = zoneNumbers.count
        places = Dictionary(
            uniqueKeysWithValues: ring.members.enumerated().map { ($1.node, $0) })
    }

    /// The target for these shards, near the `current` assignment: a copy moves only when its
    /// node left, when its node keeps more than its share, or to fill a node that keeps less.
    public func target(for shards: [Shard], current: Assignment = Assignment()) -> Assignment {
        guard !ring.members.isEmpty else { return current }
        let shards = shards.sorted { $0.key < $1.key }
        var draft = Draft(placement: self, shards: shards)
        draft.keep(current)
        draft.fillMissing()
        draft.relieve()
        draft.level()
        return draft.assignment(after: current)
    }

    /// One computation of a target; members and shards by their places in their lists.
    private struct Draft {
        let ring: HashRing
        let zones: [Int32]
        let zoneCount: Int
        let memberPlaces: [NodeID: Int]
        let shards: [Shard]
        /// Nodes of each shard, by place.
        var copies: [[Int]]
        var loads: [Int]
        let shares: [Double]
        let caps: [Int]

        init(placement: Placement, shards: [Shard]) {
            ring = placement.ring
            zones = placement.zones
            zoneCount = placement.zoneCount
            memberPlaces = placement.places
            self.shards = shards
            let members = placement.ring.members
            copies = Array(repeating: [], count: shards.count)
            loads = Array(repeating: 0, count: members.count)
            let total = shards.reduce(0) { $0 + min($1.copyCount, members.count) }
            let weight = members.reduce(0) { $0 + $1.weight }
            shares = members.map { Double(total) * $0.weight / weight }
            caps = shares.map { Int(($0 * Placement.slack).rounded(.up)) }
        }

        func wanted(_ shard: Int) -> Int { min(shards[shard].copyCount, ring.members.count) }

        mutating func keep(_ current: Assignment) {
            for (place, shard) in shards.enumerated() {
                for node in current.copies[shard.key] ?? [] {
                    guard copies[place].count < wanted(place), let member = memberPlaces[node],
                        !copies[place].contains(member)
                    else { continue }
                    copies[place].append(member)
                    loads[member] += 1
                }
            }
        }

        mutating func fillMissing() {
            for shard in shards.indices {
                while copies[shard].count < wanted(shard) {
                    let node = choose(for: shard)
                    copies[shard].append(node)
                    loads[node] += 1
                }
            }
        }

        /// The node for one more copy: a new zone under its cap, else any under its cap, else a
        /// new one with the least load for its share.
        private func choose(for shard: Int) -> Int {
            let taken = copies[shard]
            let usedZones = Set(taken.map { zones[$0] })
            let wantsZone = usedZones.count < zoneCount
            var free: Int?
            var best: Int?
            var fallback: Int?
            ring.walk(from: shards[shard].key.point) { node in
                if taken.contains(node) { return true }
                if loads[node] < caps[node] {
                    if wantsZone, usedZones.contains(zones[node]) {
                        free = free ?? node
                        return true
                    }
                    best = node
                    return false
                }
                if let other = fallback, fill(other) <= fill(node) { return true }
                fallback = node
                return true
            }
            guard let node = best ?? free ?? fallback else {
                preconditionFailure("a shard wants more copies than there are nodes")
            }
            return node
        }

        private func fill(_ node: Int) -> Double { Double(loads[node]) / shares[node] }

        /// Whether a copy may go from one node to another without losing a zone.
        private func mayMove(_ shard: Int, from source: Int, to target: Int) -> Bool {
            guard !copies[shard].contains(target) else { return false }
            if zones[source] == zones[target] { return true }
            let others = copies[shard].filter { $0 != source }.map { zones[$0] }
            return !others.contains(zones[target]) || others.contains(zones[source])
        }

        private mutating func move(_ shard: Int, from source: Int, to target: Int) {
            guard let place = copies[shard].firstIndex(of: source) else {
                preconditionFailure("a copy is moved from where it is not")
            }
            copies[shard][place] = target
            loads[source] -= 1
            loads[target] += 1
        }

        /// Takes copies off the nodes above their cap.
        mutating func relieve() {
            for shard in shards.indices {
                for source in copies[shard] where loads[source] > caps[source] {
                    var target: Int?
                    ring.walk(from: shards[shard].key.point) { node in
                        guard loads[node] < caps[node], mayMove(shard, from: source, to: node)
                        else { return true }
                        target = node
                        return false
                    }
                    if let target { move(shard, from: source, to: target) }
                }
            }
        }

        /// Fills the nodes that keep less than their share, from those that keep more.
        mutating func level() {
            var needy = loads.indices.filter { loads[$0] < Int(shares[$0]) }
            guard !needy.isEmpty else { return }
            let needyBefore = Set(needy)
            // A node is offered first what the ring would have given to it.
            var offers: [(distance: Int, shard: Int, target: Int)] = []
            for shard in shards.indices {
                var distance = 0
                ring.walk(from: shards[shard].key.point) { node in
                    if needyBefore.contains(node) {
                        offers.append((distance, shard, node))
                    }
                    distance += 1
                    return distance < 64
                }
            }
            offers.sort { ($0.distance, $0.shard, $0.target) < ($1.distance, $1.shard, $1.target) }
            for offer in offers where loads[offer.target] < Int(shares[offer.target]) {
                take(offer.shard, for: offer.target)
            }
            needy = needy.filter { loads[$0] < Int(shares[$0]) }
            for target in needy {
                for shard in shards.indices where loads[target] < Int(shares[target]) {
                    take(shard, for: target)
                }
            }
        }

        /// Gives the target one copy of the shard, from the fullest node that can spare one.
        private mutating func take(_ shard: Int, for target: Int) {
            var source: Int?
            for node in copies[shard]
            where Double(loads[node]) > shares[node] && mayMove(shard, from: node, to: target) {
                if let other = source, fill(other) >= fill(node) { continue }
                source = node
            }
            if let source { move(shard, from: source, to: target) }
        }

        func assignment(after current: Assignment) -> Assignment {
            var result: [ShardKey: [NodeID]] = [:]
            for (place, shard) in shards.enumerated() {
                result[shard.key] = copies[place].map { ring.members[$0].node }
            }
            let changed = result != current.copies
            return Assignment(epoch: current.epoch + (changed ? 1 : 0), copies: result)
        }
    }
}

extension Int32 {
    /// The number itself, after something was done with it.
    fileprivate func also(_ body: (Int32) -> Void) -> Int32 {
        body(self)
        return self
    }
}
