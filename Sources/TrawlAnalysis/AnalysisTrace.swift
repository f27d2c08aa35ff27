/// What each stage of an analyzer made of a text, for `_analyze` with `explain` and for people.
package struct AnalysisTrace: Sendable {
    package struct Text: Sendable {
        package let name: String
        package let text: [UInt8]
    }
    package struct Stage: Sendable {
        package let name: String
        package let buffer: TokenBuffer
    }
    /// The text after each char filter.
    package let charFilters: [Text]
    package let tokenizer: Stage
    package let filters: [Stage]

    package var last: Stage { filters.last ?? tokenizer }
}

extension Analyzer {
    /// Runs stage by stage. The last stage has the tokens that `analyze` gives.
    package func trace(_ utf8: [UInt8]) -> AnalysisTrace {
        let texts = filteredTexts(utf8.span)
        var buffer = TokenBuffer()
        buffer.arena = texts.last!.bytes
        tokenizer.tokenizer.tokenize(&buffer)
        Self.mapOffsets(&buffer, back: texts)
        let first = AnalysisTrace.Stage(name: tokenizer.name, buffer: buffer)
        var stages: [AnalysisTrace.Stage] = []
        for named in filters {
            named.filter.apply(to: &buffer)
            stages.append(AnalysisTrace.Stage(name: named.name, buffer: buffer))
        }
        return AnalysisTrace(
            charFilters: zip(charFilters, texts.dropFirst()).map {
                AnalysisTrace.Text(name: $0.name, text: $1.bytes)
            },
            tokenizer: first, filters: stages)
    }
}
