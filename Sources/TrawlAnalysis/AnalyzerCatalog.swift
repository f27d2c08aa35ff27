internal import Synchronization
package import TrawlJSON

/// The analyzers and normalizers of an index by name: those built in, and those of its settings.
///
///     let catalog = try AnalyzerCatalog(settings: indexSettings)
///     let analyzer = try catalog.analyzer(named: "my_english")
///
/// A value that threads share. Everything in the settings is built at once, so that a mistake
/// shows when an index is created and not when its first document comes.
package struct AnalyzerCatalog: Sendable {
    private let custom: [String: Analyzer]
    private let normalizers: [String: Analyzer]
    private let parts: AnalysisParts

    /// The built-in analyzers alone.
    package init() {
        custom = [:]
        normalizers = [:]
        parts = AnalysisParts()
    }

    /// Takes the settings of an index (`{"index": {"analysis": {…}}}`, `{"analysis": {…}}`, the
    /// `analysis` object itself, or flat keys such as `index.analysis.analyzer.x.type`).
    ///
    /// - Parameter limits: Those of the index, when `settings` do not hold them.
    package init(
        settings: JSONValue, limits: AnalysisLimits? = nil
    ) throws(AnalysisError) {
        let (analysis, named) = try Self.analysis(in: settings)
        let limits = limits ?? named
        parts = AnalysisParts(
            tokenizers: try Self.group("tokenizer", analysis, limits),
            filters: try Self.group("filter", analysis, limits),
            charFilters: try Self.group("char_filter", analysis, limits), limits: limits)
        var custom: [String: Analyzer] = [:]
        try parts.checkAll()
        for (name, settings) in try Self.group("analyzer", analysis, limits) {
            custom[name] = try parts.analyzer(named: name, settings)
        }
        var normalizers: [String: Analyzer] = [:]
        for (name, settings) in try Self.group("normalizer", analysis, limits) {
            normalizers[name] = try parts.normalizer(named: name, settings)
        }
        self.custom = custom
        self.normalizers = normalizers
    }

    /// Custom ones go before built-in ones of the same name.
    package func analyzer(named name: String) throws(AnalysisError) -> Analyzer {
        if let analyzer = custom[name] { return analyzer }
        if let analyzer = try BuiltInAnalyzers.analyzer(named: name) { return analyzer }
        throw AnalysisError(
            .unknownAnalyzer, "failed to find analyzer [\(name)]" + Self.hint(name, names))
    }

    package func hasAnalyzer(named name: String) -> Bool {
        custom[name] != nil || BuiltInAnalyzers.names.contains(name)
    }

    package func normalizer(named name: String) throws(AnalysisError) -> Analyzer {
        if let normalizer = normalizers[name] { return normalizer }
        if name == "lowercase" { return BuiltInAnalyzers.lowercaseNormalizer }
        throw AnalysisError(
            .unknownAnalyzer,
            "failed to find normalizer under [\(name)]"
                + Self.hint(name, ["lowercase"] + normalizers.keys))
    }

    package func hasNormalizer(named name: String) -> Bool {
        normalizers[name] != nil || name == "lowercase"
    }

    /// Names of the analyzers, sorted.
    package var names: [String] { (Array(custom.keys) + BuiltInAnalyzers.names).sorted() }

    /// The analyzer named `default` of the settings, or `standard`.
    package var defaultAnalyzer: Analyzer { custom["default"] ?? BuiltInAnalyzers.standard }
    package var defaultSearchAnalyzer: Analyzer { custom["default_search"] ?? defaultAnalyzer }

    /// An analyzer from names or definitions, as `_analyze` takes them. Each part is a string or
    /// an object with a `type`.
    package func assemble(
        tokenizer: JSONValue?, filters: [JSONValue] = [], charFilters: [JSONValue] = []
    ) throws(AnalysisError) -> Analyzer {
        try parts.assemble(
            name: "_custom_", tokenizer: tokenizer, filters: filters, charFilters: charFilters)
    }

    // MARK: Reading the settings

    private static func analysis(
        in settings: JSONValue
    ) throws(AnalysisError) -> (JSONObject, AnalysisLimits) {
        guard let object = settings.objectValue else {
            throw AnalysisError(
                .invalidSetting, setting: "analysis",
                "expected an object for [analysis] but got \(settings.typeName)")
        }
        let nested = nest(object)
        let index = AnalysisSettings(
            path: "index", values: nested["index"]?.objectValue ?? nested)
        var limits = AnalysisLimits()
        limits.ngramDifference = try index.int(
            "max_ngram_diff", default: limits.ngramDifference)
        limits.shingleDifference = try index.int(
            "max_shingle_diff", default: limits.shingleDifference)
        let inner = nested["index"]?["analysis"] ?? nested["analysis"]
        if let inner {
            guard let found = inner.objectValue else {
                throw AnalysisError(
                    .invalidSetting, setting: "analysis",
                    "expected an object for [analysis] but got \(inner.typeName)")
            }
            return (found, limits)
        }
        let groups = ["analyzer", "tokenizer", "filter", "char_filter", "normalizer"]
        return (groups.contains { nested.contains($0) } ? nested : JSONObject(), limits)
    }

    /// `{"a.b": 1}` as `{"a": {"b": 1}}`, for the part that concerns analysis.
    private static func nest(_ object: JSONObject) -> JSONObject {
        guard object.keys.contains(where: { $0.contains(".") }) else { return object }
        var result = JSONValue.object(JSONObject())
        for (key, value) in object {
            let path = key.split(separator: ".", maxSplits: 4).map(String.init)
            result = inserting(value, at: path[...], into: result)
        }
        return result.objectValue ?? JSONObject()
    }

    private static func inserting(
        _ value: JSONValue, at path: ArraySlice<String>, into target: JSONValue
    ) -> JSONValue {
        var object = target.objectValue ?? JSONObject()
        guard let first = path.first else { return target }
        if path.count == 1 {
            object[first] = value
        } else {
            object[first] = inserting(
                value, at: path.dropFirst(), into: object[first] ?? .object(JSONObject()))
        }
        return .object(object)
    }

    private static func group(
        _ key: String, _ analysis: JSONObject, _ limits: AnalysisLimits
    ) throws(AnalysisError) -> [(String, AnalysisSettings)] {
        guard let value = analysis[key], !value.isNull else { return [] }
        guard let members = value.objectValue else {
            throw AnalysisError(
                .invalidSetting, setting: "analysis.\(key)",
                "expected an object for [analysis.\(key)] but got \(value.typeName)")
        }
        var result: [(String, AnalysisSettings)] = []
        for (name, definition) in members {
            let path = "analysis.\(key).\(name)"
            guard let object = definition.objectValue else {
                throw AnalysisError(
                    .invalidSetting, setting: path,
                    "expected an object for [\(path)] but got \(definition.typeName)")
            }
            result.append((name, AnalysisSettings(path: path, values: object, limits: limits)))
        }
        return result
    }

    /// ` -> did you mean [x]?` when a known name is near.
    static func hint(_ name: String, _ known: [String]) -> String {
        var best: (distance: Int, name: String)?
        for candidate in known where abs(candidate.utf8.count - name.utf8.count) <= 2 {
            let distance = editDistance(Array(name.utf8), Array(candidate.utf8))
            if distance <= 2, distance < best?.distance ?? 3 { best = (distance, candidate) }
        }
        return best.map { " -> did you mean [\($0.name)]?" } ?? ""
    }

    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard a.count <= 64, b.count <= 64 else { return .max }
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let next = min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
    }
}
