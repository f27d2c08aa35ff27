package import TrawlAnalysis
package import TrawlJSON

/// Turns the JSON text of documents into what a segment takes.
///
/// One for each thread that parses: it keeps its buffers from one document to the next. The text
/// is read once, event by event; known fields never become a tree.
package final class DocumentParser {
    package enum Outcome: Sendable, Equatable {
        case parsed
        /// The document has fields that the mapping has not. Merge the update into the mapping,
        /// give it to the parser, and parse again; what was parsed is incomplete.
        case needsMapping(JSONObject)
    }

    private let catalog: AnalyzerCatalog
    private let limits: MappingLimits
    private var parser: JSONParser<DocumentParseState>

    package init(
        mapping: Mapping, catalog: AnalyzerCatalog, limits: MappingLimits = MappingLimits()
    ) throws(SchemaError) {
        self.catalog = catalog
        self.mapping = mapping
        self.limits = limits
        parser = JSONParser(
            sink: DocumentParseState(
                plan: try DocumentPlan(mapping: mapping, catalog: catalog), limits: limits))
    }

    package private(set) var mapping: Mapping

    /// Goes on with another mapping, usually this one merged with an update.
    package func use(_ mapping: Mapping) throws(SchemaError) {
        let plan = try DocumentPlan(mapping: mapping, catalog: catalog)
        self.mapping = mapping
        parser.sink.use(plan)
    }

    /// - Parameters:
    ///   - source: The document as it came.
    ///   - document: Filled anew; its memory is used again.
    package func parse(
        id: String, routing: String? = nil, source: [UInt8], into document: inout ParsedDocument
    ) throws(SchemaError) -> Outcome {
        parser.sink.start(id: id, reusing: &document)
        defer { parser.sink.end(into: &document) }
        guard !source.isEmpty else {
            throw .mapperParsing("failed to parse, document is empty")
        }
        let result: Result<Void, JSONError> = unsafe source.withUnsafeBufferPointer { input in
            Result { () throws(JSONError) in
                unsafe parser.sink.input = input
                defer { unsafe parser.sink.input = UnsafeBufferPointer(start: nil, count: 0) }
                try unsafe parser.parse(input)
            }
        }
        if case .failure(let error) = result {
            if let failure = parser.sink.failure { throw failure }
            throw SchemaError(
                type: "mapper_parsing_exception", reason: "failed to parse",
                causes: [.init(type: "json_parse_exception", reason: error.description)])
        }
        if let update = parser.sink.mappingUpdate() { return .needsMapping(update) }
        try parser.sink.finish(routing: routing)
        parser.sink.setSource(try kept(source))
        return .parsed
    }

    /// What the mapping's rules leave of the source.
    private func kept(_ source: [UInt8]) throws(SchemaError) -> [UInt8] {
        let rules = mapping.root.source
        if rules.isWhole { return source }
        guard rules.isEnabled else { return [] }
        guard case .object(let object)? = try? JSONValue.parse(source) else {
            preconditionFailure("a document that was parsed is no object")
        }
        let filter = SourceFilter(includes: rules.includes, excludes: rules.excludes)
        return JSONValue.object(filter.filtered(object)).serialized()
    }
}
