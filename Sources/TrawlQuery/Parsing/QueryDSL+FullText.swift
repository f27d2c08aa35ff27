internal import TrawlJSON

extension RequestReader {
    mutating func match(_ object: JSONObject, name: String) throws(QueryError) -> Query {
        let (field, value) = try singleField(object, of: name)
        var match = MatchQuery(field: field, text: value)
        var common = CommonOptions()
        if case .object(let body) = value {
            var text: JSONValue?
            common = try inside(.key(field)) { reader throws(QueryError) in
                try reader.options(body, of: name) { reader, key, value throws(QueryError) in
                    guard Self.isScalar(value) else { return false }
                    switch key {
                    case "query": text = value
                    case "operator":
                        match.operation = try reader.operation(value, key)
                    case "minimum_should_match":
                        match.minimumShouldMatch = try reader.minimum(value, key)
                    case "analyzer": match.analyzer = try reader.text(value, key)
                    case "lenient": match.lenient = try reader.bool(value, key)
                    case "zero_terms_query":
                        match.zeroTerms = try reader.zeroTerms(value, key)
                    case "auto_generate_synonyms_phrase_query":
                        match.synonymPhrases = try reader.bool(value, key)
                    case "cutoff_frequency": _ = try reader.float(value, key)
                    default: return try reader.fuzzyOption(&match.fuzzy, key, value)
                    }
                    return true
                }
            }
            guard let text, text != .null else {
                throw fail(.illegalArgument("[\(name)] requires query value"))
            }
            match.text = text
        }
        if match.text == .null {
            throw fail(.illegalArgument("[\(name)] requires query value"))
        }
        return Query(
            name == "match" ? .match(match) : .matchBoolPrefix(match), boost: common.boost,
            name: common.name)
    }

    mutating func matchPhrase(_ object: JSONObject, isPrefix: Bool) throws(QueryError) -> Query {
        let name = isPrefix ? "match_phrase_prefix" : "match_phrase"
        let (field, value) = try singleField(object, of: name)
        var match = MatchPhraseQuery(field: field, text: value)
        var common = CommonOptions()
        if case .object(let body) = value {
            var text = JSONValue.null
            common = try inside(.key(field)) { reader throws(QueryError) in
                try reader.options(body, of: name) { reader, key, value throws(QueryError) in
                    guard Self.isScalar(value) else { return false }
                    switch key {
                    case "query": text = value
                    case "analyzer": match.analyzer = try reader.text(value, key)
                    case "slop":
                        match.slop = try reader.int(value, key)
                        if match.slop < 0 {
                            throw reader.fail(
                                .illegalArgument("No negative slop allowed."), at: .key(key))
                        }
                    case "max_expansions" where isPrefix:
                        match.maxExpansions = try reader.positive(value, key, "maxExpansions")
                    case "zero_terms_query":
                        match.zeroTerms = try reader.zeroTerms(value, key)
                    default: return false
                    }
                    return true
                }
            }
            match.text = text
        }
        if match.text == .null {
            throw fail(.illegalArgument("[\(name)] requires query value"))
        }
        return Query(
            isPrefix ? .matchPhrasePrefix(match) : .matchPhrase(match), boost: common.boost,
            name: common.name)
    }

    mutating func multiMatch(_ object: JSONObject) throws(QueryError) -> Query {
        var match = MultiMatchQuery(text: .null)
        let common = try options(object, of: "multi_match") {
            reader, key, value throws(QueryError) in
            if key == "fields" {
                match.fields = try reader.fields(value, key)
                return true
            }
            guard Self.isScalar(value) else { return false }
            switch key {
            case "query": match.text = value
            case "type":
                let text = try reader.text(value, key)
                guard let form = MultiMatchQuery.Form(rawValue: text) else {
                    throw reader.fail(
                        QueryError(
                            type: "parse_exception",
                            reason:
                                "failed to parse [multi_match] query type [\(text)]. unknown type."
                        ), at: .key(key))
                }
                match.form = form
            case "analyzer": match.analyzer = try reader.text(value, key)
            case "slop":
                match.slop = try reader.int(value, key)
                if match.slop < 0 {
                    throw reader.fail(
                        .illegalArgument("No negative slop allowed."), at: .key(key))
                }
            case "operator": match.operation = try reader.operation(value, key)
            case "minimum_should_match":
                match.minimumShouldMatch = try reader.minimum(value, key)
            case "tie_breaker": match.tieBreaker = try reader.float(value, key)
            case "lenient": match.lenient = try reader.bool(value, key)
            case "zero_terms_query": match.zeroTerms = try reader.zeroTerms(value, key)
            case "auto_generate_synonyms_phrase_query":
                match.synonymPhrases = try reader.bool(value, key)
            case "cutoff_frequency": _ = try reader.float(value, key)
            default: return try reader.fuzzyOption(&match.fuzzy, key, value)
            }
            return true
        }
        if match.text == .null {
            throw fail(.parsing("No text specified for multi_match query"))
        }
        let isFuzzy = match.fuzzy.fuzziness != nil
        let formsWithoutFuzziness: [MultiMatchQuery.Form] = [.crossFields, .phrase, .phrasePrefix]
        if isFuzzy && formsWithoutFuzziness.contains(match.form) {
            throw fail(
                .parsing(
                    "Fuzziness not allowed for type [\(match.form.rawValue)]"))
        }
        if match.slop != 0 && match.form == .boolPrefix {
            throw fail(.parsing("[slop] not allowed for type [bool_prefix]"))
        }
        return Query(.multiMatch(match), boost: common.boost, name: common.name)
    }

    mutating func combinedFields(_ object: JSONObject) throws(QueryError) -> Query {
        var match = CombinedFieldsQuery(text: "")
        var hasText = false
        let known = [
            "query", "fields", "operator", "minimum_should_match", "zero_terms_query",
            "auto_generate_synonyms_phrase_query",
        ]
        let common = try strictOptions(object, of: "combined_fields", known: known) {
            reader, key, value throws(QueryError) in
            switch key {
            case "query":
                match.text = try reader.text(value, key)
                hasText = true
            case "fields": match.fields = try reader.fields(value, key)
            case "operator": match.operation = try reader.operation(value, key)
            case "minimum_should_match":
                match.minimumShouldMatch = try reader.minimum(value, key)
            case "zero_terms_query": match.zeroTerms = try reader.zeroTerms(value, key)
            case "auto_generate_synonyms_phrase_query":
                match.synonymPhrases = try reader.bool(value, key)
            default: return false
            }
            return true
        }
        guard hasText else { throw fail(.illegalArgument("Required [query]")) }
        guard !match.fields.isEmpty else {
            throw fail(.illegalArgument("[combined_fields] requires at least one field"))
        }
        for field in match.fields where field.boost < 1 {
            throw fail(
                .illegalArgument(
                    "[combined_fields] requires field weights to be greater than or equal to 1.0"))
        }
        return Query(.combinedFields(match), boost: common.boost, name: common.name)
    }

    mutating func queryString(_ object: JSONObject) throws(QueryError) -> Query {
        var query = QueryStringQuery(text: "")
        var hasText = false
        let common = try options(object, of: "query_string") {
            reader, key, value throws(QueryError) in
            if key == "fields" {
                query.fields = try reader.fields(value, key)
                return true
            }
            guard Self.isScalar(value) else { return false }
            switch key {
            case "query":
                query.text = try reader.text(value, key)
                hasText = true
            case "default_field":
                query.defaultField = value == .null ? nil : try reader.text(value, key)
            case "default_operator": query.operation = try reader.operation(value, key)
            case "analyzer": query.analyzer = try reader.text(value, key)
            case "quote_analyzer": query.quoteAnalyzer = try reader.text(value, key)
            case "quote_field_suffix": query.quoteFieldSuffix = try reader.text(value, key)
            case "allow_leading_wildcard":
                query.allowLeadingWildcard = try reader.bool(value, key)
            case "analyze_wildcard": query.analyzeWildcard = try reader.bool(value, key)
            case "phrase_slop": query.phraseSlop = try reader.int(value, key)
            case "minimum_should_match":
                query.minimumShouldMatch = try reader.minimum(value, key)
            case "lenient": query.lenient = try reader.bool(value, key)
            case "type":
                let text = try reader.text(value, key)
                guard let form = MultiMatchQuery.Form(rawValue: text) else {
                    throw reader.fail(
                        QueryError(
                            type: "parse_exception",
                            reason:
                                "failed to parse [multi_match] query type [\(text)]. unknown type."
                        ), at: .key(key))
                }
                query.form = form
            case "tie_breaker": query.tieBreaker = try reader.float(value, key)
            case "rewrite":
                let text = try reader.text(value, key)
                query.rewrite = try reader.at(key) { () throws(QueryError) in
                    try TermsRewrite(parsing: text)
                }
            case "time_zone": query.timeZone = try reader.text(value, key)
            case "auto_generate_synonyms_phrase_query":
                query.synonymPhrases = try reader.bool(value, key)
            case "max_determinized_states":
                query.maxDeterminizedStates = try reader.int(value, key)
            case "enable_position_increments", "escape", "auto_generate_phrase_queries",
                "split_on_whitespace":
                _ = try reader.bool(value, key)
            case "fuzzy_prefix_length":
                query.fuzzy.prefixLength = try reader.int(value, key)
            case "fuzzy_max_expansions":
                query.fuzzy.maxExpansions = try reader.int(value, key)
            default: return try reader.fuzzyOption(&query.fuzzy, key, value)
            }
            return true
        }
        guard hasText else {
            throw fail(.parsing("[query_string] must be provided with a [query]"))
        }
        return Query(.queryString(query), boost: common.boost, name: common.name)
    }

    mutating func simpleQueryString(_ object: JSONObject) throws(QueryError) -> Query {
        let name = "simple_query_string"
        var query = SimpleQueryStringQuery(text: "")
        var hasText = false
        let common = try options(object, of: name) { reader, key, value throws(QueryError) in
            if key == "fields" {
                query.fields = try reader.fields(value, key)
                return true
            }
            guard Self.isScalar(value) else { return false }
            switch key {
            case "query":
                query.text = try reader.text(value, key)
                hasText = true
            case "analyzer": query.analyzer = try reader.text(value, key)
            case "default_operator": query.operation = try reader.operation(value, key)
            case "flags":
                if case .number(let number) = value {
                    let bits = Int(number.int64 ?? -1)
                    query.flags = bits < 0 ? .all : .init(rawValue: bits)
                } else {
                    let text = try reader.text(value, key)
                    query.flags = try reader.at(key) { () throws(QueryError) in
                        try .init(parsing: text)
                    }
                }
            case "lenient": query.lenient = try reader.bool(value, key)
            case "analyze_wildcard": query.analyzeWildcard = try reader.bool(value, key)
            case "minimum_should_match":
                query.minimumShouldMatch = try reader.minimum(value, key)
            case "quote_field_suffix": query.quoteFieldSuffix = try reader.text(value, key)
            case "auto_generate_synonyms_phrase_query":
                query.synonymPhrases = try reader.bool(value, key)
            case "fuzzy_prefix_length":
                query.fuzzy.prefixLength = try reader.int(value, key)
            case "fuzzy_max_expansions":
                query.fuzzy.maxExpansions = try reader.int(value, key)
            case "fuzzy_transpositions":
                query.fuzzy.transpositions = try reader.bool(value, key)
            default: return false
            }
            return true
        }
        guard hasText else { throw fail(.parsing("[\(name)] query text missing")) }
        return Query(.simpleQueryString(query), boost: common.boost, name: common.name)
    }

    // MARK: Pieces

    func operation(_ value: JSONValue, _ key: String) throws(QueryError) -> BooleanOperator {
        let text = try text(value, key)
        return try at(key) { () throws(QueryError) in try BooleanOperator(parsing: text) }
    }

    func minimum(_ value: JSONValue, _ key: String) throws(QueryError) -> MinimumShouldMatch? {
        value == .null ? nil : MinimumShouldMatch(try text(value, key))
    }

    func zeroTerms(_ value: JSONValue, _ key: String) throws(QueryError) -> ZeroTerms {
        let text = try text(value, key)
        switch text.lowercased() {
        case "none": return .none
        case "all": return .all
        default:
            throw fail(
                .parsing("Unsupported zero_terms_query value [\(text)]"), at: .key(key))
        }
    }

    func fuzziness(_ value: JSONValue, _ key: String) throws(QueryError) -> Fuzziness {
        let text = try text(value, key)
        return try at(key) { () throws(QueryError) in try Fuzziness(parsing: text) }
    }

    func positive(
        _ value: JSONValue, _ key: String, _ label: String
    ) throws(QueryError) -> Int {
        let number = try int(value, key)
        guard number > 0 else {
            throw fail(
                .illegalArgument("[\(label)] must be positive, found [\(number)]"), at: .key(key))
        }
        return number
    }

    func fuzzyOption(
        _ fuzzy: inout FuzzyOptions, _ key: String, _ value: JSONValue
    ) throws(QueryError) -> Bool {
        switch key {
        case "fuzziness":
            if value != .null { fuzzy.fuzziness = try fuzziness(value, key) }
        case "prefix_length":
            fuzzy.prefixLength = try int(value, key)
            if fuzzy.prefixLength < 0 {
                throw fail(
                    .illegalArgument("No negative prefix length allowed."), at: .key(key))
            }
        case "max_expansions":
            fuzzy.maxExpansions = try positive(value, key, "max_expansions")
        case "fuzzy_transpositions", "transpositions":
            fuzzy.transpositions = try bool(value, key)
        case "fuzzy_rewrite":
            let text = try text(value, key)
            fuzzy.rewrite = try at(key) { () throws(QueryError) in
                try TermsRewrite(parsing: text)
            }
        default: return false
        }
        return true
    }

    mutating func fields(_ value: JSONValue, _ key: String) throws(QueryError) -> [FieldBoost] {
        var all: [FieldBoost] = []
        try inside(.key(key)) { reader throws(QueryError) in
            try reader.each(value) { reader, element throws(QueryError) in
                guard case .string(let text) = element else {
                    throw reader.fail(
                        .parsing("fields must be strings but found [\(Self.token(element))]"))
                }
                do throws(QueryError) {
                    all.append(try FieldBoost(parsing: text))
                } catch { throw reader.fail(error) }
            }
        }
        return all
    }
}
