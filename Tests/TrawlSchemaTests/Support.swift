import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlSchema

/// A mapping with its parser, and a look into what the parser makes.
struct Schema {
    var mapping: Mapping
    var catalog = AnalyzerCatalog()
    var context: MappingContext

    init(_ json: String = "{}", context: MappingContext? = nil) throws {
        self.context = context ?? MappingContext(catalog: catalog)
        mapping = try MappingParser(context: self.context).parse(try JSONValue.parse(json))
    }

    static func fields(_ properties: String) throws -> Schema {
        try Schema("{\"properties\": \(properties)}")
    }

    /// Parses; dynamic fields are merged into the mapping first, as a shard does.
    mutating func parse(_ source: String, id: String = "1") throws -> Parsed {
        let parser = try DocumentParser(
            mapping: mapping, catalog: catalog, limits: context.limits)
        var document = ParsedDocument()
        for _ in 0..<3 {
            switch try parser.parse(id: id, source: Array(source.utf8), into: &document) {
            case .parsed: return Parsed(document: document, mapping: mapping)
            case .needsMapping(let update):
                mapping = try mapping.merging(.object(update), context: context)
                try parser.use(mapping)
            }
        }
        Issue.record("the mapping does not settle")
        return Parsed(document: document, mapping: mapping)
    }

    func error(_ source: String, id: String = "1") throws -> SchemaError? {
        var copy = self
        do {
            _ = try copy.parse(source, id: id)
            return nil
        } catch let error as SchemaError {
            return error
        }
    }

    var json: String {
        String(decoding: JSONValue.object(mapping.json).serialized(), as: UTF8.self)
    }

    func type(_ path: String) throws -> any FieldType { try #require(mapping.field(path)).type }
}

struct Parsed {
    var document: ParsedDocument
    var mapping: Mapping

    func number(of path: String) -> FieldNumber? { mapping.field(path)?.number }

    /// `term@position` for each occurrence.
    func terms(_ path: String) -> [String] {
        guard let field = number(of: path),
            let terms = document.terms.first(where: { $0.field == field })
        else { return [] }
        return document.occurrences[terms.occurrences].map { occurrence in
            let start = Int(occurrence.termStart)
            let bytes = document.bytes[start..<start + Int(occurrence.termByteCount)]
            return "\(String(decoding: bytes, as: UTF8.self))@\(occurrence.position)"
        }
    }

    func length(_ path: String) -> Int32? {
        number(of: path).flatMap { field in document.terms.first { $0.field == field }?.length }
    }

    func numbers(_ path: String) -> [Int64] {
        let field = number(of: path)
        return document.numbers.filter { $0.field == field }.map(\.value)
    }

    func values(_ path: String) -> [String] {
        let field = number(of: path)
        return document.values.filter { $0.field == field }.map {
            let start = Int($0.start)
            return String(
                decoding: document.bytes[start..<start + Int($0.byteCount)], as: UTF8.self)
        }
    }

    func nested(_ place: Int) -> Parsed {
        Parsed(document: document.nested[place].document, mapping: mapping)
    }
}

func schemaError(_ body: () throws -> Void) -> SchemaError? {
    do {
        try body()
        return nil
    } catch {
        return error as? SchemaError
    }
}
