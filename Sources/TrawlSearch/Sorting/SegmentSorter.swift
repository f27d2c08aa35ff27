internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// The sort keys of the documents of one segment, as numbers whose order is the order of hits:
/// a keyword by its place in the segment's dictionary, whatever is missing at the end it belongs.
struct SegmentSorter {
    private enum Column {
        case score
        case document
        case numbers(NumberColumn)
        case bytes(BytesColumn)
        case distance(NumberColumn, [TrawlSchema.GeoPoint], unit: Double)
        case nothing
        case script(ScriptSortColumn, isText: Bool)
    }

    private let plan: SortPlan
    private let columns: [Column]
    private let segment: SegmentContext
    /// By key: the objects that values are taken from, where they are not the document's own.
    private let objects: [NestedObjects.InSegment?]
    /// What a document without a value gets, by key.
    private let missing: [Int64]

    init(_ plan: SortPlan, _ segment: SegmentContext) throws {
        self.plan = plan
        self.segment = segment
        objects = try plan.keys.map { try $0.objects?.inSegment(segment) }
        let context = segment
        var columns: [Column] = []
        var missing: [Int64] = []
        for key in plan.keys {
            // Values of objects are in the columns of the objects.
            let segment = key.objects == nil ? context : context.objects ?? context
            let column: Column
            switch key.source {
            case .score: column = .score
            case .document: column = .document
            case .nothing: column = .nothing
            case .script(let script, let isText):
                column = .script(
                    ScriptSortColumn(script, isText: isText, segment), isText: isText)
            case .number(let name, _, _):
                column = segment.view.field(name)?.numbers.map { .numbers($0) } ?? .nothing
            case .bytes(let name, _):
                column = segment.view.field(name)?.bytes.map { .bytes($0) } ?? .nothing
            case .distance(let name, let points, let unit):
                column =
                    segment.view.field(name)?.numbers.map {
                        .distance($0, points, unit: unit)
                    } ?? .nothing
            }
            columns.append(column)
            missing.append(Self.missing(key, column))
        }
        self.columns = columns
        self.missing = missing
    }

    private static func missing(_ key: SortPlan.Key, _ column: Column) -> Int64 {
        switch key.missing {
        case .first: return .min
        case .last: return .max
        case .value(let value):
            if case .bytes(let bytes) = column {
                return oriented(place(Array(value.queryText.utf8), bytes), key)
            }
            return SegmentSorter.missingNumber(key).map { oriented($0, key) } ?? .max
        }
    }

    /// A missing value that the request gave, as the column has numbers.
    private static func missingNumber(_ key: SortPlan.Key) -> Int64? {
        guard case .value(let value) = key.missing else { return nil }
        if case .distance = key.source {
            return value.doubleValue.map { SortableNumber.encode($0) }
        }
        guard case .number(_, let type, let format) = key.source else {
            return value.doubleValue.map { Int64($0) }
        }
        let found = (try? type.number(of: value, format: format)) ?? nil
        return found.map { shaped($0, key, type) }
    }

    /// Twice the ordinal and one; what is not in the dictionary falls between its neighbours.
    private static func place(_ bytes: [UInt8], _ column: BytesColumn) -> Int64 {
        let ordinals = SortedOrdinals(column)
        if let ordinal = ordinals.ordinal(of: bytes) { return Int64(2 * ordinal + 1) }
        return Int64(2 * ordinals.lowerBound(bytes))
    }

    private static func oriented(_ value: Int64, _ key: SortPlan.Key) -> Int64 {
        key.isDescending ? ~value : value
    }

    /// A number of the column as it is compared across fields of different types.
    private static func shaped(
        _ number: Int64, _ key: SortPlan.Key, _ type: any FieldType
    ) -> Int64 {
        switch key.shape {
        case .integer, .unsigned: return number &* key.scale / key.divisor
        case .float, .double: return SortableNumber.encode(type.double(of: number))
        }
    }

    /// Throws what a script could not be asked while keys were made.
    func check() throws {
        for case .script(let column, _) in columns { try column.check() }
    }

    // MARK: Keys

    func key(_ index: Int, doc: Int, score: Float) -> Int64 {
        let key = plan.keys[index]
        switch columns[index] {
        case .score: return Self.oriented(SortableNumber.encode(score), key)
        case .document: return Self.oriented(Int64(segment.base + doc), key)
        case .nothing: return missing[index]
        case .script(let column, _): return Self.oriented(column.key(doc, score), key)
        case .bytes(let column):
            return ordinal(column, index, doc).map { Self.oriented(Int64(2 * $0 + 1), key) }
                ?? missing[index]
        case .numbers(let column):
            guard let number = number(column, index, doc) else { return missing[index] }
            return Self.oriented(number, key)
        case .distance(let column, let points, let unit):
            guard let distance = distance(column, points, unit, index, doc) else {
                return missing[index]
            }
            return Self.oriented(SortableNumber.encode(distance), key)
        }
    }

    /// The first keys by the numbers of one column; nil where they come from elsewhere, or a
    /// document may have none or several.
    var denseKeys: DenseSortKeys? {
        let key = plan.keys[0]
        guard objects[0] == nil, case .numbers(let column) = columns[0], column.isDense,
            case .number(_, let type, _) = key.source
        else { return nil }
        // Others are not compared as the column has them.
        let isComparedAsIs =
            key.shape == .double || key.shape == .float
            ? type.typeName == "double" : key.scale == 1 && key.divisor == 1
        return isComparedAsIs
            ? DenseSortKeys(numbers: column.numbers, flip: key.isDescending ? -1 : 0) : nil
    }

    private func ordinal(_ column: BytesColumn, _ index: Int, _ doc: Int) -> Int? {
        let isMax = plan.keys[index].mode == .max
        guard let objects = objects[index] else {
            return isMax ? column.lastOrdinal(of: doc) : column.firstOrdinal(of: doc)
        }
        let ordinals = objects.docs(of: doc).compactMap {
            isMax ? column.lastOrdinal(of: $0) : column.firstOrdinal(of: $0)
        }
        return isMax ? ordinals.max() : ordinals.min()
    }

    /// The numbers of a document or of its objects, ascending.
    private func values(_ column: NumberColumn, _ index: Int, _ doc: Int) -> [Int64] {
        guard let objects = objects[index] else { return column.values(of: doc) }
        return objects.docs(of: doc).flatMap { column.values(of: $0) }.sorted()
    }

    /// The one number that stands for all of a document.
    private func number(_ column: NumberColumn, _ index: Int, _ doc: Int) -> Int64? {
        let key = plan.keys[index]
        guard case .number(_, let type, _) = key.source else { return nil }
        switch key.mode {
        case .min where objects[index] == nil:
            return column.first(of: doc).map { Self.shaped($0, key, type) }
        case .max where objects[index] == nil:
            return column.last(of: doc).map { Self.shaped($0, key, type) }
        case .min:
            return values(column, index, doc).first.map { Self.shaped($0, key, type) }
        case .max:
            return values(column, index, doc).last.map { Self.shaped($0, key, type) }
        case .sum, .avg, .median:
            let values = values(column, index, doc)
            if values.isEmpty { return nil }
            let doubles = values.map { type.double(of: $0) }
            var result: Double
            switch key.mode {
            case .median:
                let middle = doubles.count / 2
                result =
                    doubles.count % 2 == 1
                    ? doubles[middle] : (doubles[middle - 1] + doubles[middle]) / 2
            default:
                result = doubles.reduce(0, +)
                if key.mode == .avg { result /= Double(doubles.count) }
            }
            switch key.shape {
            case .integer, .unsigned: return Int64(result.rounded()) &* key.scale / key.divisor
            case .float, .double: return SortableNumber.encode(result)
            }
        }
    }

    private func distance(
        _ column: NumberColumn, _ points: [TrawlSchema.GeoPoint], _ unit: Double,
        _ index: Int, _ doc: Int
    ) -> Double? {
        let key = plan.keys[index]
        let distances = values(column, index, doc).flatMap { number in
            points.map { TrawlSchema.GeoPoint(encoded: number).distance(to: $0) / unit }
        }.sorted()
        if distances.isEmpty { return nil }
        switch key.mode {
        case .min: return distances.first
        case .max: return distances.last
        case .avg, .sum: return distances.reduce(0, +) / Double(distances.count)
        case .median:
            let middle = distances.count / 2
            return distances.count % 2 == 1
                ? distances[middle] : (distances[middle - 1] + distances[middle]) / 2
        }
    }

    /// A value of `search_after` among the keys of this segment.
    func key(_ index: Int, after value: SortValue) -> Int64 {
        let key = plan.keys[index]
        switch (value, key.source) {
        case (.null, _): return missing[index] == .min ? .min : .max
        case (.text(let text), .bytes):
            guard case .bytes(let column) = columns[index] else { return 0 }
            return Self.oriented(Self.place(Array(text.utf8), column), key)
        case (.keyed(let bytes, _), _):
            guard case .bytes(let column) = columns[index] else { return 0 }
            return Self.oriented(Self.place(bytes, column), key)
        case (.text(let text), .script):
            guard case .script(let column, _) = columns[index] else { return 0 }
            return Self.oriented(column.place(of: text), key)
        case (.float(let score), .score):
            return Self.oriented(SortableNumber.encode(score), key)
        case (.integer(let number), _):
            // What stands for a missing value came from the end it belongs to.
            if number == (key.isDescending ? .min : .max), key.missing == .last { return .max }
            if number == (key.isDescending ? .max : .min), key.missing == .first { return .min }
            return Self.oriented(number, key)
        case (.unsigned(let number), _):
            return Self.oriented(SortableNumber.encode(unsigned: number), key)
        case (.float(let number), _): return place(of: Double(number), key)
        case (.double(let number), _): return place(of: number, key)
        case (.formatted(let number, _), _): return Self.oriented(number, key)
        case (.text, _): return 0
        }
    }

    /// An infinity that stands for a missing value came from the end it belongs to.
    private func place(of number: Double, _ key: SortPlan.Key) -> Int64 {
        let first: Double = key.isDescending ? .infinity : -.infinity
        if number == first, key.missing == .first { return .min }
        if number == -first, key.missing == .last { return .max }
        return Self.oriented(SortableNumber.encode(number), key)
    }

    // MARK: Values

    /// What the hit shows, comparable across segments and shards.
    func value(_ index: Int, doc: Int, score: Float) -> SortValue {
        let key = plan.keys[index]
        switch columns[index] {
        case .score: return .float(score)
        case .document: return .integer(Int64(segment.base + doc))
        case .nothing: return missingValue(key)
        case .bytes(let column):
            guard let ordinal = ordinal(column, index, doc), case .bytes(_, let type) = key.source
            else {
                return missingValue(key)
            }
            let bytes = column.bytes(at: ordinal)
            let text = type.display(bytes: bytes).queryText
            // Addresses are in the order of their bytes, not of their texts.
            return type.family == .ip ? .keyed(bytes, text) : .text(text)
        case .numbers(let column):
            guard let number = number(column, index, doc) else { return missingValue(key) }
            return shown(number, key)
        case .script(let column, let isText):
            return isText ? .text(column.text(doc, score)) : .double(column.number(doc, score))
        case .distance(let column, let points, let unit):
            return distance(column, points, unit, index, doc).map { .double($0) }
                ?? missingValue(key)
        }
    }

    private func shown(_ number: Int64, _ key: SortPlan.Key) -> SortValue {
        switch key.shape {
        case .float: return .float(Float(SortableNumber.decodeDouble(number)))
        case .double: return .double(SortableNumber.decodeDouble(number))
        case .unsigned: return .unsigned(SortableNumber.decodeUnsigned(number))
        case .integer:
            if case .number(_, let type, let format?) = key.source {
                return .formatted(number, type.display(number: number, format: format).queryText)
            }
            return .integer(number)
        }
    }

    private func missingValue(_ key: SortPlan.Key) -> SortValue {
        switch key.source {
        case .bytes, .nothing(isText: true):
            if case .value(let value) = key.missing { return .text(value.queryText) }
            return .null
        default:
            if let number = Self.missingNumber(key) { return shown(number, key) }
            let isGreatest = (key.missing == .first) == key.isDescending
            switch key.shape {
            case .integer: return .integer(isGreatest ? .max : .min)
            case .unsigned: return .unsigned(isGreatest ? .max : 0)
            case .float, .double: return .double(isGreatest ? .infinity : -.infinity)
            }
        }
    }
}

/// The first keys of documents that have one number each, with bounds for blocks of them.
struct DenseSortKeys {
    /// Documents that share a bound.
    static let blockLength = PackedNumbersFormat.blockLength

    private let numbers: PackedNumbersReader
    /// All ones for a descending order.
    private let flip: Int64

    init(numbers: PackedNumbersReader, flip: Int64) {
        self.numbers = numbers
        self.flip = flip
    }

    @inline(__always)
    func key(of doc: Int) -> Int64 { numbers.value(at: doc) ^ flip }

    /// No document of a block has a key before it.
    @inline(__always)
    func best(ofBlock block: Int) -> Int64 {
        flip == 0 ? numbers.least(ofBlock: block) : numbers.greatest(ofBlock: block) ^ flip
    }

    /// Takes matches of a window out that have a key behind a bound.
    func drop(_ window: DocWindow, _ bits: DocWindow.Bits, behind bound: Int64) {
        let wordsPerBlock = Self.blockLength / 64
        var word = 0
        while word < window.wordCount {
            let doc = Int(window.base) + word * 64
            let block = doc / Self.blockLength
            let end = min(window.wordCount, word + wordsPerBlock - doc / 64 % wordsPerBlock)
            if best(ofBlock: block) > bound {
                for at in word..<end { unsafe bits[at] = 0 }
            } else {
                for at in word..<end {
                    var rest = unsafe bits[at]
                    while rest != 0 {
                        let bit = rest.trailingZeroBitCount
                        rest &= rest - 1
                        if key(of: Int(window.base) + at * 64 + bit) > bound {
                            unsafe bits[at] &= ~(1 << UInt64(bit))
                        }
                    }
                }
            }
            word = end
        }
    }

    /// Whether no document of a window has a key up to a bound.
    func areBehind(_ window: DocWindow, _ bound: Int64) -> Bool {
        let blocks =
            Int(window.base) / Self.blockLength...(Int(window.end) - 1) / Self.blockLength
        return blocks.allSatisfy { best(ofBlock: $0) > bound }
    }
}

/// The first `limit` documents of a segment by their keys, then by number.
struct SortedTop {
    struct Entry {
        var key: Int64
        var others: [Int64]
        var doc: Int
        var score: Float

        func precedes(_ other: Entry) -> Bool {
            if key != other.key { return key < other.key }
            for i in others.indices where others[i] != other.others[i] {
                return others[i] < other.others[i]
            }
            return doc < other.doc
        }
    }

    private let limit: Int
    /// The last of them at the top.
    private(set) var heap: [Entry] = []

    init(limit: Int) { self.limit = limit }

    /// No document with a greater first key can come in.
    var bound: Int64 { limit > 0 && heap.count == limit ? heap[0].key : .max }

    /// Whether a document with this first key, behind all so far, may still come in.
    func admits(_ key: Int64) -> Bool { heap.count < limit || (limit > 0 && key <= heap[0].key) }

    mutating func insert(_ entry: Entry) {
        if heap.count < limit {
            heap.append(entry)
            var hole = heap.count - 1
            while hole > 0, heap[(hole - 1) / 2].precedes(heap[hole]) {
                heap.swapAt(hole, (hole - 1) / 2)
                hole = (hole - 1) / 2
            }
            return
        }
        guard limit > 0, entry.precedes(heap[0]) else { return }
        heap[0] = entry
        var hole = 0
        while true {
            var child = 2 * hole + 1
            if child >= heap.count { return }
            if child + 1 < heap.count, heap[child].precedes(heap[child + 1]) { child += 1 }
            guard heap[hole].precedes(heap[child]) else { return }
            heap.swapAt(hole, child)
            hole = child
        }
    }
}
