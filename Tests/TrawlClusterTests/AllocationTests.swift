import Testing
import TrawlCluster
import TrawlTestKit

@Suite("Allocation", .randomized())
struct AllocationTests {
    /// A store that takes every change, and copies that do what they are told at once.
    private struct World {
        var members: [Allocation.Member]
        var wanted: [Placement.Shard]
        var states: [ShardKey: ShardState] = [:]
        var overrides: [ShardKey: [NodeID]] = [:]

        var alive: [NodeID: Int64] {
            Dictionary(
                uniqueKeysWithValues: members.compactMap { member in
                    member.life.map { (member.ring.node, $0) }
                })
        }

        /// One round of decisions; every copy of a node that is there catches up.
        ///
        /// - Returns: How many shards began to build copies.
        mutating func step(moveLimit: Int = 2) -> Int {
            let allocation = Allocation(
                members: members, wanted: wanted, states: states, overrides: overrides,
                moveLimit: moveLimit)
            var began = 0
            for (key, change) in allocation.changes() {
                switch change {
                case .remove: states[key] = nil
                case .set(let next):
                    #expect(next.violation == nil, "\(key): \(next)")
                    if let before = states[key] {
                        #expect(next.revision > before.revision)
                        #expect(next.epoch >= before.epoch)
                        // A leader is from the set in sync, and nobody leaves it for nothing.
                        if next.leader != before.leader, let leader = next.leader {
                            #expect(before.inSync.contains(leader))
                        }
                        if !Set(next.copies).isSubset(of: before.copies) { began += 1 }
                    }
                    states[key] = next
                }
            }
            return began
        }

        mutating func catchUp() {
            for (key, state) in states {
                guard let leader = state.leader, alive[leader] != nil else { continue }
                var next = state
                next.inSync = state.copies.filter { alive[$0] != nil || $0 == leader }
                guard next != state else { continue }
                next.revision += 1
                states[key] = next
            }
        }

        mutating func settle() -> Bool {
            for _ in 0..<200 {
                let before = states
                _ = step()
                catchUp()
                if states == before { return true }
            }
            return false
        }
    }

    private static func world(nodes: Int, shards: Int, copies: Int) -> World {
        World(
            members: (0..<nodes).map {
                Allocation.Member(
                    ring: HashRing.Member(node: NodeID("n\($0)"), zone: "z\($0 % 3)"), life: 1)
            },
            wanted: (0..<shards).map {
                Placement.Shard(key: ShardKey(index: "i", number: $0), copyCount: copies)
            })
    }

    private func settle(_ world: inout World) {
        let isSettled = world.settle()
        #expect(isSettled)
    }

    private func step(_ world: inout World, begins count: Int) {
        let began = world.step(moveLimit: 2)
        #expect(began == count)
    }

    @Test("every shard comes to its copies, on nodes that are there, and then nothing changes")
    func settles() {
        var random = RandomContext.generator()
        for _ in 0..<20 {
            let nodes = Int.random(in: 1...7, using: &random)
            let copies = Int.random(in: 1...3, using: &random)
            var world = Self.world(
                nodes: nodes, shards: Int.random(in: 1...20, using: &random), copies: copies)
            settle(&world)
            for _ in 0..<4 {
                let place = Int.random(in: 0..<nodes, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0:
                    if world.members.count(where: { $0.life != nil && $0.isEligible }) > 1 {
                        world.members[place].life = nil
                        world.members[place].isEligible = false
                    }
                case 1: world.members[place].life = 100 + Int64(place)
                default: world.members[place].isEligible = world.members[place].life != nil
                }
                settle(&world)
            }
            for index in world.members.indices {
                world.members[index].life = world.members[index].life ?? 500
                world.members[index].isEligible = true
            }
            settle(&world)
            for state in world.states.values {
                #expect(state.copies.count == min(copies, nodes))
                #expect(Set(state.inSync) == Set(state.copies))
                #expect(state.leader.map { world.alive[$0] == state.leaderLife } == true)
            }
        }
    }

    @Test(
        "a drained node gives up its copies, and never the last one in sync before another has it")
    func drain() {
        var world = Self.world(nodes: 3, shards: 9, copies: 1)
        settle(&world)
        world.members[0].isEligible = false
        for _ in 0..<100 {
            _ = world.step()
            for state in world.states.values { #expect(!state.inSync.isEmpty) }
            world.catchUp()
        }
        for state in world.states.values {
            #expect(!state.copies.contains(NodeID("n0")))
            #expect(state.leader != NodeID("n0"))
        }
    }

    @Test("moves for the sake of balance are few at a time; missing copies are made at once")
    func throttle() {
        var world = Self.world(nodes: 2, shards: 20, copies: 1)
        settle(&world)
        world.members.append(
            Allocation.Member(ring: HashRing.Member(node: NodeID("n9"), zone: "z9"), life: 1))
        step(&world, begins: 2)
        // Nothing caught up yet: nothing more begins.
        step(&world, begins: 0)
        settle(&world)
        let keys = world.wanted.map(\.key)
        world.wanted = keys.map { Placement.Shard(key: $0, copyCount: 2) }
        step(&world, begins: 20)
    }

    @Test("what an operator names for a shard counts more than the ring")
    func overrides() {
        var world = Self.world(nodes: 3, shards: 1, copies: 1)
        settle(&world)
        let key = ShardKey(index: "i", number: 0)
        let other = ["n0", "n1", "n2"].map { NodeID($0) }.first { $0 != world.states[key]?.leader }!
        world.overrides[key] = [other]
        settle(&world)
        #expect(world.states[key]?.copies == [other])
        #expect(world.states[key]?.leader == other)
        world.overrides = [:]
        settle(&world)
        #expect(world.states[key]?.copies == [other])
    }
}
