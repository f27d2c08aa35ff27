internal import TrawlJSON

/// What a token filter may need to know of the analyzer it is made for.
struct FilterContext {
    let parts: AnalysisParts
    /// What comes before the filter: synonym rules are analysed by it.
    let tokenizer: NamedTokenizer
    let charFilters: [NamedCharFilter]
    let precedingFilters: [NamedTokenFilter]
}

/// The components that the settings of an index name, and how analyzers are put together from
/// them and from the built-in ones.
struct AnalysisParts: Sendable {
    private let tokenizers: [String: AnalysisSettings]
    private let filters: [String: AnalysisSettings]
    private let charFilters: [String: AnalysisSettings]
    private let limits: AnalysisLimits

    init(
        tokenizers: [(String, AnalysisSettings)] = [], filters: [(String, AnalysisSettings)] = [],
        charFilters: [(String, AnalysisSettings)] = [], limits: AnalysisLimits = AnalysisLimits()
    ) {
        self.limits = limits
        self.tokenizers = Dictionary(tokenizers) { $1 }
        self.filters = Dictionary(filters) { $1 }
        self.charFilters = Dictionary(charFilters) { $1 }
    }

    /// Builds every component once, so that one that no analyzer uses is checked as well.
    func checkAll() throws(AnalysisError) {
        for name in tokenizers.keys.sorted() { _ = try tokenizer(.string(name), for: "") }
        for name in charFilters.keys.sorted() { _ = try charFilter(.string(name), for: "") }
        let context = FilterContext(
            parts: self, tokenizer: NamedTokenizer("standard", UnicodeWordTokenizer()),
            charFilters: [], precedingFilters: [])
        for name in filters.keys.sorted() { _ = try filter(.string(name), for: "", context) }
    }

    func assemble(
        name: String, tokenizer: JSONValue?, filters: [JSONValue], charFilters: [JSONValue],
        positionIncrementGap: Int? = nil
    ) throws(AnalysisError) -> Analyzer {
        var madeCharFilters: [NamedCharFilter] = []
        for part in charFilters { madeCharFilters.append(try charFilter(part, for: name)) }
        let madeTokenizer =
            try tokenizer.map { part throws(AnalysisError) in try self.tokenizer(part, for: name) }
            ?? NamedTokenizer("keyword", KeywordTokenizer())
        var made: [NamedTokenFilter] = []
        for part in filters {
            let context = FilterContext(
                parts: self, tokenizer: madeTokenizer, charFilters: madeCharFilters,
                precedingFilters: made)
            made.append(try filter(part, for: name, context))
        }
        return Analyzer(
            name: name, charFilters: madeCharFilters, tokenizer: madeTokenizer, filters: made,
            positionIncrementGap: positionIncrementGap)
    }

    func analyzer(named name: String, _ settings: AnalysisSettings) throws(AnalysisError)
        -> Analyzer
    {
        let type =
            try settings.string("type") ?? (settings.has("tokenizer") ? "custom" : nil)
        guard let type else {
            throw AnalysisError(
                .missingSetting, setting: settings.path,
                "analyzer [\(name)] must specify either an analyzer type, or a tokenizer")
        }
        if type == "custom" {
            guard let tokenizer = settings.values["tokenizer"], !tokenizer.isNull else {
                throw AnalysisError(
                    .missingSetting, setting: "\(settings.path).tokenizer",
                    "Custom Analyzer [\(name)] must be configured with a tokenizer")
            }
            return try assemble(
                name: name, tokenizer: tokenizer,
                filters: try settings.strings("filter")?.map { .string($0) } ?? [],
                charFilters: try settings.strings("char_filter")?.map { .string($0) } ?? [],
                positionIncrementGap: try settings.has("position_increment_gap")
                    ? settings.int("position_increment_gap", default: 100) : nil)
        }
        if let made = try BuiltInAnalyzers.make(type, name: name, settings) { return made }
        throw AnalysisError(
            .unknownComponent, setting: "\(settings.path).type",
            "Unknown analyzer type [\(type)] for [\(name)]"
                + AnalyzerCatalog.hint(type, BuiltInAnalyzers.names))
    }

    func normalizer(named name: String, _ settings: AnalysisSettings) throws(AnalysisError)
        -> Analyzer
    {
        let type = try settings.string("type") ?? "custom"
        if type == "lowercase" { return BuiltInAnalyzers.lowercaseNormalizer }
        guard type == "custom" else {
            throw AnalysisError(
                .unknownComponent, setting: "\(settings.path).type",
                "Unknown normalizer type [\(type)] for [\(name)]")
        }
        if settings.has("tokenizer") {
            throw settings.error(
                "tokenizer", "Custom normalizer [\(name)] cannot configure a tokenizer")
        }
        let made = try assemble(
            name: name, tokenizer: nil,
            filters: try settings.strings("filter")?.map { .string($0) } ?? [],
            charFilters: try settings.strings("char_filter")?.map { .string($0) } ?? [])
        for filter in made.filters where !filter.filter.normalizes {
            throw settings.error(
                "filter",
                "Custom normalizer [\(name)] may not use filter [\(filter.name)]")
        }
        for filter in made.charFilters where !filter.filter.normalizes {
            throw settings.error(
                "char_filter",
                "Custom normalizer [\(name)] may not use char filter [\(filter.name)]")
        }
        return made
    }

    // MARK: One component, by its name or by a definition with a type

    private func tokenizer(_ part: JSONValue, for owner: String) throws(AnalysisError)
        -> NamedTokenizer
    {
        let (name, type, settings) = try resolve(part, tokenizers, "tokenizer", owner)
        if let made = try ComponentCatalog.tokenizer(type, settings) {
            return NamedTokenizer(name, made)
        }
        throw unknown(
            "tokenizer", name, type, settings, owner,
            isDefined: name != type || part.objectValue != nil,
            ComponentCatalog.tokenizerNames)
    }

    private func charFilter(_ part: JSONValue, for owner: String) throws(AnalysisError)
        -> NamedCharFilter
    {
        let (name, type, settings) = try resolve(part, charFilters, "char_filter", owner)
        if let made = try ComponentCatalog.charFilter(type, settings) {
            return NamedCharFilter(name, made)
        }
        throw unknown(
            "char_filter", name, type, settings, owner,
            isDefined: name != type || part.objectValue != nil,
            ComponentCatalog.charFilterNames)
    }

    func filter(_ part: JSONValue, for owner: String, _ context: FilterContext)
        throws(AnalysisError) -> NamedTokenFilter
    {
        let (name, type, settings) = try resolve(part, filters, "filter", owner)
        if let made = try ComponentCatalog.tokenFilter(type, settings, context) {
            return NamedTokenFilter(name, made)
        }
        throw unknown(
            "filter", name, type, settings, owner,
            isDefined: name != type || part.objectValue != nil,
            ComponentCatalog.filterNames)
    }

    private func resolve(
        _ part: JSONValue, _ defined: [String: AnalysisSettings], _ group: String, _ owner: String
    ) throws(AnalysisError) -> (name: String, type: String, settings: AnalysisSettings) {
        if let object = part.objectValue {
            let settings = AnalysisSettings(
                path: "__anonymous__.\(group)", values: object, limits: limits)
            let type = try settings.required("type")
            return ("__anonymous__\(type)", type, settings)
        }
        guard let name = part.stringValue else {
            throw AnalysisError(
                .invalidSetting, setting: "analysis.\(group)",
                "expected a name or an object for [\(group)] but got \(part.typeName)")
        }
        if let settings = defined[name] {
            // A definition may leave out the type when it is named after one.
            let type = try settings.string("type") ?? name
            return (name, type, settings)
        }
        return (name, name, AnalysisSettings(path: "analysis.\(group).\(name)", limits: limits))
    }

    private func unknown(
        _ group: String, _ name: String, _ type: String, _ settings: AnalysisSettings,
        _ owner: String, isDefined: Bool, _ known: [String]
    ) -> AnalysisError {
        let hint = AnalyzerCatalog.hint(type, known)
        if isDefined {
            return AnalysisError(
                .unknownComponent, setting: "\(settings.path).type",
                "Unknown \(group) type [\(type)] for [\(name)]" + hint)
        }
        let what =
            group == "filter" ? "token filter" : group == "char_filter" ? "char filter" : group
        if owner == "_custom_" {
            return AnalysisError(
                .unknownComponent, "failed to find global \(what) under [\(name)]" + hint)
        }
        return AnalysisError(
            .unknownComponent, setting: "analysis.analyzer.\(owner).\(group)",
            "Custom Analyzer [\(owner)] failed to find \(group) under name [\(name)]" + hint)
    }
}
