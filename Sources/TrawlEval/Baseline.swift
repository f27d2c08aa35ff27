package import TrawlJSON

/// What a collection gave when somebody last said "this is how it should be": `baseline.json`.
///
/// It keeps values by query, the first documents of every ranking with the breakdown of their
/// scores, the statistics of the index, the configuration, and a line of history for every time it
/// was moved.
package struct Baseline: Sendable, Equatable {
    package static let formatVersion = 1

    package struct HistoryEntry: Sendable, Equatable {
        package let date: String
        package let note: String
        /// Names of measures and their means.
        package let means: [String: Double]

        package init(date: String, note: String, means: [String: Double]) {
            self.date = date
            self.note = note
            self.means = means
        }
    }

    package var collection: String
    /// Of the documents, topics and judgements the values belong to.
    package var fingerprint: String
    package var engine: String
    package var configuration: JSONObject
    package var statistics: JSONObject
    package var evaluation: Evaluation
    package var rankings: [String: [ExplainedMoves.Placed]]
    package var history: [HistoryEntry]

    package init(
        collection: String, fingerprint: String, engine: String, configuration: JSONObject,
        statistics: JSONObject, evaluation: Evaluation,
        rankings: [String: [ExplainedMoves.Placed]] = [:], history: [HistoryEntry] = []
    ) {
        self.collection = collection
        self.fingerprint = fingerprint
        self.engine = engine
        self.configuration = configuration
        self.statistics = statistics
        self.evaluation = evaluation
        self.rankings = rankings
        self.history = history
    }

    /// Refuses a baseline of another collection; tells whether this one's files have changed since.
    package func check(against collection: Collection, file: String) throws(EvalError) -> Bool {
        guard self.collection == collection.name else {
            throw EvalError(
                .mismatch(
                    "is the baseline of \"\(self.collection)\", not of \"\(collection.name)\""),
                file: file)
        }
        return fingerprint == collection.fingerprint
    }

    // MARK: JSON

    /// One line a query and a ranking, so that a diff shows what moved.
    package func serialized() -> [UInt8] {
        var text = "{\n"
        func member(_ key: String, _ value: JSONValue, last: Bool = false) {
            text += "\(JSONValue.string(key)): \(value)" + (last ? "\n" : ",\n")
        }
        member("format", JSONValue(Baseline.formatVersion))
        member("collection", .string(collection))
        member("fingerprint", .string(fingerprint))
        member("engine", .string(engine))
        member("configuration", .object(configuration))
        member("statistics", .object(statistics))
        var means: JSONObject = [:]
        for measure in evaluation.measures {
            means[measure.description] = JSONValue(evaluation.mean(measure))
        }
        member("means", .object(means))
        text += "\"history\": [\n"
        text += history.map { Baseline.json(of: $0).description }.joined(separator: ",\n")
        text += "\n],\n\"queries\": {\n"
        let rows = evaluation.queries.enumerated().map { index, query in
            var row: JSONObject = [:]
            for measure in evaluation.measures {
                row[measure.description] = JSONValue(evaluation.values[measure]![index])
            }
            return "\(JSONValue.string(query)): \(JSONValue.object(row))"
        }
        text += rows.joined(separator: ",\n") + "\n},\n\"rankings\": {\n"
        let lists = rankings.sorted { $0.key.precedesInBytes($1.key) }.map { query, ranking in
            "\(JSONValue.string(query)): \(JSONValue.array(ranking.map(Baseline.json)))"
        }
        text += lists.joined(separator: ",\n") + "\n}\n}\n"
        return Array(text.utf8)
    }

    private static func json(of entry: HistoryEntry) -> JSONValue {
        let means = entry.means.sorted { $0.key < $1.key }
            .map { (key: $0.key, value: JSONValue($0.value)) }
        return [
            "date": .string(entry.date), "note": .string(entry.note),
            "means": .object(JSONObject(means)),
        ]
    }

    private static func json(of placed: ExplainedMoves.Placed) -> JSONValue {
        var object: JSONObject = [
            "document": .string(placed.document), "score": JSONValue(placed.score),
        ]
        if let breakdown = placed.breakdown { object["why"] = breakdown.json }
        return .object(object)
    }

    package static func parse(_ bytes: [UInt8], file: String) throws(EvalError) -> Baseline {
        let value: JSONValue
        do { value = try JSONValue.parse(bytes) } catch {
            throw EvalError(.malformed("\(error)"), file: file)
        }
        guard value["format"]?.intValue == formatVersion else {
            throw EvalError(
                .malformed("is no baseline of format \(formatVersion): save it again"), file: file)
        }
        func text(_ key: String) throws(EvalError) -> String {
            guard let found = value[key]?.stringValue else {
                throw EvalError(.malformed("has no \"\(key)\""), file: file)
            }
            return found
        }
        return Baseline(
            collection: try text("collection"), fingerprint: try text("fingerprint"),
            engine: try text("engine"),
            configuration: value["configuration"]?.objectValue ?? JSONObject(),
            statistics: value["statistics"]?.objectValue ?? JSONObject(),
            evaluation: try evaluation(value, file: file),
            rankings: try rankings(value, file: file),
            history: (value["history"]?.arrayValue ?? []).map(historyEntry))
    }

    private static func historyEntry(_ value: JSONValue) -> HistoryEntry {
        var means: [String: Double] = [:]
        for (key, mean) in value["means"]?.objectValue ?? JSONObject() {
            means[key] = mean.doubleValue
        }
        return HistoryEntry(
            date: value["date"]?.stringValue ?? "", note: value["note"]?.stringValue ?? "",
            means: means)
    }

    private static func evaluation(
        _ value: JSONValue, file: String
    ) throws(EvalError) -> Evaluation {
        guard let rows = value["queries"]?.objectValue, let means = value["means"]?.objectValue
        else { throw EvalError(.malformed("has no \"queries\" or no \"means\""), file: file) }
        var measures: [Measure] = []
        for name in means.keys {
            guard let measure = Measure(name: name) else {
                throw EvalError(.unknown("the measure \"\(name)\" is not known"), file: file)
            }
            measures.append(measure)
        }
        var values: [Measure: [Double]] = [:]
        for (name, measure) in zip(means.keys, measures) {
            var column: [Double] = []
            for (query, row) in rows {
                guard let number = row[name]?.doubleValue else {
                    throw EvalError(
                        .malformed("query \(query) has no value of \(name)"), file: file)
                }
                column.append(number)
            }
            values[measure] = column
        }
        return Evaluation(queries: rows.keys, values: values, measures: measures)
    }

    private static func rankings(
        _ value: JSONValue, file: String
    ) throws(EvalError) -> [String: [ExplainedMoves.Placed]] {
        var rankings: [String: [ExplainedMoves.Placed]] = [:]
        for (query, list) in value["rankings"]?.objectValue ?? JSONObject() {
            var ranking: [ExplainedMoves.Placed] = []
            for row in list.arrayValue ?? [] {
                guard let document = row["document"]?.stringValue,
                    let score = row["score"]?.doubleValue
                else {
                    throw EvalError(
                        .malformed("the ranking of query \(query) has a broken row"), file: file)
                }
                ranking.append(
                    .init(
                        document: document, score: Float(score),
                        breakdown: row["why"].flatMap(ScoreBreakdown.init(json:))))
            }
            rankings[query] = ranking
        }
        return rankings
    }
}
