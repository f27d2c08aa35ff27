package import TrawlJSON

/// `text`, `match_only_text`, and `search_as_you_type`, which here is a text without the shingle
/// fields: a `bool_prefix` query finds the same documents in it.
package struct TextType: FieldType {
    package var typeName: String
    package var storage: FieldStorage
    package var analyzer: String
    package var searchAnalyzer: String
    package var searchQuoteAnalyzer: String
    /// Nil leaves it to the analyzer.
    package var positionIncrementGap: Int?
    package var similarity: String?
    package var hasFielddata: Bool

    package var family: FieldFamily { .text }

    static let defaultAnalyzer = "default"

    private static let analyzers: [ParameterRule] = [
        ParameterRule("analyzer", .analyzer, .string(defaultAnalyzer)),
        ParameterRule("search_analyzer", .analyzer, updatable: true),
        ParameterRule("search_quote_analyzer", .analyzer, updatable: true),
    ]
    private static let termVectors = [
        "no", "yes", "with_positions", "with_offsets", "with_positions_offsets",
        "with_positions_payloads", "with_positions_offsets_payloads",
    ]

    static let descriptors = [
        FieldTypeDescriptor(
            name: "text",
            rules: [
                .index, .store,
                ParameterRule(
                    "index_options", .oneOf(["positions", "docs", "freqs", "offsets"]),
                    "positions"),
                ParameterRule("norms", .bool, true, updatable: true),
                ParameterRule("term_vector", .oneOf(termVectors), "no"),
            ] + analyzers + [
                .similarity,
                ParameterRule("position_increment_gap", .int),
                ParameterRule("fielddata", .bool, false, updatable: true),
                ParameterRule("fielddata_frequency_filter", .json, updatable: true),
                ParameterRule("eager_global_ordinals", .bool, false, updatable: true),
                ParameterRule("index_phrases", .bool, false),
                ParameterRule("index_prefixes", .json, acceptsNull: true), .boost, .meta,
            ],
            make: { (definition, context) throws(SchemaError) in
                try TextType(definition, context)
            }),
        FieldTypeDescriptor(
            name: "search_as_you_type",
            rules: [
                .index, .store, ParameterRule("doc_values", .bool, false),
                ParameterRule("max_shingle_size", .int, 3),
                ParameterRule(
                    "index_options", .oneOf(["positions", "docs", "freqs", "offsets"]),
                    "positions"),
                ParameterRule("norms", .bool, true, updatable: true),
                ParameterRule("term_vector", .oneOf(termVectors), "no"),
            ] + analyzers + [.similarity, .meta],
            make: { (definition, context) throws(SchemaError) in
                let size = definition.parameters.int("max_shingle_size") ?? 3
                guard (2...4).contains(size) else {
                    throw .mapperParsing(
                        "[max_shingle_size] must be at least [2] and at most [4], got [\(size)]")
                }
                return try TextType(definition, context)
            }),
        FieldTypeDescriptor(
            name: "match_only_text",
            rules: analyzers + [
                .store, ParameterRule("fielddata", .bool, false, updatable: true),
                ParameterRule("fielddata_frequency_filter", .json, updatable: true),
                ParameterRule("eager_global_ordinals", .bool, false, updatable: true),
                ParameterRule("similarity", .string, acceptsNull: true),
                ParameterRule("position_increment_gap", .int), .boost, .meta,
            ],
            make: { (definition, context) throws(SchemaError) in
                try TextType(definition, context)
            }),
    ]

    init(_ definition: FieldDefinition, _ context: MappingContext) throws(SchemaError) {
        let parameters = definition.parameters
        typeName = definition.typeName
        analyzer = parameters.string("analyzer") ?? TextType.defaultAnalyzer
        let hasAnalyzer = parameters.explicit["analyzer"] != nil
        for (later, earlier) in [
            ("search_analyzer", "analyzer"), ("search_quote_analyzer", "search_analyzer"),
        ] where parameters.explicit[later] != nil && parameters.explicit[earlier] == nil {
            throw .mapperParsing(
                "\(earlier) on field [\(definition.path)] must be set when \(later) is set")
        }
        // Without an analyzer of the field the index's search analyzer may differ.
        searchAnalyzer =
            parameters.string("search_analyzer") ?? (hasAnalyzer ? analyzer : "default_search")
        searchQuoteAnalyzer = parameters.string("search_quote_analyzer") ?? searchAnalyzer
        if let gap = parameters.int("position_increment_gap") {
            guard gap >= 0 else {
                throw .mapperParsing("[position_increment_gap] must be positive, got [\(gap)]")
            }
            positionIncrementGap = gap
        }
        similarity = parameters.string("similarity")
        if let similarity, !context.hasSimilarity(similarity) {
            throw .mapperParsing(
                "Unknown Similarity type [\(similarity)] for field [\(definition.path)]")
        }
        hasFielddata = parameters.bool("fielddata")
        let isText = typeName != "match_only_text"
        if isText, !parameters.bool("index") {
            storage = FieldStorage()
            for name in ["index_phrases", "index_prefixes"]
            where parameters.explicit[name].map({ $0 != false && !$0.isNull }) == true {
                throw .illegalArgument(
                    "Cannot set \(name) on unindexed field [\(definition.path)]")
            }
            return
        }
        let postings: FieldStorage.Postings =
            switch parameters.string("index_options") {
            case "docs": .documents
            case "freqs": .frequencies
            case "offsets": .offsets
            default: .positions
            }
        if parameters.explicit["index_phrases"] == true, postings < .positions {
            throw .illegalArgument(
                "Cannot set index_phrases on field [\(definition.path)] if positions are not "
                    + "enabled")
        }
        if parameters.explicit["position_increment_gap"] != nil, postings < .positions {
            throw .illegalArgument(
                "Cannot set position_increment_gap on field [\(definition.path)] without "
                    + "positions enabled")
        }
        storage = FieldStorage(
            postings: postings, norms: isText && parameters.bool("norms"),
            column: hasFielddata ? .bytes : .none)
    }

    package var existence: FieldExistence { storage.norms ? .norms : .fieldNames }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        guard kind != .null else { return }
        if storage.postings == .none {
            document.markPresent(field)
        } else {
            document.add(text: text, to: field, asValues: storage.column == .bytes)
        }
    }

    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? { .string(ParameterText.java(value)) }

    /// The term as it is: a term query does not analyze.
    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        .term(Array(ParameterText.java(value).utf8))
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        .bytes(range)
    }
}
