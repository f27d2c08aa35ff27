internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

extension QueryAnalyzer {
    func functionScore(_ score: FunctionScoreQuery) throws(QueryError) -> AnalyzedQuery {
        var functions: [AnalyzedFunctionScore.Function] = []
        for function in score.functions {
            functions.append(
                .init(
                    filter: try function.filter.map { query throws(QueryError) in
                        try meaning(of: query)
                    },
                    weight: function.weight,
                    form: try function.form.map { form throws(QueryError) in try self.form(form) }))
        }
        return .functionScore(
            .init(
                query: try meaning(of: score.query), functions: functions,
                scoreMode: score.scoreMode, boostMode: score.boostMode, maxBoost: score.maxBoost,
                minScore: score.minScore))
    }

    private func form(
        _ form: FunctionScoreQuery.Form
    ) throws(QueryError) -> AnalyzedFunctionScore.Form {
        switch form {
        case .fieldValue(let factor):
            guard let field = field(factor.field) else {
                guard factor.missing != nil else {
                    throw QueryError(
                        type: "exception",
                        reason: "Unable to find a field mapper for field [\(factor.field)]. No "
                            + "'missing' value defined.")
                }
                return .fieldValue(factor)
            }
            guard field.type.storage.column == .number else {
                throw .illegalArgument(
                    "Field [\(factor.field)] of type [\(field.type.typeName)] has no numbers")
            }
            var settled = factor
            settled.field = field.path
            return .fieldValue(settled)
        case .random(let seed, let field):
            let number: Int64 =
                switch seed {
                case .number(let number)?: number.int64 ?? Int64(number.double)
                case .string(let text)?:
                    Int64(text) ?? Int64(text.utf8.reduce(7) { $0 &* 31 &+ Int($1) })
                default: now.epochMillis ?? 0
                }
            return .random(seed: number, field: field)
        case .decay(let decay): return .decay(try self.decay(decay))
        case .script(let value):
            guard let script = value["script"] else {
                throw .parsing("script_score requires 'script' field")
            }
            return .script(script)
        }
    }

    private func decay(
        _ decay: FunctionScoreQuery.Decay
    ) throws(QueryError) -> AnalyzedFunctionScore.Decay {
        guard let field = field(decay.field) else {
            throw QueryError(
                type: "parse_exception", reason: "unknown field [\(decay.field)]")
        }
        func settled(
            _ origin: AnalyzedFunctionScore.Origin, _ scale: Double, _ offset: Double
        ) throws(QueryError) -> AnalyzedFunctionScore.Decay {
            guard scale > 0 else {
                throw .illegalArgument("\(decay.curve.rawValue) : scale must be > 0.0.")
            }
            guard offset >= 0 else {
                throw .illegalArgument("\(decay.curve.rawValue) : offset must be > 0.0")
            }
            return .init(
                curve: decay.curve, field: field.path, origin: origin, scale: scale,
                offset: offset, decay: decay.decay, mode: decay.multiValueMode)
        }
        switch field.type.family {
        case .geoPoint:
            guard let origin = decay.origin else {
                throw QueryError(
                    type: "parse_exception",
                    reason: "[origin] and [scale] must be set for geo fields.")
            }
            return try settled(
                .point(try GeoPoint(parsing: origin)),
                try DistanceUnit.parse(decay.scale.queryText),
                try DistanceUnit.parse(decay.offset?.queryText ?? "0m"))
        case .date:
            let origin: Int64
            if let given = decay.origin {
                origin = try asking { () throws(SchemaError) in
                    try field.type.number(of: given, format: nil) ?? 0
                }
            } else {
                let isNanos = field.type.typeName == "date_nanos"
                origin = (isNanos ? now.epochNanos : now.epochMillis) ?? 0
            }
            let unit = field.type.typeName == "date_nanos" ? 1e6 : 1.0
            let reader = RequestReader()
            let scale = try reader.milliseconds(decay.scale, "scale") ?? 0
            let offset = try reader.milliseconds(decay.offset ?? "0ms", "offset") ?? 0
            return try settled(.number(field.type.double(of: origin)), scale * unit, offset * unit)
        default:
            guard field.type.storage.column == .number else {
                throw QueryError(
                    type: "parse_exception",
                    reason: "field [\(decay.field)] is of type [\(field.type.typeName)], but only "
                        + "numeric types are supported.")
            }
            let reader = RequestReader()
            guard let origin = decay.origin else {
                throw QueryError(
                    type: "parse_exception",
                    reason: "both [scale] and [origin] must be set for numeric fields.")
            }
            return try settled(
                .number(try reader.double(origin, "origin")),
                try reader.double(decay.scale, "scale"),
                try reader.double(decay.offset ?? 0, "offset"))
        }
    }

    func distanceFeature(_ feature: DistanceFeatureQuery) throws(QueryError) -> AnalyzedQuery {
        guard let field = field(feature.field) else {
            return .none("Can't run [distance_feature] query on unmapped fields!")
        }
        switch field.type.family {
        case .geoPoint:
            return .distanceFeature(
                field: field.path, origin: .point(try GeoPoint(parsing: feature.origin)),
                pivot: try DistanceUnit.parse(feature.pivot))
        case .date:
            let origin = try asking { () throws(SchemaError) in
                try field.type.number(of: feature.origin, format: nil) ?? 0
            }
            let unit = field.type.typeName == "date_nanos" ? 1e6 : 1.0
            let pivot = try RequestReader().milliseconds(.string(feature.pivot), "pivot") ?? 0
            return .distanceFeature(
                field: field.path, origin: .number(origin), pivot: pivot * unit)
        default:
            throw .illegalArgument(
                "Illegal data type of [\(field.type.typeName)]![distance_feature] query can only "
                    + "be run on a date, date_nanos or geo_point field type!")
        }
    }
}
