import Testing
import TrawlJSON

/// The same documents, changed in the same order, asked the same questions: the answer must not depend
/// on how many shards and nodes there are, nor on which node is asked.
@Suite("The same answers on any number of shards and nodes", .serialized)
struct SameAnswersTests {
    private static let shardCounts = [1, 2, 3, 5, 8, 16]
    private static let words = [
        "herring", "net", "trawl", "sea", "boat", "harbour", "salt", "wind", "gull", "rope",
    ]

    /// Few words, so that many documents have equal scores and only the order of ingestion tells.
    private static func text(_ i: Int) -> String {
        (0..<(3 + i % 5)).map { words[(i * 7 + $0 * $0 * 3 + i / 11) % words.count] }
            .joined(separator: " ")
    }

    private static func bulk() -> String {
        var lines = ""
        func put(_ id: Int, _ text: String, _ number: Int) {
            lines += "{\"index\":{\"_id\":\"\(id)\"}}\n"
            lines += "{\"text\":\"\(text)\",\"n\":\(number),\"tag\":\"\(words[number % 4])\"}\n"
        }
        for i in 0..<240 { put(i, text(i), i % 17) }
        for i in stride(from: 0, to: 240, by: 9) { put(i, text(i + 1000), i % 5) }
        for i in stride(from: 4, to: 240, by: 13) { lines += "{\"delete\":{\"_id\":\"\(i)\"}}\n" }
        for i in stride(from: 2, to: 200, by: 31) where i % 13 != 4 {
            lines += "{\"update\":{\"_id\":\"\(i)\"}}\n{\"doc\":{\"n\":99}}\n"
        }
        return lines
    }

    private static let questions = [
        #"{"query":{"match":{"text":"herring net"}},"size":25}"#,
        #"{"query":{"match":{"text":{"query":"boat salt wind","operator":"and"}}},"size":10}"#,
        #"{"query":{"match_phrase":{"text":"herring net"}},"size":30}"#,
        #"{"query":{"query_string":{"query":"text:gu* OR text:rope~1 -salt"}},"size":15}"#,
        #"{"query":{"bool":{"must":[{"match":{"text":"sea"}}],"filter":[{"range":{"n":{"gte":3,"lt":12}}}],"should":[{"term":{"tag.keyword":"net"}}]}},"size":20,"from":3}"#,
        #"{"query":{"match_all":{}},"sort":[{"n":"desc"},{"tag.keyword":"asc"}],"size":40}"#,
        #"{"query":{"match":{"text":"trawl"}},"track_total_hits":true,"size":3,"explain":true}"#,
        #"{"query":{"function_score":{"query":{"match":{"text":"harbour"}},"field_value_factor":{"field":"n","modifier":"log1p"}}},"size":12,"min_score":0.01}"#,
        #"{"query":{"match":{"text":"gull"}},"highlight":{"fields":{"text":{}}},"size":5,"_source":false,"docvalue_fields":["n"]}"#,
        #"{"size":0,"query":{"exists":{"field":"n"}}}"#,
        #"{"size":0,"aggs":{"tags":{"terms":{"field":"tag.keyword","size":3},"aggs":{"n":{"stats":{"field":"n"}},"p":{"percentiles":{"field":"n"}},"best":{"top_hits":{"size":2,"sort":[{"n":"desc"}],"_source":["n"]}}}},"h":{"histogram":{"field":"n","interval":5,"min_doc_count":0}},"c":{"cardinality":{"field":"n"}},"r":{"range":{"field":"n","ranges":[{"to":5},{"from":5,"to":50}]}},"f":{"filter":{"match":{"text":"herring"}},"aggs":{"w":{"avg":{"field":"n"}}}}}}"#,
        #"{"query":{"dis_max":{"queries":[{"match":{"text":"net"}},{"prefix":{"text":{"value":"he"}}}],"tie_breaker":0.3}},"size":18,"version":true}"#,
    ]

    /// What must be equal: everything but the time it took, the shards, and where a hit lay.
    private static func comparable(_ answer: JSONValue, index: String) -> String {
        var hits = answer["hits"] ?? .null
        var list = hits["hits"]?.arrayValue ?? []
        for i in list.indices {
            list[i]["_index"] = nil
            list[i]["_shard"] = nil
            list[i]["_node"] = nil
        }
        hits["hits"] = .array(list)
        let aggregations = unplaced(answer["aggregations"] ?? .null)
        let text = "\(hits) \(aggregations) failed: \(answer["_shards"]?["failed"] ?? .null)"
        // An explanation tells the number of the document in its segment.
        return text.replacing(#/ in [0-9]+\) \[PerField/#, with: " in N) [PerField")
    }

    /// Without the names of indices, which hits within aggregations have.
    private static func unplaced(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let list): return .array(list.map(unplaced))
        case .object(let object):
            var result = JSONObject()
            for (key, value) in object where key != "_index" { result[key] = unplaced(value) }
            return .object(result)
        default: return value
        }
    }

    private func answers(
        _ cluster: ClusterProcesses, _ node: ClusterProcesses.Node, _ index: String
    ) throws -> [String] {
        try Self.questions.map {
            Self.comparable(try cluster.ask(node, "POST", "/\(index)/_search", $0), index: index)
        }
    }

    private func fill(
        _ cluster: ClusterProcesses, _ index: String, shards: Int, copies: Int
    ) throws {
        let node = cluster.nodes[shards % cluster.nodes.count]
        try cluster.ask(
            node, "PUT", "/\(index)",
            #"{"settings":{"number_of_shards":\#(shards),"number_of_replicas":\#(copies - 1)}}"#)
        let answer = try cluster.ask(
            node, "POST", "/\(index)/_bulk?refresh=true", Self.bulk())
        #expect(answer["errors"] == false)
    }

    @Test("1, 2, 3, 5, 8 and 16 shards on 1, 2, 3 and 5 nodes")
    func grid() throws {
        let cluster = try ClusterProcesses()
        try cluster.start("n0")
        try fill(cluster, "reference", shards: 1, copies: 1)
        let reference = try answers(cluster, cluster.nodes[0], "reference")
        #expect(reference.contains { $0.contains("\"_id\"") })
        var grid = ["nodes \\ shards " + Self.shardCounts.map { "\($0)" }.joined(separator: "\t")]
        for nodeCount in [1, 2, 3, 5] {
            while cluster.nodes.count < nodeCount { try cluster.start("n\(cluster.nodes.count)") }
            try cluster.wait("\(nodeCount) nodes") {
                try cluster.ask(cluster.nodes[0], "GET", "/_cluster/health")["number_of_nodes"]?
                    .intValue == nodeCount
            }
            var row = "\(nodeCount)\t"
            for shards in Self.shardCounts {
                let index = "i\(nodeCount)-\(shards)"
                try fill(cluster, index, shards: shards, copies: min(nodeCount, 1 + shards % 2))
                // While shards of the indices before move to the nodes that came.
                let own = try answers(cluster, cluster.nodes[shards % nodeCount], index)
                for (question, (own, wanted)) in zip(own, reference).enumerated()
                where own != wanted {
                    Issue.record(
                        "\(index): \(Self.questions[question])\n\(own)\ninstead of\n\(wanted)")
                }
                row += own == reference ? "=\t" : "DIFFERS\t"
            }
            grid.append(row)
        }
        print(grid.joined(separator: "\n"))
        // Those that were made on fewer nodes lie elsewhere by now, and answer the same.
        for index in ["i1-1", "i1-16", "i2-8", "i3-5", "reference"] {
            for node in cluster.nodes {
                #expect(try answers(cluster, node, index) == reference, "\(index) on \(node.name)")
            }
        }
        let spread = Set(
            try cluster.ask(
                cluster.nodes[4], "GET", "/_cat/shards?format=json"
            ).arrayValue?.compactMap { $0["node"]?.stringValue } ?? [])
        #expect(spread.count == 5, "shards lie on all nodes: \(spread)")
    }
}
