/// Terms to values, looked up by bytes without making a string.
///
/// Open addressing over one array of bytes; made once, then only read.
package struct TermMap<Value: Sendable>: Sendable {
    private var slots: [Int32]
    private var starts: [Int32] = []
    private var bytes: [UInt8] = []
    private var values: [Value] = []
    package private(set) var count = 0
    /// No key is longer; most terms of long texts need no hash.
    private var longest = 0

    package init() { slots = Array(repeating: -1, count: 16) }

    @inline(__always)
    private static func hash(_ term: Span<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<term.count {
            hash = (hash ^ UInt64(term[index])) &* 0x100_0000_01B3
        }
        return Int(truncatingIfNeeded: hash ^ hash >> 29) & Int.max
    }

    private func key(_ entry: Int) -> Range<Int> {
        Int(starts[entry])..<(entry + 1 < starts.count ? Int(starts[entry + 1]) : bytes.count)
    }

    private func slot(of term: Span<UInt8>) -> (slot: Int, entry: Int?) {
        var slot = Self.hash(term) & (slots.count - 1)
        while slots[slot] >= 0 {
            let entry = Int(slots[slot])
            let range = key(entry)
            if range.count == term.count {
                var same = true
                for offset in 0..<term.count where bytes[range.lowerBound + offset] != term[offset]
                {
                    same = false
                    break
                }
                if same { return (slot, entry) }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return (slot, nil)
    }

    subscript(_ term: Span<UInt8>) -> Value? {
        if term.count > longest || count == 0 { return nil }
        guard let entry = slot(of: term).entry else { return nil }
        return values[entry]
    }

    package subscript(_ term: ArraySlice<UInt8>) -> Value? { self[term.span] }

    package mutating func set(_ term: [UInt8], _ value: Value) {
        if (count + 1) * 2 > slots.count { grow() }
        let found = slot(of: term.span)
        if let entry = found.entry {
            values[entry] = value
            return
        }
        slots[found.slot] = Int32(count)
        starts.append(Int32(bytes.count))
        bytes.append(contentsOf: term)
        values.append(value)
        count += 1
        longest = max(longest, term.count)
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for entry in 0..<count {
            let range = key(entry)
            let place = slot(of: bytes[range].span).slot
            slots[place] = Int32(entry)
        }
    }
}

/// A set of terms.
struct TermSet: Sendable {
    private var map = TermMap<Bool>()

    init(_ terms: some Sequence<String>) {
        for term in terms { map.set(Array(term.utf8), true) }
    }

    var isEmpty: Bool { map.count == 0 }
    var count: Int { map.count }

    func contains(_ term: Span<UInt8>) -> Bool { map[term] != nil }
    func contains(_ term: ArraySlice<UInt8>) -> Bool { map[term.span] != nil }
}
