internal import TrawlJSON

extension RequestReader {
    /// The `highlight` of a search.
    mutating func highlight(_ value: JSONValue) throws(QueryError) -> Highlight {
        var highlight = Highlight()
        var options = Highlight.Options()
        var fields: [Highlight.Field] = []
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "fields":
                fields = try inside(.key(key)) { reader throws(QueryError) in
                    try reader.highlightFields(value)
                }
            case "encoder":
                highlight.encoder = try text(value, key) == "html" ? .html : .default
            case "tags_schema": try applyTagsSchema(value, to: &options)
            case "use_explicit_field_order": _ = try bool(value, key)
            default:
                guard try highlightOption(&options, key, value, of: "highlight") else {
                    throw unknownHighlightOption(key, in: "highlight")
                }
            }
        }
        try checkTags(options)
        for field in fields {
            var field = field
            field.options = field.options.filled(from: options)
            highlight.fields.append(field)
        }
        return highlight
    }

    private mutating func highlightFields(
        _ value: JSONValue
    ) throws(QueryError) -> [Highlight.Field] {
        var fields: [Highlight.Field] = []
        if case .object(let object) = value {
            for (name, options) in object { fields.append(try highlightField(name, options)) }
            return fields
        }
        let wrong = QueryError(
            type: "x_content_parse_exception",
            reason: "[highlight] [fields] can be a single object with any number of fields or an "
                + "array where each entry is an object with a single field")
        guard case .array = value else { throw fail(wrong) }
        try each(value) { reader, element throws(QueryError) in
            guard let object = element.objectValue, object.count == 1 else {
                throw reader.fail(wrong)
            }
            for (name, options) in object {
                fields.append(try reader.highlightField(name, options))
            }
        }
        return fields
    }

    private mutating func highlightField(
        _ name: String, _ value: JSONValue
    ) throws(QueryError) -> Highlight.Field {
        guard let object = value.objectValue else {
            throw fail(
                QueryError(
                    type: "x_content_parse_exception",
                    reason: "[highlight_field] Expected START_OBJECT but was: "
                        + Self.token(value)), at: .key(name))
        }
        return try inside(.key(name)) { reader throws(QueryError) in
            var field = Highlight.Field(name: name, options: .init())
            for (key, value) in object {
                switch key {
                case "matched_fields":
                    for element in value.arrayValue ?? [value] {
                        field.matchedFields.append(try reader.text(element, key))
                    }
                case "fragment_offset": _ = try reader.int(value, key)
                default:
                    let known = try reader.highlightOption(
                        &field.options, key, value, of: "highlight_field")
                    guard known else {
                        throw reader.unknownHighlightOption(key, in: "highlight_field")
                    }
                }
            }
            try reader.checkTags(field.options)
            return field
        }
    }

    /// - Returns: Whether there is an option of this name.
    private mutating func highlightOption(
        _ options: inout Highlight.Options, _ key: String, _ value: JSONValue, of owner: String
    ) throws(QueryError) -> Bool {
        switch key {
        case "pre_tags": options.preTags = try tags(value, key)
        case "post_tags": options.postTags = try tags(value, key)
        case "order": options.isOrderedByScore = try text(value, key).lowercased() == "score"
        case "fragment_size": options.fragmentSize = try int(value, key)
        case "number_of_fragments": options.numberOfFragments = try int(value, key)
        case "type": options.type = try text(value, key)
        case "fragmenter": options.fragmenter = try text(value, key)
        case "require_field_match": options.requiresFieldMatch = try bool(value, key)
        case "boundary_scanner":
            let name = try text(value, key)
            guard let scanner = Highlight.BoundaryScanner(rawValue: name.lowercased()) else {
                throw fail(
                    .illegalArgument(
                        "No enum constant org.elasticsearch.search.fetch.subphase.highlight."
                            + "HighlightBuilder.BoundaryScannerType.\(name.uppercased())"),
                    at: .key(key))
            }
            options.scanner = scanner
        case "boundary_max_scan": options.boundaryMaxScan = try int(value, key)
        case "boundary_chars": options.boundaryChars = try text(value, key)
        case "boundary_scanner_locale": options.locale = try text(value, key)
        case "no_match_size": options.noMatchSize = try int(value, key)
        case "highlight_query": options.query = try query(value, under: key)
        case "max_analyzed_offset", "max_analyzer_offset":
            options.maxAnalyzedOffset = try maxAnalyzedOffset(value, key, owner)
        case "force_source", "highlight_filter": _ = try bool(value, key)
        case "phrase_limit": _ = try int(value, key)
        case "options":
            guard value.objectValue != nil else { return false }
        default: return false
        }
        return true
    }

    private func tags(_ value: JSONValue, _ key: String) throws(QueryError) -> [String] {
        var tags: [String] = []
        for element in value.arrayValue ?? [value] { tags.append(try text(element, key)) }
        return tags
    }

    private func maxAnalyzedOffset(
        _ value: JSONValue, _ key: String, _ owner: String
    ) throws(QueryError) -> Int {
        let offset = try int(value, key)
        if offset > 0 { return offset }
        throw fail(
            QueryError(
                type: "x_content_parse_exception",
                reason: "[\(owner)] failed to parse field [\(key)]"
            ).caused(by: .illegalArgument("[\(key)] must be a positive integer")), at: .key(key))
    }

    private func applyTagsSchema(
        _ value: JSONValue, to options: inout Highlight.Options
    ) throws(QueryError) {
        let name = try text(value, "tags_schema")
        switch name {
        case "default":
            options.preTags = ["<em>"]
            options.postTags = ["</em>"]
        case "styled":
            options.preTags = (1...10).map { "<em class=\"hlt\($0)\">" }
            options.postTags = ["</em>"]
        default:
            throw fail(.illegalArgument("Unknown tag schema [\(name)]"), at: .key("tags_schema"))
        }
    }

    private func checkTags(_ options: Highlight.Options) throws(QueryError) {
        if options.preTags != nil, options.postTags == nil {
            throw fail(.illegalArgument("pre_tags are set but post_tags are not set"))
        }
    }

    private func unknownHighlightOption(_ key: String, in owner: String) -> QueryError {
        let known = [
            "boundary_chars", "boundary_max_scan", "boundary_scanner", "boundary_scanner_locale",
            "force_source", "fragment_size", "fragmenter", "highlight_query", "no_match_size",
            "number_of_fragments", "options", "order", "phrase_limit", "post_tags", "pre_tags",
            "require_field_match", "type", "max_analyzed_offset",
        ]
        let own = owner == "highlight" ? ["encoder", "fields", "tags_schema"] : ["matched_fields"]
        return fail(
            QueryError(
                type: "x_content_parse_exception",
                reason: "[\(owner)] unknown field [\(key)]"
                    + Suggestion.forUnknown(key, among: known + own)),
            at: .key(key), atKey: true)
    }
}
