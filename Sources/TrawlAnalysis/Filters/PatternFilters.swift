/// `pattern_replace`: replaces what a regular expression finds in each term.
struct PatternReplaceFilter: TermMappingFilter {
    let regex: LinearRegex
    let replacement: LinearRegex.Replacement
    let replacesAll: Bool
    var normalizes: Bool { true }

    init(settings: AnalysisSettings) throws(AnalysisError) {
        regex = try settings.regex("pattern")
        replacement = try settings.replacement("replacement", regex)
        replacesAll = try settings.bool("all", default: true)
    }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        let bytes = Array(term)
        let matches =
            replacesAll
            ? regex.matches(in: bytes.span) : regex.firstMatch(in: bytes.span).map { [$0] } ?? []
        guard !matches.isEmpty else { return nil }
        var result: [UInt8] = []
        var at = 0
        for match in matches {
            result += bytes[at..<match.range.lowerBound]
            result += replacement.bytes(for: match, in: bytes)
            at = match.range.upperBound
        }
        return result + bytes[at...]
    }
}

/// `pattern_capture`: every group of every match becomes a token at the position of its token.
struct PatternCaptureFilter: TokenFilter {
    let regexes: [LinearRegex]
    let keepsOriginal: Bool

    init(settings: AnalysisSettings) throws(AnalysisError) {
        guard let patterns = try settings.lines("patterns"), !patterns.isEmpty else {
            throw settings.error(
                "patterns", "required setting 'patterns' is missing for token filter")
        }
        var regexes: [LinearRegex] = []
        for pattern in patterns {
            do {
                regexes.append(try LinearRegex(pattern))
            } catch let problem {
                throw settings.error("patterns", "invalid pattern [\(pattern)]: \(problem)")
            }
        }
        self.regexes = regexes
        keepsOriginal = try settings.bool("preserve_original", default: true)
    }

    func apply(to buffer: inout TokenBuffer) {
        var result: [Token] = []
        for token in buffer.tokens {
            let term = Array(buffer.term(of: token))
            var parts: [Range<Int>] = []
            for regex in regexes {
                for match in regex.matches(in: term.span) {
                    let groups =
                        match.groups.count > 1 ? match.groups.dropFirst() : match.groups[...]
                    for case .some(let range) in groups
                    where !range.isEmpty && (!keepsOriginal || range.count < term.count) {
                        parts.append(range)
                    }
                }
            }
            parts.sort { ($0.lowerBound, $1.upperBound) < ($1.lowerBound, $0.upperBound) }
            if keepsOriginal || parts.isEmpty { result.append(token) }
            for (index, range) in parts.enumerated() {
                var part = token
                part.termStart += Int32(range.lowerBound)
                part.termByteCount = Int32(range.count)
                if keepsOriginal || index > 0 { part.positionIncrement = 0 }
                result.append(part)
            }
        }
        buffer.tokens = result
    }
}
