/// The stemmer of "Regras do lematizador para o galego" (Biblioteca Virtual Galega), as Lucene's
/// GalicianStemFilter.
enum GalicianStemming {
    @Sendable static func stem(_ w: inout [UInt32]) {
        if w.count >= 3, w.ends("s") { GalicianRules.plural.apply(to: &w) }
        GalicianRules.unification.apply(to: &w)
        GalicianRules.adverb.apply(to: &w)
        while GalicianRules.augmentative.apply(to: &w) {}
        if !GalicianRules.noun.apply(to: &w) { GalicianRules.verb.apply(to: &w) }
        GalicianRules.vowel.apply(to: &w)
        for index in w.indices {
            switch w[index] {
            case code("á"): w[index] = code("a")
            case code("é"), code("ê"): w[index] = code("e")
            case code("í"): w[index] = code("i")
            case code("ó"): w[index] = code("o")
            case code("ú"): w[index] = code("u")
            default: break
            }
        }
    }
}

/// A step of an RSLP stemmer (Orengo and Huyck): the first of its rules that fits is applied.
///
/// A rule is a line: the ending, how long the stem before it must be, what takes the ending's
/// place (`-` for nothing), and the words that the rule leaves alone.
struct RSLPStep: Sendable {
    enum Exceptions: Sendable { case words, endings }

    private struct Rule: Sendable {
        var ending: [UInt32]
        var shortestStem: Int
        var replacement: [UInt32]
        var exceptions: [[UInt32]]
    }

    /// In order, by the last letter of their endings.
    private let rules: [UInt32: [Rule]]
    private let exceptions: Exceptions

    init(exceptAre exceptions: Exceptions, _ table: String) {
        self.exceptions = exceptions
        var rules: [UInt32: [Rule]] = [:]
        for line in table.split(separator: "\n") {
            let parts = line.split(whereSeparator: \.isWhitespace).map { Array($0.utf8).scalars }
            guard parts.count >= 2, let shortest = Int(String(decoding: parts[1], as: UTF32.self))
            else { preconditionFailure("no rule: \(line)") }
            let replacement = parts.count > 2 && parts[2] != [code("-")] ? parts[2] : []
            rules[parts[0].last!, default: []].append(
                Rule(
                    ending: parts[0], shortestStem: shortest, replacement: replacement,
                    exceptions: Array(parts.dropFirst(3))))
        }
        self.rules = rules
    }

    /// Whether the word is of another length than before.
    @discardableResult
    func apply(to w: inout [UInt32]) -> Bool {
        guard let last = w.last, let candidates = rules[last] else { return false }
        for rule in candidates
        where w.count >= rule.shortestStem + rule.ending.count && w.ends(rule.ending)
            && !isException(w, rule)
        {
            w.drop(rule.ending.count)
            w += rule.replacement
            return rule.ending.count != rule.replacement.count
        }
        return false
    }

    private func isException(_ w: [UInt32], _ rule: Rule) -> Bool {
        switch exceptions {
        case .words: rule.exceptions.contains(w)
        case .endings: rule.exceptions.contains { w.ends($0) }
        }
    }
}
