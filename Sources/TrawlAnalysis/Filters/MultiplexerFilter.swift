internal import TrawlJSON

/// `multiplexer`: each token through several chains of filters, all results at its position, each
/// term once.
struct MultiplexerFilter: TokenFilter {
    private let chains: [[any TokenFilter]]

    init(settings: AnalysisSettings, context: FilterContext) throws(AnalysisError) {
        var chains: [[any TokenFilter]] = []
        if try settings.bool("preserve_original", default: true) { chains.append([]) }
        for chain in try settings.lines("filters") ?? [] {
            var filters: [any TokenFilter] = []
            for name in chain.split(separator: ",") {
                filters.append(
                    try context.parts.filter(
                        .string(AnalysisSettings.trimmed(String(name))), for: settings.path, context
                    ).filter)
            }
            chains.append(filters)
        }
        self.chains = chains
    }

    func apply(to buffer: inout TokenBuffer) {
        var result: [Token] = []
        var one = TokenBuffer()
        var hole: Int32 = 0
        for token in buffer.tokens {
            var seen: Set<[UInt8]> = []
            var increment = token.positionIncrement + hole
            for chain in chains {
                one.removeAll()
                one.arena.append(contentsOf: buffer.term(of: token))
                var copy = token
                copy.termStart = 0
                copy.positionIncrement = 1
                one.tokens = [copy]
                for filter in chain { filter.apply(to: &one) }
                for var made in one.tokens {
                    let term = Array(one.term(of: made))
                    guard seen.insert(term).inserted else { continue }
                    made.termStart = Int32(buffer.arena.count)
                    made.positionIncrement = increment
                    buffer.arena += term
                    increment = 0
                    result.append(made)
                }
            }
            hole = seen.isEmpty ? increment : 0
        }
        buffer.tokens = result
        buffer.trailingPositions += hole
    }
}
