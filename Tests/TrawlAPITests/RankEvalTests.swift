import Testing
import TrawlFiles
import TrawlJSON
import TrawlNode
import TrawlTestKit

@Suite("Rank evaluation", .randomized(rounds: 2))
struct RankEvalTests {
    @Test("the numbers are the same to the bit for one shard and for four")
    func shards() throws {
        var random = RandomContext.generator()
        let node = try EmbeddedNode(store: MemoryFileStore())
        defer { node.close() }
        func send(_ method: String, _ path: String, _ body: JSONValue) throws -> JSONValue {
            let answer = node.send(method, path, body: body.serialized())
            let value = try JSONValue.parse(answer.body)
            try #require(answer.status < 300, "\(value)")
            return value
        }
        let words = ["herring", "net", "keeper", "lamp", "harbour", "storm"]
        let texts = (0..<60).map { _ in
            (0..<Int.random(in: 1...12, using: &random)).map { _ in
                words.randomElement(using: &random)!
            }.joined(separator: " ")
        }
        for (index, shards) in [("one", 1), ("four", 4)] {
            _ = try send("PUT", "/\(index)", ["settings": ["number_of_shards": JSONValue(shards)]])
            for (id, text) in texts.enumerated() {
                _ = try send("PUT", "/\(index)/_doc/\(id)", ["t": .string(text)])
            }
            _ = try send("POST", "/\(index)/_refresh", [:])
        }
        let grades = (0..<60).map { _ in Int.random(in: 0...3, using: &random) }
        for metric in ["precision", "recall", "mean_reciprocal_rank", "dcg"] {
            var scores: [JSONValue?] = []
            for index in ["one", "four"] {
                let requests = words.map { word -> JSONValue in
                    [
                        "id": .string(word), "request": ["query": ["match": ["t": .string(word)]]],
                        "ratings": .array(
                            grades.enumerated().map { id, grade in
                                [
                                    "_index": .string(index), "_id": .string("\(id)"),
                                    "rating": JSONValue(grade),
                                ]
                            }),
                    ]
                }
                let answer = try send(
                    "POST", "/\(index)/_rank_eval",
                    ["requests": .array(requests), "metric": [metric: ["k": 7]]])
                #expect(answer["failures"] == [:])
                #expect(answer["details"]?.objectValue?.count == words.count)
                scores.append(answer["metric_score"])
            }
            #expect(scores[0] == scores[1] && scores[0] != nil, "\(metric)")
            #expect((scores[0]?.doubleValue ?? 0) > 0)
        }
    }
}
