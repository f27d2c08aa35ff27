internal import TrawlJSON

extension RequestReader {
    mutating func bool(_ object: JSONObject) throws(QueryError) -> Query {
        var query = BoolQuery()
        let known = [
            "must", "should", "filter", "must_not", "minimum_should_match", "adjust_pure_negative",
        ]
        let common = try strictOptions(object, of: "bool", known: known) {
            reader, key, value throws(QueryError) in
            switch key {
            case "must": query.must += try reader.queries(value, key)
            case "should": query.should += try reader.queries(value, key)
            case "filter": query.filter += try reader.queries(value, key)
            case "must_not", "mustNot": query.mustNot += try reader.queries(value, key)
            case "minimum_should_match":
                query.minimumShouldMatch = try reader.minimum(value, key)
            case "adjust_pure_negative":
                query.adjustPureNegative = try reader.bool(value, key)
            default: return false
            }
            return true
        }
        return Query(.bool(query), boost: common.boost, name: common.name)
    }

    mutating func boosting(_ object: JSONObject) throws(QueryError) -> Query {
        var positive: Query?
        var negative: Query?
        var factor: Float = -1
        let common = try options(object, of: "boosting") { reader, key, value throws(QueryError) in
            switch key {
            case "positive": positive = try reader.query(value, under: key)
            case "negative": negative = try reader.query(value, under: key)
            case "negative_boost" where Self.isScalar(value):
                factor = try reader.float(value, key)
            default: return false
            }
            return true
        }
        guard let positive else {
            throw fail(.parsing("[boosting] query requires 'positive' query to be set'"))
        }
        guard let negative else {
            throw fail(.parsing("[boosting] query requires 'negative' query to be set'"))
        }
        guard factor >= 0 else {
            throw fail(
                .parsing(
                    "[boosting] query requires 'negative_boost' to be set to be a positive value'"
                ))
        }
        let query = BoostingQuery(positive: positive, negative: negative, negativeBoost: factor)
        return Query(.boosting(query), boost: common.boost, name: common.name)
    }

    mutating func constantScore(_ object: JSONObject) throws(QueryError) -> Query {
        var filter: Query?
        let common = try options(object, of: "constant_score") {
            reader, key, value throws(QueryError) in
            if case .array = value {
                throw reader.fail(.parsing("unexpected token [START_ARRAY]"), at: .key(key))
            }
            guard key == "filter", !Self.isScalar(value) else { return false }
            if filter != nil {
                throw reader.fail(
                    .parsing("[constant_score] accepts only one 'filter' element."), at: .key(key)
                )
            }
            filter = try reader.query(value, under: key)
            return true
        }
        guard let filter else {
            throw fail(.parsing("[constant_score] requires a 'filter' element"))
        }
        return Query(.constantScore(filter), boost: common.boost, name: common.name)
    }

    mutating func disMax(_ object: JSONObject) throws(QueryError) -> Query {
        var query = DisMaxQuery(queries: [])
        let common = try options(object, of: "dis_max") { reader, key, value throws(QueryError) in
            switch key {
            case "queries" where !Self.isScalar(value):
                query.queries = try reader.queries(value, key)
            case "tie_breaker" where Self.isScalar(value):
                query.tieBreaker = try reader.float(value, key)
            default: return false
            }
            return true
        }
        if query.queries.isEmpty {
            throw fail(
                .parsing("[dis_max] requires 'queries' field with at least one clause"))
        }
        return Query(.disMax(query), boost: common.boost, name: common.name)
    }

    mutating func nested(_ object: JSONObject) throws(QueryError) -> Query {
        var path: String?
        var inner: Query?
        var nested = NestedQuery(path: "", query: Query(.matchAll))
        let common = try options(object, of: "nested") { reader, key, value throws(QueryError) in
            switch key {
            case "query": inner = try reader.query(value, under: key)
            case "inner_hits": nested.innerHits = try reader.nestedInnerHits(value)
            case "path" where Self.isScalar(value): path = try reader.text(value, key)
            case "ignore_unmapped" where Self.isScalar(value):
                nested.ignoreUnmapped = try reader.bool(value, key)
            case "score_mode" where Self.isScalar(value):
                let text = try reader.text(value, key)
                guard let mode = NestedQuery.ScoreMode(rawValue: text) else {
                    throw reader.fail(
                        .illegalArgument(
                            "No score mode for child query [\(text)] found"), at: .key(key))
                }
                nested.scoreMode = mode
            default: return false
            }
            return true
        }
        guard let path else { throw fail(.illegalArgument("[nested] requires 'path' field")) }
        guard let inner else { throw fail(.illegalArgument("[nested] requires 'query' field")) }
        nested.path = path
        nested.query = inner
        return Query(.nested(nested), boost: common.boost, name: common.name)
    }

    mutating func scriptScore(_ object: JSONObject) throws(QueryError) -> Query {
        var inner: Query?
        var script: JSONValue?
        var minScore: Float?
        let common = try strictOptions(
            object, of: "script_score", known: ["query", "script", "min_score"]
        ) { reader, key, value throws(QueryError) in
            switch key {
            case "query": inner = try reader.query(value, under: key)
            case "script": script = try reader.script(value, key)
            case "min_score": minScore = try reader.float(value, key)
            default: return false
            }
            return true
        }
        guard let inner else { throw fail(.illegalArgument("Required [query]")) }
        guard let script else { throw fail(.illegalArgument("Required [script]")) }
        return Query(
            .scriptScore(ScriptScoreQuery(query: inner, script: script, minScore: minScore)),
            boost: common.boost, name: common.name)
    }

    // MARK: Function score

    mutating func functionScore(_ object: JSONObject) throws(QueryError) -> Query {
        var score = FunctionScoreQuery(query: Query(.matchAll))
        /// A function that stands in the body itself rather than in `functions`.
        var single: FunctionScoreQuery.Form?
        var singleWeight: Float?
        let common = try options(object, of: "function_score") {
            reader, key, value throws(QueryError) in
            switch key {
            case "query": score.query = try reader.query(value, under: key)
            case "functions":
                score.functions = try reader.inside(.key(key)) { reader throws(QueryError) in
                    var all: [FunctionScoreQuery.Function] = []
                    try reader.each(value) { reader, element throws(QueryError) in
                        all.append(try reader.function(element))
                    }
                    return all
                }
            case "score_mode":
                let text = try reader.text(value, key)
                guard let mode = FunctionScoreQuery.ScoreMode(rawValue: text.lowercased()) else {
                    throw reader.fail(
                        .illegalArgument(
                            "illegal score_mode value [\(text)] in [function_score] query"),
                        at: .key(key))
                }
                score.scoreMode = mode
            case "boost_mode":
                let text = try reader.text(value, key)
                guard let mode = FunctionScoreQuery.BoostMode(rawValue: text.lowercased()) else {
                    throw reader.fail(
                        .illegalArgument(
                            "illegal boost_mode value [\(text)] in [function_score] query"),
                        at: .key(key))
                }
                score.boostMode = mode
            case "max_boost": score.maxBoost = try reader.float(value, key)
            case "min_score": score.minScore = try reader.float(value, key)
            case "weight": singleWeight = try reader.float(value, key)
            default:
                guard let form = try reader.functionForm(key, value) else { return false }
                if single != nil || !score.functions.isEmpty {
                    throw reader.fail(
                        .parsing(
                            "failed to parse [function_score] query. already found function "
                                + "[\(key)], now encountering a second one. use [functions] array "
                                + "if you want to define several functions."), at: .key(key))
                }
                single = form
            }
            return true
        }
        if single != nil || singleWeight != nil {
            if !score.functions.isEmpty {
                throw fail(
                    .parsing(
                        "failed to parse [function_score] query. you can either define "
                            + "[functions] array or a single function, not both."))
            }
            score.functions = [.init(weight: singleWeight, form: single)]
        }
        return Query(.functionScore(score), boost: common.boost, name: common.name)
    }

    private mutating func function(
        _ value: JSONValue
    ) throws(QueryError) -> FunctionScoreQuery.Function {
        guard case .object(let object) = value else {
            throw fail(
                .parsing(
                    "failed to parse [function_score]. malformed query, expected a "
                        + "[START_OBJECT] while parsing functions but got a "
                        + "[\(Self.token(value))] instead"))
        }
        var function = FunctionScoreQuery.Function()
        for (key, value) in object {
            switch key {
            case "filter": function.filter = try query(value, under: key)
            case "weight": function.weight = try float(value, key)
            case "_name": function.name = try text(value, key)
            default:
                if function.form != nil {
                    throw fail(
                        .parsing(
                            "failed to parse function_score functions. already found a function, "
                                + "now encountering [\(key)]."), at: .key(key))
                }
                guard let form = try functionForm(key, value) else {
                    throw fail(
                        .parsing("no function [\(key)] registered for function_score"),
                        at: .key(key))
                }
                function.form = form
            }
        }
        if function.form == nil && function.weight == nil {
            throw fail(
                .parsing(
                    "failed to parse [function_score] query. an entry in functions list is "
                        + "missing a function."))
        }
        return function
    }

    private mutating func functionForm(
        _ key: String, _ value: JSONValue
    ) throws(QueryError) -> FunctionScoreQuery.Form? {
        switch key {
        case "field_value_factor": return .fieldValue(try fieldValueFactor(value, key))
        case "random_score":
            return .random(
                seed: value["seed"],
                field: try value["field"].map { value throws(QueryError) in
                    try text(value, "field")
                })
        case "script_score": return .script(value)
        case "gauss", "linear", "exp":
            return .decay(try decay(value, key))
        default: return nil
        }
    }

    private mutating func fieldValueFactor(
        _ value: JSONValue, _ name: String
    ) throws(QueryError) -> FunctionScoreQuery.FieldValueFactor {
        var factor = FunctionScoreQuery.FieldValueFactor(field: "")
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "field": factor.field = try text(value, key)
            case "factor": factor.factor = try float(value, key)
            case "missing": factor.missing = try double(value, key)
            case "modifier":
                let text = try text(value, key)
                guard
                    let modifier = FunctionScoreQuery.FieldValueFactor.Modifier(
                        rawValue: text.lowercased())
                else {
                    throw fail(
                        .illegalArgument(
                            "No enum constant org.elasticsearch.common.lucene.search.function."
                                + "FieldValueFactorFunction.Modifier.\(text.uppercased())"),
                        at: .key(name), .key(key))
                }
                factor.modifier = modifier
            default:
                throw fail(
                    .parsing("[field_value_factor] query does not support [\(key)]"),
                    at: .key(name), .key(key))
            }
        }
        if factor.field.isEmpty {
            throw fail(
                .parsing("[field_value_factor] required field 'field' missing"), at: .key(name))
        }
        return factor
    }

    private mutating func decay(
        _ value: JSONValue, _ name: String
    ) throws(QueryError) -> FunctionScoreQuery.Decay {
        var decay: FunctionScoreQuery.Decay?
        var mode = "min"
        for (key, value) in value.objectValue ?? [:] {
            if key == "multi_value_mode" {
                mode = try text(value, key).lowercased()
                continue
            }
            guard case .object(let body) = value else {
                throw fail(.parsing("malformed score function score parameters."), at: .key(name))
            }
            guard let scale = body["scale"] else {
                throw fail(
                    QueryError(
                        type: "parse_exception",
                        reason: "both [scale] and [origin] must be set for numeric fields."),
                    at: .key(name), .key(key))
            }
            var found = FunctionScoreQuery.Decay(
                curve: .init(rawValue: name) ?? .gauss, field: key, origin: body["origin"],
                scale: scale, offset: body["offset"])
            if let factor = body["decay"] { found.decay = try double(factor, "decay") }
            if found.decay <= 0 || found.decay >= 1 {
                throw fail(
                    .illegalArgument(
                        "\(name) : decay must be set to a value in the range (0..1)."),
                    at: .key(name), .key(key))
            }
            for option in body.keys
            where !["origin", "scale", "offset", "decay"].contains(option) {
                throw fail(
                    QueryError(
                        type: "parse_exception",
                        reason: "parameter [\(option)] not supported!"),
                    at: .key(name), .key(key), .key(option))
            }
            decay = found
        }
        guard var decay else {
            throw fail(.parsing("malformed score function score parameters."), at: .key(name))
        }
        decay.multiValueMode = mode
        return decay
    }
}
