internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// Places of a `geo_point` field, and what stands in for missing ones.
struct BoundPlaces {
    /// Nil when the mapping has no such field.
    var field: String?
    /// See `GeoPoint.encoded`.
    var missing: Int64?

    var isUnmapped: Bool { field == nil && missing == nil }

    func places(in segment: SegmentContext) -> SegmentNumbers {
        SegmentNumbers(
            column: field.flatMap { segment.view.field($0)?.numbers }, decoding: .same,
            missing: missing)
    }
}

extension ValuesBinder {
    func places(
        _ source: ValuesSource, for aggregation: String
    ) throws(QueryError) -> BoundPlaces {
        var bound = BoundPlaces()
        if let missing = source.missing {
            let point = try GeoPoint(parsing: missing)
            bound.missing =
                TrawlSchema.GeoPoint(latitude: point.latitude, longitude: point.longitude).encoded
        }
        guard let name = source.field, let field = mapping.field(name), !field.isMetadata else {
            return bound
        }
        guard field.type.family == .geoPoint else {
            throw .illegalArgument(
                "Field [\(name)] of type [\(field.type.typeName)] is not supported for "
                    + "aggregation [\(aggregation)]")
        }
        try QueryAnalyzer.asks { () throws(SchemaError) in try field.requireColumn() }
        bound.field = field.path
        return bound
    }
}
