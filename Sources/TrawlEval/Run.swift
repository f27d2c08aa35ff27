/// What an engine answered: for each query, documents with scores.
///
/// The order within a query is that of trec_eval: higher scores first, compared as 32-bit floats;
/// equal scores in descending order of the bytes of their ids. The ranks in a file are ignored.
package struct Run: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package let document: String
        package let score: Float

        package init(document: String, score: Float) {
            self.document = document
            self.score = score
        }
    }

    package var tag: String
    /// query id → documents as the engine gave them.
    package private(set) var given: [String: [Entry]] = [:]
    package private(set) var queries: [String] = []

    package init(tag: String = "trawl") { self.tag = tag }

    /// Takes what the engine answered to one query, in its order.
    package mutating func set(_ entries: [Entry], for query: String) {
        if given.updateValue(entries, forKey: query) == nil { queries.append(query) }
    }

    /// The documents of a query in the order of trec_eval.
    package func ranking(of query: String) -> [Entry] {
        Run.ordered(given[query] ?? [])
    }

    package static func ordered(_ entries: [Entry]) -> [Entry] {
        entries.sorted { left, right in
            left.score != right.score
                ? left.score > right.score : right.document.precedesInBytes(left.document)
        }
    }

    /// Reads six columns: query, Q0, document, rank, score, tag.
    package static func parse(_ bytes: [UInt8], file: String) throws(EvalError) -> Run {
        let lines = try TextLines(bytes, file: file).lines
        var run = Run(tag: "")
        var seen: [String: Set<String>] = [:]
        var entries: [String: [Entry]] = [:]
        for line in lines {
            let columns = line.columns
            guard columns.count >= 5 else {
                throw EvalError(
                    .malformed(
                        "has \(columns.count) columns where 6 are expected: "
                            + "query, Q0, document, rank, score, tag"),
                    file: file, line: line.number)
            }
            let query = String(columns[0])
            let document = String(columns[2])
            guard let wide = Double(columns[4]), !wide.isNaN else {
                throw EvalError(
                    .malformed("the score \"\(columns[4])\" of document \(document) is no number"),
                    file: file, line: line.number)
            }
            guard seen[query, default: []].insert(document).inserted else {
                throw EvalError(
                    .duplicate("query \(query) ranks document \(document) twice"),
                    file: file, line: line.number)
            }
            if entries[query] == nil { run.queries.append(query) }
            entries[query, default: []].append(Entry(document: document, score: Float(wide)))
            if run.tag.isEmpty, columns.count > 5 { run.tag = String(columns[5]) }
        }
        guard !run.queries.isEmpty else { throw EvalError(.empty(what: "results"), file: file) }
        run.given = entries
        return run
    }

    /// The file form of TREC. Scores are the shortest decimals that give the same float again.
    package var trecText: String {
        var text = ""
        for query in queries {
            for (rank, entry) in (given[query] ?? []).enumerated() {
                text += "\(query) Q0 \(entry.document) \(rank + 1) \(entry.score) \(tag)\n"
            }
        }
        return text
    }
}
