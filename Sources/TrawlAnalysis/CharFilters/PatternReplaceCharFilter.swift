/// `pattern_replace`: replaces every match of a regular expression.
struct PatternReplaceCharFilter: CharFilter {
    let regex: LinearRegex
    let replacement: LinearRegex.Replacement
    var normalizes: Bool { true }

    init(settings: AnalysisSettings) throws(AnalysisError) {
        regex = try settings.regex("pattern")
        replacement = try settings.replacement("replacement", regex)
    }

    func apply(to text: FilteredText) -> FilteredText {
        let input = text.bytes
        var output = FilteredText()
        output.reserve(input.count)
        var at = 0
        for match in regex.matches(in: input.span) {
            output.copy(input[at..<match.range.lowerBound])
            output.replace(match.range.count, with: replacement.bytes(for: match, in: input))
            at = match.range.upperBound
        }
        output.copy(input[at...])
        return output
    }
}

extension AnalysisSettings {
    /// The regular expression of a setting, with the flags of `flags`.
    func regex(_ key: String, default fallback: String? = nil) throws(AnalysisError) -> LinearRegex
    {
        let names = try string("flags") ?? ""
        guard let flags = RegexFlags(names: names) else {
            throw error("flags", "Unknown regex flag [\(names)]")
        }
        let pattern: String
        if let fallback {
            pattern = try string(key) ?? fallback
        } else {
            pattern = try required(key)
        }
        do {
            return try LinearRegex(pattern, flags: flags)
        } catch let problem {
            throw error(key, "invalid pattern [\(pattern)]: \(problem)")
        }
    }

    func replacement(_ key: String, _ regex: LinearRegex) throws(AnalysisError)
        -> LinearRegex.Replacement
    {
        let text = try string(key) ?? ""
        guard let replacement = regex.replacement(text) else {
            throw error(key, "invalid replacement [\(text)] for pattern [\(regex.pattern)]")
        }
        return replacement
    }
}
