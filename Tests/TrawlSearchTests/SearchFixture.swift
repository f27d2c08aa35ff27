import TrawlAnalysis
import TrawlFiles
import TrawlIndex
import TrawlJSON
import TrawlQuery
import TrawlSchema
import TrawlSegment

@testable import TrawlSearch

/// An index in memory that takes JSON documents and answers JSON searches.
final class SearchFixture {
    let mapping: Mapping
    let catalog = AnalyzerCatalog()
    let writer: IndexWriter
    let parser: DocumentParser
    let table: FieldTable
    let cache = FilterCache()
    let now = Instant(seconds: 1_700_000_000)
    private var document = ParsedDocument()
    private var sequence: Int64 = 0
    var stampStep: UInt64 = 1
    var nextStamp: UInt64 = 0

    init(properties: JSONValue) throws {
        mapping = try MappingParser(context: MappingContext(catalog: catalog))
            .parse(["dynamic": "false", "properties": properties])
        writer = try IndexWriter(MemoryFileStore(), identity: 1)
        parser = try DocumentParser(mapping: mapping, catalog: catalog)
        table = FieldTable(mapping)
    }

    func put(_ id: String, _ source: JSONValue) throws {
        let outcome = try parser.parse(id: id, source: source.serialized(), into: &document)
        precondition(outcome == .parsed)
        try writer.put(
            document, DocumentFacts(sequence: sequence, stamp: nextStamp), fields: table)
        sequence += 1
        nextStamp += stampStep
    }

    func searcher(usingCache: Bool = false) throws -> Searcher {
        Searcher(
            try writer.refresh(), mapping: mapping, catalog: catalog,
            cache: usingCache ? cache : nil)
    }

    struct Answer {
        var hits: [Hit]
        var result: Searcher.Result
        var ids: [String] { hits.map(\.id) }
    }

    func search(_ body: JSONValue, on searcher: Searcher? = nil) throws -> Answer {
        let request = try SearchBody.parse(body)
        let searcher = try searcher ?? self.searcher()
        let conditions = Searcher.Conditions(now: now)
        let result = try searcher.search(request, conditions)
        let from = min(request.from, result.found.count)
        let page = Array(result.found[from...].prefix(request.size))
        let hits = try FetchPhase(request, searcher, conditions).hits(page)
        return Answer(hits: hits, result: result)
    }
}
