import Testing
import TrawlBytes
import TrawlPostings
import TrawlSegment
import TrawlTestKit

@testable import TrawlSearch

/// A query as plainly as it can be said.
indirect enum PlainQuery: CustomStringConvertible {
    case word(String, boost: Float)
    case phrase([String])
    case boolean(
        must: [PlainQuery], filter: [PlainQuery], should: [PlainQuery], mustNot: [PlainQuery],
        minimum: Int?)
    case constant(PlainQuery, Float)
    case best([PlainQuery], Float)

    var description: String {
        switch self {
        case .word(let word, let boost): boost == 1 ? word : "\(word)^\(boost)"
        case .phrase(let words): "\"\(words.joined(separator: " "))\""
        case .boolean(let must, let filter, let should, let mustNot, let minimum):
            "(must \(must) filter \(filter) should \(should) not \(mustNot) min \(minimum ?? -1))"
        case .constant(let query, let score): "constant(\(query), \(score))"
        case .best(let queries, let tie): "best(\(queries), \(tie))"
        }
    }
}

/// Matches and scores one document after the other, from its words.
struct PlainSearcher {
    let documents: [[String]]
    let live: FixedBitSet?
    let statistics: FieldStatistics
    let inverses: [Float]
    private var frequencies: [String: Int] = [:]

    init(_ documents: [[String]], live: FixedBitSet?, similarity: BM25) {
        self.documents = documents
        self.live = live
        var statistics = FieldStatistics()
        for (doc, words) in documents.enumerated() where live?.contains(doc) ?? true {
            statistics.add(length: words.count)
            for word in Set(words) { frequencies[word, default: 0] += 1 }
        }
        self.statistics = statistics
        inverses = similarity.inverses(statistics)
    }

    func documentFrequency(_ word: String) -> Int { frequencies[word] ?? 0 }

    private func idf(_ word: String) -> Float {
        BM25.idf(
            docCount: Int(statistics.docCount), documentFrequency: documentFrequency(word))
    }

    /// Nil when the document does not match.
    func score(_ query: PlainQuery, _ words: [String]) -> Float? {
        let inverse = inverses[Int(NormEncoding.encode(Int32(words.count)))]
        switch query {
        case .word(let word, let boost):
            let frequency = words.count { $0 == word }
            if frequency == 0 { return nil }
            return BM25.score(weight: boost * idf(word), x: Float(frequency) * inverse)
        case .phrase(let phrase):
            var frequency = 0
            for start in words.indices where words[start...].starts(with: phrase) {
                frequency += 1
            }
            if frequency == 0 { return nil }
            let weight = Float(phrase.reduce(0) { $0 + Double(idf($1)) })
            return BM25.score(weight: weight, x: Float(frequency) * inverse)
        case .constant(let query, let constant):
            return score(query, words) == nil ? nil : constant
        case .best(let queries, let tie):
            let scores = queries.compactMap { score($0, words) }
            guard let best = scores.max() else { return nil }
            let others = scores.reduce(0) { $0 + Double($1) } - Double(best)
            return Float(Double(best) + others * Double(tie))
        case .boolean(let must, let filter, let should, let mustNot, let minimum):
            var sum = 0.0
            for clause in must {
                guard let score = score(clause, words) else { return nil }
                sum += Double(score)
            }
            for clause in filter where score(clause, words) == nil { return nil }
            for clause in mustNot where score(clause, words) != nil { return nil }
            var count = 0
            for clause in should {
                guard let score = score(clause, words) else { continue }
                sum += Double(score)
                count += 1
            }
            let needed = minimum ?? (must.isEmpty && filter.isEmpty ? 1 : 0)
            return count >= needed ? Float(sum) : nil
        }
    }

    func run(_ query: PlainQuery, limit: Int) -> (hits: [TopKQueue.Hit], count: Int) {
        var hits: [TopKQueue.Hit] = []
        for (doc, words) in documents.enumerated() where live?.contains(doc) ?? true {
            if let score = score(query, words) {
                hits.append(TopKQueue.Hit(doc: UInt32(doc), score: score))
            }
        }
        let sorted = hits.sorted { ($1.score, $0.doc) < ($0.score, $1.doc) }
        return (Array(sorted.prefix(limit)), hits.count)
    }
}

@Suite("Top-k")
struct TopKEquivalenceTests {
    /// Words of every frequency, from one in two documents to one document; lengths and
    /// repetitions that make impacts differ.
    static func documents(_ count: Int, _ random: inout SplitMix64) -> [[String]] {
        var burst = 0
        return (0..<count).map { doc in
            if Int.random(in: 0..<400, using: &random) == 0 { burst = doc + 300 }
            let length =
                Int.random(in: 0...9, using: &random) == 0
                ? Int.random(in: 0...60, using: &random) : Int.random(in: 1...8, using: &random)
            var words: [String] = []
            while words.count < length {
                let word: String
                switch Int.random(in: 0..<16, using: &random) {
                case 0..<5: word = "a"
                case 5..<8: word = "b"
                case 8..<10: word = doc < burst ? "cluster" : "c"
                case 10..<12: word = "d\(Int.random(in: 0..<4, using: &random))"
                case 12..<14: word = "e\(Int.random(in: 0..<40, using: &random))"
                default: word = "f\(Int.random(in: 0..<2000, using: &random))"
                }
                words += Array(
                    repeating: word, count: Int.random(in: 0..<12, using: &random) == 0 ? 4 : 1)
            }
            return words
        }
    }

    static func word(_ random: inout SplitMix64) -> PlainQuery {
        let words = [
            "a", "b", "c", "cluster", "d0", "d1", "d2", "e0", "e1", "e7", "f1", "f2", "f3", "none",
        ]
        let boost: Float =
            Int.random(in: 0..<4, using: &random) == 0
            ? Float.random(in: 0.1...5, using: &random) : 1
        return .word(words.randomElement(using: &random)!, boost: boost)
    }

    static func query(_ random: inout SplitMix64, depth: Int = 0) -> PlainQuery {
        func some(_ range: ClosedRange<Int>, _ random: inout SplitMix64) -> [PlainQuery] {
            (0..<Int.random(in: range, using: &random)).map { _ in
                depth < 2 && Int.random(in: 0..<8, using: &random) == 0
                    ? query(&random, depth: depth + 1) : word(&random)
            }
        }
        switch Int.random(in: 0..<14, using: &random) {
        case 0: return word(&random)
        case 1, 2:
            return .phrase(
                (0..<Int.random(in: 2...3, using: &random)).map { _ in
                    ["a", "b", "c", "d0", "d1"].randomElement(using: &random)!
                })
        case 3, 4, 5:
            return .boolean(
                must: [], filter: [], should: some(1...6, &random), mustNot: [], minimum: nil)
        case 6, 7:
            return .boolean(
                must: some(1...4, &random), filter: [], should: [], mustNot: [], minimum: nil)
        case 8:
            return .constant(query(&random, depth: depth + 1), 2.5)
        case 9:
            return .best(some(1...3, &random), 0.3)
        case 10:
            return .boolean(
                must: some(1...2, &random), filter: some(0...1, &random),
                should: some(1...3, &random), mustNot: some(0...2, &random), minimum: nil)
        case 11:
            return .boolean(
                must: [], filter: some(0...1, &random), should: some(2...4, &random),
                mustNot: some(0...1, &random), minimum: 1)
        case 12:
            return .boolean(
                must: some(0...1, &random), filter: some(0...1, &random),
                should: some(2...4, &random), mustNot: [], minimum: 2)
        default:
            return .boolean(
                must: some(0...2, &random), filter: some(1...2, &random), should: [],
                mustNot: some(0...2, &random), minimum: nil)
        }
    }

    private func matcher(
        _ query: PlainQuery, _ fixture: InvertedFixture, _ plain: PlainSearcher,
        _ part: InvertedFixture.Part, _ field: FieldPostings
    ) throws -> Matcher {
        func idf(_ word: String) -> Float {
            BM25.idf(
                docCount: Int(fixture.statistics.docCount),
                documentFrequency: plain.documentFrequency(word))
        }
        func all(_ queries: [PlainQuery]) throws -> [Matcher] {
            try queries.map { try matcher($0, fixture, plain, part, field) }
        }
        switch query {
        case .word(let word, let boost):
            guard let entry = try field.find(Array(word.utf8)) else { return NoneMatcher() }
            return TermMatcher(
                try field.open(entry), norms: part.norms, scoring: fixture.scoring,
                weight: boost * idf(word))
        case .phrase(let words):
            var slots: [PhraseMatcher.Slot] = []
            for (distance, word) in words.enumerated() {
                guard let entry = try field.find(Array(word.utf8)) else { return NoneMatcher() }
                slots.append(.init(list: try field.open(entry), distance: distance))
            }
            return PhraseMatcher(
                slots, norms: part.norms, scoring: fixture.scoring,
                weight: PhraseMatcher.weight(idfs: words.map(idf), boost: 1))
        case .constant(let query, let score):
            return ConstantScoreMatcher(
                try matcher(query, fixture, plain, part, field), score: score)
        case .best(let queries, let tie):
            return DisjunctionMaxMatcher(try all(queries), tieBreaker: tie)
        case .boolean(let must, let filter, let should, let mustNot, let minimum):
            return BooleanMatcher(
                must: try all(must), filter: try all(filter), should: try all(should),
                mustNot: try all(mustNot), minimumShouldMatch: minimum)
        }
    }

    @Test(
        "every way of searching gives what looking at every document gives, to the last bit",
        arguments: 0..<6)
    func equivalence(_ round: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        let count = [300, 9000, 700, 12_000, 5000, 20_000][round]
        let documents = Self.documents(count, &random)
        var live: FixedBitSet?
        if round % 2 == 1 {
            var bits = FixedBitSet(bitCount: count, filled: true)
            for _ in 0..<count / 3 { bits.remove(Int.random(in: 0..<count, using: &random)) }
            live = bits
        }
        let similarity = round % 3 == 2 ? BM25(k1: 0.9, b: 0.4) : BM25()
        let plain = PlainSearcher(documents, live: live, similarity: similarity)
        let fixture = try InvertedFixture(
            documents, segments: [1, 1, 3, 4, 2, 1][round], live: live, similarity: similarity)
        for _ in 0..<25 {
            let query = Self.query(&random)
            let limit = [1, 3, 10, 100, 1000].randomElement(using: &random)!
            let comment: Comment = "seed \(seed), \(query), best \(limit)"
            let expected = plain.run(query, limit: limit)
            let make = { (part: InvertedFixture.Part, field: FieldPostings) throws -> Matcher? in
                try self.matcher(query, fixture, plain, part, field)
            }
            let exhaustive = try fixture.run(limit: limit, exhaustive: true, make)
            #expect(exhaustive.hits == expected.hits, comment)
            #expect(exhaustive.count == expected.count, comment)
            let pruned = try fixture.run(limit: limit, make)
            #expect(pruned.hits == expected.hits, comment)
            let both = try fixture.run(limit: limit, counting: true, make)
            #expect(both.hits == expected.hits, comment)
            #expect(both.count == expected.count, comment)
            #expect(try fixture.run(limit: 0, make).count == expected.count, comment)
        }
    }

    @Test("bounds are never below a score")
    func bounds() throws {
        var random = SplitMix64(seed: 11)
        let documents = Self.documents(6000, &random)
        let plain = PlainSearcher(documents, live: nil, similarity: BM25())
        let fixture = try InvertedFixture(documents)
        let (part, field) = fixture.parts[0]
        for word in ["a", "b", "cluster", "d1", "e3", "f9"] {
            let query = PlainQuery.word(word, boost: 1)
            let matcher = try matcher(query, fixture, plain, part, field)
            for _ in 0..<60 {
                let from = Int.random(in: 0..<6000, using: &random)
                let to = min(6000, from + Int.random(in: 1...2500, using: &random))
                let best = documents[from..<to].compactMap { plain.score(query, $0) }.max() ?? 0
                #expect(matcher.bound(from: UInt32(from), to: UInt32(to)) >= Double(best))
            }
        }
    }
}
