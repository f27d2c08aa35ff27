/// `dictionary_decompounder`: beside each long word the words of a list that stand in it.
struct DecompounderFilter: TokenFilter {
    let words: TermSet
    /// Shorter words are left as they are.
    let minWordLength: Int
    let partLengths: ClosedRange<Int>
    let onlyLongest: Bool

    init(settings: AnalysisSettings) throws(AnalysisError) {
        let list = try settings.words("word_list")
        if list.isEmpty {
            throw settings.error(
                "word_list",
                "word_list must be provided for [dictionary_decompounder], either as a path to a "
                    + "file, or directly")
        }
        words = TermSet(list)
        minWordLength = try settings.int("min_word_size", default: 5)
        let low = try settings.int("min_subword_size", default: 2, in: 1...1 << 20)
        let high = try settings.int("max_subword_size", default: 15, in: 1...1 << 20)
        partLengths = low...max(low, high)
        onlyLongest = try settings.bool("only_longest_match", default: false)
    }

    func apply(to buffer: inout TokenBuffer) {
        var result: [Token] = []
        result.reserveCapacity(buffer.tokens.count)
        for token in buffer.tokens {
            result.append(token)
            let scalars = Array(buffer.termString(of: token).unicodeScalars)
            guard scalars.count >= minWordLength else { continue }
            for part in parts(of: scalars) {
                var inner = token
                inner.termStart = Int32(buffer.arena.count)
                inner.termByteCount = Int32(part.count)
                inner.positionIncrement = 0
                buffer.arena.append(contentsOf: part)
                result.append(inner)
            }
        }
        buffer.tokens = result
    }

    private func parts(of scalars: [Unicode.Scalar]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        guard scalars.count >= partLengths.lowerBound else { return found }
        for start in 0...(scalars.count - partLengths.lowerBound) {
            var longest: [UInt8]?
            for length in partLengths {
                guard start + length <= scalars.count else { break }
                var text = String.UnicodeScalarView()
                text.append(contentsOf: scalars[start..<start + length])
                let bytes = Array(String(text).utf8)
                guard words.contains(bytes[...]) else { continue }
                if onlyLongest { longest = bytes } else { found.append(bytes) }
            }
            if let longest { found.append(longest) }
        }
        return found
    }
}

/// `delimited_payload`: what stands behind a delimiter is no part of the word. It is not kept:
/// nothing here asks for payloads.
struct DelimitedPayloadFilter: TokenFilter {
    let delimiter: UInt8

    init(settings: AnalysisSettings) throws(AnalysisError) {
        let text = try settings.string("delimiter") ?? "|"
        guard text.utf8.count == 1, let byte = text.utf8.first else {
            throw settings.error("delimiter", "Delimiter must be a single character")
        }
        delimiter = byte
    }

    func apply(to buffer: inout TokenBuffer) {
        for index in buffer.tokens.indices {
            let term = buffer.term(of: buffer.tokens[index])
            guard let end = term.firstIndex(of: delimiter) else { continue }
            buffer.tokens[index].termByteCount = Int32(end - term.startIndex)
        }
    }
}
