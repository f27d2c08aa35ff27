internal import Glibc
internal import TrawlAnalysis
internal import TrawlFiles
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlSearch
internal import TrawlSegment

/// Documents in one segment, for figures of what is done with them.
enum BenchCollection {
    static func searcher(
        _ store: any FileStore, mapping json: String, sources: some Sequence<[UInt8]>
    ) throws -> Searcher {
        let catalog = AnalyzerCatalog()
        let mapping = try MappingParser(context: MappingContext(catalog: catalog)).parse(
            try JSONValue.parse(json))
        let parser = try DocumentParser(mapping: mapping, catalog: catalog)
        let writer = try IndexWriter(store, identity: 1)
        let table = FieldTable(mapping)
        var document = ParsedDocument()
        for (number, source) in sources.enumerated() {
            let outcome = try parser.parse(id: String(number), source: source, into: &document)
            precondition(outcome == .parsed, "the mapping has every field")
            try writer.put(
                document, DocumentFacts(sequence: Int64(number), stamp: UInt64(number)),
                fields: table)
        }
        _ = try writer.refresh()
        try writer.forceMerge(to: 1)
        return Searcher(try writer.refresh(), mapping: mapping, catalog: catalog)
    }

    /// Of this thread: other work on the machine does not count.
    static func cpuMilliseconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }
}
