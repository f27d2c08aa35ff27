internal import TrawlQuery
internal import TrawlSegment

/// What `terms`, `multi_terms` and `rare_terms` share: choosing among the buckets of a shard.
class TermsCollector: KeyedAggregator {
    final let options: TermsOptions

    init(
        _ request: Aggregation, _ context: AggregationContext, children: [Aggregator],
        options: TermsOptions
    ) throws {
        self.options = options
        _ = try BucketOrdering(options.order, request.children)
        super.init(request, context, children: children)
    }

    /// Buckets beyond this many are left out when other shards have more to say, with an honest
    /// bound of what that may miss.
    private static let keptBuckets = 1 << 20

    /// Terms without a match may be in any segment.
    final override var seesEverySegment: Bool {
        options.minDocCount == 0 || super.seesEverySegment
    }

    /// A bucket's key as results have it.
    func key(of bucket: Int) -> BucketKey {
        preconditionFailure("\(type(of: self)) has no keys")
    }

    /// Keys of terms without a document in `parent`, when empty buckets were asked for.
    func emptyKeys(in parent: Int) -> [BucketKey] { [] }

    final func termsPartial(
        of parent: Int, kind: ValueKind?, display: [ValueDisplay], tupleKinds: [ValueKind] = []
    ) throws -> TermsPartial {
        var partial = TermsPartial(kind: kind, display: display, tupleKinds: tupleKinds)
        var chosen = buckets(of: parent).map { Int($0) }
        let isPlain = BucketOrdering.isPlain(options.order)
        if context.isOnlyShard, isPlain {
            chosen.removeAll { count(of: $0) < options.minDocCount }
            if chosen.count > options.size {
                let all = chosen.reduce(0) { $0 + count(of: $1) }
                chosen = first(options.size, of: chosen)
                partial.otherCount = all - chosen.reduce(0) { $0 + count(of: $1) }
            }
        } else if chosen.count > Self.keptBuckets {
            let all = chosen.reduce(0) { $0 + count(of: $1) }
            chosen = first(max(Self.keptBuckets, options.size), of: chosen)
            partial.otherCount = all - chosen.reduce(0) { $0 + count(of: $1) }
            let isByKey = options.order.first.map { if case .key = $0 { true } else { false } }
            partial.countError = isByKey == true ? 0 : chosen.map { count(of: $0) }.min() ?? 0
            if !isPlain || options.isByRisingCount { partial.countError = -1 }
        }
        partial.found = try partials(chosen) { key(of: $0) }
        if options.minDocCount == 0 {
            for key in emptyKeys(in: parent) {
                partial.found.buckets.append(
                    PartialBucket(
                        key: key, docCount: 0, children: try childPartials(of: Aggregator.none)))
            }
        }
        return partial
    }

    /// The first of some buckets in the order asked for.
    private func first(_ count: Int, of buckets: [Int]) -> [Int] {
        var heap = BoundedHeap<Int>(limit: count) { [self] left, right in
            precedes(left, right)
        }
        for bucket in buckets { heap.insert(bucket) }
        return heap.elements
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        for order in options.order {
            let result: Int
            let isAscending: Bool
            switch order {
            case .count(let ascending):
                result = count(of: left) - count(of: right)
                isAscending = ascending
            case .key(let ascending):
                result = BucketKey.compare(key(of: left), key(of: right))
                isAscending = ascending
            case .path: continue
            }
            if result != 0 { return (result < 0) == isAscending }
        }
        return false
    }
}

/// What decides which buckets of terms are shown.
struct TermsOptions: Sendable {
    var size: Int
    var minDocCount: Int
    var order: [BucketOrder]
    var showsCountError = false

    var isByRisingCount: Bool {
        if case .count(ascending: true)? = order.first { true } else { false }
    }
}

/// Keeps the first `limit` elements of an order.
struct BoundedHeap<Element> {
    private let limit: Int
    private let precedes: (Element, Element) -> Bool
    /// The last of them at the top.
    private(set) var elements: [Element] = []

    init(limit: Int, precedes: @escaping (Element, Element) -> Bool) {
        self.limit = limit
        self.precedes = precedes
    }

    mutating func insert(_ element: Element) {
        if elements.count < limit {
            elements.append(element)
            var hole = elements.count - 1
            while hole > 0, precedes(elements[(hole - 1) / 2], elements[hole]) {
                elements.swapAt(hole, (hole - 1) / 2)
                hole = (hole - 1) / 2
            }
            return
        }
        guard limit > 0, precedes(element, elements[0]) else { return }
        elements[0] = element
        var hole = 0
        while true {
            var child = 2 * hole + 1
            if child >= elements.count { return }
            if child + 1 < elements.count, precedes(elements[child], elements[child + 1]) {
                child += 1
            }
            guard precedes(elements[hole], elements[child]) else { return }
            elements.swapAt(hole, child)
            hole = child
        }
    }
}

/// `terms` over strings and addresses.
final class StringTermsAggregator: TermsCollector {
    private let values: BoundValues
    private let filter: TermsFilterCheck
    /// Every string of every segment, by number.
    private var strings = BytesInterner()
    private var ordinals = SegmentOrdinals.none
    /// The number of each string of the segment: not looked up yet, or refused by the filter.
    private var numbers: [Int32] = []
    /// Counts by ordinal, where nothing else is asked for.
    private var flat: [Int] = []
    private var hasPlaces = false
    /// Strings of living documents, matching or not, when empty buckets were asked for.
    private var living: Set<Int32> = []

    private static let unknown: Int32 = -1
    private static let refused: Int32 = -2

    init(
        _ request: Aggregation, _ values: BoundValues, filter: TermsFilterCheck,
        options: TermsOptions, _ context: AggregationContext, children: [Aggregator]
    ) throws {
        self.values = values
        self.filter = filter
        try super.init(request, context, children: children, options: options)
    }

    override func begin(_ segment: SegmentContext) throws {
        ordinals = values.ordinals(in: segment)
        numbers = [Int32](repeating: Self.unknown, count: ordinals.count)
        flat = []
        hasPlaces = false
        try super.begin(segment)
    }

    private func number(of ordinal: Int) -> Int32 {
        if numbers[ordinal] == Self.unknown {
            numbers[ordinal] = intern(ordinals.bytes(at: ordinal))
        }
        return numbers[ordinal]
    }

    private func intern(_ bytes: [UInt8]) -> Int32 {
        guard filter.isEmpty || filter.accepts(bytes) else { return Self.refused }
        return Int32(unsafe bytes.withUnsafeBufferPointer { unsafe strings.intern($0) })
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        if bucketCount == 1 {
            if children.isEmpty { countFlat(block) } else { try collectFirst(block) }
            return
        }
        try sort(block, besides: strings.memoryByteCount + numbers.count * 4) { sorter in
            ordinals.forEach(block) { place, ordinal in
                let number = number(of: ordinal)
                if number >= 0 { sorter.put(block, place, key: Int64(number)) }
            }
        }
    }

    private func countFlat(_ block: DocBlock) {
        if flat.isEmpty { flat = [Int](repeating: 0, count: ordinals.count) }
        unsafe flat.withUnsafeMutableBufferPointer { flat in
            // Ordinals are below `count`.
            // Copies, which stay in registers.
            let (counts, limit) = unsafe (
                UnsafeMutableBufferPointer(rebasing: flat[...]), flat.count
            )
            let isDone: Void? = unsafe ordinals.withOrdinals(block) { ordinals in
                for at in ordinals.indices {
                    let ordinal = unsafe SegmentOrdinals.clamped(ordinals[at], below: limit)
                    unsafe counts[ordinal] &+= 1
                }
            }
            if isDone != nil { return }
            ordinals.forEach(block) { _, ordinal in unsafe flat[ordinal] &+= 1 }
        }
    }

    /// All for one bucket: strings are looked up once a segment.
    private func collectFirst(_ block: DocBlock) throws {
        if !hasPlaces {
            hasPlaces = true
            sorter.beginSegment(keyPlaces: ordinals.count)
        }
        let takesAll = filter.isEmpty
        try sort(
            block, isOneToOne: takesAll && ordinals.isOneToOne,
            besides: strings.memoryByteCount + numbers.count * 4
        ) { sorter in
            if takesAll, ordinals.isOneToOne {
                let isDone: Void? = unsafe ordinals.withOrdinals(block) { places in
                    unsafe sorter.putAll(block, places: places) { Int64(number(of: $0)) }
                }
                if isDone != nil { return }
            }
            ordinals.forEach(block) { place, ordinal in
                if !takesAll, number(of: ordinal) < 0 { return }
                sorter.put(block, place, keyPlace: ordinal) { Int64(number(of: ordinal)) }
            }
        }
    }

    override func end(_ segment: SegmentContext) throws {
        try super.end(segment)
        if !flat.isEmpty { try fold() }
        if options.minDocCount == 0 { findLiving(segment) }
    }

    /// The counts of a segment become those of the shard: one walk over its dictionary.
    private func fold() throws {
        func add(_ ordinal: Int, _ bytes: [UInt8]) {
            let number = intern(bytes)
            numbers[ordinal] = number
            guard number >= 0 else { return }
            sorter.add(flat[ordinal], to: sorter.table.number(0, Int64(number)))
        }
        if ordinals.column == nil {
            // What a script made has no dictionary to walk.
            for ordinal in 0..<ordinals.missingOrdinal where flat[ordinal] > 0 {
                add(ordinal, ordinals.bytes(at: ordinal))
            }
        }
        if let column = ordinals.column {
            column.dictionary.forEach { ordinal, bytes in
                if flat[ordinal] > 0 { add(ordinal, bytes) }
                return true
            }
        }
        if ordinals.missing != nil, flat[ordinals.missingOrdinal] > 0 {
            add(ordinals.missingOrdinal, ordinals.missing ?? [])
        }
        flat = []
        try account(
            sorter.memoryByteCount + strings.memoryByteCount + ordinals.count * 12)
    }

    private func findLiving(_ segment: SegmentContext) {
        if ordinals.missing != nil, segment.hasLiving(where: { !ordinals.hasOwnValue($0) }) {
            let number = number(of: ordinals.missingOrdinal)
            if number >= 0 { living.insert(number) }
        }
        guard let column = ordinals.column else { return }
        var isSeen = [Bool](repeating: false, count: column.dictionary.count)
        column.ordinals.forEach { doc, range in
            guard segment.view.isLive(doc) else { return }
            for at in range { isSeen[column.ordinal(at: at)] = true }
        }
        for ordinal in isSeen.indices where isSeen[ordinal] {
            let number = number(of: ordinal)
            if number >= 0 { living.insert(number) }
        }
    }

    override func key(of bucket: Int) -> BucketKey {
        .bytes(Array(strings.bytes(at: Int(key(at: bucket)))))
    }

    override func emptyKeys(in parent: Int) -> [BucketKey] {
        let known = Set(buckets(of: parent).map { Int32(key(at: Int($0))) })
        return living.subtracting(known).map { .bytes(Array(strings.bytes(at: Int($0)))) }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        try termsPartial(
            of: bucket, kind: values.isUnmapped ? nil : values.kind, display: [values.display])
    }
}

/// `terms` over numbers, dates and booleans.
final class NumberTermsAggregator: TermsCollector {
    private let values: BoundValues
    private let filter: TermsFilterCheck
    private var numbers = SegmentNumbers.none
    /// Values of living documents, matching or not, when empty buckets were asked for.
    private var living: Set<Int64> = []
    /// The least key of the segment, when its keys lie near each other.
    private var firstKey: Int64?

    private static let maxKeyPlaces = 1 << 16

    init(
        _ request: Aggregation, _ values: BoundValues, filter: TermsFilterCheck,
        options: TermsOptions, _ context: AggregationContext, children: [Aggregator]
    ) throws {
        self.values = values
        self.filter = filter
        try super.init(request, context, children: children, options: options)
    }

    override func begin(_ segment: SegmentContext) throws {
        numbers = values.numbers(in: segment)
        firstKey = nil
        if let keys = numbers.keys,
            keys.upperBound.subtractingReportingOverflow(keys.lowerBound).partialValue
                .magnitude < Self.maxKeyPlaces, keys.lowerBound <= keys.upperBound
        {
            firstKey = keys.lowerBound
            sorter.beginSegment(keyPlaces: Int(keys.upperBound - keys.lowerBound) + 1)
        }
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        // A value that a document has twice counts once.
        var lastPlace = -1
        var lastKey: Int64 = 0
        let takesAll = filter.isEmpty
        let first = bucketCount == 1 ? firstKey : nil
        if let first, takesAll, children.isEmpty, count(block, first) { return }
        try sort(block, isOneToOne: takesAll && numbers.isOneToOne) { sorter in
            numbers.forEach(block) { place, key in
                if place == lastPlace, key == lastKey { return }
                lastPlace = place
                lastKey = key
                guard takesAll || filter.accepts(key) else { return }
                if let first {
                    sorter.put(block, place, keyPlace: Int(key &- first)) { key }
                } else {
                    sorter.put(block, place, key: key)
                }
            }
        }
    }

    /// Counts a block each of whose documents has one value; false when some may not.
    private func count(_ block: DocBlock, _ first: Int64) -> Bool {
        unsafe numbers.withKeys(block) { keys in
            unsafe sorter.countPlaces { places in
                for at in keys.indices {
                    let key = unsafe keys[at]
                    let place = Int(key &- first)
                    if place >= 0, place < places.count { unsafe places[place] &+= 1 }
                }
            }
            return true
        } ?? false
    }

    override func end(_ segment: SegmentContext) throws {
        try super.end(segment)
        if let firstKey { sorter.fold { firstKey + Int64($0) } }
        guard options.minDocCount == 0 else { return }
        if let missing = numbers.missing, filter.isEmpty || filter.accepts(missing),
            segment.hasLiving(where: { !numbers.hasOwnValue($0) })
        {
            living.insert(missing)
        }
        guard let column = numbers.column else { return }
        column.forEach { doc, range in
            guard segment.view.isLive(doc) else { return }
            for at in range {
                let key = numbers.decoding.key(column.numbers.value(at: at))
                if filter.isEmpty || filter.accepts(key) { living.insert(key) }
            }
        }
    }

    override func key(of bucket: Int) -> BucketKey { .number(key(at: bucket)) }

    override func emptyKeys(in parent: Int) -> [BucketKey] {
        let known = Set(buckets(of: parent).map { key(at: Int($0)) })
        return living.subtracting(known).map { .number($0) }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        try termsPartial(
            of: bucket, kind: values.isUnmapped ? nil : values.kind, display: [values.display])
    }
}

extension SegmentContext {
    fileprivate func hasLiving(where matches: (Int) -> Bool) -> Bool {
        (0..<docCount).contains { view.isLive($0) && matches($0) }
    }
}
