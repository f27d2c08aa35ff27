internal import Glibc

/// Counts distinct hashes: exactly while they are few, by HyperLogLog++ beyond. What it says is
/// a function of the set of hashes alone, so that any split of the documents comes to the same.
///
/// The estimate from registers is Ertl's (arXiv 1702.01284), which needs no tables for the bias.
struct DistinctCounter: Sendable, Codable {
    private let threshold: Int
    private let precision: Int
    /// Zero is free; a hash of zero is kept as one. Empty once registers count.
    private var slots: [UInt64] = []
    private var kept = 0
    private var registers: [UInt8] = []

    /// - Parameter threshold: Up to so many are counted exactly.
    init(threshold: Int) {
        self.threshold = threshold
        // Registers take about the room that the exact count would.
        let wanted = max(1, threshold * 4 / 3 * 4)
        precision = max(4, min(18, Int.bitWidth - wanted.leadingZeroBitCount))
    }

    var memoryByteCount: Int { slots.capacity * 8 + registers.capacity }

    /// A well mixed hash of a number.
    @inline(__always)
    static func hash(_ key: Int64) -> UInt64 {
        var hash = UInt64(bitPattern: key) &+ 0x9e37_79b9_7f4a_7c15
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return hash ^ (hash >> 31)
    }

    @inline(__always)
    mutating func insert(_ hash: UInt64) {
        if registers.isEmpty { insertExactly(max(1, hash)) } else { register(hash) }
    }

    private mutating func insertExactly(_ hash: UInt64) {
        if slots.isEmpty { slots = [UInt64](repeating: 0, count: 16) }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            if slots[slot] == hash { return }
            slot = (slot + 1) & mask
        }
        slots[slot] = hash
        kept += 1
        if kept > threshold {
            toRegisters()
        } else if kept * 2 > slots.count {
            grow()
        }
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        let mask = slots.count - 1
        for hash in old where hash != 0 {
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = hash
        }
    }

    private mutating func toRegisters() {
        registers = [UInt8](repeating: 0, count: 1 << precision)
        for hash in slots where hash != 0 { register(hash) }
        slots = []
        kept = 0
    }

    @inline(__always)
    private mutating func register(_ hash: UInt64) {
        let place = Int(hash >> UInt64(64 - precision))
        let rest = hash << UInt64(precision)
        let rank = UInt8(min(rest.leadingZeroBitCount, 64 - precision) + 1)
        if rank > registers[place] { registers[place] = rank }
    }

    mutating func merge(_ other: DistinctCounter) {
        if other.registers.isEmpty {
            for hash in other.slots where hash != 0 { insert(hash) }
            return
        }
        if registers.isEmpty { toRegisters() }
        for place in registers.indices {
            registers[place] = max(registers[place], other.registers[place])
        }
    }

    var count: Int {
        if registers.isEmpty { return kept }
        let size = Double(registers.count)
        let limit = 64 - precision
        var histogram = [Int](repeating: 0, count: limit + 2)
        for register in registers { histogram[Int(register)] += 1 }
        var sum = size * Self.tau(1 - Double(histogram[limit + 1]) / size)
        for rank in stride(from: limit, to: 0, by: -1) {
            sum = 0.5 * (sum + Double(histogram[rank]))
        }
        sum += size * Self.sigma(Double(histogram[0]) / size)
        return Int((size * size / (2 * log(2.0)) / sum).rounded())
    }

    private static func sigma(_ start: Double) -> Double {
        if start == 1 { return .infinity }
        var x = start
        var y = 1.0
        var sum = x
        while true {
            x *= x
            let before = sum
            sum += x * y
            y += y
            if sum == before { return sum }
        }
    }

    private static func tau(_ start: Double) -> Double {
        if start == 0 || start == 1 { return 0 }
        var x = start
        var y = 1.0
        var sum = 1 - x
        while true {
            x = x.squareRoot()
            let before = sum
            y *= 0.5
            sum -= (1 - x) * (1 - x) * y
            if sum == before { return sum / 3 }
        }
    }
}
