import Foundation
import TrawlJSON

@testable import TrawlSearch

/// Evaluates queries by looking at every document: slow, short, and obviously right.
struct ReferenceSearch {
    struct Document {
        var id: String
        var body: [String]
        var title: [String]
        var tags: [String]
        var number: Int64?
    }

    var documents: [Document] = []

    private func tokens(_ document: Document, _ field: String) -> [String] {
        switch field {
        case "body": document.body
        case "title": document.title
        default: document.tags
        }
    }

    // MARK: BM25

    private func statistics(_ field: String) -> (count: Int, total: Int) {
        var count = 0
        var total = 0
        for document in documents {
            let length = Set(tokens(document, field)).count
            let tokenCount = field == "tags" ? length : tokens(document, field).count
            if tokenCount > 0 { count += 1 }
            total += tokenCount
        }
        return (count, total)
    }

    private func documentFrequency(_ field: String, _ term: String) -> Int {
        documents.count { tokens($0, field).contains(term) }
    }

    private func idf(_ field: String, _ frequency: Int) -> Float {
        let n = Double(statistics(field).count)
        let df = Double(frequency)
        return Float(log(1 + (n - df + 0.5) / (df + 0.5)))
    }

    private func bm25(
        _ field: String, _ document: Document, _ frequency: Float, weight: Float
    ) -> Float {
        let (count, total) = statistics(field)
        let average = Float(Double(total) / Double(count))
        var length = field == "tags" ? 1 : document.body.count
        if field == "title" { length = document.title.count }
        var kept = Float(length)
        if length >= 24 {
            var rest = length - 24
            var shift = 0
            while rest >= 16 {
                rest >>= 1
                shift += 1
            }
            kept = Float(24 + (rest << shift))
        }
        let scaled: Float = 0.75 * kept
        let inverse: Float = 1 / (1.2 * ((1 - 0.75) + scaled / average))
        return weight - weight / (1 + frequency * inverse)
    }

    private func term(
        _ field: String, _ word: String, _ document: Document, _ boost: Float, df: Int? = nil
    ) -> Float? {
        var frequency = tokens(document, field).count { $0 == word }
        if frequency == 0 { return nil }
        if field == "tags" { frequency = 1 }
        let weight = boost * idf(field, df ?? documentFrequency(field, word))
        return bm25(field, document, Float(frequency), weight: weight)
    }

    private func phrase(
        _ field: String, _ words: [String], _ document: Document, _ boost: Float
    ) -> Float? {
        let text = tokens(document, field)
        var count = 0
        for start in 0..<max(0, text.count - words.count + 1)
        where Array(text[start..<(start + words.count)]) == words { count += 1 }
        if count == 0 { return nil }
        let sum = words.reduce(0.0) { $0 + Double(idf(field, documentFrequency(field, $1))) }
        return bm25(field, document, Float(count), weight: boost * Float(sum))
    }

    // MARK: Queries

    /// Nil when the document does not match.
    func score(_ query: JSONValue, _ document: Document, boost: Float = 1) -> Float? {
        guard case .object(let object) = query, let (kind, body) = object.members.first else {
            return nil
        }
        let own = ownBoost(body) * boost
        switch kind {
        case "match_all": return own
        case "match_none": return nil
        case "term":
            let (field, inner) = pair(body)
            let inside = ownBoost(inner) * boost
            let value = inner["value"] ?? inner
            if field == "n" {
                return document.number == value.intValue.map(Int64.init) ? inside : nil
            }
            return term(field, value.stringValue ?? "", document, inside)
        case "terms":
            let (field, values) = pair(body)
            let wanted = (values.arrayValue ?? []).compactMap(\.stringValue)
            return tokens(document, field).contains(where: wanted.contains) ? own : nil
        case "match": return match(body, document, boost)
        case "match_phrase":
            let (field, inner) = pair(body)
            let words = (inner.stringValue ?? "").split(separator: " ").map(String.init)
            if words.count == 1 { return term(field, words[0], document, boost) }
            return phrase(field, words, document, boost)
        case "range":
            let (_, bounds) = pair(body)
            guard let number = document.number else { return nil }
            let low = bounds["gte"]?.intValue.map(Int64.init) ?? .min
            let high = bounds["lt"]?.intValue.map(Int64.init) ?? .max
            return number >= low && number < high ? boost : nil
        case "exists":
            switch body["field"]?.stringValue {
            case "n": return document.number != nil ? boost : nil
            case "tags": return document.tags.isEmpty ? nil : boost
            default: return document.title.isEmpty ? nil : boost
            }
        case "prefix":
            let (field, value) = pair(body)
            let prefix = value.stringValue ?? ""
            return tokens(document, field).contains { $0.hasPrefix(prefix) } ? boost : nil
        case "fuzzy": return fuzzy(body, document, boost)
        case "ids":
            let ids = (body["values"]?.arrayValue ?? []).compactMap(\.stringValue)
            return ids.contains(document.id) ? boost : nil
        case "constant_score":
            guard let filter = body["filter"] else { return nil }
            return score(filter, document) == nil ? nil : own
        case "bool": return bool(body, document, own)
        case "dis_max":
            let tie = Float(body["tie_breaker"]?.doubleValue ?? 0)
            let scores = (body["queries"]?.arrayValue ?? []).compactMap {
                score($0, document, boost: own)
            }
            return best(scores, tie)
        case "boosting":
            guard let positive = body["positive"], let negative = body["negative"],
                let value = score(positive, document, boost: boost)
            else { return nil }
            let factor = Float(body["negative_boost"]?.doubleValue ?? 0)
            return score(negative, document) == nil ? value : value * factor
        case "multi_match":
            let words = body["query"]?.stringValue ?? ""
            let scores = ["body", "title"].compactMap {
                match([$0: .string(words)], document, boost)
            }
            return best(scores, body["type"]?.stringValue == "most_fields" ? 1 : 0)
        case "function_score":
            guard let inner = body["query"], let value = score(inner, document, boost: boost)
            else { return nil }
            let factor = document.number.map { Double($0) } ?? 1
            return Float(Double(value) * factor)
        default: return nil
        }
    }

    private func best(_ scores: [Float], _ tie: Float) -> Float? {
        guard let greatest = scores.max() else { return nil }
        let others = scores.reduce(0.0) { $0 + Double($1) } - Double(greatest)
        return Float(Double(greatest) + others * Double(tie))
    }

    private func pair(_ body: JSONValue) -> (String, JSONValue) {
        body.objectValue?.members.first { $0.key != "boost" }.map { ($0.key, $0.value) }
            ?? ("", .null)
    }

    private func ownBoost(_ body: JSONValue) -> Float { Float(body["boost"]?.doubleValue ?? 1) }

    private func match(_ body: JSONValue, _ document: Document, _ boost: Float) -> Float? {
        let (field, inner) = pair(body)
        let text = inner["query"]?.stringValue ?? inner.stringValue ?? ""
        let words = text.split(separator: " ").map(String.init)
        let isAnd = inner["operator"] == "and"
        let minimum = inner["minimum_should_match"]?.intValue ?? (isAnd ? words.count : 1)
        let found = words.filter { tokens(document, field).contains($0) }
        if words.isEmpty || found.count < max(1, minimum) { return nil }
        if minimum <= 1 || isAnd {
            // A word that comes twice weighs twice.
            let scores = Set(found).compactMap { word in
                term(field, word, document, Float(words.count { $0 == word }) * boost)
            }
            return Float(scores.reduce(0.0) { $0 + Double($1) })
        }
        let scores = found.compactMap { term(field, $0, document, boost) }
        return Float(scores.reduce(0.0) { $0 + Double($1) })
    }

    private func fuzzy(_ body: JSONValue, _ document: Document, _ boost: Float) -> Float? {
        let (field, inner) = pair(body)
        let word = inner["value"]?.stringValue ?? ""
        let edits = inner["fuzziness"]?.intValue ?? 1
        var terms: [String: Int] = [:]
        for term in Set(documents.flatMap { tokens($0, field) }) {
            let distance = Self.distance(word, term)
            if distance <= edits { terms[term] = distance }
        }
        let most = terms.keys.map { documentFrequency(field, $0) }.max() ?? 0
        var sum = 0.0
        var isMatch = false
        for (term, distance) in terms {
            let share =
                distance == 0
                ? 1 : max(0, 1 - Float(distance) / Float(min(term.count, word.count)))
            guard let score = self.term(field, term, document, share * boost, df: most) else {
                continue
            }
            isMatch = true
            sum += Double(score)
        }
        return isMatch ? Float(sum) : nil
    }

    private static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a)
        let b = Array(b)
        var rows = [[Int]](
            repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in 0...a.count {
            for j in 0...b.count {
                if i == 0 || j == 0 {
                    rows[i][j] = i + j
                    continue
                }
                rows[i][j] = min(
                    rows[i - 1][j] + 1, rows[i][j - 1] + 1,
                    rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
                }
            }
        }
        return rows[a.count][b.count]
    }

    private func bool(_ body: JSONValue, _ document: Document, _ boost: Float) -> Float? {
        func clauses(_ key: String) -> [JSONValue] { body[key]?.arrayValue ?? [] }
        var sum = 0.0
        for (clause, weight) in grouped(clauses("must")) {
            guard let score = score(clause, document, boost: weight * boost) else { return nil }
            sum += Double(score)
        }
        for clause in clauses("filter") where score(clause, document) == nil { return nil }
        for clause in clauses("must_not") where score(clause, document) != nil { return nil }
        let optional = clauses("should").compactMap { score($0, document, boost: boost) }
        let isRequired = clauses("must").isEmpty && clauses("filter").isEmpty
        // Without required clauses one has to match, whatever is asked for.
        let least = max(
            body["minimum_should_match"]?.intValue ?? 0,
            isRequired && !clauses("should").isEmpty ? 1 : 0)
        if optional.count < least { return nil }
        if body["minimum_should_match"]?.intValue ?? 0 <= 1 {
            for (clause, weight) in grouped(clauses("should")) {
                sum += Double(score(clause, document, boost: weight * boost) ?? 0)
            }
        } else {
            for score in optional { sum += Double(score) }
        }
        if body.objectValue?.isEmpty == true { return boost }
        return Float(sum)
    }

    /// Equal clauses once, with how much they weigh together.
    private func grouped(_ clauses: [JSONValue]) -> [(JSONValue, Float)] {
        var weights: [JSONValue: Float] = [:]
        for clause in clauses {
            let (plain, weight) = plain(clause)
            weights[plain, default: 0] += weight
        }
        return weights.map { ($0.key, $0.value) }
    }

    /// A clause without its boost; a text of one word is a term.
    private func plain(_ clause: JSONValue) -> (JSONValue, Float) {
        guard case .object(let object) = clause, let (kind, body) = object.members.first else {
            return (clause, 1)
        }
        switch kind {
        case "term":
            let (field, inner) = pair(body)
            return (["term": [field: inner["value"] ?? inner]], ownBoost(inner))
        case "match", "match_phrase":
            let (field, inner) = pair(body)
            let text = inner["query"] ?? inner
            if text.stringValue?.contains(" ") == false { return (["term": [field: text]], 1) }
            return (clause, 1)
        case "match_all", "bool", "constant_score":
            var plain = body
            plain["boost"] = nil
            return ([kind: plain], ownBoost(body))
        default: return (clause, 1)
        }
    }

    /// All hits, best first, earlier documents first among equals.
    func hits(_ query: JSONValue) -> [(id: String, score: Float)] {
        let scored = documents.enumerated().compactMap { place, document in
            score(query, document).map { (place, document.id, $0) }
        }
        return scored.sorted { $0.2 == $1.2 ? $0.0 < $1.0 : $0.2 > $1.2 }.map { ($0.1, $0.2) }
    }
}
