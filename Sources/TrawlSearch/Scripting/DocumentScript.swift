internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlScript
internal import TrawlSegment

/// A script over the documents of a search. Made once a request; what cannot be read is refused
/// before any document is looked at.
struct DocumentScript {
    private let script: Script
    private let mapping: Mapping

    init(_ json: JSONValue, _ mapping: Mapping) throws(QueryError) {
        script = try QueryAnalyzer.asks { () throws(SchemaError) in try Script.ofSearch(json) }
        self.mapping = mapping
    }

    /// - Parameter value: What the script sees as `_value`.
    func value(
        of doc: Int, in segment: SegmentContext, score: Double = 0, value: JSONValue? = nil
    ) throws(QueryError) -> JSONValue {
        let document = SegmentDocument(
            segment: segment, doc: doc, mapping: mapping, score: score, value: value)
        return try QueryAnalyzer.asks { () throws(SchemaError) in
            try script.value(of: document)
        }
    }
}

/// A document of a segment as scripts see it.
private struct SegmentDocument: ScriptDocument {
    let segment: SegmentContext
    let doc: Int
    let mapping: Mapping
    let score: Double
    let value: JSONValue?

    func hasField(_ name: String) -> Bool { mapping.field(name) != nil }

    func values(of name: String) throws(SchemaError) -> [JSONValue] {
        guard let field = mapping.field(name) else {
            throw SchemaError(
                type: "illegal_argument_exception",
                reason: "No field found for [\(name)] in mapping")
        }
        try field.requireColumn()
        let type = field.type
        guard let own = segment.view.field(field.path) else { return [] }
        if let numbers = own.numbers {
            return numbers.values(of: doc).map { number in
                guard type.family == .geoPoint else {
                    return type.display(number: number, format: nil)
                }
                let point = TrawlSchema.GeoPoint(encoded: number)
                return ["lat": JSONValue(point.latitude), "lon": JSONValue(point.longitude)]
            }
        }
        return own.bytes?.values(of: doc).map { type.display(bytes: $0) } ?? []
    }

    func source() throws(SchemaError) -> JSONObject {
        let reader = (segment.roots?.view ?? segment.view).reader
        guard let bytes = try? reader.source(of: segment.root(of: doc)), !bytes.isEmpty,
            case .object(let object)? = try? JSONValue.parse(bytes)
        else { return [:] }
        return object
    }
}
