internal import TrawlBytes
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSegment

extension QueryBinder {
    /// The `script` query: every living document is asked.
    func scriptMatcher(_ json: JSONValue, _ segment: SegmentContext) throws -> Matcher {
        let script = try DocumentScript(json, mapping)
        var bits = FixedBitSet(bitCount: segment.docCount)
        for doc in 0..<segment.docCount where segment.view.isLive(doc) {
            try clock.check(after: 64)
            switch try script.value(of: doc, in: segment) {
            case .bool(true): bits.insert(doc)
            case .bool(false), .null: break
            default:
                throw QueryError(
                    type: "script_exception", reason: "the script of a query must be a condition")
            }
        }
        return BitSetMatcher(bits)
    }
}
