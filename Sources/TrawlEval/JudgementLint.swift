/// Looks for mistakes in judgements, which otherwise turn up as riddles in the figures.
package struct JudgementLint: Sendable, Equatable {
    package enum Finding: Sendable, Equatable, CustomStringConvertible {
        case unknownDocument(query: String, document: String)
        case topicWithoutJudgements(query: String)
        case judgementsWithoutTopic(query: String)
        case nothingRelevant(query: String)
        case unreachable(query: String, document: String)
        case repeated(query: String, document: String, line: Int)
        case twinsGradedApart(query: String, documents: [String], grades: [Int])
        case inverted(better: Int, worse: Int)
        case shifted(by: Int, share: Double, shareNow: Double)

        package var description: String {
            switch self {
            case .unknownDocument(let query, let document):
                "query \(query) judges document \(document), which is not in the collection"
            case .topicWithoutJudgements(let query): "topic \(query) has no judgements"
            case .judgementsWithoutTopic(let query): "query \(query) is judged but is no topic"
            case .nothingRelevant(let query): "query \(query) has no relevant document"
            case .unreachable(let query, let document):
                "query \(query): no term of the query stands in the relevant document \(document)"
            case .repeated(let query, let document, let line):
                "query \(query) judges document \(document) again in line \(line)"
            case .twinsGradedApart(let query, let documents, let grades):
                "query \(query): documents \(documents.joined(separator: ", ")) have the same "
                    + "text and the grades \(grades.map(String.init).joined(separator: ", "))"
            case .inverted(let better, let worse):
                "grades look inverted: in \(worse) queries the low grades match the query better, "
                    + "in \(better) the high ones"
            case .shifted(let by, let share, let shareNow):
                "document ids look shifted: judged documents hold \(fixed(100 * shareNow, 0)) % of "
                    + "the query's terms, those \(by > 0 ? "+" : "")\(by) places on "
                    + "\(fixed(100 * share, 0)) %"
            }
        }

        /// Whether the figures cannot be trusted before this is settled.
        package var isGrave: Bool {
            switch self {
            case .unknownDocument, .judgementsWithoutTopic, .inverted, .shifted: true
            default: false
            }
        }
    }

    package let findings: [Finding]

    /// - Parameter terms: the distinct terms of a text, as the analyzer of the collection gives them.
    package init(_ collection: Collection, terms: (String) -> Set<String>) {
        let places = Dictionary(
            collection.documents.enumerated().map { ($1.id, $0) }
        ) { first, _ in first }
        let texts = collection.documents.map { terms($0.title + "\n" + $0.body) }
        let judgements = collection.judgements
        var findings: [Finding] = judgements.repeated.map {
            .repeated(query: $0.query, document: $0.document, line: $0.line)
        }
        var better = 0
        var worse = 0
        var shiftSums: [Int: Double] = [:]
        var shiftCount = 0
        for topic in collection.topics.all {
            let judged = judgements[topic.id]
            guard !judged.isEmpty else {
                findings.append(.topicWithoutJudgements(query: topic.id))
                continue
            }
            if !judged.values.contains(where: { $0 > 0 }) {
                findings.append(.nothingRelevant(query: topic.id))
            }
            let wanted = terms(topic.text)
            func share(_ place: Int) -> Double {
                guard texts.indices.contains(place), !wanted.isEmpty else { return 0 }
                return Double(texts[place].intersection(wanted).count) / Double(wanted.count)
            }
            var sums = (high: 0.0, highCount: 0, low: 0.0, lowCount: 0)
            let best = judged.values.max() ?? 0
            for (document, grade) in judged.sorted(by: { $0.key.precedesInBytes($1.key) }) {
                guard let place = places[document] else {
                    findings.append(.unknownDocument(query: topic.id, document: document))
                    continue
                }
                let own = share(place)
                if grade == best {
                    sums.high += own
                    sums.highCount += 1
                } else {
                    sums.low += own
                    sums.lowCount += 1
                }
                guard grade > 0 else { continue }
                if own == 0 { findings.append(.unreachable(query: topic.id, document: document)) }
                shiftCount += 1
                for shift in -3...3 { shiftSums[shift, default: 0] += share(place + shift) }
            }
            if sums.highCount > 0, sums.lowCount > 0 {
                let high = sums.high / Double(sums.highCount)
                let low = sums.low / Double(sums.lowCount)
                if high > low { better += 1 } else if low > high { worse += 1 }
            }
            findings += JudgementLint.twins(topic.id, judged, collection, places)
        }
        let topics = Set(collection.topics.all.map(\.id))
        for query in judgements.queries where !topics.contains(query) {
            findings.append(.judgementsWithoutTopic(query: query))
        }
        let chance = Distributions.signTwoSided(fewer: min(better, worse), of: better + worse)
        if worse > better, chance < 0.01 {
            findings.append(.inverted(better: better, worse: worse))
        }
        if let found = JudgementLint.shift(shiftSums, shiftCount) { findings.append(found) }
        self.findings = findings
    }

    private static func shift(_ sums: [Int: Double], _ count: Int) -> Finding? {
        guard count >= 5, let now = sums[0] else { return nil }
        let candidates = sums.filter { $0.key != 0 }
        guard let best = candidates.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
            best.value > 2 * now + 1
        else { return nil }
        return .shifted(
            by: best.key, share: best.value / Double(count), shareNow: now / Double(count))
    }

    private static func twins(
        _ query: String, _ judged: [String: Int], _ collection: Collection, _ places: [String: Int]
    ) -> [Finding] {
        var byText: [String: [String]] = [:]
        for document in judged.keys {
            guard let place = places[document] else { continue }
            let text = collection.documents[place].title + "\n" + collection.documents[place].body
            byText[text, default: []].append(document)
        }
        return byText.values.compactMap { same in
            let documents = same.sorted()
            let grades = documents.map { judged[$0] ?? 0 }
            guard Set(grades).count > 1 else { return nil }
            return .twinsGradedApart(query: query, documents: documents, grades: grades)
        }.sorted { $0.description < $1.description }
    }
}
