internal import Glibc
internal import TrawlAnalysis
internal import TrawlJSON
internal import TrawlSchema

/// `trawl bench documents`: how fast the text of documents becomes what a segment takes: parsing,
/// mapping and analysis, without the index.
enum BenchDocuments {
    static let command = Command(
        name: "documents", summary: "Parse and analyze documents, in MB per CPU second.",
        options: [
            .value("documents", "N", "How many documents (default 20000)."),
            .value("rounds", "N", "How many rounds; the median counts (default 5)."),
        ],
        examples: ["trawl bench documents"]
    ) { arguments, output in
        let count = try arguments.int("documents", in: 1...10_000_000, default: 20_000)
        let rounds = try arguments.int("rounds", in: 1...1000, default: 5)
        let sources = documents(count)
        let byteCount = sources.reduce(0) { $0 + $1.count }
        var table = TextTable([
            (head: "mapping of the long field", alignment: .left),
            (head: "MB/s of CPU", alignment: .right), (head: "ns a document", alignment: .right),
        ])
        for (name, body) in [
            ("not mapped", nil), ("keyword", #"{"type": "keyword"}"#),
            ("text, standard", #"{"type": "text"}"#),
            ("text, whitespace", #"{"type": "text", "analyzer": "whitespace"}"#),
        ] {
            var speeds: [Double] = []
            let parser = try parser(body: body)
            var document = ParsedDocument()
            for _ in 0..<rounds {
                let start = cpuSeconds()
                for source in sources {
                    let outcome = try parser.parse(id: "1", source: source, into: &document)
                    precondition(outcome == .parsed, "the mapping has every field")
                }
                speeds.append(cpuSeconds() - start)
            }
            let median = speeds.sorted()[rounds / 2]
            table.add([
                name, "\(Int(Double(byteCount) / 1e6 / median))",
                "\(Int(median / Double(count) * 1e9))",
            ])
        }
        for line in table.lines() { output.line(line) }
        return .success
    }

    private static func parser(body: String?) throws -> DocumentParser {
        let json = """
            {"dynamic": false, "properties": {"id": {"type": "long"}, "price": {"type": "double"},
             "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
             "tags": {"type": "keyword"}, "at": {"type": "date"}, "ok": {"type": "boolean"},
             "user": {"properties": {"name": {"type": "keyword"}, "age": {"type": "integer"}}}
             \(body.map { ", \"body\": \($0)" } ?? "")}}
            """
        let catalog = AnalyzerCatalog()
        let mapping = try MappingParser(context: MappingContext(catalog: catalog))
            .parse(try JSONValue.parse(json))
        return try DocumentParser(mapping: mapping, catalog: catalog)
    }

    /// Sixty words of body and a handful of small fields each.
    private static func documents(_ count: Int) -> [[UInt8]] {
        var state: UInt64 = 1
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        func word(_ limit: Int) -> String { "word\(random(limit) &* 7_919 % 10_007)" }
        return (0..<count).map { number in
            let body = (0..<60).map { _ in word(3_000) }.joined(separator: " ")
            return Array(
                """
                {"id": \(number), "title": "\(word(3_000)) \(word(3_000))", "body": "\(body)",
                "tags": ["\(word(50))", "\(word(50))"], "price": \(random(1_000)).5,
                "at": "2020-01-02T03:04:05Z", "ok": true,
                "user": {"name": "\(word(3_000))", "age": \(random(90))}}
                """.utf8)
        }
    }

    /// Of this thread: other work on the machine does not count.
    private static func cpuSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
