import Foundation
import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlPostings
import TrawlSegment
import TrawlTestKit

@testable import TrawlSearch

/// Lucene's own runs, score by score. See "Scores to the last bit" in the corpora's README.
@Suite("Lucene's runs")
struct LuceneParityTests {
    private struct Collection {
        var ids: [String] = []
        var texts: [String] = []
        var queries: [(id: String, text: String)] = []

        init?(_ name: String) throws {
            guard let docs = SharedData.path("corpora/\(name)/docs.jsonl"),
                let topics = SharedData.path("corpora/\(name)/queries.tsv")
            else { return nil }
            for line in try Self.lines(docs) {
                let value = try JSONValue.parse(Array(line.utf8))
                let title = value["title"]?.stringValue ?? ""
                let body = value["body"]?.stringValue ?? ""
                ids.append(value["id"]?.stringValue ?? "")
                texts.append(title.isEmpty ? body : title + "\n" + body)
            }
            for line in try Self.lines(topics) {
                let parts = line.split(separator: "\t", maxSplits: 1)
                queries.append((String(parts[0]), String(parts[1])))
            }
        }

        static func lines(_ path: String) throws -> [Substring] {
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        }
    }

    @Test(
        "hits, order and every bit of the scores are Lucene's",
        arguments: ["cranfield", "cacm", "cisi", "npl", "xquad-de", "xquad-ru", "xquad-zh"])
    func runs(_ name: String) throws {
        guard let collection = try Collection(name) else { return }
        let long = ProcessInfo.processInfo.environment["TRAWL_LONG"] != nil
        var compared = 0
        for analysis in ["english", "standard"] {
            let analyzer = try AnalyzerCatalog().analyzer(named: analysis)
            var documents: [[String]]?
            for (k1, b) in [(Float(0.9), Float(0.4)), (1.2, 0.75)] {
                let file = "corpora/\(name)/runs/lucene.\(analysis).\(k1)_\(b).run"
                guard let directory = SharedData.directory,
                    FileManager.default.fileExists(atPath: directory + "/" + file)
                else { continue }
                let words = documents ?? collection.texts.map { analyzer.terms($0) }
                documents = words
                let fixture = try InvertedFixture(
                    words, segments: 2, similarity: BM25(k1: k1, b: b))
                let wanted = try Self.run(directory + "/" + file)
                let queries = long ? collection.queries : Array(collection.queries.prefix(60))
                for query in queries {
                    let expected = wanted[query.id] ?? []
                    let found = try Self.search(
                        fixture, analyzer.terms(query.text), limit: max(1, expected.count))
                    let ids = found.map { collection.ids[Int($0.doc)] }
                    #expect(
                        ids == expected.map(\.id), "\(name) \(analysis) \(k1)/\(b) \(query.id)")
                    #expect(
                        found.map(\.score) == expected.map(\.score),
                        "\(name) \(analysis) \(k1)/\(b) \(query.id)")
                    compared += expected.count
                }
            }
        }
        print("\(name): \(compared) scores compared")
        #expect(compared > 0)
    }

    private static func run(_ path: String) throws -> [String: [(id: String, score: Float)]] {
        var run: [String: [(id: String, score: Float)]] = [:]
        for line in try Collection.lines(path) {
            let parts = line.split(separator: " ")
            run[String(parts[0]), default: []].append(
                (String(parts[2]), Float(String(parts[4])) ?? .nan))
        }
        return run
    }

    /// A bag of words: each word optional, boosted by how often it stands in the query.
    private static func search(
        _ fixture: InvertedFixture, _ words: [String], limit: Int
    ) throws -> [TopKQueue.Hit] {
        var boosts: [String: Float] = [:]
        var order: [String] = []
        for word in words {
            if boosts[word] == nil { order.append(word) }
            boosts[word, default: 0] += 1
        }
        var weights: [String: Float] = [:]
        for word in order {
            weights[word] = fixture.scoring.weight(
                documentFrequency: try fixture.documentFrequency(word), boost: boosts[word] ?? 1)
        }
        return try fixture.run(limit: limit) { part, field in
            var clauses: [Matcher] = []
            for word in order {
                guard let entry = try field.find(Array(word.utf8)) else { continue }
                clauses.append(
                    TermMatcher(
                        try field.open(entry), norms: part.norms, scoring: fixture.scoring,
                        weight: weights[word] ?? 0))
            }
            return clauses.isEmpty ? nil : BooleanMatcher(should: clauses)
        }.hits
    }

    @Test(
        "explanations: idf, kept length and score of each term",
        arguments: ["cranfield", "cacm", "cisi", "npl"])
    func explanations(_ name: String) throws {
        guard let collection = try Collection(name),
            let path = SharedData.path("corpora/\(name)/runs/explain.english.1.2_0.75.jsonl")
        else { return }
        let analyzer = try AnalyzerCatalog().analyzer(named: "english")
        let fixture = try InvertedFixture(collection.texts.map { analyzer.terms($0) })
        let lines = try Collection.lines(path)
        let head = try JSONValue.parse(Array(lines[0].utf8))
        #expect(Int(fixture.statistics.docCount) == head["docCount"]?.intValue)
        #expect(Int(fixture.statistics.totalLength) == head["sumTotalTermFreq"]?.intValue)
        var compared = 0
        for line in lines.dropFirst() {
            let value = try JSONValue.parse(Array(line.utf8))
            for term in value["terms"]?.arrayValue ?? [] {
                func float(_ key: String) -> Float {
                    if case .number(let number)? = term[key] {
                        return Float(number.literal) ?? .nan
                    }
                    return .nan
                }
                let idf = BM25.idf(
                    docCount: Int(float("N")), documentFrequency: Int(float("df")))
                #expect(idf == float("idf"))
                let norm = (0..<256).first { BM25.length(ofNorm: UInt8($0)) == Int32(float("dl")) }
                let inverse = unsafe fixture.scoring.inverses[try #require(norm)]
                let boost = term["boost"] == nil ? 1 : float("boost")
                let score = BM25.score(weight: boost * idf, x: float("freq") * inverse)
                #expect(score == float("score"), "\(name): \(line)")
                compared += 1
            }
        }
        print("\(name): \(compared) term scores compared")
        #expect(compared > 100)
    }
}
