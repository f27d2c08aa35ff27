internal import TrawlCluster

/// Something that happens at a time. Nodes and shards are told by number.
enum SimulationEvent {
    case deliver(ReplicationMessage, [SimulatedRecord], from: Int, to: Int, shard: Int)
    case tick(node: Int, life: Int)
    case synced(node: Int, life: Int, shard: Int, upTo: Int64)
    case bootstrapped(node: Int, life: Int, shard: Int, from: Int)
    case proposal(node: Int, shard: Int, epoch: Int64, inSync: [NodeID], revision: Int64)
    case refused(node: Int, life: Int, shard: Int)
    case notice(node: Int, shard: Int, ShardState)
    case heartbeat(node: Int)
    case storeTick
    case clientStep(client: Int, attempt: Int)
    case request(client: Int, request: Int64, node: Int, shard: Int)
    case acknowledged(client: Int, request: Int64)
    case restart(node: Int)
    case fault
    case heal
}

/// Events in order of their time; those of one time in the order they were planned.
struct EventQueue {
    private struct Entry {
        var time: Int64
        var number: Int64
        var event: SimulationEvent
    }

    private var heap: [Entry] = []
    private var planned: Int64 = 0

    mutating func plan(_ event: SimulationEvent, at time: Int64) {
        heap.append(Entry(time: time, number: planned, event: event))
        planned += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(child, parent) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (time: Int64, event: SimulationEvent)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                    if isBefore(child, least) { least = child }
                }
                if least == parent { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return (first.time, first.event)
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].time, heap[left].number) < (heap[right].time, heap[right].number)
    }
}
