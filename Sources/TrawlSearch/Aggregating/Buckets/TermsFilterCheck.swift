internal import TrawlJSON
internal import TrawlQuery

/// Which terms an `include` and an `exclude` leave, for one kind of values.
struct TermsFilterCheck {
    private enum Rule {
        case automaton(PatternAutomaton)
        case bytes(Set<[UInt8]>)
        case keys(Set<Int64>)

        func matches(_ bytes: [UInt8]) -> Bool {
            switch self {
            case .automaton(let automaton):
                automaton.accepts(String(decoding: bytes, as: UTF8.self))
            case .bytes(let set): set.contains(bytes)
            case .keys: false
            }
        }

        func matches(_ key: Int64) -> Bool {
            if case .keys(let set) = self { set.contains(key) } else { false }
        }
    }

    private var include: Rule?
    private var exclude: Rule?
    private let partition: (number: Int, count: Int)?

    let isEmpty: Bool

    init(
        _ filter: TermsFilter, _ values: BoundValues, _ binder: ValuesBinder, name: String
    ) throws(QueryError) {
        isEmpty = filter.isEmpty
        partition = filter.partition
        if filter.hasPattern, values.kind != .text {
            throw .illegalArgument(
                "Aggregation [\(name)] cannot support regular expression style include/exclude "
                    + "settings as they can only be applied to string fields. Use an array of "
                    + "values for include/exclude clauses")
        }
        include = try filter.include.map { rule throws(QueryError) in
            try Self.rule(rule, values, binder)
        }
        exclude = try filter.exclude.map { rule throws(QueryError) in
            try Self.rule(rule, values, binder)
        }
    }

    private static func rule(
        _ rule: TermsFilter.Rule, _ values: BoundValues, _ binder: ValuesBinder
    ) throws(QueryError) -> Rule {
        switch rule {
        case .pattern(let pattern):
            return .automaton(
                try RegexpPattern.compile(
                    pattern, flags: .all, caseInsensitive: false, limit: 10_000))
        case .values(let wanted):
            if values.kind == .text { return .bytes(Set(wanted.map { Array($0.queryText.utf8) })) }
            if values.kind == .ip {
                var set: Set<[UInt8]> = []
                for value in wanted { set.insert(try ValuesBinder.address(value.queryText)) }
                return .bytes(set)
            }
            var set: Set<Int64> = []
            for value in wanted { set.insert(try key(value, values, binder)) }
            return .keys(set)
        }
    }

    private static func key(
        _ value: JSONValue, _ values: BoundValues, _ binder: ValuesBinder
    ) throws(QueryError) -> Int64 {
        switch values.kind {
        case .date: return try binder.millis(value, values.display)
        case .boolean:
            switch value.queryText {
            case "true", "1": return 1
            case "false", "0": return 0
            case let text:
                throw .illegalArgument(
                    "Cannot parse boolean [\(text)], expected either [true] or [false]")
            }
        case .unsigned:
            if let exact = UInt64(value.queryText) {
                return Int64(bitPattern: exact ^ (1 << 63))
            }
        case .long:
            if let exact = Int64(value.queryText) { return exact }
        default: break
        }
        guard let number = Double(value.queryText) else { throw .numberFormat(value.queryText) }
        return values.kind.key(of: number)
    }

    func accepts(_ bytes: [UInt8]) -> Bool {
        if let partition {
            let hash = Int(Int32(bitPattern: PartitionHash.murmur3(bytes)))
            return Self.floorModulo(hash, partition.count) == partition.number
        }
        if let include, !include.matches(bytes) { return false }
        if let exclude, exclude.matches(bytes) { return false }
        return true
    }

    func accepts(_ key: Int64) -> Bool {
        if let partition {
            return Self.floorModulo(Int(PartitionHash.mix(key)), partition.count)
                == partition.number
        }
        if let include, !include.matches(key) { return false }
        if let exclude, exclude.matches(key) { return false }
        return true
    }

    private static func floorModulo(_ value: Int, _ divisor: Int) -> Int {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }
}

/// The hashes that decide a term's partition: those that clients of the API count on.
enum PartitionHash {
    /// MurmurHash3, x86, 32 bits, with the seed of partitions.
    static func murmur3(_ bytes: [UInt8], seed: UInt32 = 31) -> UInt32 {
        var hash = seed
        func mixed(_ word: UInt32) -> UInt32 {
            let scaled = word &* 0xcc9e_2d51
            return (scaled << 15 | scaled >> 17) &* 0x1b87_3593
        }
        var place = 0
        while place + 4 <= bytes.count {
            let word =
                UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8
                | UInt32(bytes[place + 2]) << 16 | UInt32(bytes[place + 3]) << 24
            hash ^= mixed(word)
            hash = (hash << 13 | hash >> 19) &* 5 &+ 0xe654_6b64
            place += 4
        }
        var tail: UInt32 = 0
        for (i, byte) in bytes[place...].enumerated() { tail |= UInt32(byte) << UInt32(8 * i) }
        if place < bytes.count { hash ^= mixed(tail) }
        hash ^= UInt32(bytes.count)
        hash = (hash ^ (hash >> 16)) &* 0x85eb_ca6b
        hash = (hash ^ (hash >> 13)) &* 0xc2b2_ae35
        return hash ^ (hash >> 16)
    }

    static func mix(_ key: Int64) -> Int64 {
        var hash = UInt64(bitPattern: key)
        hash = (hash ^ (hash >> 32)) &* 0x4cd6_944c_5cc2_0b6d
        hash = (hash ^ (hash >> 29)) &* 0xfc12_c5b1_9d32_59e9
        return Int64(bitPattern: hash ^ (hash >> 32))
    }
}
