/// The nearest of the words that were possible, for whoever mistyped.
enum Suggestion {
    /// The word with the fewest edits, if they are few enough to be a slip.
    static func nearest(to word: String, among words: [String]) -> String? {
        let best =
            words.map { (edits(word, $0), $0) }
            .min { ($0.0, $0.1) < ($1.0, $1.1) }
        guard let best, best.0 <= max(1, word.count / 3) else {
            return words.filter { word.count >= 3 && $0.hasPrefix(word) }.min()
        }
        return best.1
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that lead from one to the
    /// other.
    static func edits(_ left: String, _ right: String) -> Int {
        let a = Array(left.unicodeScalars)
        let b = Array(right.unicodeScalars)
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var before = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + [Int](repeating: 0, count: b.count)
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], before[j - 2] + 1)
                }
            }
            before = last
            last = row
        }
        return last[b.count]
    }
}
