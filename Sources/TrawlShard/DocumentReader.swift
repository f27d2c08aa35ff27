internal import Synchronization
internal import TrawlSchema
internal import TrawlSegment

/// A document ready for the index.
struct ReadyDocument: Sendable {
    var document: ParsedDocument
    var fields: FieldTable
}

/// Reads documents by the current mapping, on any thread. Parsers are kept and used again.
final class DocumentReader: Sendable {
    /// Used by one thread at a time: it is taken out of the pool meanwhile.
    private final class Entry: @unchecked Sendable {
        let parser: DocumentParser
        var version: Int64
        var fields: FieldTable

        init(_ schema: ShardSchema) throws(SchemaError) {
            parser = try DocumentParser(
                mapping: schema.mapping, catalog: schema.catalog, limits: schema.limits)
            version = schema.version
            fields = schema.fieldTable
        }

        func use(_ schema: ShardSchema) throws(SchemaError) {
            guard schema.version != version else { return }
            try parser.use(schema.mapping)
            version = schema.version
            fields = schema.fieldTable
        }
    }

    private let source: any SchemaSource
    private let pool = Mutex<[Entry]>([])

    init(_ source: any SchemaSource) { self.source = source }

    /// - Throws: `SchemaError` when the document does not fit; whatever the schema's source throws
    ///   when new fields cannot be taken up.
    func read(id: String, routing: String?, source bytes: [UInt8]) throws -> ReadyDocument {
        guard let ready = try read(id: id, routing: routing, source: bytes, extends: true) else {
            preconditionFailure("with new fields taken up a document is ready")
        }
        return ready
    }

    /// - Parameter extends: Whether new fields are taken up.
    /// - Returns: Nil when the document brings some and they may not be.
    func read(
        id: String, routing: String?, source bytes: [UInt8], extends: Bool
    ) throws -> ReadyDocument? {
        var schema = source.schema
        let entry = try pool.withLock { $0.popLast() } ?? Entry(schema)
        defer { pool.withLock { $0.append(entry) } }
        var document = ParsedDocument()
        // Each round takes up fields that were new; a document has only so many.
        while true {
            try entry.use(schema)
            switch try entry.parser.parse(
                id: id, routing: routing, source: bytes, into: &document)
            {
            case .parsed: return ReadyDocument(document: document, fields: entry.fields)
            case .needsMapping(let update):
                guard extends else { return nil }
                schema = try source.extend(by: update)
            }
        }
    }
}
