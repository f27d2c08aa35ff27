internal import Glibc
internal import TrawlQuery

/// Finds the likeliest texts that differ from a given one in a few words: each word may stand for
/// one that is near it, and what stands together in the documents counts.
struct PhraseSuggester {
    struct Option {
        var text: String
        var highlighted: String?
        var score: Double
    }

    /// What one word of the text may stand for.
    private struct Choice {
        var text: String
        /// 1 for the word itself; less the further away it is.
        var likeness: Double
        var isOwn: Bool
    }

    /// No more texts are compared than this.
    private static let maxPathCount = 100_000

    private let suggest: PhraseSuggest
    private let generators: [TermSuggester]
    private let gramSize: Int
    private let grams: GramScorer

    init(
        _ suggest: PhraseSuggest, _ dictionary: SuggestDictionary, gramSize: Int,
        generators: [TermSuggester]
    ) throws {
        self.suggest = suggest
        self.generators = generators
        self.gramSize = gramSize
        grams = try GramScorer(
            dictionary, suggest.smoothing, separator: suggest.separator)
    }

    /// The best first; only what scores more than the text itself, times the confidence.
    func options(for words: [String]) throws -> [Option] {
        guard !words.isEmpty, words.count <= suggest.tokenLimit else { return [] }
        let sets = try words.map { try choices(for: $0) }
        let errors =
            suggest.maxErrors >= 1
            ? Int(suggest.maxErrors)
            : Int((suggest.maxErrors * Double(words.count)).rounded())
        let own = try exp(score(sets.map { $0[0] }))
        let least = suggest.confidence > 0 ? own * suggest.confidence : 0
        var paths: [(path: [Choice], score: Double)] = []
        var path: [Choice] = []
        var count = 0
        func extend(_ errorsLeft: Int, _ sum: Double) throws {
            guard path.count < sets.count else {
                count += 1
                let score = exp(sum)
                if score > least { paths.append((path, score)) }
                return
            }
            for choice in sets[path.count] {
                if !choice.isOwn, errorsLeft == 0 || count > Self.maxPathCount { continue }
                path.append(choice)
                try extend(errorsLeft - (choice.isOwn ? 0 : 1), sum + part(path))
                path.removeLast()
            }
        }
        try extend(errors, 0)
        return paths.map { option($0.path, $0.score) }.sorted {
            $0.score == $1.score
                ? $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) : $0.score > $1.score
        }
    }

    private func choices(for word: String) throws -> [Choice] {
        var choices = [Choice(text: word, likeness: 1, isOwn: true)]
        for generator in generators {
            let count = generator.suggest.size ?? TermSuggest.defaultSize
            for option in try generator.options(for: word).prefix(count)
            where !choices.contains(where: { $0.text == option.text }) {
                choices.append(
                    Choice(text: option.text, likeness: Double(option.score), isOwn: false))
            }
        }
        return choices
    }

    private func score(_ path: [Choice]) throws -> Double {
        var sum = 0.0
        for end in 1...path.count { sum += try part(Array(path[..<end])) }
        return sum
    }

    /// What the last word of a path adds, as a logarithm.
    private func part(_ path: [Choice]) throws -> Double {
        let last = path[path.count - 1]
        let channel = last.isOwn ? suggest.realWordErrorLikelihood : last.likeness
        let gram = path.suffix(min(gramSize, 3)).map(\.text)
        return log10(channel * (try grams.score(gram)))
    }

    private func option(_ path: [Choice], _ score: Double) -> Option {
        let text = path.map(\.text).joined(separator: suggest.separator)
        var highlighted: String?
        if let tags = suggest.tags {
            // Neighbours that both changed share their tags.
            var parts: [String] = []
            var changed: [String] = []
            for choice in path {
                if choice.isOwn {
                    if !changed.isEmpty {
                        parts.append(
                            tags.pre + changed.joined(separator: suggest.separator) + tags.post)
                        changed = []
                    }
                    parts.append(choice.text)
                } else {
                    changed.append(choice.text)
                }
            }
            if !changed.isEmpty {
                parts.append(tags.pre + changed.joined(separator: suggest.separator) + tags.post)
            }
            highlighted = parts.joined(separator: suggest.separator)
        }
        return Option(text: text, highlighted: highlighted, score: score)
    }
}

/// How likely a word is behind the one or two before it, as the documents of a field have them.
/// Grams of several words are terms of the field, as the shingle filter makes them.
final class GramScorer {
    private let dictionary: SuggestDictionary
    private let smoothing: PhraseSuggest.Smoothing
    private let separator: String
    private let wordCount: Double
    private let docCount: Double
    private var known: [String: Double] = [:]

    init(
        _ dictionary: SuggestDictionary, _ smoothing: PhraseSuggest.Smoothing, separator: String
    ) throws {
        self.dictionary = dictionary
        self.smoothing = smoothing
        self.separator = separator
        let figures = try dictionary.figures()
        wordCount = Double(figures.wordCount)
        docCount = Double(figures.docCount)
    }

    private func frequency(_ words: ArraySlice<String>) throws -> Double {
        let term = words.joined(separator: separator)
        if let frequency = known[term] { return frequency }
        let frequency = Double(try dictionary.docCount(of: term))
        known[term] = frequency
        return frequency
    }

    /// - Parameter gram: One to three words; the score is the last one's.
    func score(_ gram: [String]) throws -> Double {
        switch gram.count {
        case 1: return try unigram(gram[0])
        case 2: return try bigram(gram[...])
        default: return try trigram(gram)
        }
    }

    private func unigram(_ word: String) throws -> Double {
        (1 + (try frequency([word]))) / max(1, wordCount + docCount)
    }

    private func bigram(_ gram: ArraySlice<String>) throws -> Double {
        let count = try frequency(gram)
        let before = try frequency(gram.dropLast())
        let word = gram[gram.endIndex - 1]
        switch smoothing {
        case .stupidBackoff(let discount):
            return count < 1 ? discount * (try unigram(word)) : count / (before + 1e-11)
        case .laplace(let alpha): return (alpha + count) / (before + alpha * docCount)
        case .linear(_, let bigram, let unigram):
            let alone = unigram * (try self.unigram(word))
            return count < 1 ? alone : bigram * (count / (0.5 + before)) + alone
        }
    }

    private func trigram(_ gram: [String]) throws -> Double {
        let count = try frequency(gram[...])
        let before = try frequency(gram[..<2])
        switch smoothing {
        case .stupidBackoff(let discount):
            if before < 1 { return discount * (try bigram(gram[1...])) }
            if count < 1 {
                return discount * (before / ((try frequency(gram[1..<2])) + 1e-11))
            }
            return count / (before + 1e-11)
        case .laplace(let alpha): return (alpha + count) / (before + alpha * docCount)
        case .linear(let trigram, let bigram, let unigram):
            let rest =
                bigram * (try self.bigram(gram[1...])) + unigram * (try self.unigram(gram[2]))
            return count < 1 ? rest : trigram * (count / (1 + before)) + rest
        }
    }
}
