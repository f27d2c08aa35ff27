package import TrawlJSON

/// `keyword`, and `wildcard`, which here is a keyword too: its patterns walk the dictionary.
package struct KeywordType: FieldType {
    package var typeName: String
    package var storage: FieldStorage
    /// In UTF-16 code units, as Java counts.
    package var ignoreAbove: Int
    var nullValue: [UInt8]?
    package var normalizer: String?
    package var similarity: String?
    package var splitsQueriesOnWhitespace: Bool

    package var family: FieldFamily { .keyword }

    static let descriptors = [
        FieldTypeDescriptor(
            name: "keyword",
            rules: [
                .index, .docValues, .store,
                ParameterRule("null_value", .string, acceptsNull: true),
                ParameterRule(
                    "eager_global_ordinals", .bool, false, updatable: true),
                ParameterRule("ignore_above", .int, 2_147_483_647, updatable: true),
                ParameterRule("index_options", .oneOf(["docs", "freqs"]), "docs"),
                ParameterRule("norms", .bool, false, updatable: true),
                .similarity, ParameterRule("normalizer", .normalizer, acceptsNull: true),
                ParameterRule("split_queries_on_whitespace", .bool, false, updatable: true),
                ParameterRule("use_similarity", .bool, false, updatable: true),
                ParameterRule("skip_list", .bool, false), .boost, .meta,
            ],
            make: { (definition, context) throws(SchemaError) in
                try KeywordType(definition, context)
            }),
        FieldTypeDescriptor(
            name: "wildcard",
            rules: [
                ParameterRule("ignore_above", .int, 2_147_483_647, updatable: true),
                ParameterRule("null_value", .string, acceptsNull: true),
                ParameterRule("normalizer", .normalizer, acceptsNull: true),
                ParameterRule("doc_values", .bool, true), .meta,
            ],
            make: { (definition, context) throws(SchemaError) in
                try KeywordType(definition, context)
            }),
    ]

    init(_ definition: FieldDefinition, _ context: MappingContext) throws(SchemaError) {
        let parameters = definition.parameters
        typeName = definition.typeName
        let isIndexed = typeName == "wildcard" || parameters.bool("index")
        storage = FieldStorage(
            postings: !isIndexed
                ? .none : parameters.string("index_options") == "freqs" ? .frequencies : .documents,
            norms: isIndexed && parameters.bool("norms"),
            column: parameters.bool("doc_values") ? .bytes : .none)
        ignoreAbove = parameters.int("ignore_above") ?? .max
        if ignoreAbove < 0 {
            throw .illegalArgument("[ignore_above] must be positive, got [\(ignoreAbove)]")
        }
        nullValue = parameters.string("null_value").map { Array($0.utf8) }
        normalizer = parameters.string("normalizer")
        similarity = parameters.string("similarity")
        if let similarity, !context.hasSimilarity(similarity) {
            throw .mapperParsing(
                "Unknown Similarity type [\(similarity)] for field [\(definition.path)]")
        }
        splitsQueriesOnWhitespace = parameters.bool("split_queries_on_whitespace")
    }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        if kind == .null {
            guard let nullValue else { return }
            add(nullValue.span, as: field, to: &document)
        } else if text.count > ignoreAbove, KeywordType.utf16Count(text) > ignoreAbove {
            document.markIgnored(field)
        } else {
            add(text, as: field, to: &document)
        }
    }

    private func add(
        _ text: Span<UInt8>, as field: FieldNumber, to document: inout DocumentBuilder
    ) {
        let isTerm = storage.postings != .none
        let isValue = storage.column != .none
        guard isTerm || isValue else {
            document.markPresent(field)
            return
        }
        if normalizer != nil, let normal = document.normalized(text, for: field) {
            document.add(bytes: normal.span, to: field, asTerm: isTerm, asValue: isValue)
        } else {
            document.add(bytes: text, to: field, asTerm: isTerm, asValue: isValue)
        }
    }

    static func utf16Count(_ text: Span<UInt8>) -> Int {
        var count = 0
        for index in text.indices {
            let byte = text[index]
            if byte & 0xC0 != 0x80 { count += byte >= 0xF0 ? 2 : 1 }
        }
        return count
    }

    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? {
        let text = ParameterText.java(value)
        return text.utf16.count > ignoreAbove ? nil : .string(text)
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        let term = Array(ParameterText.java(value).utf8)
        return storage.postings != .none
            ? .term(term)
            : .bytes(lower: term, includesLower: true, upper: term, includesUpper: true)
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        .bytes(range)
    }
}

extension ValueLookup {
    /// The bounds as they are written.
    static func bytes(_ range: ValueRange) -> ValueLookup {
        func bytes(_ value: JSONValue?) -> [UInt8]? {
            guard let value, !value.isNull else { return nil }
            return Array(ParameterText.java(value).utf8)
        }
        return .bytes(
            lower: bytes(range.lower), includesLower: range.includesLower,
            upper: bytes(range.upper), includesUpper: range.includesUpper)
    }
}
