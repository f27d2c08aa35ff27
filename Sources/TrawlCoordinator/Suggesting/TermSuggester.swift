internal import TrawlQuery

/// The words of one field over all shards, and how many documents have each.
struct SuggestDictionary {
    let field: String
    let views: [any ShardView]

    /// How many documents have the field, and how many words they have in it together.
    func figures() throws -> (docCount: Int, wordCount: Int) {
        try views.reduce((0, 0)) { sum, view in
            let own = try view.figures(of: field)
            return (sum.0 + own.docCount, sum.1 + own.wordCount)
        }
    }

    func docCount(of term: String) throws -> Int {
        try views.reduce(0) { try $0 + $1.docCounts(of: [term], in: field)[0] }
    }

    func terms(near word: String, edits: Int, prefixLength: Int) throws -> [String: Int] {
        var sums: [String: Int] = [:]
        for view in views {
            let own = try view.terms(
                of: field, near: word, edits: edits, prefixLength: prefixLength)
            for (term, count) in own { sums[term, default: 0] += count }
        }
        return sums
    }
}

/// Finds the words of a field that are near a word, by the rules of Lucene's direct spell checker.
/// All words within reach are compared, so that the answer does not depend on how the documents
/// are spread.
struct TermSuggester {
    struct Option: Equatable {
        var text: String
        var score: Float
        var docCount: Int
    }

    let suggest: TermSuggest
    let dictionary: SuggestDictionary

    init(_ suggest: TermSuggest, _ dictionary: SuggestDictionary) {
        self.suggest = suggest
        self.dictionary = dictionary
    }

    /// The best first.
    func options(for word: String) throws -> [Option] {
        guard word.unicodeScalars.count >= suggest.minWordLength else { return [] }
        let own = try dictionary.docCount(of: word)
        if suggest.mode == .missing, own > 0 { return [] }
        let docCount = try dictionary.figures().docCount
        if Double(own) > Self.limit(suggest.maxTermFrequency, docCount) { return [] }
        var least = suggest.mode == .popular ? own : 0
        if suggest.minDocFrequency >= 1 {
            least = max(least, Int(suggest.minDocFrequency))
        } else if suggest.minDocFrequency > 0 {
            least = max(least, Int(suggest.minDocFrequency * Double(docCount)) - 1)
        }
        let near = try dictionary.terms(
            near: word, edits: suggest.maxEdits, prefixLength: suggest.prefixLength)
        var options: [Option] = []
        for (term, count) in near where count > least {
            let score = StringDistance.similarity(word, term, suggest.distance)
            guard Double(score) >= suggest.accuracy else { continue }
            options.append(Option(text: term, score: score, docCount: count))
        }
        return options.sorted { precedes($0, $1) }
    }

    private static func limit(_ frequency: Double, _ docCount: Int) -> Double {
        frequency >= 1 ? frequency : (frequency * Double(docCount)).rounded(.up)
    }

    private func precedes(_ left: Option, _ right: Option) -> Bool {
        if suggest.order == .frequency, left.docCount != right.docCount {
            return left.docCount > right.docCount
        }
        if left.score != right.score { return left.score > right.score }
        if left.docCount != right.docCount { return left.docCount > right.docCount }
        return left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

/// How alike two words are, from 0 to 1, by the measures that Lucene has.
enum StringDistance {
    static func similarity(
        _ left: String, _ right: String, _ distance: TermSuggest.Distance
    ) -> Float {
        let a = Array(left.unicodeScalars.map(\.value))
        let b = Array(right.unicodeScalars.map(\.value))
        if a == b { return 1 }
        if a.isEmpty || b.isEmpty { return 0 }
        switch distance {
        case .internal, .damerauLevenshtein:
            return 1 - Float(edits(a, b, swaps: true)) / Float(min(a.count, b.count))
        case .levenshtein:
            return 1 - Float(edits(a, b, swaps: false)) / Float(max(a.count, b.count))
        case .jaroWinkler: return jaroWinkler(a, b)
        case .ngram: return ngram(a, b)
        }
    }

    private static func edits(_ a: [UInt32], _ b: [UInt32], swaps: Bool) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + Array(repeating: 0, count: b.count)
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
                if swaps, i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], before[j - 2] + 1)
                }
            }
            before = last
            last = row
        }
        return last[b.count]
    }

    private static func jaroWinkler(_ a: [UInt32], _ b: [UInt32]) -> Float {
        let (short, long) = a.count <= b.count ? (a, b) : (b, a)
        let range = max(long.count / 2 - 1, 0)
        var used = [Bool](repeating: false, count: long.count)
        var matched: [UInt32] = []
        for (i, scalar) in short.enumerated() {
            let end = min(i + range + 1, long.count)
            for j in max(i - range, 0)..<max(end, 0) where !used[j] && long[j] == scalar {
                used[j] = true
                matched.append(scalar)
                break
            }
        }
        if matched.isEmpty { return 0 }
        let others = long.indices.filter { used[$0] }.map { long[$0] }
        let swaps = zip(matched, others).count { $0 != $1 } / 2
        let m = Float(matched.count)
        let jaro =
            (m / Float(a.count) + m / Float(b.count) + (m - Float(swaps)) / m) / 3
        if jaro < 0.7 { return jaro }
        let prefix = zip(a, b).prefix { $0 == $1 }.count
        return jaro + min(0.1, 1 / Float(long.count)) * Float(prefix) * (1 - jaro)
    }

    /// Kondrak's distance over pairs of characters, the first one paired with nothing.
    private static func ngram(_ a: [UInt32], _ b: [UInt32]) -> Float {
        if a.count < 2 || b.count < 2 {
            let common = zip(a, b).count { $0 == $1 }
            return Float(common) / Float(max(a.count, b.count))
        }
        let left: [UInt32] = [0] + a
        let right: [UInt32] = [1] + b
        var last = (0...b.count).map(Float.init)
        for i in 1...a.count {
            var row = [Float(i)] + Array(repeating: 0, count: b.count)
            for j in 1...b.count {
                var cost: Float = 0
                var pairLength: Float = 2
                for k in 0..<2 {
                    let isStart = i - 1 + k == 0 && j - 1 + k == 0
                    if isStart {
                        pairLength -= 1
                    } else if left[i - 1 + k] != right[j - 1 + k] {
                        cost += 1
                    }
                }
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost / pairLength)
            }
            last = row
        }
        return 1 - last[b.count] / Float(max(a.count, b.count))
    }
}
