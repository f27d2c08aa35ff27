internal import TrawlFiles
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSearch

/// `trawl bench aggs`: how long everyday aggregations and sorts take over a file of documents,
/// each alone, over all documents of one segment. The fields are those of `tools/bench.d/aggs.py`, which asks
/// tantivy the same.
enum BenchAggs {
    static let command = Command(
        name: "aggs", summary: "Time aggregations over a file of JSON lines.",
        operands: "FILE DIR", operandCount: 2...2,
        details: """
            Documents have "k" (a word), "n" (a whole number), "d" (a fraction), "on" \
            (milliseconds since 1970). Prints one line of JSON for each aggregation: its name, \
            the least and the median milliseconds of CPU, and the number of buckets or the value.
            """,
        options: [
            .value("rounds", "N", "How many rounds; the least counts (default 7)."),
            .value("only", "NAME", "Just one of them."),
        ],
        examples: ["trawl bench aggs documents.jsonl /tmp/index"]
    ) { arguments, output in
        let rounds = try arguments.int("rounds", in: 1...1000, default: 7)
        let bench = try AggregationBench(
            file: arguments.operands[0], directory: arguments.operands[1])
        let only = arguments.value("only")
        for (name, body) in AggregationBench.requests where only == nil || only == name {
            output.line(try bench.run(name, body, rounds: rounds))
        }
        return .success
    }
}

private struct AggregationBench {
    private let searcher: Searcher
    private let now = Instant(seconds: 1_700_000_000)

    static let requests: [(name: String, body: String)] = [
        ("terms", aggregation(#"{"terms": {"field": "k"}}"#)),
        (
            "terms_avg",
            aggregation(#"{"terms": {"field": "k"}, "aggs": {"b": {"avg": {"field": "d"}}}}"#)
        ),
        (
            "date_histogram",
            aggregation(#"{"date_histogram": {"field": "on", "fixed_interval": "1d"}}"#)
        ),
        ("histogram", aggregation(#"{"histogram": {"field": "n", "interval": 1000}}"#)),
        ("stats", aggregation(#"{"stats": {"field": "d"}}"#)),
        ("avg", aggregation(#"{"avg": {"field": "n"}}"#)),
        ("cardinality", aggregation(#"{"cardinality": {"field": "n"}}"#)),
        ("cardinality_k", aggregation(#"{"cardinality": {"field": "k"}}"#)),
        ("sort", #"{"sort": [{"n": "desc"}]}"#),
        ("sort_filtered", #"{"sort": [{"n": "asc"}], "query": {"range": {"d": {"lt": 100}}}}"#),
    ]

    private static func aggregation(_ text: String) -> String {
        #"{"size": 0, "aggs": {"a": \#(text)}}"#
    }

    init(file: String, directory: String) throws {
        let store = try PosixFileStore(directory)
        for file in try store.list() { try store.remove(file) }
        let lines = try TextFile.read(file, maxByteCount: 1 << 31).split(
            separator: UInt8(ascii: "\n"))
        searcher = try BenchCollection.searcher(
            store,
            mapping: """
                {"dynamic": false, "properties": {"k": {"type": "keyword"}, "n": {"type": "long"},
                 "d": {"type": "double"}, "on": {"type": "date", "format": "epoch_millis"}}}
                """, sources: lines.lazy.map { Array($0) })
    }

    func run(_ name: String, _ body: String, rounds: Int) throws -> String {
        let request = try SearchBody.parse(text: Array(body.utf8))
        var times: [Double] = []
        var answer: JSONValue = .null
        for _ in 0..<rounds {
            let started = BenchCollection.cpuMilliseconds()
            var conditions = Searcher.Conditions(now: now)
            if request.aggregations.isEmpty {
                let found = try searcher.search(request, conditions).found
                times.append(BenchCollection.cpuMilliseconds() - started)
                answer = ["value": JSONValue(found.count)]
                continue
            }
            let collector = try AggregationCollector(
                request, searcher, conditions, index: IndexFacts(), shard: 0, isOnlyShard: true)
            conditions.collectors = [collector]
            _ = try searcher.search(request, conditions)
            let bytes = try collector.finish().results(
                of: request.aggregations, Reduction(request.aggregationLimits)
            ).serialized(typedKeys: false)
            times.append(BenchCollection.cpuMilliseconds() - started)
            answer = try JSONValue.parse(bytes)["a"] ?? .null
        }
        times.sort()
        func rounded(_ time: Double) -> JSONValue { JSONValue((time * 1000).rounded() / 1000) }
        let value = answer["buckets"]?.arrayValue.map { JSONValue($0.count) }
        let line: JSONValue = [
            "engine": "trawl", "name": .string(name), "least_ms": rounded(times[0]),
            "median_ms": rounded(times[rounds / 2]),
            "value": value ?? answer["value"] ?? answer["avg"] ?? .null,
        ]
        return line.description
    }
}
