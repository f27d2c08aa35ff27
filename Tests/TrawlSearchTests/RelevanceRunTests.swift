import Testing
import TrawlIndex
import TrawlJSON
import TrawlQuery
import TrawlSchema

@testable import TrawlSearch

/// The runs that Lucene made of whole collections: the same documents in the same order, and
/// every bit of every score.
@Suite("Scores of Lucene's runs")
struct RelevanceRunTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var set: String
        var analyzer: String
        var k1: Float
        var b: Float

        var name: String { "\(set)/runs/lucene.\(analyzer).\(k1)_\(b).run" }
        var testDescription: String { name }
    }

    static let cases: [Case] = {
        var cases: [Case] = []
        // A debug build indexes slowly: the smaller sets, one analysis with each k1 and b.
        #if DEBUG
            let sets = [("cranfield", ["english"]), ("cacm", ["standard"])]
        #else
            let names = ["cranfield", "cacm", "cisi", "npl"]
            let sets = names.map { ($0, ["english", "standard"]) }
        #endif
        for (set, analyzers) in sets {
            for analyzer in analyzers {
                cases.append(Case(set: set, analyzer: analyzer, k1: 1.2, b: 0.75))
                cases.append(Case(set: set, analyzer: analyzer, k1: 0.9, b: 0.4))
            }
        }
        return cases
    }()

    @Test("every score, bit by bit, and the order", arguments: cases)
    func run(_ example: Case) throws {
        guard let docs = SharedFiles.lines("corpora/\(example.set)/docs.jsonl"),
            let queries = SharedFiles.lines("corpora/\(example.set)/queries.tsv"),
            let lines = SharedFiles.lines("corpora/\(example.name)")
        else { return }
        let fixture = try SearchFixture(properties: [
            "text": ["type": "text", "analyzer": .string(example.analyzer)]
        ])
        for (i, line) in docs.enumerated() {
            let doc = try JSONValue.parse(line)
            let title = doc["title"]?.stringValue ?? ""
            let body = doc["body"]?.stringValue ?? ""
            let text = title.isEmpty ? body : title + "\n" + body
            try fixture.put(doc["id"]?.stringValue ?? "", ["text": .string(text)])
            if i == docs.count / 3 || i == docs.count / 2 { _ = try fixture.writer.refresh() }
        }
        var expected: [String: [(id: String, score: Float)]] = [:]
        for line in lines {
            let parts = line.split(separator: " ")
            expected[String(parts[0]), default: []].append(
                (String(parts[2]), Float(parts[4]) ?? -1))
        }
        let searcher = Searcher(
            try fixture.writer.refresh(), mapping: fixture.mapping, catalog: fixture.catalog,
            similarities: [
                "default": .bm25(k1: example.k1, b: example.b, discountsOverlaps: true)
            ])
        var scores = 0
        for line in queries {
            let parts = line.split(separator: "\t", maxSplits: 1)
            let wanted = expected[String(parts[0])] ?? []
            let answer = try fixture.search(
                [
                    "query": ["match": ["text": .string(String(parts[1]))]],
                    "size": JSONValue(wanted.count),
                ], on: searcher)
            #expect(answer.ids == wanted.map(\.id), "query \(parts[0])")
            #expect(
                answer.hits.map { $0.score?.bitPattern } == wanted.map(\.score.bitPattern),
                "query \(parts[0])")
            scores += wanted.count
        }
        print("\(example.name): \(scores) scores")
    }
}
