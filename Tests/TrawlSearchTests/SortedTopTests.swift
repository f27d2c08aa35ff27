import Testing
import TrawlIndex
import TrawlJSON
import TrawlQuery
import TrawlTestKit

@testable import TrawlSearch

/// Sorted searches leave out blocks of documents by their bounds: the hits are those of sorting
/// every match.
@Suite("Sorted searches", .randomized(rounds: 6))
struct SortedTopTests {
    private struct Document {
        var id: String
        var number: Int
        var real: Double
    }

    @Test("what is left out by bounds could not have been a hit")
    func bounds() throws {
        var random = RandomContext.generator()
        let fixture = try SearchFixture(properties: [
            "n": ["type": "long"], "d": ["type": "double"], "f": ["type": "float"],
        ])
        var documents: [Document] = []
        // Few different numbers make many ties; those that grow make most blocks hopeless.
        let most = [5, 1000, 1_000_000][Int.random(in: 0...2, using: &random)]
        let grows = Bool.random(using: &random)
        for number in 0..<3000 {
            let document = Document(
                id: "d\(number)",
                number: Int.random(in: -most...most, using: &random) + (grows ? number * most : 0),
                real: Double.random(in: -100...100, using: &random))
            try fixture.put(
                document.id,
                [
                    "n": JSONValue(document.number), "d": JSONValue(document.real),
                    "f": JSONValue(document.real),
                ])
            documents.append(document)
            if Int.random(in: 0..<700, using: &random) == 0 { _ = try fixture.writer.refresh() }
        }
        for _ in 0..<300 {
            let number = Int.random(in: 0..<documents.count, using: &random)
            try fixture.writer.delete(id: documents.remove(at: number).id)
        }
        let searcher = try fixture.searcher()
        for field in ["n", "d", "f"] {
            for order in ["asc", "desc"] {
                for tracked in [JSONValue.bool(true), .bool(false), 100] {
                    let size = Int.random(in: 1...60, using: &random)
                    let low = Double.random(in: -150...150, using: &random)
                    let isFiltered = Bool.random(using: &random)
                    var body: JSONValue = [
                        "size": JSONValue(size), "sort": [[field: .string(order)]],
                        "track_total_hits": tracked,
                    ]
                    if isFiltered { body["query"] = ["range": ["d": ["gte": JSONValue(low)]]] }
                    let matches = documents.filter { !isFiltered || $0.real >= low }
                    // Stable: ties stay in the order of documents.
                    let sorted = matches.enumerated().sorted { left, right in
                        let (a, b) =
                            field == "n"
                            ? (Double(left.element.number), Double(right.element.number))
                            : field == "d"
                                ? (left.element.real, right.element.real)
                                : (
                                    Double(Float(left.element.real)),
                                    Double(Float(right.element.real))
                                )
                        if a != b { return (a < b) == (order == "asc") }
                        return left.offset < right.offset
                    }.map(\.element.id)
                    let answer = try fixture.search(body, on: searcher)
                    #expect(answer.ids == Array(sorted.prefix(size)), "\(body)")
                    let total = answer.result.total
                    switch tracked {
                    case true: #expect(total.isExact && total.value == matches.count)
                    case 100:
                        #expect(total.value == min(100, matches.count))
                        #expect(total.isExact == (matches.count <= 100))
                    default: #expect(!total.isExact || total.value == matches.count)
                    }
                }
            }
        }
    }
}
