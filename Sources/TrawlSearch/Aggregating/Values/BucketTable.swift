/// Gives each pair of a bucket around and a key a number, in order of appearance. An open hash
/// table over flat arrays.
struct BucketTable {
    private(set) var parents: [Int32] = []
    private(set) var keys: [Int64] = []
    /// Number plus one; 0 is free. A power of two long.
    private var slots = [UInt32](repeating: 0, count: 64)
    private var last = -1

    var count: Int { keys.count }
    var memoryByteCount: Int {
        parents.capacity * 4 + keys.capacity * 8 + slots.capacity * 4
    }

    @inline(__always)
    private static func hash(_ parent: Int32, _ key: Int64) -> UInt64 {
        var hash = UInt64(bitPattern: key) &+ UInt64(UInt32(bitPattern: parent)) &* 0x9e37_79b9
        hash = (hash ^ (hash >> 32)) &* 0x9e37_79b9_7f4a_7c15
        return hash ^ (hash >> 29)
    }

    /// The number of the pair, a new one if need be.
    @inline(__always)
    mutating func number(_ parent: Int32, _ key: Int64) -> Int {
        // Neighbouring documents often go to the same bucket.
        if last >= 0, keys[last] == key, parents[last] == parent { return last }
        return look(parent, key)
    }

    private mutating func look(_ parent: Int32, _ key: Int64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(parent, key)) & mask
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if keys[number] == key, parents[number] == parent {
                last = number
                return number
            }
            slot = (slot + 1) & mask
        }
        parents.append(parent)
        keys.append(key)
        slots[slot] = UInt32(keys.count)
        if keys.count * 2 > slots.count { grow() }
        last = keys.count - 1
        return last
    }

    private mutating func grow() {
        var larger = [UInt32](repeating: 0, count: slots.count * 2)
        let mask = larger.count - 1
        for number in keys.indices {
            var slot = Int(truncatingIfNeeded: Self.hash(parents[number], keys[number])) & mask
            while larger[slot] != 0 { slot = (slot + 1) & mask }
            larger[slot] = UInt32(number + 1)
        }
        slots = larger
    }
}

/// The numbers of a table by the bucket around them.
struct BucketGroups {
    private var starts: [Int] = [0]
    private var numbers: [Int32] = []

    init(_ parents: [Int32]) {
        let groupCount = Int((parents.max() ?? -1) + 1)
        starts = [Int](repeating: 0, count: groupCount + 1)
        for parent in parents { starts[Int(parent) + 1] += 1 }
        for i in 0..<groupCount { starts[i + 1] += starts[i] }
        var next = starts
        numbers = [Int32](repeating: 0, count: parents.count)
        for (number, parent) in parents.enumerated() {
            numbers[next[Int(parent)]] = Int32(number)
            next[Int(parent)] += 1
        }
    }

    subscript(parent: Int) -> ArraySlice<Int32> {
        parent >= 0 && parent + 1 < starts.count ? numbers[starts[parent]..<starts[parent + 1]] : []
    }
}
