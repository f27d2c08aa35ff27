internal import Glibc
internal import TrawlFiles
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSearch

/// `trawl bench highlight`: what the snippets of ten hits cost, over texts of 5 KB.
enum BenchHighlight {
    static let command = Command(
        name: "highlight", summary: "Time the highlighting of ten hits of 5 KB each.",
        details: """
            Prints, for each kind of field and highlighter, the milliseconds of CPU that fetching \
            ten hits takes with snippets beyond what it takes without.
            """,
        options: [.value("rounds", "N", "How many rounds; the median counts (default 51).")],
        examples: ["trawl bench highlight"]
    ) { arguments, output in
        let rounds = try arguments.int("rounds", in: 1...10_000, default: 51)
        let searcher = try BenchCollection.searcher(
            MemoryFileStore(),
            mapping: """
                {"dynamic": false, "properties": {
                 "plain": {"type": "text"}, "english": {"type": "text", "analyzer": "english"},
                 "offsets": {"type": "text", "index_options": "offsets"}}}
                """, sources: documents())
        var table = TextTable([
            (head: "field", alignment: .left), (head: "highlighter", alignment: .left),
            (head: "query", alignment: .left), (head: "ms for 10 hits", alignment: .right),
        ])
        for field in ["plain", "english", "offsets"] {
            for highlighter in ["unified", "plain"] {
                for (name, query) in queries(field) {
                    let with = try milliseconds(
                        searcher, query,
                        highlight: [
                            "type": .string(highlighter), "fields": [field: [:]],
                        ], rounds)
                    let without = try milliseconds(searcher, query, highlight: nil, rounds)
                    table.add([field, highlighter, name, decimals(with - without)])
                }
            }
        }
        for line in table.lines() { output.line(line) }
        return .success
    }

    private static func decimals(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private static func queries(_ field: String) -> [(String, JSONValue)] {
        [
            ("three words", ["match": [field: "word20 word150 word900"]]),
            ("phrase", ["match_phrase": [field: "word3 word1"]]),
            ("prefix", ["prefix": [field: "word9"]]),
        ]
    }

    private static func milliseconds(
        _ searcher: Searcher, _ query: JSONValue, highlight: JSONValue?, _ rounds: Int
    ) throws -> Double {
        var body: JSONValue = ["query": query, "size": 10]
        body["highlight"] = highlight
        let request = try SearchBody.parse(body)
        let conditions = Searcher.Conditions(now: Instant(seconds: 1_700_000_000))
        let found = try searcher.search(request, conditions).found
        precondition(found.count == 10, "the query has ten hits")
        var times: [Double] = []
        for _ in 0..<rounds {
            let started = BenchCollection.cpuMilliseconds()
            let hits = try FetchPhase(request, searcher, conditions).hits(found)
            times.append(BenchCollection.cpuMilliseconds() - started)
            precondition(highlight == nil || hits.allSatisfy { !$0.highlight.isEmpty })
        }
        return times.sorted()[rounds / 2]
    }

    /// Sentences of words whose frequencies fall as those of a language do.
    private static func documents() -> [[UInt8]] {
        var state: UInt64 = 1
        func chance() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 33) / Double(1 << 31)
        }
        return (0..<300).map { _ in
            var text = ""
            while text.utf8.count < 5_000 {
                let count = 5 + Int(chance() * 20)
                text +=
                    (0..<count).map { _ in "word\(Int(exp(chance() * log(20_000.0))))" }
                    .joined(separator: " ") + ". "
            }
            let value = JSONValue.string(text)
            return JSONValue.object(["plain": value, "english": value, "offsets": value])
                .serialized()
        }
    }
}
