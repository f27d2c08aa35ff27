internal import TrawlAnalysis
internal import TrawlQuery

/// Tokens of a query's text by the positions they lead from and to.
///
/// Most texts are a line: one token from each position to the next. Synonyms of several words
/// make side paths, which become alternatives.
struct TokenGraph {
    struct Edge {
        var term: [UInt8]
        var from: Int
        var to: Int
    }

    static let maxPaths = 1024

    let edges: [Edge]
    /// Of the first token's position; holes before it do not count.
    let positionCount: Int
    let hasSidePaths: Bool

    init(_ buffer: TokenBuffer) {
        var edges: [Edge] = []
        var position = -1
        var count = 0
        var hasSidePaths = false
        for token in buffer.tokens {
            position += Int(token.positionIncrement)
            if position < 0 { position = 0 }
            if token.positionIncrement > 0 || edges.isEmpty { count += 1 }
            if token.positionLength > 1 { hasSidePaths = true }
            edges.append(
                Edge(
                    term: Array(buffer.term(of: token)), from: position,
                    to: position + max(1, Int(token.positionLength))))
        }
        self.edges = edges
        positionCount = count
        self.hasSidePaths = hasSidePaths
    }

    var isEmpty: Bool { edges.isEmpty }

    /// Terms by position, for a graph without side paths.
    var slots: [(position: Int, terms: [[UInt8]])] {
        var slots: [(position: Int, terms: [[UInt8]])] = []
        for edge in edges {
            if slots.last?.position == edge.from {
                slots[slots.count - 1].terms.append(edge.term)
            } else {
                slots.append((edge.from, [edge.term]))
            }
        }
        return slots
    }

    /// Cut where no token spans over: parts that follow each other.
    func parts() -> [[Edge]] {
        var parts: [[Edge]] = []
        var end = Int.min
        for edge in edges.sorted(by: { $0.from < $1.from }) {
            if edge.from >= end || parts.isEmpty {
                parts.append([])
                end = edge.to
            }
            parts[parts.count - 1].append(edge)
            end = max(end, edge.to)
        }
        return parts
    }

    /// Every way through the edges; fails when there are too many.
    static func paths(through edges: [Edge]) throws(QueryError) -> [[Edge]] {
        guard let start = edges.map(\.from).min(), let end = edges.map(\.to).max() else {
            return []
        }
        var complete: [[Edge]] = []
        var open: [[Edge]] = edges.filter { $0.from == start }.map { [$0] }
        while let path = open.popLast() {
            let at = path[path.count - 1].to
            let next = edges.filter { $0.from == at }
            if at == end || next.isEmpty {
                // A hole that a dropped word left is stepped over.
                if at < end, let after = edges.map(\.from).filter({ $0 > at }).min() {
                    for edge in edges where edge.from == after { open.append(path + [edge]) }
                } else {
                    complete.append(path)
                }
            } else {
                for edge in next.reversed() { open.append(path + [edge]) }
            }
            guard complete.count + open.count <= maxPaths else {
                throw .tooManyClauses(limit: maxPaths)
            }
        }
        return complete
    }
}
