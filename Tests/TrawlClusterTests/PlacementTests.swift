import Testing
import TrawlCluster
import TrawlTestKit

@Suite("SlotMap")
struct SlotMapTests {
    @Test(
        "ranges cover every slot once, and agree with the look-up",
        arguments: [1, 2, 3, 5, 16, 1000, 1024])
    func ranges(shardCount: Int) {
        let map = SlotMap(shardCount: shardCount)
        var next = 0
        for shard in 0..<shardCount {
            let slots = map.slots(ofShard: shard)
            #expect(slots.lowerBound == next)
            next = slots.upperBound
            for slot in [slots.lowerBound, slots.upperBound - 1] {
                #expect(map.shard(ofSlot: slot) == shard)
            }
        }
        #expect(next == SlotMap.slotCount)
    }

    /// Documents on disk lie where this says: it may never change.
    @Test("a routing's slot never changes")
    func stable() {
        #expect(SlotMap.slot(ofRouting: "1") == Self.slotOfOne)
        #expect(SlotMap(shardCount: 4).shard(ofRouting: "1") == Self.slotOfOne * 4 / 65_536)
    }

    private static let slotOfOne = 29_179

    @Test("a split keeps every document in its half")
    func split() {
        let before = SlotMap(shardCount: 3)
        let after = SlotMap(shardCount: 6)
        for slot in 0..<SlotMap.slotCount {
            #expect(after.shard(ofSlot: slot) / 2 == before.shard(ofSlot: slot))
        }
    }
}

@Suite("Placement")
struct PlacementTests {
    private func members(_ count: Int, zones: Int = 1) -> [HashRing.Member] {
        (0..<count).map { .init(node: NodeID("node-\($0)"), zone: "zone-\($0 % zones)") }
    }

    private func shards(_ count: Int, copies: Int) -> [Placement.Shard] {
        (0..<count).map { .init(key: ShardKey(index: "i", number: $0), copyCount: copies) }
    }

    private func target(
        _ members: [HashRing.Member], _ shards: [Placement.Shard],
        from current: Assignment = .init()
    ) -> Assignment {
        Placement(ring: HashRing(members)).target(for: shards, current: current)
    }

    /// What a result must hold, read off the assignment alone.
    private func check(
        _ assignment: Assignment, _ members: [HashRing.Member], _ shards: [Placement.Shard]
    ) {
        let zone = Dictionary(uniqueKeysWithValues: members.map { ($0.node, $0.zone) })
        for shard in shards {
            let nodes = assignment.copies[shard.key] ?? []
            #expect(nodes.count == min(shard.copyCount, members.count))
            #expect(Set(nodes).count == nodes.count)
            #expect(nodes.allSatisfy { zone[$0] != nil })
        }
        #expect(assignment.copies.count == shards.count)
    }

    private func spread(_ assignment: Assignment, over count: Int) -> Double {
        let loads = assignment.loads
        let mean = Double(loads.values.reduce(0, +)) / Double(count)
        return Double(loads.values.max() ?? 0) / mean
    }

    @Test("the order in which nodes are told does not matter")
    func order() {
        let some = members(7, zones: 3)
        #expect(
            target(some, shards(64, copies: 2)) == target(some.reversed(), shards(64, copies: 2)))
    }

    @Test("a sixth node takes its share, and nothing else moves")
    func join() {
        let all = shards(256, copies: 2)
        let before = target(members(5), all)
        check(before, members(5), all)
        let after = target(members(6), all, from: before)
        check(after, members(6), all)
        let plan = RebalancePlan(from: before, to: after)
        #expect(plan.drops.isEmpty)
        #expect(plan.moves.allSatisfy { $0.target == NodeID("node-5") })
        let moved = Double(plan.moves.count) / 512
        #expect(moved > 0.15 && moved < 0.176, "an ideal ring moves 0.167, this one \(moved)")
        #expect(spread(after, over: 6) <= 1.06)
        #expect(after.epoch == before.epoch + 1)
    }

    @Test("a node that leaves gives its copies to the others, and nothing else moves")
    func leave() {
        let all = shards(128, copies: 3)
        let before = target(members(8), all)
        let rest = members(8).filter { $0.node != NodeID("node-3") }
        let after = target(rest, all, from: before)
        check(after, rest, all)
        let plan = RebalancePlan(from: before, to: after)
        #expect(plan.moves.count <= (before.loads[NodeID("node-3")] ?? 0) + 8)
        #expect(spread(after, over: 7) <= 1.06)
    }

    @Test("copies lie in different zones while there are zones")
    func zones() {
        let some = members(9, zones: 3)
        let all = shards(200, copies: 3)
        let assignment = target(some, all)
        check(assignment, some, all)
        let zone = Dictionary(uniqueKeysWithValues: some.map { ($0.node, $0.zone) })
        for nodes in assignment.copies.values {
            #expect(Set(nodes.map { zone[$0] }).count == 3)
        }
    }

    @Test("a node of twice the weight keeps about twice as much")
    func weights() {
        var some = members(4)
        some[0].weight = 2
        let assignment = target(some, shards(500, copies: 1))
        let heavy = assignment.loads[NodeID("node-0")] ?? 0
        #expect((190...211).contains(heavy), "\(heavy) of 500, the share is 200")
    }

    @Test("more copies than nodes, no shards, no nodes: what can be had")
    func edges() {
        #expect(target(members(2), shards(3, copies: 5)).copies.values.allSatisfy { $0.count == 2 })
        #expect(target(members(2), []).copies.isEmpty)
        #expect(target([], shards(3, copies: 1)).copies.isEmpty)
    }

    @Test("nothing changed, nothing moves", arguments: 1...20 as ClosedRange<UInt64>)
    func stable(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let nodeCount = Int.random(in: 1...30, using: &random)
        let some = (0..<nodeCount).map { number in
            HashRing.Member(
                node: NodeID("n\(number)"), zone: "z\(Int.random(in: 0..<3, using: &random))",
                weight: [0.5, 1, 1, 2].randomElement(using: &random) ?? 1)
        }
        let all = shards(
            Int.random(in: 1...100, using: &random), copies: Int.random(in: 1...3, using: &random))
        let once = target(some, all)
        check(once, some, all)
        let twice = target(some, all, from: once)
        #expect(RebalancePlan(from: once, to: twice).moves.count <= nodeCount)
        let thrice = target(some, all, from: twice)
        #expect(RebalancePlan(from: twice, to: thrice).moves.count <= nodeCount / 2)
    }

    @Test("a thousand nodes: even, and a join moves what it must")
    func thousand() {
        let all = shards(2048, copies: 3)
        let before = target(members(1000, zones: 10), all)
        check(before, members(1000, zones: 10), all)
        #expect(spread(before, over: 1000) <= 1.14, "a cap of 7 over a mean of 6.1")
        let after = target(members(1001, zones: 10), all, from: before)
        let plan = RebalancePlan(from: before, to: after)
        #expect(plan.moves.count <= 8, "an ideal join moves 6, this one \(plan.moves.count)")
    }
}
