import Foundation
import Testing
import TrawlIndex
import TrawlJSON
import TrawlQuery
import TrawlTestKit

@testable import TrawlSearch

/// Intervals and spans against trying every combination of places.
@Suite("Queries by positions")
struct PositionQueryTests {
    private struct Chance {
        var random: SplitMix64

        mutating func number(_ range: ClosedRange<Int>) -> Int {
            .random(in: range, using: &random)
        }
        mutating func often(_ percent: Int) -> Bool { number(1...100) <= percent }
        mutating func one<T>(of values: [T]) -> T { values[number(0...values.count - 1)] }
        mutating func word() -> String { one(of: ["a", "b", "c", "d"]) }

        /// In order of starts and of ends, none in another.
        mutating func intervals() -> [Interval] {
            var result: [Interval] = []
            var start = number(0...3)
            var end = start
            for _ in 0..<number(0...5) {
                end = max(end, start + number(0...2))
                result.append(Interval(start, end))
                start += number(1...4)
                end += 1
            }
            return result
        }
    }

    private static func combinations<T>(_ lists: [[T]]) -> [[T]] {
        lists.reduce([[]]) { heads, list in heads.flatMap { head in list.map { head + [$0] } } }
    }

    private struct Stretch: Hashable, Comparable {
        var start: Int
        var end: Int

        static func < (left: Self, right: Self) -> Bool {
            (left.start, left.end) < (right.start, right.end)
        }

        func holds(_ other: Stretch) -> Bool { start <= other.start && end >= other.end }
    }

    /// Those that hold no other.
    private static func least(_ all: [Stretch]) -> [Stretch] {
        let distinct = Set(all)
        return distinct.filter { own in
            !distinct.contains { $0 != own && own.holds($0) }
        }.sorted()
    }

    @Test("the least stretches are those that trying everything finds", .randomized(rounds: 400))
    func lists() {
        var chance = Chance(random: RandomContext.generator())
        let lists = (0..<chance.number(2...3)).map { _ in chance.intervals() }
        let all = Self.combinations(lists)
        func whole(_ parts: [Interval]) -> Stretch {
            Stretch(start: parts.map(\.start).min()!, end: parts.map(\.end).max()!)
        }
        func stretches(_ found: [Interval]) -> [Stretch] {
            found.map { Stretch(start: $0.start, end: $0.end) }
        }
        let unordered = IntervalLists.unordered(lists)
        #expect(stretches(unordered) == Self.least(all.map(whole)), "\(lists)")
        let inOrder = all.filter { parts in
            zip(parts, parts.dropFirst()).allSatisfy { $0.end < $1.start }
        }
        let ordered = IntervalLists.ordered(lists)
        #expect(stretches(ordered) == Self.least(inOrder.map(whole)), "\(lists)")
        for found in ordered {
            let gaps = inOrder.filter { whole($0) == Stretch(start: found.start, end: found.end) }
                .map { parts in
                    found.end - found.start + 1 - parts.reduce(0) { $0 + $1.width }
                }
            #expect(gaps.contains(found.gaps))
        }
        let blocks = all.filter { parts in
            zip(parts, parts.dropFirst()).allSatisfy { $0.end + 1 == $1.start }
        }
        #expect(stretches(IntervalLists.block(lists)) == Set(blocks.map(whole)).sorted())
        let any = IntervalLists.anyOf(lists)
        #expect(stretches(any) == Self.least(stretches(lists.flatMap { $0 })), "\(lists)")
    }

    // MARK: Whole queries

    /// What an interval rule comes to in a text: its least stretches, and how short one can be.
    private struct Reference {
        let words: [String]

        func places(_ word: String) -> [Int] { words.indices.filter { words[$0] == word } }

        func match(_ body: JSONValue) -> (found: [Stretch], extent: Int) {
            let terms = body["query"]!.stringValue!.split(separator: " ").map(String.init)
            var all = PositionQueryTests.combinations(terms.map(places))
            let mode = body["mode"]?.stringValue ?? "unordered"
            // Equal words take different places.
            all = all.filter { Set($0).count == $0.count }
            if mode == "ordered" { all = all.filter { $0 == $0.sorted() } }
            var found = PositionQueryTests.least(
                all.map { Stretch(start: $0.min()!, end: $0.max()!) })
            if let gaps = body["max_gaps"]?.intValue {
                found = found.filter { $0.end - $0.start + 1 - terms.count <= gaps }
            }
            return (found, terms.count)
        }

        func rule(_ rule: JSONValue) -> (found: [Stretch], extent: Int) {
            let (kind, body) = rule.objectValue!.members.first.map { ($0.key, $0.value) }!
            switch kind {
            case "match":
                let own = match(body)
                guard let filter = body["filter"] else { return own }
                let (relation, other) = filter.objectValue!.members.first.map {
                    ($0.key, $0.value)
                }!
                let others = self.rule(other)
                let kept = own.found.filter { own in
                    switch relation {
                    case "containing": others.found.contains { own.holds($0) }
                    case "not_containing": !others.found.contains { own.holds($0) }
                    case "contained_by": others.found.contains { $0.holds(own) }
                    case "not_contained_by": !others.found.contains { $0.holds(own) }
                    case "overlapping":
                        others.found.contains { own.start <= $0.end && own.end >= $0.start }
                    case "not_overlapping":
                        !others.found.contains { own.start <= $0.end && own.end >= $0.start }
                    case "before": others.found.contains { own.end < $0.start }
                    default: others.found.contains { own.start > $0.end }
                    }
                }
                let extent = relation == "containing" ? max(own.extent, others.extent) : own.extent
                return (kept, extent)
            case "prefix": return any(words.filter { $0.hasPrefix(body["prefix"]!.stringValue!) })
            case "any_of":
                let parts = body["intervals"]!.arrayValue!.map(self.rule)
                return (
                    PositionQueryTests.least(parts.flatMap(\.found)), parts.map(\.extent).min()!
                )
            default:
                let parts = body["intervals"]!.arrayValue!.map(self.rule)
                var all = PositionQueryTests.combinations(parts.map(\.found))
                if body["mode"]?.stringValue == "ordered" {
                    all = all.filter { zip($0, $0.dropFirst()).allSatisfy { $0.end < $1.start } }
                }
                let found = all.map { parts in
                    Stretch(start: parts.map(\.start).min()!, end: parts.map(\.end).max()!)
                }
                return (PositionQueryTests.least(found), parts.reduce(0) { $0 + $1.extent })
            }
        }

        private func any(_ terms: [String]) -> (found: [Stretch], extent: Int) {
            (Set(terms).flatMap(places).sorted().map { Stretch(start: $0, end: $0) }, 1)
        }

        func score(_ rule: JSONValue, boost: Float) -> Float? {
            let (found, extent) = self.rule(rule)
            if found.isEmpty { return nil }
            var frequency: Float = 0
            for one in found {
                let length = one.end - one.start + 1
                frequency = Float(Double(frequency) + 1 / Double(max(length - extent + 1, 1)))
            }
            return boost * (1 - 1 / (1 + frequency))
        }
    }

    private static func rule(_ depth: Int, _ chance: inout Chance) -> JSONValue {
        if depth > 0, chance.often(60) {
            var words: Set<String> = []
            // Equal rules within one would be asked for at different places.
            var parts: [JSONValue] = []
            for _ in 0..<chance.number(2...3) {
                let part = rule(depth - 1, &chance)
                if words.insert("\(part)").inserted { parts.append(part) }
            }
            if parts.count == 1 { return parts[0] }
            if chance.often(40) { return ["any_of": ["intervals": .array(parts)]] }
            return [
                "all_of": [
                    "intervals": .array(parts), "mode": chance.often(50) ? "ordered" : "unordered",
                ]
            ]
        }
        if chance.often(10) { return ["prefix": ["prefix": .string(chance.one(of: ["a", "d"]))]] }
        let count = chance.number(1...3)
        let text = (0..<count).map { _ in chance.word() }.joined(separator: " ")
        var body: JSONValue = ["query": .string(text)]
        if count > 1 {
            if chance.often(50) { body["mode"] = chance.often(60) ? "ordered" : "unordered" }
            if chance.often(40) { body["max_gaps"] = JSONValue(chance.number(0...3)) }
        }
        if depth >= 0, chance.often(35) {
            let relation = chance.one(of: IntervalFilter.Relation.allCases).rawValue
            body["filter"] = .object([relation: rule(-1, &chance)])
        }
        return ["match": body]
    }

    private static func text(_ chance: inout Chance) -> [String] {
        (0..<chance.number(0...14)).map { _ in chance.word() }
    }

    @Test("intervals match and score as trying every place does", .randomized(rounds: 60))
    func intervals() throws {
        var chance = Chance(random: RandomContext.generator())
        let fixture = try SearchFixture(properties: ["t": ["type": "text"]])
        var texts: [(id: String, words: [String])] = []
        for i in 0..<chance.number(1...20) {
            let words = Self.text(&chance)
            texts.append(("d\(i)", words))
            try fixture.put("d\(i)", ["t": .string(words.joined(separator: " "))])
            if chance.often(15) { _ = try fixture.writer.refresh() }
        }
        if chance.often(40) {
            try fixture.writer.delete(id: "d0")
            texts.removeFirst()
        }
        let searcher = try fixture.searcher()
        for _ in 0..<20 {
            let rule = Self.rule(2, &chance)
            let boost = Float(chance.number(1...3))
            var body = rule
            body["boost"] = JSONValue(boost)
            let query: JSONValue = ["intervals": ["t": body]]
            let expected = texts.compactMap { text in
                Reference(words: text.words).score(rule, boost: boost).map { (text.id, $0) }
            }
            let answer = try fixture.search(["query": query, "size": 100], on: searcher)
            let found = answer.hits.map { ($0.id, $0.score ?? -1) }
            #expect(
                Dictionary(uniqueKeysWithValues: found)
                    == Dictionary(uniqueKeysWithValues: expected), "\(query)")
            if let (id, score) = expected.first {
                let why = try searcher.explain(
                    try QueryDSL.parse(query), id: id, .init(now: fixture.now))
                #expect(why.map { Float($0.value) } == score)
            }
        }
    }

    @Test("what may stand between is pulled out of alternatives")
    func alternatives() throws {
        let fixture = try SearchFixture(properties: ["t": ["type": "text"]])
        try fixture.put("1", ["t": "a b c"])
        let rule: JSONValue = [
            "all_of": [
                "mode": "ordered", "max_gaps": 0,
                "intervals": [
                    [
                        "any_of": [
                            "intervals": [
                                ["match": ["query": "a"]],
                                ["match": ["query": "a b", "mode": "ordered", "max_gaps": 0]],
                            ]
                        ]
                    ], ["match": ["query": "c"]],
                ],
            ]
        ]
        #expect(try fixture.search(["query": ["intervals": ["t": rule]]]).ids == ["1"])
    }

    @Test("too many parts are refused at once")
    func limits() throws {
        let fixture = try SearchFixture(properties: ["t": ["type": "text"]])
        try fixture.put("1", ["t": "a"])
        let words = (0..<100_000).map { "w\($0)" }
        let text: JSONValue = ["match": ["query": .string(words.joined(separator: " "))]]
        let rules = JSONValue.array(words.map { ["match": ["query": .string($0)]] })
        let spans = JSONValue.array(words.map { ["span_term": ["t": .string($0)]] })
        for query: JSONValue in [
            ["intervals": ["t": text]], ["intervals": ["t": ["any_of": ["intervals": rules]]]],
            ["intervals": ["t": ["all_of": ["intervals": rules]]]],
            ["span_or": ["clauses": spans]],
            ["span_near": ["clauses": spans, "slop": 1]],
        ] {
            let error = #expect(throws: QueryError.self) {
                try fixture.search(["query": query])
            }
            #expect(error?.causes.first?.type == "too_many_clauses")
        }
    }

    // MARK: Spans

    private static func bm25(
        _ texts: [[String]], _ words: [String], _ own: [String], frequency: Float
    ) -> Float {
        let lengths = texts.map(\.count).filter { $0 > 0 }
        let average = Float(Double(lengths.reduce(0, +)) / Double(lengths.count))
        var sum = 0.0
        for word in Set(words).sorted() {
            let df = Double(texts.count { $0.contains(word) })
            if df > 0 {
                sum += Double(Float(log(1 + (Double(lengths.count) - df + 0.5) / (df + 0.5))))
            }
        }
        let weight: Float = Float(sum)
        let scaled: Float = 0.75 * Float(own.count)
        let inverse: Float = 1 / (1.2 * ((1 - 0.75) + scaled / average))
        return weight - weight / (1 + frequency * inverse)
    }

    @Test("spans match and score as trying every place does", .randomized(rounds: 60))
    func spans() throws {
        var chance = Chance(random: RandomContext.generator())
        let fixture = try SearchFixture(properties: ["t": ["type": "text"]])
        var texts: [[String]] = []
        for i in 0..<chance.number(1...20) {
            texts.append(Self.text(&chance))
            try fixture.put("\(i)", ["t": .string(texts[i].joined(separator: " "))])
            if chance.often(15) { _ = try fixture.writer.refresh() }
        }
        let searcher = try fixture.searcher()
        func term(_ word: String) -> JSONValue { ["span_term": ["t": .string(word)]] }
        for _ in 0..<15 {
            let words = Array(
                ["a", "b", "c", "d"].shuffled(using: &chance.random).prefix(
                    chance.number(2...3)))
            let slop = chance.number(0...4)
            let inOrder = chance.often(50)
            let near: JSONValue = [
                "span_near": [
                    "clauses": .array(words.map(term)), "slop": JSONValue(slop),
                    "in_order": .bool(inOrder),
                ]
            ]
            /// Beginnings with how wide the best that begins there is.
            func widths(_ text: [String]) -> [(start: Int, end: Int, width: Int)] {
                let places = words.map { word in text.indices.filter { text[$0] == word } }
                var found: [(start: Int, end: Int, width: Int)] = []
                for start in text.indices {
                    let all = Self.combinations(places).filter { combination in
                        combination.min() == start
                            && (!inOrder || combination == combination.sorted())
                    }
                    guard let end = all.map({ $0.max()! + 1 }).min() else { continue }
                    if end - start - words.count <= slop {
                        found.append(
                            (start, end, inOrder ? end - start - words.count : end - start))
                    }
                }
                return found
            }
            let limit = chance.number(1...8)
            let excluded = chance.word()
            let kind = chance.number(0...4)
            let query: JSONValue
            switch kind {
            case 0: query = near
            case 1: query = ["span_first": ["match": near, "end": JSONValue(limit)]]
            case 2: query = ["span_not": ["include": near, "exclude": term(excluded)]]
            case 3: query = ["span_containing": ["big": near, "little": term(excluded)]]
            default: query = ["span_within": ["big": near, "little": term(excluded)]]
            }
            var expected: [String: Float] = [:]
            for (i, text) in texts.enumerated() {
                var spans = widths(text)
                switch kind {
                case 1: spans = spans.filter { $0.end <= limit }
                case 2: spans = spans.filter { !text[$0.start..<$0.end].contains(excluded) }
                case 3: spans = spans.filter { text[$0.start..<$0.end].contains(excluded) }
                case 4:
                    let within = text.indices.filter { place in
                        text[place] == excluded
                            && spans.contains { $0.start <= place && place < $0.end }
                    }
                    spans = within.map { ($0, $0 + 1, 0) }
                default: break
                }
                if spans.isEmpty { continue }
                var frequency: Float = 0
                for span in spans {
                    frequency = Float(Double(frequency) + 1 / (1 + Double(span.width)))
                }
                let counted = kind == 3 || kind == 4 ? words + [excluded] : words
                expected["\(i)"] = Self.bm25(texts, counted, text, frequency: frequency)
            }
            let answer = try fixture.search(["query": query, "size": 100], on: searcher)
            let found = answer.hits.map { ($0.id, $0.score ?? -1) }
            #expect(Dictionary(uniqueKeysWithValues: found) == expected, "\(query)")
        }
    }

    // MARK: More like this

    @Test("the words that tell most are chosen", .randomized(rounds: 40))
    func moreLikeThis() throws {
        var chance = Chance(random: RandomContext.generator())
        let fixtures = try (0..<chance.number(1...3)).map { _ in
            try SearchFixture(properties: ["t": ["type": "text"], "u": ["type": "text"]])
        }
        var texts: [[String]] = []
        for i in 0..<chance.number(3...40) {
            let words = (0..<chance.number(1...12)).map { _ in
                "w\(min(chance.number(0...15), chance.number(0...15)))"
            }
            texts.append(words)
            let fixture = fixtures[i % fixtures.count]
            fixture.nextStamp = UInt64(i)
            try fixture.put("\(i)", ["t": .string(words.joined(separator: " "))])
            if chance.often(15) { _ = try fixture.writer.refresh() }
        }
        let sample = chance.one(of: texts) + chance.one(of: texts)
        let minTermFrequency = chance.number(1...2)
        let minDocFrequency = chance.number(1...4)
        let maxTerms = chance.number(1...8)
        let isDocument = chance.often(50)
        let example: JSONValue =
            isDocument
            ? ["doc": ["t": .string(sample.joined(separator: " "))]]
            : .string(sample.joined(separator: " "))
        let like: JSONValue = [
            "more_like_this": [
                "fields": ["t"], "like": example, "min_term_freq": JSONValue(minTermFrequency),
                "min_doc_freq": JSONValue(minDocFrequency), "max_query_terms": JSONValue(maxTerms),
                "minimum_should_match": "40%", "unlike": "w3 w4",
            ]
        ]
        let chosen = Set(sample).subtracting(["w3", "w4"]).compactMap { word -> (String, Float)? in
            let count = sample.count { $0 == word }
            let df = texts.count { $0.contains(word) }
            guard count >= minTermFrequency, df >= minDocFrequency, df > 0 else { return nil }
            let idf = Float(log((Double(texts.count) + 1) / (Double(df) + 1)) + 1)
            return (word, Float(count) * idf)
        }.sorted { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 > $1.1 }.prefix(maxTerms)
        let clauses = chosen.map { ["term": ["t": .string($0.0)]] as JSONValue }
        let plain: JSONValue =
            clauses.isEmpty
            ? ["match_none": [:]]
            : ["bool": ["should": .array(clauses), "minimum_should_match": "40%"]]
        func hits(_ query: JSONValue) throws -> [String: Float] {
            let request = try SearchBody.parse(["query": query, "size": 100])
            let searchers = try fixtures.map { try $0.searcher() }
            var statistics = RankingStatistics()
            for searcher in searchers {
                statistics =
                    statistics + (try searcher.statistics(for: request, now: fixtures[0].now))
            }
            var found: [String: Float] = [:]
            for searcher in searchers {
                let conditions = Searcher.Conditions(statistics: statistics, now: fixtures[0].now)
                let result = try searcher.search(request, conditions)
                for hit in try FetchPhase(request, searcher, conditions).hits(result.found) {
                    found[hit.id] = hit.score ?? -1
                }
            }
            return found
        }
        #expect(try hits(like) == hits(plain), "\(like) is not \(plain)")
    }
}
