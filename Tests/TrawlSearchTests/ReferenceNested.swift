import Foundation
import TrawlJSON

/// Documents with objects of nested fields, asked by looking at each: every object is a document
/// of its own, for statistics too.
final class ReferenceNested {
    final class Node {
        /// Empty for a root.
        let path: String
        let id: String
        let offset: Int
        let texts: [String: [String]]
        let tags: [String: [String]]
        let numbers: [String: [Int]]
        var children: [Node] = []
        weak var parent: Node?

        init(
            path: String, id: String, offset: Int, texts: [String: [String]] = [:],
            tags: [String: [String]] = [:], numbers: [String: [Int]] = [:]
        ) {
            self.path = path
            self.id = id
            self.offset = offset
            self.texts = texts
            self.tags = tags
            self.numbers = numbers
        }

        /// The node and all within, in the order of the document.
        var all: [Node] { [self] + children.flatMap(\.all) }

        func within(_ path: String) -> [Node] {
            children.flatMap(\.all).filter { $0.path == path }
        }

        func around(_ path: String) -> Node? {
            self.path == path ? self : parent?.around(path)
        }

        /// `_nested`, without what is around.
        var place: String { "\(parent.map(\.place) ?? "")/\(path):\(offset)" }
    }

    var roots: [Node] = [] { didSet { lists = nil } }
    private var lists: [Node]?

    private var everything: [Node] {
        if let lists { return lists }
        let made = roots.flatMap(\.all)
        lists = made
        return made
    }

    private func bm25(_ field: String, _ word: String, _ node: Node, _ boost: Float) -> Float? {
        let isTag = node.texts[field] == nil
        func tokens(_ node: Node) -> [String] {
            node.texts[field] ?? node.tags[field].map { Array(Set($0)) } ?? []
        }
        let frequency = tokens(node).count { $0 == word }
        if frequency == 0 { return nil }
        let lengths = everything.map { tokens($0).count }
        let count = lengths.count { $0 > 0 }
        let df = everything.count { tokens($0).contains(word) }
        let idf = Float(log(1 + (Double(count) - Double(df) + 0.5) / (Double(df) + 0.5)))
        let average = Float(Double(lengths.reduce(0, +)) / Double(count))
        let kept = Float(isTag ? 1 : min(tokens(node).count, 39))
        precondition(tokens(node).count < 40, "longer texts are kept rounded")
        let scaled: Float = 0.75 * kept
        let inverse: Float = 1 / (1.2 * ((1 - 0.75) + scaled / average))
        let weight = boost * idf
        return weight - weight / (1 + Float(frequency) * inverse)
    }

    /// Nil when the node does not match.
    func score(_ query: JSONValue, _ node: Node, boost: Float = 1) -> Float? {
        let (kind, body) = query.objectValue!.members.first.map { ($0.key, $0.value) }!
        let own = boost * Float(body["boost"]?.doubleValue ?? 1)
        switch kind {
        case "match_all": return own
        case "term":
            let (field, value) = body.objectValue!.members.first.map { ($0.key, $0.value) }!
            return bm25(field, value.stringValue!, node, boost)
        case "match":
            let (field, value) = body.objectValue!.members.first.map { ($0.key, $0.value) }!
            let words = value.stringValue!.split(separator: " ").map(String.init)
            let scores = Set(words).compactMap { word in
                bm25(field, word, node, boost * Float(words.count { $0 == word }))
            }
            return scores.isEmpty ? nil : Float(scores.reduce(0.0) { $0 + Double($1) })
        case "range":
            let (field, bounds) = body.objectValue!.members.first.map { ($0.key, $0.value) }!
            let least = bounds["gte"]!.intValue!
            return node.numbers[field]?.contains { $0 >= least } ?? false ? boost : nil
        case "exists":
            let field = body["field"]!.stringValue!
            let has =
                !(node.texts[field] ?? []).isEmpty || !(node.tags[field] ?? []).isEmpty
                || !(node.numbers[field] ?? []).isEmpty
            return has ? boost : nil
        case "bool":
            var sum = 0.0
            for clause in body["must"]?.arrayValue ?? [] {
                guard let part = score(clause, node, boost: own) else { return nil }
                sum += Double(part)
            }
            for clause in body["filter"]?.arrayValue ?? [] where score(clause, node) == nil {
                return nil
            }
            for clause in body["must_not"]?.arrayValue ?? [] where score(clause, node) != nil {
                return nil
            }
            let optional = (body["should"]?.arrayValue ?? []).compactMap {
                score($0, node, boost: own)
            }
            if body["must"] == nil, body["filter"] == nil, body["should"] != nil, optional.isEmpty {
                return nil
            }
            for part in optional { sum += Double(part) }
            return Float(sum)
        case "nested":
            let scores = node.within(body["path"]!.stringValue!).compactMap {
                score(body["query"]!, $0, boost: own)
            }
            if scores.isEmpty { return nil }
            let sum = scores.reduce(0.0) { $0 + Double($1) }
            switch body["score_mode"]?.stringValue ?? "avg" {
            case "none": return 0
            case "sum": return Float(sum)
            case "min": return scores.min()
            case "max": return scores.max()
            default: return Float(sum / Double(scores.count))
            }
        default: preconditionFailure("\(kind)")
        }
    }

    /// Documents with their scores, the best first, then the oldest.
    func hits(_ query: JSONValue) -> [(node: Node, score: Float)] {
        let found = roots.compactMap { node in score(query, node).map { (node, $0) } }
        return found.enumerated().sorted {
            $0.element.1 == $1.element.1
                ? $0.offset < $1.offset : $0.element.1 > $1.element.1
        }.map { ($0.element.0, $0.element.1) }
    }
}
