internal import Synchronization
package import TrawlAnalysis
package import TrawlJSON
package import TrawlSchema

/// The mapping of an index with what it depends on: the analyzers and limits of its settings.
package struct IndexMapping: Sendable {
    package let mapping: Mapping
    package let analyzers: AnalyzerCatalog
    package let context: MappingContext
    /// The settings that the analyzers were made from.
    private let analysis: FlatSettings
    /// The settings as the schema reads them: similarities, limits.
    package let settings: IndexSettings

    package init(_ json: JSONObject, settings: FlatSettings) throws {
        let analysis = settings.under("index.analysis.")
        var limits = AnalysisLimits()
        limits.ngramDifference = settings.int("index.max_ngram_diff") ?? limits.ngramDifference
        limits.shingleDifference =
            settings.int("index.max_shingle_diff") ?? limits.shingleDifference
        let analyzers =
            analysis.isEmpty
            ? AnalyzerCatalog()
            : try AnalyzerCatalog(settings: .object(analysis.nested), limits: limits)
        try self.init(json, settings: settings, analysis: analysis, analyzers: analyzers)
    }

    private init(
        _ json: JSONObject, settings: FlatSettings, analysis: FlatSettings,
        analyzers: AnalyzerCatalog
    ) throws {
        self.analysis = analysis
        self.analyzers = analyzers
        let stored = try IndexSettings(stored: .object(settings.flat))
        context = try stored.mappingContext(catalog: analyzers)
        self.settings = stored
        do throws(SchemaError) {
            mapping = try MappingParser(context: context).parse(.object(json))
        } catch {
            throw error.asFailedMapping
        }
    }

    private init(_ mapping: Mapping, like other: IndexMapping) {
        self.mapping = mapping
        analysis = other.analysis
        analyzers = other.analyzers
        context = other.context
        settings = other.settings
    }

    package var json: JSONObject { mapping.json }
    package var requiresRouting: Bool { mapping.root.requiresRouting }
    package var limits: MappingLimits { context.limits }

    /// The same mapping under other settings.
    package func under(_ settings: FlatSettings) throws -> IndexMapping {
        if settings.under("index.analysis.") == analysis {
            return try IndexMapping(
                json, settings: settings, analysis: analysis, analyzers: analyzers)
        }
        return try IndexMapping(json, settings: settings)
    }

    package func merging(_ update: JSONObject) throws -> IndexMapping {
        IndexMapping(try mapping.merging(.object(update), context: context), like: self)
    }

    /// What documents' values of a field are analysed with; nil for a field that is not.
    package func indexAnalyzer(of path: String) throws -> Analyzer? {
        guard let field = mapping.field(path) else { return analyzers.defaultAnalyzer }
        if let name = field.type.indexAnalyzer?.analyzer {
            return try analyzers.analyzer(forMapping: name)
        }
        if let name = field.type.normalizerName { return try analyzers.normalizer(named: name) }
        return nil
    }

    /// The fields of a document that are stored by themselves, from its source.
    package func storedFields(_ names: [String], of source: [UInt8]) -> JSONObject {
        var result = JSONObject()
        guard let value = try? JSONValue.parse(source) else { return result }
        for name in names {
            guard case .leaf(let leaf)? = node(name),
                leaf.parameters.explicit["store"]?.boolValue == true
            else { continue }
            let found = Self.values(of: value, name.split(separator: ".").map(String.init)[...])
            if !found.isEmpty { result[name] = .array(found) }
        }
        return result
    }

    /// What stands in the mapping at a path.
    package func node(_ path: String) -> Mapping.Node? {
        var object = mapping.object
        let parts = path.split(separator: ".").map(String.init)
        for (i, part) in parts.enumerated() {
            guard let child = object.children[part] else { return nil }
            if i == parts.count - 1 { return child }
            guard case .object(let inner) = child else { return nil }
            object = inner
        }
        return nil
    }

    private static func values(_ value: JSONValue) -> [JSONValue] {
        if case .array(let list) = value { return list.flatMap(values) }
        return value.isNull ? [] : [value]
    }

    /// The values at a path of a document; lists are passed through, dotted names count too.
    package static func values(of value: JSONValue, _ path: ArraySlice<String>) -> [JSONValue] {
        guard let head = path.first else { return values(value) }
        switch value {
        case .array(let list): return list.flatMap { values(of: $0, path) }
        case .object(let object):
            var found: [JSONValue] = []
            if let child = object[head] { found += values(of: child, path.dropFirst()) }
            if path.count > 1, let dotted = object[path.joined(separator: ".")] {
                found += values(dotted)
            }
            return found
        default: return []
        }
    }
}
