/// What a mapping depends on besides itself: the index's limits, defaults and analyzers.
package struct MappingContext: Sendable {
    package var limits: MappingLimits
    /// `index.mapping.ignore_malformed` and `index.mapping.coerce`.
    package var ignoresMalformed = false
    package var coerces = true
    package var hasAnalyzer: @Sendable (String) -> Bool
    package var hasNormalizer: @Sendable (String) -> Bool
    package var hasSimilarity: @Sendable (String) -> Bool

    package init(
        limits: MappingLimits = MappingLimits(),
        hasAnalyzer: @escaping @Sendable (String) -> Bool = { _ in true },
        hasNormalizer: @escaping @Sendable (String) -> Bool = { _ in true },
        hasSimilarity: @escaping @Sendable (String) -> Bool = { $0 == "BM25" || $0 == "boolean" }
    ) {
        self.limits = limits
        self.hasAnalyzer = hasAnalyzer
        self.hasNormalizer = hasNormalizer
        self.hasSimilarity = hasSimilarity
    }
}

/// `index.mapping.*.limit`.
package struct MappingLimits: Sendable, Equatable {
    package var totalFields = 1_000
    package var depth = 20
    package var nestedFields = 50
    package var nestedObjects = 10_000
    package var fieldNameLength = Int.max

    package init() {}
}
