internal import TrawlJSON

extension RequestReader {
    mutating func moreLikeThis(_ object: JSONObject) throws(QueryError) -> Query {
        var query = MoreLikeThisQuery()
        let common = try options(object, of: "more_like_this") {
            reader, key, value throws(QueryError) in
            switch key {
            case "fields":
                guard case .array(let list) = value else { return false }
                query.fields = try list.map { element throws(QueryError) in
                    try reader.text(element, key)
                }
                if list.isEmpty {
                    throw reader.fail(
                        .parsing("[more_like_this] query requires 'fields' to be non-empty"),
                        at: .key(key))
                }
            case "like": query.like = try reader.examples(value, key)
            case "unlike": query.unlike = try reader.examples(value, key)
            case "stop_words":
                guard case .array(let list) = value else { return false }
                query.stopWords = try list.map { element throws(QueryError) in
                    try reader.text(element, key)
                }
            case "max_query_terms":
                query.maxQueryTerms = try reader.int(value, key)
                if query.maxQueryTerms <= 0 {
                    throw reader.fail(
                        .illegalArgument("requires 'maxQueryTerms' to be greater than 0"),
                        at: .key(key))
                }
            case "min_term_freq": query.minTermFrequency = try reader.int(value, key)
            case "min_doc_freq": query.minDocFrequency = try reader.int(value, key)
            case "max_doc_freq": query.maxDocFrequency = try reader.int(value, key)
            case "min_word_length": query.minWordLength = try reader.int(value, key)
            case "max_word_length": query.maxWordLength = try reader.int(value, key)
            case "boost_terms": query.boostTerms = try reader.float(value, key)
            case "analyzer": query.analyzer = try reader.text(value, key)
            case "minimum_should_match":
                query.minimumShouldMatch = MinimumShouldMatch(try reader.text(value, key))
            case "include": query.isIncluded = try reader.bool(value, key)
            case "fail_on_unsupported_field":
                query.failsOnUnsupportedField = try reader.bool(value, key)
            default: return false
            }
            return true
        }
        if query.like.isEmpty {
            throw fail(.parsing("more_like_this requires 'like' to be specified"))
        }
        return Query(.moreLikeThis(query), boost: common.boost, name: common.name)
    }

    private mutating func examples(
        _ value: JSONValue, _ key: String
    ) throws(QueryError) -> [MoreLikeThisQuery.Example] {
        var found: [MoreLikeThisQuery.Example] = []
        try inside(.key(key)) { reader throws(QueryError) in
            try reader.each(value) { reader, element throws(QueryError) in
                switch element {
                case .string(let text): found.append(.text(text))
                case .object(let object): found.append(.item(try reader.item(object)))
                default:
                    throw reader.fail(
                        .illegalArgument(
                            "Content of 'like' parameter should either be a string or an object"))
                }
            }
        }
        return found
    }

    private func item(_ object: JSONObject) throws(QueryError) -> MoreLikeThisQuery.Item {
        var item = MoreLikeThisQuery.Item()
        for (key, value) in object {
            switch key {
            case "_index": item.index = try text(value, key)
            case "_id": item.id = try text(value, key)
            case "routing", "_routing": item.routing = try text(value, key)
            case "doc": item.document = value.objectValue
            case "fields":
                item.fields = try (value.arrayValue ?? [value]).map { element throws(QueryError) in
                    try text(element, key)
                }
            case "per_field_analyzer", "version", "_version", "version_type", "_version_type":
                break
            default:
                throw fail(
                    QueryError(
                        type: "parse_exception",
                        reason: "failed to parse More Like This item. unknown field [\(key)]"),
                    at: .key(key))
            }
        }
        if item.id != nil, item.document != nil {
            throw fail(
                QueryError(
                    type: "parse_exception",
                    reason: "failed to parse More Like This item. either [id] or [doc] can be "
                        + "specified, but not both!"))
        }
        return item
    }
}
