package import TrawlAnalysis
package import TrawlJSON

/// How matches of a field are scored.
package enum Similarity: Sendable, Equatable {
    case bm25(k1: Float, b: Float, discountsOverlaps: Bool)
    /// One when the term is there.
    case boolean

    package static let standard = Similarity.bm25(k1: 1.2, b: 0.75, discountsOverlaps: true)
}

extension IndexSettings {
    /// By name: `BM25`, `boolean`, `default`, and those of `index.similarity`.
    package func similarities() throws(SchemaError) -> [String: Similarity] {
        var result: [String: Similarity] = ["BM25": .standard, "boolean": .boolean]
        var groups: [String: [String: String]] = [:]
        let prefix = "index.similarity."
        for (key, value) in values where key.hasPrefix(prefix) {
            let parts = key.dropFirst(prefix.count).split(separator: ".", maxSplits: 1)
            guard parts.count == 2 else { continue }
            groups[String(parts[0]), default: [:]][String(parts[1])] = value.text
        }
        for (name, settings) in groups.sorted(by: { $0.key < $1.key }) {
            if name == "BM25" || name == "boolean" {
                throw .illegalArgument(
                    "Cannot redefine built-in Similarity [\(name)]")
            }
            guard let type = settings["type"] else {
                throw .illegalArgument(
                    "Similarity [\(name)] must have an associated type")
            }
            result[name] = try IndexSettings.similarity(type, name, settings)
        }
        return result
    }

    private static func similarity(
        _ type: String, _ name: String, _ settings: [String: String]
    ) throws(SchemaError) -> Similarity {
        switch type {
        case "boolean": return .boolean
        case "BM25":
            let known = ["type", "k1", "b", "discount_overlaps"]
            let unknown = settings.keys.filter { !known.contains($0) }.sorted()
            guard unknown.isEmpty else {
                throw .illegalArgument(
                    "Unknown settings for similarity of type [BM25]: "
                        + "[\(unknown.joined(separator: ", "))]")
            }
            func float(_ key: String, _ standard: Float) throws(SchemaError) -> Float {
                guard let text = settings[key] else { return standard }
                guard let value = NumberText.double(text) else {
                    throw .illegalArgument(
                        "Failed to parse value [\(text)] for setting [\(key)]")
                }
                return Float(value)
            }
            let k1 = try float("k1", 1.2)
            let b = try float("b", 0.75)
            guard k1.isFinite, k1 >= 0 else {
                throw .illegalArgument(
                    "illegal k1 value: \(k1), must be a non-negative finite value")
            }
            guard b >= 0, b <= 1 else {
                throw .illegalArgument("illegal b value: \(b), must be between 0 and 1")
            }
            let discounts = settings["discount_overlaps"] ?? "true"
            guard discounts == "true" || discounts == "false" else {
                throw .illegalArgument(
                    "Failed to parse value [\(discounts)] as only [true] or [false] are allowed.")
            }
            return .bm25(k1: k1, b: b, discountsOverlaps: discounts == "true")
        default:
            throw .illegalArgument("Unknown Similarity type [\(type)] for [\(name)]")
        }
    }

    /// How a field is scored: its own similarity, the index's default, or BM25.
    package func similarity(named name: String?) throws(SchemaError) -> Similarity {
        let all = try similarities()
        return all[name ?? "default"] ?? .standard
    }

    /// The analyzers that the settings define, with the built-in ones.
    package func analyzers() throws(AnalysisError) -> AnalyzerCatalog {
        try AnalyzerCatalog(settings: analysis, limits: analysisLimits)
    }

    private var analysisLimits: AnalysisLimits {
        var limits = AnalysisLimits()
        limits.ngramDifference = int("max_ngram_diff") ?? limits.ngramDifference
        limits.shingleDifference = int("max_shingle_diff") ?? limits.shingleDifference
        return limits
    }

    /// What `index.analysis` says.
    package var analysis: JSONValue {
        json["index"]?["analysis"].map { ["analysis": $0] } ?? [:]
    }

    /// What mappings of the index depend on.
    package func mappingContext(catalog: AnalyzerCatalog) throws(SchemaError) -> MappingContext {
        var context = MappingContext(limits: mappingLimits, catalog: catalog)
        context.ignoresMalformed = bool("mapping.ignore_malformed")
        // Coercion is on unless someone says otherwise.
        context.coerces = values["index.mapping.coerce"].map { $0.text == "true" } ?? true
        let names = Set(try similarities().keys)
        context.hasSimilarity = { names.contains($0) }
        return context
    }
}
