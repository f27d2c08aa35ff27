internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// What a script comes to for the documents of a segment, as sort keys.
///
/// Keys are asked for where nothing can be thrown: the first failure is kept until `check`.
final class ScriptSortColumn {
    private let script: DocumentScript
    private let isText: Bool
    private let segment: SegmentContext
    private var last: (doc: Int, score: Float, value: JSONValue)?
    /// Texts of all living documents, sorted; made when the first is asked for.
    private var texts: [String]?
    private var failure: (any Error)?

    init(_ script: DocumentScript, isText: Bool, _ segment: SegmentContext) {
        self.script = script
        self.isText = isText
        self.segment = segment
    }

    func check() throws {
        if let failure { throw failure }
    }

    private func value(_ doc: Int, _ score: Float) -> JSONValue {
        if let last, last.doc == doc, last.score == score { return last.value }
        var value = JSONValue.null
        do { value = try script.value(of: doc, in: segment, score: Double(score)) } catch {
            if failure == nil { failure = error }
        }
        last = (doc, score, value)
        return value
    }

    func number(_ doc: Int, _ score: Float) -> Double {
        let value = value(doc, score)
        return value.doubleValue ?? (value == .bool(true) ? 1 : 0)
    }

    func text(_ doc: Int, _ score: Float) -> String { value(doc, score).queryText }

    /// The key that the column compares by, ascending.
    func key(_ doc: Int, _ score: Float) -> Int64 {
        if !isText { return SortableNumber.encode(number(doc, score)) }
        return place(of: text(doc, score))
    }

    /// Twice the place of a text and one; between its neighbours when it is not there.
    func place(of text: String) -> Int64 {
        let sorted = sortedTexts()
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].utf8.lexicographicallyPrecedes(text.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let isThere = low < sorted.count && sorted[low].utf8.elementsEqual(text.utf8)
        return Int64(isThere ? 2 * low + 1 : 2 * low)
    }

    private func sortedTexts() -> [String] {
        if let texts { return texts }
        var found: Set<String> = []
        for doc in 0..<segment.docCount where segment.view.isLive(doc) {
            // A document that does not match may be one that the script cannot be asked about.
            if let value = try? script.value(of: doc, in: segment) { found.insert(value.queryText) }
        }
        let sorted = found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        texts = sorted
        return sorted
    }
}
