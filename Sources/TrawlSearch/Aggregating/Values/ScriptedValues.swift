internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// The first thing that went wrong in a script over values: aggregations ask where nothing can be
/// thrown, and whoever ran them looks here at the end.
final class ScriptFailureBox {
    private(set) var failure: (any Error)?

    func note(_ error: any Error) {
        if failure == nil { failure = error }
    }
}

/// A script as the source of values: over a document, or over each value of a field.
struct ScriptedValues {
    let script: DocumentScript
    /// Whether the script changes the values of a field rather than making them.
    let changesValues: Bool
    let box: ScriptFailureBox

    /// What the script comes to for a document.
    func values(
        of doc: Int, in segment: SegmentContext, _ own: [JSONValue]
    ) throws -> [JSONValue] {
        if changesValues {
            return try own.map { try script.value(of: doc, in: segment, value: $0) }
        }
        let value = try script.value(of: doc, in: segment)
        if let list = value.arrayValue { return list }
        return value.isNull ? [] : [value]
    }
}

/// What a script made of the documents of a segment, by document.
final class ScriptedColumn {
    private var numbers: [[Int64]] = []
    private var ordinals: [[Int32]] = []
    private(set) var strings: [[UInt8]] = []
    private var failures: [Int: any Error] = [:]
    private let box: ScriptFailureBox

    /// Numbers, as keys of the kind.
    init(
        numbers kind: ValueKind, _ values: ScriptedValues, _ segment: SegmentContext,
        own: (Int) -> [JSONValue]
    ) {
        box = values.box
        numbers = [[Int64]](repeating: [], count: segment.docCount)
        for doc in numbers.indices where segment.view.isLive(doc) {
            do {
                let found = try values.values(of: doc, in: segment, own(doc))
                numbers[doc] = try found.map { try Self.key($0, kind) }.sorted()
            } catch { failures[doc] = error }
        }
    }

    /// Strings, by their place among all of the segment.
    init(
        strings values: ScriptedValues, _ segment: SegmentContext, own: (Int) -> [JSONValue]
    ) {
        box = values.box
        var found = [[[UInt8]]](repeating: [], count: segment.docCount)
        var all: Set<[UInt8]> = []
        for doc in found.indices where segment.view.isLive(doc) {
            do {
                let texts = try values.values(of: doc, in: segment, own(doc)).map {
                    Array(KeyDisplay.text($0).utf8)
                }
                found[doc] = Array(Set(texts))
                all.formUnion(texts)
            } catch { failures[doc] = error }
        }
        strings = all.sorted { $0.lexicographicallyPrecedes($1) }
        var places: [[UInt8]: Int32] = [:]
        for (place, string) in strings.enumerated() { places[string] = Int32(place) }
        ordinals = found.map { texts in texts.compactMap { places[$0] }.sorted() }
    }

    private static func key(_ value: JSONValue, _ kind: ValueKind) throws -> Int64 {
        if case .bool(let bool) = value { return kind.key(of: bool ? 1 : 0) }
        if kind == .long || kind == .date, let whole = value.numberValue?.int64 { return whole }
        if let number = value.doubleValue { return kind.key(of: number) }
        if kind == .date, let text = value.stringValue,
            let millis = DateFormat.default.instant(text)?.epochMillis
        {
            return millis
        }
        throw QueryError(
            type: "aggregation_execution_exception",
            reason: "Unsupported script value [\(value.queryText)], expected a number, date, or "
                + "boolean")
    }

    func keys(of doc: Int) -> [Int64] {
        if let error = failures[doc] { box.note(error) }
        return numbers[doc]
    }

    func ordinals(of doc: Int) -> [Int32] {
        if let error = failures[doc] { box.note(error) }
        return ordinals[doc]
    }
}
