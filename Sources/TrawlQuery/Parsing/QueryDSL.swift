package import TrawlJSON

/// JSON to queries, with the errors of the API.
package enum QueryDSL {
    /// Queries inside queries; deeper ones are refused.
    package static let maxNestedDepth = 100
    /// How many clauses one request may have.
    package static let maxClauseCount = 1024

    /// - Parameter value: `{"match": {…}}`.
    package static func parse(_ value: JSONValue) throws(QueryError) -> Query {
        var reader = RequestReader()
        return try reader.query(value)
    }

    /// - Parameter text: The JSON text of a query; errors carry line and column.
    package static func parse(text: [UInt8]) throws(QueryError) -> Query {
        let value: JSONValue
        do {
            value = try JSONValue.parse(text)
        } catch {
            var wrong = QueryError(type: "json_parse_exception", reason: error.reason)
            wrong.line = error.line
            wrong.column = error.column
            throw wrong
        }
        do { return try parse(value) } catch { throw RequestPlace.locate(error, in: text) }
    }

    typealias Parser = @Sendable (inout RequestReader, JSONObject) throws(QueryError) -> Query

    /// Every kind of query, by name. Adding one is a line here and a function.
    static let parsers: [String: Parser] = [
        "match_all": { r, o throws(QueryError) in try r.matchAll(o) },
        "match_none": { r, o throws(QueryError) in try r.matchNone(o) },
        "match": { r, o throws(QueryError) in try r.match(o, name: "match") },
        "match_phrase": { r, o throws(QueryError) in try r.matchPhrase(o, isPrefix: false) },
        "match_phrase_prefix": { r, o throws(QueryError) in
            try r.matchPhrase(o, isPrefix: true)
        },
        "match_bool_prefix": { r, o throws(QueryError) in
            try r.match(o, name: "match_bool_prefix")
        },
        "multi_match": { r, o throws(QueryError) in try r.multiMatch(o) },
        "combined_fields": { r, o throws(QueryError) in try r.combinedFields(o) },
        "query_string": { r, o throws(QueryError) in try r.queryString(o) },
        "simple_query_string": { r, o throws(QueryError) in try r.simpleQueryString(o) },
        "term": { r, o throws(QueryError) in try r.term(o) },
        "terms": { r, o throws(QueryError) in try r.terms(o) },
        "terms_set": { r, o throws(QueryError) in try r.termsSet(o) },
        "range": { r, o throws(QueryError) in try r.range(o) },
        "exists": { r, o throws(QueryError) in try r.exists(o) },
        "prefix": { r, o throws(QueryError) in try r.pattern(o, name: "prefix") },
        "wildcard": { r, o throws(QueryError) in try r.pattern(o, name: "wildcard") },
        "regexp": { r, o throws(QueryError) in try r.pattern(o, name: "regexp") },
        "fuzzy": { r, o throws(QueryError) in try r.fuzzy(o) },
        "ids": { r, o throws(QueryError) in try r.ids(o) },
        "bool": { r, o throws(QueryError) in try r.bool(o) },
        "boosting": { r, o throws(QueryError) in try r.boosting(o) },
        "constant_score": { r, o throws(QueryError) in try r.constantScore(o) },
        "dis_max": { r, o throws(QueryError) in try r.disMax(o) },
        "function_score": { r, o throws(QueryError) in try r.functionScore(o) },
        "geo_distance": { r, o throws(QueryError) in try r.geoDistance(o) },
        "geo_bounding_box": { r, o throws(QueryError) in try r.geoBoundingBox(o) },
        "script": { r, o throws(QueryError) in try r.scriptQuery(o) },
        "distance_feature": { r, o throws(QueryError) in try r.distanceFeature(o) },
        "nested": { r, o throws(QueryError) in try r.nested(o) },
        "intervals": { r, o throws(QueryError) in try r.intervals(o) },
        "span_term": { r, o throws(QueryError) in try r.spanTerm(o) },
        "span_near": { r, o throws(QueryError) in try r.spanNear(o) },
        "span_or": { r, o throws(QueryError) in try r.spanOr(o) },
        "span_not": { r, o throws(QueryError) in try r.spanNot(o) },
        "span_first": { r, o throws(QueryError) in try r.spanFirst(o) },
        "span_multi": { r, o throws(QueryError) in try r.spanMulti(o) },
        "span_containing": { r, o throws(QueryError) in
            try r.spanPair(o, name: "span_containing")
        },
        "span_within": { r, o throws(QueryError) in try r.spanPair(o, name: "span_within") },
        "span_field_masking": { r, o throws(QueryError) in try r.spanMasking(o) },
        "field_masking_span": { r, o throws(QueryError) in try r.spanMasking(o) },
        "script_score": { r, o throws(QueryError) in try r.scriptScore(o) },
        "more_like_this": { r, o throws(QueryError) in try r.moreLikeThis(o) },
        "wrapper": { r, o throws(QueryError) in try r.wrapper(o) },
    ]
}

/// What every query may have.
struct CommonOptions {
    var boost: Float = 1
    var name: String?
}

extension RequestReader {
    mutating func query(_ value: JSONValue) throws(QueryError) -> Query {
        guard case .object(let object) = value else {
            throw fail(.parsing("[_na] query malformed, must start with start_object"))
        }
        guard let (name, body) = object.members.first else {
            throw fail(.illegalArgument("query malformed, empty clause found"))
        }
        guard case .object(let options) = body else {
            throw fail(
                .parsing("[\(name)] query malformed, no start_object after query name"),
                at: .key(name))
        }
        guard let parser = QueryDSL.parsers[name] else {
            let hint = Suggestion.forUnknown(name, among: Array(QueryDSL.parsers.keys))
            let cause = fail(
                QueryError(
                    type: "named_object_not_found_exception", reason: "unknown field [\(name)]"),
                at: .key(name))
            throw fail(
                QueryError.parsing("unknown query [\(name)]\(hint)").caused(by: cause),
                at: .key(name))
        }
        depth += 1
        guard depth <= QueryDSL.maxNestedDepth else {
            throw fail(
                .illegalArgument(
                    "The nested depth of the query exceeds the maximum nested depth for queries "
                        + "set in [indices.query.bool.max_nested_depth]"), at: .key(name))
        }
        path.append(.key(name))
        let query = try parser(&self, options)
        path.removeLast()
        depth -= 1
        if object.count > 1 {
            throw fail(
                .parsing(
                    "[\(name)] malformed query, expected [END_OBJECT] but found [FIELD_NAME]"),
                at: .key(object.members[1].key), atKey: true)
        }
        return query
    }

    /// Reads the options of a query; `take` returns false for those it does not know.
    mutating func options(
        _ object: JSONObject, of name: String,
        _ take: (inout Self, String, JSONValue) throws(QueryError) -> Bool
    ) throws(QueryError) -> CommonOptions {
        var common = CommonOptions()
        for (key, value) in object {
            switch key {
            case "boost" where Self.isScalar(value): common.boost = try boost(value, of: name)
            case "_name" where Self.isScalar(value): common.name = try text(value, key)
            default:
                if try take(&self, key, value) { continue }
                if Self.isScalar(value) {
                    throw fail(
                        .parsing("[\(name)] query does not support [\(key)]"), at: .key(key))
                }
                throw fail(
                    .parsing("[\(name)] unknown token [\(Self.token(value))] after [\(key)]"),
                    at: .key(key))
            }
        }
        return common
    }

    /// The same for the kinds whose errors name the place in the text.
    mutating func strictOptions(
        _ object: JSONObject, of name: String, known: [String],
        _ take: (inout Self, String, JSONValue) throws(QueryError) -> Bool
    ) throws(QueryError) -> CommonOptions {
        var common = CommonOptions()
        for (key, value) in object {
            switch key {
            case "boost": common.boost = try boost(value, of: name)
            case "_name": common.name = try text(value, key)
            default:
                do {
                    if try take(&self, key, value) { continue }
                } catch {
                    var outer = QueryError(
                        type: "x_content_parse_exception",
                        reason: "[\(name)] failed to parse field [\(key)]")
                    outer.path = error.path
                    outer.isAtKey = error.isAtKey
                    throw outer.caused(by: error)
                }
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[\(name)] unknown field [\(key)]"
                            + Suggestion.forUnknown(key, among: known + ["boost", "_name"])),
                    at: .key(key), atKey: true)
            }
        }
        return common
    }

    func boost(_ value: JSONValue, of name: String) throws(QueryError) -> Float {
        let boost = try float(value, "boost")
        if boost < 0 {
            throw fail(
                .illegalArgument(
                    "negative [boost] are not allowed in [\(name)], use a value between 0 and 1 "
                        + "to deboost"), at: .key("boost"))
        }
        return boost
    }

    /// `{"field": {…}}` or `{"field": value}`: the field and what stands behind it.
    func singleField(
        _ object: JSONObject, of name: String
    ) throws(QueryError) -> (field: String, value: JSONValue) {
        var found: (field: String, value: JSONValue)?
        for (key, value) in object {
            if let found {
                throw fail(
                    .parsing(
                        "[\(name)] query doesn't support multiple fields, found [\(found.field)] "
                            + "and [\(key)]"), at: .key(key))
            }
            found = (key, value)
        }
        guard let found, !found.field.isEmpty else {
            throw fail(.illegalArgument("[\(name)] requires fieldName"))
        }
        if case .array = found.value {
            throw fail(
                .parsing(
                    "[\(name)] unknown token [START_ARRAY] after [\(found.field)]"),
                at: .key(found.field))
        }
        return found
    }

    mutating func queries(_ value: JSONValue, _ key: String) throws(QueryError) -> [Query] {
        var all: [Query] = []
        try inside(.key(key)) { reader throws(QueryError) in
            try reader.each(value) { reader, element throws(QueryError) in
                all.append(try reader.query(element))
            }
        }
        return all
    }

    mutating func query(_ value: JSONValue, under key: String) throws(QueryError) -> Query {
        try inside(.key(key)) { reader throws(QueryError) in try reader.query(value) }
    }

    mutating func wrapper(_ object: JSONObject) throws(QueryError) -> Query {
        var encoded: String?
        for (key, value) in object {
            guard key == "query" else {
                throw fail(.parsing("[wrapper] query malformed, expected `query` but was \(key)"))
            }
            encoded = try text(value, key)
        }
        guard let encoded, let bytes = Base64.decode(encoded) else {
            throw fail(.parsing("[wrapper] query malformed, expected base64 text in [query]"))
        }
        let value: JSONValue
        do { value = try JSONValue.parse(bytes) } catch {
            throw fail(QueryError(type: "json_parse_exception", reason: error.description))
        }
        return try query(value)
    }
}

enum Base64 {
    /// Nil when the text is not base64.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 {
            let six: UInt8
            switch byte {
            case 0x41...0x5a: six = byte - 0x41
            case 0x61...0x7a: six = byte - 0x61 + 26
            case 0x30...0x39: six = byte - 0x30 + 52
            case 0x2b, 0x2d: six = 62
            case 0x2f, 0x5f: six = 63
            case 0x3d, 0x0a, 0x0d: continue
            default: return nil
            }
            bits = bits << 6 | UInt32(six)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
