import Testing
import TrawlFiles
import TrawlHTTP
import TrawlJSON
import TrawlNode
import TrawlTestKit

@Suite("Suggesting and collapsing against a scan of the documents", .randomized(rounds: 2))
struct SuggestRandomTests {
    /// A node with the same documents in an index of one shard and in one of three, some of them
    /// deleted again.
    private final class Fixture {
        let node: Node
        let client: HTTPClient
        var documents: [String: JSONObject] = [:]
        let indices = ["one": 1, "three": 3]

        init(
            properties: JSONValue, count: Int, random: inout SplitMix64,
            make: (inout SplitMix64) -> JSONObject
        ) throws {
            node = try Node(
                NodeConfiguration(host: "127.0.0.1", port: 0, name: "n", clusterName: "test"),
                store: MemoryFileStore())
            client = HTTPClient(base: node.url)
            for (name, shards) in indices {
                try send(
                    .put, "/\(name)",
                    [
                        "settings": ["number_of_shards": JSONValue(shards)],
                        "mappings": ["properties": properties],
                    ])
            }
            for i in 0..<count {
                let document = make(&random)
                documents["\(i)"] = document
                for name in indices.keys.sorted() {
                    try send(.put, "/\(name)/_doc/\(i)", .object(document))
                }
                if Int.random(in: 0..<20, using: &random) == 0 { try refresh() }
            }
            for i in 0..<count where Int.random(in: 0..<8, using: &random) == 0 {
                documents["\(i)"] = nil
                for name in indices.keys.sorted() { try send(.delete, "/\(name)/_doc/\(i)", [:]) }
            }
            try refresh()
        }

        deinit { node.stop() }

        private func refresh() throws { try send(.post, "/_refresh", [:]) }

        @discardableResult
        func send(_ method: HTTPRequest.Method, _ target: String, _ body: JSONValue) throws
            -> JSONValue
        {
            let response = try client.send(
                method, target, headers: [("Content-Type", "application/json")],
                body: body.serialized())
            let answer = try JSONValue.parse(response.body)
            #expect(response.status < 300, "\(method) \(target): \(answer)")
            return answer
        }
    }

    private static func edits(_ a: [Character], _ b: [Character]) -> Int {
        var table = [[Int]](repeating: Array(repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in 0...a.count {
            for j in 0...b.count {
                if i == 0 || j == 0 {
                    table[i][j] = i + j
                    continue
                }
                table[i][j] = min(
                    table[i - 1][j] + 1, table[i][j - 1] + 1,
                    table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
                }
            }
        }
        return table[a.count][b.count]
    }

    @Test("words near a word: all that the documents have, counted over all shards")
    func terms() throws {
        var random = RandomContext.generator()
        func word(_ random: inout SplitMix64) -> String {
            String(
                (0..<Int.random(in: 3...6, using: &random)).map { _ in
                    "abc".randomElement(using: &random)!
                })
        }
        let fixture = try Fixture(
            properties: ["t": ["type": "text"]], count: 60, random: &random
        ) { random in
            let count = Int.random(in: 1...6, using: &random)
            return ["t": .string((0..<count).map { _ in word(&random) }.joined(separator: " "))]
        }
        var counts: [String: Int] = [:]
        for document in fixture.documents.values {
            for term in Set(document["t"]!.stringValue!.split(separator: " ").map(String.init)) {
                counts[term, default: 0] += 1
            }
        }
        for _ in 0..<12 {
            let asked = word(&random)
            let edits = Int.random(in: 1...2, using: &random)
            let prefix = Int.random(in: 0...2, using: &random)
            let mode = ["missing", "popular", "always"].randomElement(using: &random)!
            let byFrequency = Bool.random(using: &random)
            var expected: [(text: String, score: Float, count: Int)] = []
            let own = counts[asked] ?? 0
            let isAsked = asked.count >= 4 && (mode != "missing" || own == 0)
            for (term, count) in counts where isAsked && term != asked {
                let distance = Self.edits(Array(asked), Array(term))
                let score = 1 - Float(distance) / Float(min(asked.count, term.count))
                guard distance <= edits, asked.prefix(prefix) == term.prefix(prefix),
                    score >= 0.5, count > (mode == "popular" ? own : 0)
                else { continue }
                expected.append((term, score, count))
            }
            expected.sort { a, b in
                if byFrequency, a.count != b.count { return a.count > b.count }
                if a.score != b.score { return a.score > b.score }
                return a.count == b.count ? a.text < b.text : a.count > b.count
            }
            let body: JSONValue = [
                "suggest": [
                    "s": [
                        "text": .string(asked),
                        "term": [
                            "field": "t", "max_edits": JSONValue(edits),
                            "prefix_length": JSONValue(prefix), "suggest_mode": .string(mode),
                            "max_term_freq": 1000, "size": 8,
                            "sort": byFrequency ? "frequency" : "score",
                        ],
                    ]
                ]
            ]
            for index in fixture.indices.keys.sorted() {
                let answer = try fixture.send(.post, "/\(index)/_search", body)
                let options = answer["suggest"]?["s"]?[0]?["options"]?.arrayValue ?? []
                #expect(
                    options.map { $0["text"]?.stringValue } == expected.prefix(8).map(\.text),
                    "\(index) \(body)")
                #expect(
                    options.map { $0["freq"]?.intValue } == expected.prefix(8).map(\.count))
            }
        }
    }

    @Test("completions: the heaviest inputs with the prefix, one of each document")
    func completions() throws {
        var random = RandomContext.generator()
        let fixture = try Fixture(
            properties: ["s": ["type": "completion"]], count: 60, random: &random
        ) { random in
            let inputs: [JSONValue] = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                .string(
                    String(
                        (0..<Int.random(in: 1...4, using: &random)).map { _ in
                            "aBc ".randomElement(using: &random)!
                        }) + "x")
            }
            return [
                "s": [
                    "input": .array(inputs),
                    "weight": JSONValue(Int.random(in: 0...20, using: &random)),
                ]
            ]
        }
        func key(_ text: String) -> String {
            text.lowercased().split(separator: " ").joined(separator: "\u{1f}")
        }
        for prefix in ["a", "b", "ab", "a b", "ca", "x", "bc"] {
            let skips = Bool.random(using: &random)
            var all: [(text: String, weight: Int, id: String)] = []
            for (id, document) in fixture.documents {
                for input in document["s"]!["input"]!.arrayValue!.map({ $0.stringValue! })
                where key(input).hasPrefix(key(prefix)) {
                    all.append((input, document["s"]!["weight"]!.intValue!, id))
                }
            }
            all.sort { a, b in
                if a.weight != b.weight { return a.weight > b.weight }
                if a.text != b.text {
                    return a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
                }
                return Int(a.id)! < Int(b.id)!
            }
            var ids: Set<String> = []
            var texts: Set<String> = []
            let expected = all.filter { option in
                ids.insert(option.id).inserted
                    && (!skips || texts.insert(option.text).inserted)
            }.prefix(7)
            for index in fixture.indices.keys.sorted() {
                let answer = try fixture.send(
                    .post, "/\(index)/_search",
                    [
                        "suggest": [
                            "s": [
                                "prefix": .string(prefix),
                                "completion": [
                                    "field": "s", "size": 7, "skip_duplicates": .bool(skips),
                                ],
                            ]
                        ]
                    ])
                let options = answer["suggest"]?["s"]?[0]?["options"]?.arrayValue ?? []
                let found = options.map { $0["text"]?.stringValue }
                #expect(found == expected.map(\.text), "\(index) \(prefix) \(skips)")
                #expect(
                    options.map { $0["_score"]?.doubleValue }
                        == expected.map { Double($0.weight) }, "\(index) \(prefix)")
                if !skips {
                    #expect(options.map { $0["_id"]?.stringValue } == expected.map(\.id))
                }
            }
        }
    }

    @Test("collapsing: the first of each group over all shards, with the first of its others")
    func collapse() throws {
        var random = RandomContext.generator()
        let fixture = try Fixture(
            properties: ["g": ["type": "integer"], "n": ["type": "integer"]], count: 50,
            random: &random
        ) { random in
            var document: JSONObject = ["n": JSONValue(Int.random(in: 0...1000, using: &random))]
            if Int.random(in: 0..<6, using: &random) > 0 {
                document["g"] = JSONValue(Int.random(in: 0...8, using: &random))
            }
            return document
        }
        let ordered = fixture.documents.sorted { a, b in
            let (x, y) = (a.value["n"]!.intValue!, b.value["n"]!.intValue!)
            return x == y ? Int(a.key)! < Int(b.key)! : x < y
        }
        var groups: [(group: Int?, ids: [String])] = []
        for (id, document) in ordered {
            let group = document["g"]?.intValue
            if let known = groups.firstIndex(where: { $0.group == group }) {
                groups[known].ids.append(id)
            } else {
                groups.append((group, [id]))
            }
        }
        let from = Int.random(in: 0...2, using: &random)
        for index in fixture.indices.keys.sorted() {
            let answer = try fixture.send(
                .post, "/\(index)/_search",
                [
                    "from": JSONValue(from), "size": 4, "sort": ["n"],
                    "collapse": [
                        "field": "g", "inner_hits": ["name": "all", "size": 3, "sort": ["n"]],
                    ],
                ])
            let hits = answer["hits"]?["hits"]?.arrayValue ?? []
            let expected = groups.dropFirst(from).prefix(4)
            #expect(answer["hits"]?["total"]?["value"]?.intValue == fixture.documents.count)
            #expect(hits.map { $0["_id"]?.stringValue } == expected.map { $0.ids[0] }, "\(index)")
            for (hit, group) in zip(hits, expected) {
                let inner = hit["inner_hits"]?["all"]?["hits"]
                #expect(inner?["total"]?["value"]?.intValue == group.ids.count)
                #expect(
                    inner?["hits"]?.arrayValue?.map { $0["_id"]?.stringValue }
                        == Array(group.ids.prefix(3)))
            }
        }
    }
}
