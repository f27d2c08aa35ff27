internal import Glibc
internal import TrawlJSON

/// A measure of `_rank_eval`.
struct RankMetric {
    enum Kind {
        case precision(threshold: Int, ignoresUnrated: Bool)
        case recall(threshold: Int)
        case reciprocalRank(threshold: Int)
        case gain(isNormalized: Bool, unratedGrade: Int?)
        case expectedReciprocalRank(maximum: Int, unratedGrade: Int?)
    }

    var name: String
    var kind: Kind
    /// How many hits are looked at.
    var k: Int

    init(_ value: JSONValue) throws {
        guard let chosen = value.objectValue, chosen.count == 1, let name = chosen.keys.first,
            let options = chosen[name]
        else { throw APIError.illegalArgument("[metric] names one metric") }
        let known: [String: Set<String>] = [
            "precision": ["k", "relevant_rating_threshold", "ignore_unlabeled"],
            "recall": ["k", "relevant_rating_threshold"],
            "mean_reciprocal_rank": ["k", "relevant_rating_threshold"],
            "dcg": ["k", "normalize", "unknown_doc_rating"],
            "expected_reciprocal_rank": ["k", "maximum_relevance", "unknown_doc_rating"],
        ]
        guard let fields = known[name] else {
            throw APIError.xContentParse("[rank_eval] unknown metric [\(name)]")
        }
        let object = options.objectValue ?? [:]
        for key in object.keys where !fields.contains(key) {
            throw APIError.xContentParse("[\(name)] unknown field [\(key)]")
        }
        self.name = name
        k = object["k"]?.intValue ?? 10
        if k <= 0 {
            throw APIError.illegalArgument("Window size k must be positive.")
        }
        let threshold = object["relevant_rating_threshold"]?.intValue ?? 1
        if threshold < 0 {
            throw APIError.illegalArgument(
                "Relevant rating threshold for precision must be positive.")
        }
        let unrated = object["unknown_doc_rating"]?.intValue
        switch name {
        case "precision":
            kind = .precision(
                threshold: threshold,
                ignoresUnrated: object["ignore_unlabeled"]?.boolValue ?? false)
        case "recall": kind = .recall(threshold: threshold)
        case "mean_reciprocal_rank": kind = .reciprocalRank(threshold: threshold)
        case "dcg":
            kind = .gain(
                isNormalized: object["normalize"]?.boolValue ?? false, unratedGrade: unrated)
        default:
            guard let maximum = object["maximum_relevance"]?.intValue else {
                throw APIError.illegalArgument("Required [maximum_relevance]")
            }
            kind = .expectedReciprocalRank(maximum: maximum, unratedGrade: unrated)
        }
    }

    /// - Parameters:
    ///   - grades: Of the hits in their order; nil for one that nobody judged.
    ///   - all: The grades of all judged documents.
    func evaluate(_ grades: [Int?], all: [Int]) -> (score: Double, facts: JSONObject) {
        let grades = Array(grades.prefix(k))
        let unrated = JSONValue(grades.count { $0 == nil })
        switch kind {
        case .precision(let threshold, let ignoresUnrated):
            let relevant = grades.count { ($0 ?? Int.min) >= threshold }
            let looked = ignoresUnrated ? grades.count { $0 != nil } : grades.count
            return (
                looked == 0 ? 0 : Double(relevant) / Double(looked),
                [
                    "relevant_docs_retrieved": JSONValue(relevant),
                    "docs_retrieved": JSONValue(looked),
                ]
            )
        case .recall(let threshold):
            let relevant = grades.count { ($0 ?? Int.min) >= threshold }
            let wanted = all.count { $0 >= threshold }
            return (
                wanted == 0 ? 0 : Double(relevant) / Double(wanted),
                [
                    "relevant_docs_retrieved": JSONValue(relevant),
                    "relevant_docs": JSONValue(wanted),
                ]
            )
        case .reciprocalRank(let threshold):
            let place = grades.firstIndex { ($0 ?? Int.min) >= threshold }
            return (
                place.map { 1 / Double($0 + 1) } ?? 0,
                ["first_relevant": JSONValue(place.map { $0 + 1 } ?? -1)]
            )
        case .gain(let isNormalized, let unratedGrade):
            let gain = Self.gain(grades.map { $0 ?? unratedGrade })
            var facts: JSONObject = ["dcg": JSONValue(gain)]
            var score = gain
            if isNormalized {
                let best = all.sorted(by: >).prefix(grades.count)
                let ideal = Self.gain(best.map { $0 })
                score = ideal > 0 ? gain / ideal : 0
                facts["ideal_dcg"] = JSONValue(ideal)
                facts["normalized_dcg"] = JSONValue(score)
            }
            facts["unrated_docs"] = unrated
            return (score, facts)
        case .expectedReciprocalRank(let maximum, let unratedGrade):
            var score = 0.0
            var goesOn = 1.0
            for (place, grade) in grades.enumerated() {
                guard let grade = grade ?? unratedGrade else { continue }
                let satisfies = (exp2(Double(grade)) - 1) / exp2(Double(maximum))
                score += goesOn * satisfies / Double(place + 1)
                goesOn *= 1 - satisfies
            }
            return (score, ["unrated_docs": unrated])
        }
    }

    /// Discounted: what is unjudged and has no grade counts nothing, and keeps its place.
    private static func gain(_ grades: [Int?]) -> Double {
        grades.enumerated().reduce(0) { sum, hit in
            guard let grade = hit.element else { return sum }
            return sum + (exp2(Double(grade)) - 1) / log2(Double(hit.offset + 2))
        }
    }
}
