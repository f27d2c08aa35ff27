package import TrawlJSON

/// Why a document has its score: one row a query term, with everything BM25 was computed from.
package struct ScoreBreakdown: Sendable, Equatable {
    package struct Term: Sendable, Equatable {
        /// Field and term, such as `body:search`.
        package var name: String
        package var boost: Double
        package var documentFrequency: Double
        package var documentCount: Double
        package var frequency: Double
        /// The length of the field as scoring saw it.
        package var length: Double
        package var averageLength: Double
        package var k1: Double
        package var b: Double
        /// What the engine added for this term.
        package var score: Float

        package init(
            name: String, boost: Double = 1, documentFrequency: Double, documentCount: Double,
            frequency: Double, length: Double, averageLength: Double, k1: Double = 1.2,
            b: Double = 0.75, score: Float
        ) {
            self.name = name
            self.boost = boost
            self.documentFrequency = documentFrequency
            self.documentCount = documentCount
            self.frequency = frequency
            self.length = length
            self.averageLength = averageLength
            self.k1 = k1
            self.b = b
            self.score = score
        }
    }

    /// The score of the hit.
    package var score: Float
    package var terms: [Term]
    /// What was added by something other than a BM25 term: a phrase, a constant, a function.
    package var others: [String: Float]

    package init(score: Float, terms: [Term], others: [String: Float] = [:]) {
        self.score = score
        self.terms = terms
        self.others = others
    }

    package var json: JSONValue {
        var object: JSONObject = ["score": JSONValue(score)]
        object["terms"] = .array(
            terms.map { term in
                [
                    "term": .string(term.name), "boost": JSONValue(term.boost),
                    "df": JSONValue(term.documentFrequency), "n": JSONValue(term.documentCount),
                    "tf": JSONValue(term.frequency), "dl": JSONValue(term.length),
                    "avgdl": JSONValue(term.averageLength), "k1": JSONValue(term.k1),
                    "b": JSONValue(term.b), "score": JSONValue(term.score),
                ]
            })
        if !others.isEmpty {
            object["others"] = .object(
                JSONObject(
                    others.sorted { $0.key < $1.key }.map {
                        (key: $0.key, value: JSONValue($0.value))
                    }))
        }
        return .object(object)
    }

    package init?(json: JSONValue) {
        guard let score = json["score"]?.doubleValue, let rows = json["terms"]?.arrayValue else {
            return nil
        }
        var terms: [Term] = []
        for row in rows {
            func number(_ key: String) -> Double? { row[key]?.doubleValue }
            guard let name = row["term"]?.stringValue, let df = number("df"),
                let n = number("n"), let tf = number("tf"), let dl = number("dl"),
                let average = number("avgdl"), let score = number("score")
            else { return nil }
            terms.append(
                Term(
                    name: name, boost: number("boost") ?? 1, documentFrequency: df,
                    documentCount: n, frequency: tf, length: dl, averageLength: average,
                    k1: number("k1") ?? 1.2, b: number("b") ?? 0.75, score: Float(score)))
        }
        var others: [String: Float] = [:]
        for (key, value) in json["others"]?.objectValue ?? JSONObject() {
            guard let value = value.doubleValue else { return nil }
            others[key] = Float(value)
        }
        self.init(score: Float(score), terms: terms, others: others)
    }
}
