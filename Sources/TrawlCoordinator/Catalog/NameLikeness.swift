/// How alike two names are, for the suggestions in messages.
package enum NameLikeness {
    /// 1 for equal names, 0 for names with nothing in common: the edit distance over the length
    /// of the longer one.
    package static func of(_ left: String, _ right: String) -> Double {
        let a = Array(left.utf8)
        let b = Array(right.utf8)
        if a.isEmpty || b.isEmpty { return a.count == b.count ? 1 : 0 }
        if max(a.count, b.count) > 200 { return 0 }
        var row = Array(0...b.count)
        for i in 1...a.count {
            var diagonal = row[0]
            row[0] = i
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                let next = min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
                diagonal = row[j]
                row[j] = next
            }
        }
        return 1 - Double(row[b.count]) / Double(max(a.count, b.count))
    }

    /// ` did you mean [x]?`, with every name that is at least half alike, the likest first;
    /// empty when there is none.
    package static func hint(_ name: String, among names: [String], lead: String = " ") -> String {
        let near = names.map { (name: $0, score: of(name, $0)) }.filter { $0.score > 0.5 }
            .sorted { ($1.score, $0.name) < ($0.score, $1.name) }.map(\.name)
        switch near.count {
        case 0: return ""
        case 1: return lead + "did you mean [\(near[0])]?"
        default: return lead + "did you mean any of [\(near.joined(separator: ", "))]?"
        }
    }
}
