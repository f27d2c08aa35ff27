/// How well each judged document answers each query: a grade, more is better.
///
/// Grades of zero say "not relevant". Negative grades say "in the pool, never judged", as in TREC;
/// measures treat them as unjudged.
package struct Judgements: Sendable, Equatable {
    /// query id → document id → grade.
    package private(set) var grades: [String: [String: Int]] = [:]
    /// The queries in the order of the file.
    package private(set) var queries: [String] = []
    /// Pairs that stand twice with the same grade, with the line of the second.
    package private(set) var repeated: [Repeated] = []

    package struct Repeated: Sendable, Equatable {
        package let query: String
        package let document: String
        package let line: Int
    }

    package init() {}

    package init(_ grades: [String: [String: Int]]) {
        self.grades = grades
        self.queries = grades.keys.sorted { $0.precedesInBytes($1) }
    }

    package var count: Int { grades.values.reduce(0) { $0 + $1.count } }

    package subscript(query: String) -> [String: Int] { grades[query] ?? [:] }

    /// Reads TREC judgements (query, iteration, document, grade) or the three columns of BEIR
    /// (query-id, corpus-id, score, with that header line).
    package static func parse(_ bytes: [UInt8], file: String) throws(EvalError) -> Judgements {
        let lines = try TextLines(bytes, file: file).lines
        var judgements = Judgements()
        for (index, line) in lines.enumerated() {
            let columns = line.columns
            if index == 0, columns.first == "query-id" { continue }
            guard columns.count == 4 || columns.count == 3 else {
                throw EvalError(
                    .malformed(
                        "has \(columns.count) columns where 4 are expected: "
                            + "query, iteration, document, grade"),
                    file: file, line: line.number)
            }
            guard let grade = Int(columns[columns.count - 1]) else {
                throw EvalError(
                    .malformed("the grade \"\(columns[columns.count - 1])\" is not a whole number"),
                    file: file, line: line.number)
            }
            try judgements.add(
                query: String(columns[0]), document: String(columns[columns.count - 2]),
                grade: grade, file: file, line: line.number)
        }
        guard !judgements.queries.isEmpty else {
            throw EvalError(.empty(what: "judgements"), file: file)
        }
        return judgements
    }

    package mutating func add(
        query: String, document: String, grade: Int, file: String = "", line: Int = 0
    ) throws(EvalError) {
        if grades[query] == nil { queries.append(query) }
        if let earlier = grades[query, default: [:]].updateValue(grade, forKey: document) {
            guard earlier == grade else {
                throw EvalError(
                    .duplicate(
                        "query \(query) judges document \(document) twice, "
                            + "\(earlier) and \(grade): keep one of the two lines"),
                    file: file, line: line)
            }
            repeated.append(Repeated(query: query, document: document, line: line))
        }
    }

    /// The judgements of some queries only.
    package func only(_ wanted: some Sequence<String>) -> Judgements {
        let set = Set(wanted)
        var part = Judgements()
        part.queries = queries.filter(set.contains)
        part.grades = grades.filter { set.contains($0.key) }
        return part
    }

    /// The file form of TREC, in the order of queries, then of document ids.
    package var trecText: String {
        var text = ""
        for query in queries {
            for (document, grade) in self[query].sorted(by: { $0.key.precedesInBytes($1.key) }) {
                text += "\(query) 0 \(document) \(grade)\n"
            }
        }
        return text
    }
}
