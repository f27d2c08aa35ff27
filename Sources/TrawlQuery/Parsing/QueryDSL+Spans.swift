internal import TrawlJSON

extension RequestReader {
    mutating func spanTerm(_ object: JSONObject) throws(QueryError) -> Query {
        let (field, value, common) = try fieldAndValue(
            object, of: "span_term", valueKeys: ["value", "term"]
        ) { _, _, _ throws(QueryError) in false }
        return Query(
            .span(.term(TermQuery(field: field, value: value))), boost: common.boost,
            name: common.name)
    }

    /// A query within a span query: a span query itself, that has no weight of its own.
    private mutating func span(
        _ value: JSONValue, _ key: String, of name: String
    ) throws(QueryError) -> SpanQuery {
        let query = try query(value, under: key)
        return try span(query, key, of: name)
    }

    private func span(
        _ query: Query, _ key: String, of name: String
    ) throws(QueryError) -> SpanQuery {
        guard case .span(let span) = query.kind else {
            throw fail(
                .parsing("\(name) [\(key)] must be of type span query"), at: .key(key))
        }
        if query.boost != 1 {
            throw fail(
                .parsing(
                    "\(name) [\(key)] as a nested span clause can't have non-default boost value "
                        + "[\(query.boost)]"), at: .key(key))
        }
        return span
    }

    private func required(
        _ span: SpanQuery?, _ key: String, of name: String
    ) throws(QueryError) -> SpanQuery {
        if let span { return span }
        throw fail(.parsing("\(name) must have [\(key)] span query clause"))
    }

    mutating func spanNear(_ object: JSONObject) throws(QueryError) -> Query {
        var clauses: [SpanQuery] = []
        var slop: Int?
        var inOrder = true
        let common = try options(object, of: "span_near") {
            reader, key, value throws(QueryError) in
            switch key {
            case "clauses":
                clauses = try reader.queries(value, key).map { query throws(QueryError) in
                    try reader.span(query, key, of: "span_near")
                }
            case "slop" where Self.isScalar(value): slop = try reader.int(value, key)
            case "in_order" where Self.isScalar(value): inOrder = try reader.bool(value, key)
            default: return false
            }
            return true
        }
        if clauses.isEmpty { throw fail(.parsing("span_near must include [clauses]")) }
        guard let slop else { throw fail(.parsing("span_near must include [slop]")) }
        return Query(
            .span(.near(clauses, slop: slop, inOrder: inOrder)), boost: common.boost,
            name: common.name)
    }

    mutating func spanOr(_ object: JSONObject) throws(QueryError) -> Query {
        var clauses: [SpanQuery] = []
        let common = try options(object, of: "span_or") { reader, key, value throws(QueryError) in
            guard key == "clauses" else { return false }
            clauses = try reader.queries(value, key).map { query throws(QueryError) in
                try reader.span(query, key, of: "span_or")
            }
            return true
        }
        if clauses.isEmpty { throw fail(.parsing("spanOr must include [clauses]")) }
        return Query(.span(.or(clauses)), boost: common.boost, name: common.name)
    }

    mutating func spanNot(_ object: JSONObject) throws(QueryError) -> Query {
        var include: SpanQuery?
        var exclude: SpanQuery?
        var before: Int?
        var after: Int?
        var distance: Int?
        let common = try options(object, of: "span_not") { reader, key, value throws(QueryError) in
            switch key {
            case "include": include = try reader.span(value, key, of: "span_not")
            case "exclude": exclude = try reader.span(value, key, of: "span_not")
            case "dist" where Self.isScalar(value): distance = try reader.int(value, key)
            case "pre" where Self.isScalar(value): before = try reader.int(value, key)
            case "post" where Self.isScalar(value): after = try reader.int(value, key)
            default: return false
            }
            return true
        }
        let included = try required(include, "include", of: "span_not")
        let excluded = try required(exclude, "exclude", of: "span_not")
        if distance != nil, before != nil || after != nil {
            throw fail(
                .parsing("span_not can either use [dist] or [pre] & [post] (or none)"))
        }
        return Query(
            .span(
                .not(
                    include: included, exclude: excluded, before: before ?? distance ?? 0,
                    after: after ?? distance ?? 0)), boost: common.boost, name: common.name)
    }

    mutating func spanFirst(_ object: JSONObject) throws(QueryError) -> Query {
        var match: SpanQuery?
        var end: Int?
        let common = try options(object, of: "span_first") {
            reader, key, value throws(QueryError) in
            switch key {
            case "match": match = try reader.span(value, key, of: "span_first")
            case "end" where Self.isScalar(value): end = try reader.int(value, key)
            default: return false
            }
            return true
        }
        let inner = try required(match, "match", of: "span_first")
        guard let end else { throw fail(.parsing("span_first must have [end] set for it")) }
        return Query(.span(.first(inner, end: end)), boost: common.boost, name: common.name)
    }

    mutating func spanMulti(_ object: JSONObject) throws(QueryError) -> Query {
        var match: Query?
        let common = try options(object, of: "span_multi") {
            reader, key, value throws(QueryError) in
            guard key == "match" else { return false }
            let query = try reader.query(value, under: key)
            switch query.kind {
            case .prefix, .wildcard, .regexp, .fuzzy, .range: match = query
            default:
                throw reader.fail(
                    .parsing("[span_multi] [match] must be of type multi term query"),
                    at: .key(key))
            }
            return true
        }
        guard let match else {
            throw fail(.parsing("[span_multi] must have [match] multi term query clause"))
        }
        return Query(.span(.multi(match)), boost: common.boost, name: common.name)
    }

    mutating func spanPair(_ object: JSONObject, name: String) throws(QueryError) -> Query {
        var big: SpanQuery?
        var little: SpanQuery?
        let common = try options(object, of: name) { reader, key, value throws(QueryError) in
            switch key {
            case "big": big = try reader.span(value, key, of: name)
            case "little": little = try reader.span(value, key, of: name)
            default: return false
            }
            return true
        }
        let outer = try required(big, "big", of: name)
        let inner = try required(little, "little", of: name)
        return Query(
            .span(
                name == "span_containing"
                    ? .containing(big: outer, little: inner) : .within(big: outer, little: inner)),
            boost: common.boost, name: common.name)
    }

    mutating func spanMasking(_ object: JSONObject) throws(QueryError) -> Query {
        var inner: SpanQuery?
        var field: String?
        let common = try options(object, of: "span_field_masking") {
            reader, key, value throws(QueryError) in
            switch key {
            case "query": inner = try reader.span(value, key, of: "span_field_masking")
            case "field" where Self.isScalar(value): field = try reader.text(value, key)
            default: return false
            }
            return true
        }
        guard let inner else {
            throw fail(.parsing("span_field_masking must have [query] span query clause"))
        }
        guard let field else {
            throw fail(.parsing("span_field_masking must have [field] set for it"))
        }
        return Query(.span(.masking(inner, field: field)), boost: common.boost, name: common.name)
    }
}
