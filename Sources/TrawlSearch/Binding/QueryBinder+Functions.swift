internal import Glibc
internal import TrawlBytes
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// Scores that functions of a document's values change.
extension QueryBinder {
    /// One function over one segment: what it gives for a document, nil when it does not apply.
    private typealias Factor = (_ doc: Int, _ score: Float) -> Double?

    func functionScore(_ score: AnalyzedFunctionScore, _ boost: Float) throws -> any BoundQuery {
        let inner = try bind(score.query, boost: boost)
        let filters = try score.functions.map { try $0.filter.map { try filter($0) } }
        let mapping = self.mapping
        let scripts = try score.functions.map { function -> DocumentScript? in
            guard case .script(let json)? = function.form else { return nil }
            return try DocumentScript(json, mapping)
        }
        let text = AnalyzedQuery.functionScore(score).text()
        return BoundMatcher(
            text,
            explaining: { doc, segment, value in
                Explanation(
                    Double(value), "function score, \(score.boostMode.rawValue) of:",
                    [try inner.explain(doc, in: segment)])
            }
        ) { [self] segment in
            var factors: [(weight: Double, factor: Factor)] = []
            for ((function, filter), script) in zip(zip(score.functions, filters), scripts) {
                let matcher = try filter?.matcher(in: segment)
                let values = try script.map { try scriptScores($0, inner, segment) }
                let own = try Self.factor(function, segment, mapping, scripted: values)
                factors.append(
                    (
                        Double(function.weight ?? 1),
                        { doc, score in
                            if let matcher, matcher.score(of: doc) == nil { return nil }
                            return own(doc, score)
                        }
                    ))
            }
            return RescoringMatcher(
                try inner.matcher(in: segment), limitsMatches: score.minScore != nil
            ) { [factors] doc, own in
                let value = Self.combine(score, factors, doc, own)
                if let least = score.minScore, value < least { return nil }
                return value
            }
        }
    }

    private static func combine(
        _ score: AnalyzedFunctionScore, _ factors: [(weight: Double, factor: Factor)], _ doc: Int,
        _ own: Float
    ) -> Float {
        var result: Double?
        var weights = 0.0
        for (weight, factor) in factors {
            guard let value = factor(doc, own) else { continue }
            weights += weight
            guard let before = result else {
                result = value
                if score.scoreMode == .first { break }
                continue
            }
            switch score.scoreMode {
            case .first: break
            case .multiply: result = before * value
            case .sum, .avg: result = before + value
            case .max: result = max(before, value)
            case .min: result = min(before, value)
            }
        }
        if score.scoreMode == .avg, let sum = result, weights > 0 { result = sum / weights }
        guard let factor = result else {
            // No function applies: as if one gave 1.
            return combine(score, Double(own), 1)
        }
        return combine(score, Double(own), factor)
    }

    private static func combine(
        _ score: AnalyzedFunctionScore, _ own: Double, _ factor: Double
    ) -> Float {
        let factor = min(factor, Double(score.maxBoost))
        switch score.boostMode {
        case .multiply: return Float(own * factor)
        case .replace: return Float(factor)
        case .sum: return Float(own + factor)
        case .avg: return Float((own + factor) / 2)
        case .max: return Float(max(own, factor))
        case .min: return Float(min(own, factor))
        }
    }

    private static func factor(
        _ function: AnalyzedFunctionScore.Function, _ segment: SegmentContext, _ mapping: Mapping,
        scripted values: [Int: Double]?
    ) throws -> Factor {
        let weight = function.weight.map(Double.init)
        guard let form = function.form else { return { _, _ in weight ?? 1 } }
        let own: Factor
        switch form {
        case .fieldValue(let factor): own = fieldValue(factor, segment, mapping)
        case .script: own = { doc, _ in values?[doc] }
        case .random(let seed, let field): own = random(seed, field, segment)
        case .decay(let decay): own = self.decay(decay, segment, mapping)
        }
        guard let weight else { return own }
        return { doc, score in own(doc, score).map { $0 * weight } }
    }

    private static func fieldValue(
        _ factor: FunctionScoreQuery.FieldValueFactor, _ segment: SegmentContext,
        _ mapping: Mapping
    ) -> Factor {
        let type = mapping.field(factor.field)?.type
        let column = segment.view.field(factor.field)?.numbers
        return { doc, _ in
            let stored = column?.first(of: doc).flatMap { number in type?.double(of: number) }
            guard let value = stored ?? factor.missing else { return nil }
            let scaled = value * Double(factor.factor)
            switch factor.modifier {
            case .none: return scaled
            case .log: return log10(scaled)
            case .log1p: return log10(scaled + 1)
            case .log2p: return log10(scaled + 2)
            case .ln: return Glibc.log(scaled)
            case .ln1p: return Glibc.log1p(scaled)
            case .ln2p: return Glibc.log1p(scaled + 1)
            case .square: return scaled * scaled
            case .sqrt: return scaled.squareRoot()
            case .reciprocal: return 1 / scaled
            }
        }
    }

    /// Of the id or of a field's value, so that it is the same on every copy and shard.
    private static func random(
        _ seed: Int64, _ field: String?, _ segment: SegmentContext
    ) -> Factor {
        let own = field.flatMap { segment.view.field($0) }
        return { doc, _ in
            let value: UInt64
            if field == "_seq_no" {
                let (identity, owner) = segment.identity(of: doc)
                value = UInt64(bitPattern: identity.sequence(of: owner))
            } else if let number = own?.numbers?.first(of: doc) {
                value = UInt64(bitPattern: number)
            } else {
                let (identity, owner) = segment.identity(of: doc)
                value = StableHash.hash64(identity.id(of: owner))
            }
            var mixed = (value ^ UInt64(bitPattern: seed)) &* 0x9e37_79b9_7f4a_7c15
            mixed ^= mixed >> 32
            mixed = mixed &* 0xbf58_476d_1ce4_e5b9
            mixed ^= mixed >> 29
            return Double(mixed >> 40) / Double(1 << 24)
        }
    }

    private static func decay(
        _ decay: AnalyzedFunctionScore.Decay, _ segment: SegmentContext, _ mapping: Mapping
    ) -> Factor {
        let type = mapping.field(decay.field)?.type
        let column = segment.view.field(decay.field)?.numbers
        let rate: Double
        switch decay.curve {
        case .gauss: rate = 0.5 * decay.scale * decay.scale / Glibc.log(decay.decay)
        case .exp: rate = Glibc.log(decay.decay) / decay.scale
        case .linear: rate = decay.scale / (1 - decay.decay)
        }
        return { doc, _ in
            guard let column, column.hasValue(doc) else { return 1 }
            let distances = column.values(of: doc).map { number -> Double in
                switch decay.origin {
                case .number(let origin): return abs((type?.double(of: number) ?? 0) - origin)
                case .point(let origin):
                    let center = TrawlSchema.GeoPoint(
                        latitude: origin.latitude, longitude: origin.longitude)
                    return TrawlSchema.GeoPoint(encoded: number).distance(to: center)
                }
            }.map { max(0, $0 - decay.offset) }
            let distance: Double
            switch decay.mode {
            case "max": distance = distances.max() ?? 0
            case "sum": distance = distances.reduce(0, +)
            case "avg": distance = distances.reduce(0, +) / Double(max(1, distances.count))
            default: distance = distances.min() ?? 0
            }
            switch decay.curve {
            case .gauss: return Glibc.exp(0.5 * distance * distance / rate)
            case .exp: return Glibc.exp(rate * distance)
            case .linear: return max(0, (rate - distance) / rate)
            }
        }
    }

    func distanceFeature(
        _ field: String, _ origin: DistanceOrigin, _ pivot: Double, _ boost: Float
    ) throws -> any BoundQuery {
        BoundMatcher("DistanceFeatureQuery(\(field))") { segment in
            guard let column = segment.view.field(field)?.numbers else { return NoneMatcher() }
            var docs: [UInt32] = []
            var scores: [Float] = []
            column.forEach { doc, range in
                var least = Double.infinity
                for i in range {
                    let number = column.numbers.value(at: i)
                    switch origin {
                    case .number(let center):
                        least = min(least, abs(Double(number) - Double(center)))
                    case .point(let center):
                        let place = TrawlSchema.GeoPoint(
                            latitude: center.latitude, longitude: center.longitude)
                        let own = TrawlSchema.GeoPoint(encoded: number)
                        least = min(least, own.distance(to: place))
                    }
                }
                docs.append(UInt32(doc))
                scores.append(Float(Double(boost) * (pivot / (pivot + least))))
            }
            return ScoredListMatcher(docs, scores: scores)
        }
    }

    func minimumMatch(
        _ queries: [AnalyzedQuery], _ least: LeastMatches, _ boost: Float
    ) throws -> any BoundQuery {
        let bound = try queries.map { try bind($0, boost: boost) }
        let text = AnalyzedQuery.minimumMatch(queries: queries, least).text()
        var script: DocumentScript?
        if case .script(let json) = least { script = try DocumentScript(json, mapping) }
        return BoundMatcher(text) { [script, clock] segment in
            let matchers = try bound.map { try $0.matcher(in: segment) }
            switch least {
            case .count(let count): return MinimumMatcher(matchers) { _ in count }
            case .field(let field):
                let column = segment.view.field(field)?.numbers
                return MinimumMatcher(matchers) { doc in
                    column?.first(of: doc).map { Int(clamping: $0) }
                }
            case .script:
                guard let script else { return NoneMatcher() }
                // Asked once of every document that any clause matches.
                var counts: [Int: Int] = [:]
                let any = MinimumMatcher(matchers) { _ in 1 }
                try MatchWalk(any, in: segment, among: nil).forEach(scored: false, clock) {
                    doc, _ in
                    try clock.check(after: 128)
                    let value = try script.value(of: doc, in: segment)
                    guard let number = value.doubleValue, abs(number) < 1e9 else {
                        throw QueryError(
                            type: "script_exception",
                            reason: "the script of [minimum_should_match_script] must give a number"
                        )
                    }
                    counts[doc] = Int(number)
                }
                return MinimumMatcher(matchers) { counts[$0] }
            }
        }
    }

    /// What a script gives for every document that a query matches.
    func scriptScores(
        _ script: DocumentScript, _ inner: any BoundQuery, _ segment: SegmentContext
    ) throws -> [Int: Double] {
        var values: [Int: Double] = [:]
        let walk = MatchWalk(try inner.matcher(in: segment), in: segment, among: nil)
        try walk.forEach(scored: true, clock) { doc, score in
            try clock.check(after: 128)
            let value = try script.value(of: doc, in: segment, score: Double(score))
            guard let number = value.doubleValue else {
                throw QueryError(
                    type: "script_exception", reason: "the script of a score must give a number")
            }
            guard number >= 0 else {
                throw QueryError.illegalArgument(
                    "script score function must not produce negative scores, but got: "
                        + "[\(Float(number))]")
            }
            values[doc] = number
        }
        return values
    }
}
