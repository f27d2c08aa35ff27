internal import TrawlJSON
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// A source of values under a mapping: which column, what its values are, what stands in for
/// those that are missing.
struct BoundValues {
    /// Nil when the mapping has no such field.
    var field: String?
    var kind: ValueKind
    var decoding = NumberDecoding.same
    var display = ValueDisplay.raw
    var missingKey: Int64?
    var missingBytes: [UInt8]?
    /// Makes the values, or changes those of the field.
    var script: ScriptedValues?
    /// Of the field, where a script changes its values.
    var type: (any FieldType)?

    /// Neither a field nor anything in its place: no document has a value.
    var isUnmapped: Bool {
        field == nil && missingKey == nil && missingBytes == nil && script == nil
    }

    /// The values of the field in a document, for a script.
    private func own(_ segment: SegmentContext) -> (Int) -> [JSONValue] {
        guard let field = field.flatMap({ segment.view.field($0) }), let type else {
            return { _ in [] }
        }
        if let numbers = field.numbers {
            return { doc in
                numbers.values(of: doc).map {
                    type.family == .date
                        ? JSONValue(Int64(type.double(of: $0)))
                        : type.display(number: $0, format: nil)
                }
            }
        }
        return { doc in
            field.bytes?.values(of: doc).map { type.display(bytes: $0) } ?? []
        }
    }

    func numbers(in segment: SegmentContext) -> SegmentNumbers {
        if let script, kind.isNumber {
            return SegmentNumbers(
                made: ScriptedColumn(numbers: kind, script, segment, own: own(segment)),
                missing: missingKey)
        }
        return SegmentNumbers(
            column: field.flatMap { segment.view.field($0)?.numbers }, decoding: decoding,
            missing: missingKey)
    }

    func ordinals(in segment: SegmentContext) -> SegmentOrdinals {
        if let script, !kind.isNumber {
            return SegmentOrdinals(
                made: ScriptedColumn(strings: script, segment, own: own(segment)),
                missing: missingBytes)
        }
        return SegmentOrdinals(
            column: field.flatMap { segment.view.field($0)?.bytes }, missing: missingBytes)
    }
}

/// Room for the numbers of a block's documents.
@safe
private final class NumberRoom {
    private var numbers: UnsafeMutableBufferPointer<Int64>
    /// Those of all documents from the first of a block to its last.
    private let span: UnsafeMutablePointer<Int64>

    init() {
        unsafe numbers = .allocate(capacity: Int(DocWindow.capacity))
        unsafe span = .allocate(capacity: Int(DocWindow.capacity))
    }

    deinit {
        unsafe numbers.deallocate()
        unsafe span.deallocate()
    }

    /// The one number of each document of a block, in a dense column: by blocks where enough of
    /// them are asked for. Valid until the next call.
    func numbers(
        of block: DocBlock, in column: NumberColumn
    ) -> UnsafeMutableBufferPointer<Int64> {
        // Documents of a block may come again, but never leave its window.
        if unsafe block.count > numbers.count {
            unsafe numbers.deallocate()
            unsafe numbers = .allocate(capacity: block.count * 2)
        }
        let found = unsafe UnsafeMutableBufferPointer(rebasing: numbers[..<block.count])
        if let run = block.run, let start = found.baseAddress {
            unsafe column.numbers.decode(run, into: start)
            return unsafe found
        }
        let first = block.doc(0)
        let end = block.doc(block.count - 1) + 1
        assert(end - first <= Int(DocWindow.capacity))
        if end > first, block.count * 8 > end - first {
            unsafe column.numbers.decode(first..<end, into: span)
            for place in block.places { unsafe found[place] = span[block.doc(place) - first] }
        } else {
            for place in block.places {
                unsafe found[place] = column.numbers.value(at: block.doc(place))
            }
        }
        return unsafe found
    }
}

/// The numbers of the documents of one segment, as keys.
struct SegmentNumbers {
    let column: NumberColumn?
    let decoding: NumberDecoding
    let missing: Int64?
    private let room: NumberRoom?
    /// What a script made, in place of a column.
    private let made: ScriptedColumn?

    init(made: ScriptedColumn, missing: Int64?) {
        column = nil
        decoding = .same
        room = nil
        self.made = made
        self.missing = missing
    }

    init(column: NumberColumn?, decoding: NumberDecoding, missing: Int64?) {
        self.column = column
        self.decoding = decoding
        self.missing = missing
        made = nil
        room = column?.isDense == true ? NumberRoom() : nil
    }

    /// Of nothing.
    static var none: SegmentNumbers {
        SegmentNumbers(column: nil, decoding: .same, missing: nil)
    }

    /// Whether every document has just one value.
    var isOneToOne: Bool { made == nil && (column?.isDense ?? (missing != nil)) }

    /// Bounds of the segment's keys; nil when they may be any.
    var keys: ClosedRange<Int64>? {
        if made != nil { return nil }
        guard let column, column.numbers.count > 0 else { return missing.map { $0...$0 } }
        let low = decoding.key(column.least)
        let high = decoding.key(column.greatest)
        guard low <= high else { return nil }
        guard let missing else { return low...high }
        return min(low, missing)...max(high, missing)
    }

    /// Calls back with the one key of each document of a block, in their order. Answers nil, and
    /// does not, when documents may have none or several.
    @inline(__always)
    func withKeys<T>(_ block: DocBlock, _ body: (UnsafeBufferPointer<Int64>) -> T) -> T? {
        guard let column, let room, !block.isEmpty else { return nil }
        let keys = unsafe room.numbers(of: block, in: column)
        if case .same = decoding {
        } else {
            for place in keys.indices { unsafe keys[place] = decoding.key(keys[place]) }
        }
        return unsafe body(UnsafeBufferPointer(keys))
    }

    /// Calls back with each value of each document of a block, those of one in ascending order.
    @inline(__always)
    func forEach(_ block: DocBlock, _ body: (_ place: Int, _ key: Int64) -> Void) {
        if block.isEmpty { return }
        if made != nil {
            for place in block.places {
                for key in keys(of: block.doc(place)) { body(place, key) }
            }
            return
        }
        guard let column else {
            if let missing { for place in block.places { body(place, missing) } }
            return
        }
        if room != nil {
            _ = unsafe withKeys(block) { keys in
                for place in keys.indices { unsafe body(place, keys[place]) }
            }
            return
        }
        for place in block.places {
            let range = column.range(of: block.doc(place))
            if range.isEmpty, let missing { body(place, missing) }
            for at in range { body(place, decoding.key(column.numbers.value(at: at))) }
        }
    }

    /// The keys of one document.
    func keys(of doc: Int) -> [Int64] {
        var keys =
            made?.keys(of: doc) ?? column?.values(of: doc).map { decoding.key($0) } ?? []
        if keys.isEmpty, let missing { keys = [missing] }
        return keys
    }

    func hasValue(_ doc: Int) -> Bool { missing != nil || hasOwnValue(doc) }

    /// Without what stands in.
    func hasOwnValue(_ doc: Int) -> Bool {
        if let made { return !made.keys(of: doc).isEmpty }
        return column?.hasValue(doc) ?? false
    }
}

/// The byte strings of the documents of one segment, as ordinals of its dictionary. What stands
/// in for missing ones comes behind the last.
struct SegmentOrdinals {
    let column: BytesColumn?
    let missing: [UInt8]?
    private let room: NumberRoom?
    /// What a script made, in place of a column.
    private let made: ScriptedColumn?

    init(made: ScriptedColumn, missing: [UInt8]?) {
        column = nil
        room = nil
        self.made = made
        self.missing = missing
    }

    init(column: BytesColumn?, missing: [UInt8]?) {
        self.column = column
        self.missing = missing
        made = nil
        room = column?.ordinals.isDense == true ? NumberRoom() : nil
    }

    /// Of nothing.
    static var none: SegmentOrdinals { SegmentOrdinals(column: nil, missing: nil) }

    var isOneToOne: Bool { made == nil && (column?.ordinals.isDense ?? (missing != nil)) }
    var missingOrdinal: Int { made?.strings.count ?? column?.dictionary.count ?? 0 }
    var count: Int { missingOrdinal + (missing == nil ? 0 : 1) }

    func bytes(at ordinal: Int) -> [UInt8] {
        if let made, ordinal < made.strings.count { return made.strings[ordinal] }
        if let column, ordinal < column.dictionary.count { return column.bytes(at: ordinal) }
        return missing ?? []
    }

    /// Calls back with the one ordinal of each document of a block, in their order. Answers nil,
    /// and does not, when documents may have none or several. Damage may make an ordinal anything:
    /// see `clamped`.
    @inline(__always)
    func withOrdinals<T>(_ block: DocBlock, _ body: (UnsafeBufferPointer<Int64>) -> T) -> T? {
        guard let column, let room, !block.isEmpty, column.dictionary.count > 0 else { return nil }
        return unsafe body(UnsafeBufferPointer(room.numbers(of: block, in: column.ordinals)))
    }

    /// An ordinal below `count`.
    @inline(__always)
    static func clamped(_ ordinal: Int64, below count: Int) -> Int {
        Int(truncatingIfNeeded: min(UInt64(bitPattern: ordinal), UInt64(count &- 1)))
    }

    /// Calls back with ordinals below `count`.
    @inline(__always)
    func forEach(_ block: DocBlock, _ body: (_ place: Int, _ ordinal: Int) -> Void) {
        if block.isEmpty { return }
        if made != nil {
            for place in block.places {
                for ordinal in ordinals(of: block.doc(place)) { body(place, ordinal) }
            }
            return
        }
        guard let column, column.dictionary.count > 0 else {
            if missing != nil { for place in block.places { body(place, missingOrdinal) } }
            return
        }
        if room != nil {
            let count = column.dictionary.count
            _ = unsafe withOrdinals(block) { ordinals in
                for place in ordinals.indices {
                    unsafe body(place, Self.clamped(ordinals[place], below: count))
                }
            }
            return
        }
        for place in block.places {
            let range = column.ordinals.range(of: block.doc(place))
            if range.isEmpty, missing != nil { body(place, missingOrdinal) }
            for at in range { body(place, column.ordinal(at: at)) }
        }
    }

    func ordinals(of doc: Int) -> [Int] {
        if let made {
            let found = made.ordinals(of: doc).map { Int($0) }
            return found.isEmpty && missing != nil ? [missingOrdinal] : found
        }
        let found = column?.ordinals.range(of: doc).map { column?.ordinal(at: $0) ?? 0 } ?? []
        return found.isEmpty && missing != nil ? [missingOrdinal] : found
    }

    func hasValue(_ doc: Int) -> Bool { missing != nil || hasOwnValue(doc) }

    /// Without what stands in.
    func hasOwnValue(_ doc: Int) -> Bool {
        if let made { return !made.ordinals(of: doc).isEmpty }
        return column?.hasValue(doc) ?? false
    }
}
