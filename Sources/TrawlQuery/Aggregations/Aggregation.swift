package import TrawlJSON

/// One named aggregation of a request, with those inside it.
///
/// To add a kind: a case here with a struct of its options, a line in `AggregationDSL.parsers`,
/// and in TrawlSearch an aggregator and what its partial results come to.
package struct Aggregation: Sendable, Hashable, Codable {
    package indirect enum Kind: Sendable, Hashable, Codable {
        // One value, or a few.
        case metric(MetricAggregation)
        case cardinality(CardinalityAggregation)
        case percentiles(PercentilesAggregation)
        case weightedAverage(WeightedAverageAggregation)
        case topHits(TopHitsAggregation)
        case geoBounds(GeoBoundsAggregation)
        case geoCentroid(ValuesSource)
        case matrixStats(MatrixStatsAggregation)
        // Buckets.
        case terms(TermsAggregation)
        case multiTerms(MultiTermsAggregation)
        case rareTerms(RareTermsAggregation)
        case composite(CompositeAggregation)
        case histogram(HistogramAggregation)
        case dateHistogram(DateHistogramAggregation)
        case range(RangeAggregation)
        case filter(Query)
        case filters(FiltersAggregation)
        case adjacencyMatrix(AdjacencyMatrixAggregation)
        case geoDistance(GeoDistanceAggregation)
        case geoGrid(GeoGridAggregation)
        case variableWidthHistogram(VariableWidthHistogramAggregation)
        case significantTerms(SignificantTermsAggregation)
        case sampler(SamplerAggregation)
        case missing(ValuesSource)
        case global
        /// Objects of a nested field, in place of the documents that they are in.
        case nested(path: String)
        /// The way back; nil for the root.
        case reverseNested(path: String?)
        // Made of the results of others.
        case pipeline(PipelineAggregation)
    }

    package var name: String
    /// The word that the request named it by.
    package var typeName: String
    package var kind: Kind
    package var meta: JSONObject?
    package var children: [Aggregation] = []

    package init(name: String, typeName: String, kind: Kind) {
        self.name = name
        self.typeName = typeName
        self.kind = kind
    }

    package var isPipeline: Bool { if case .pipeline = kind { true } else { false } }

    /// Those that look at documents.
    package var collected: [Aggregation] { children.filter { !$0.isPipeline } }

    /// Whether it makes any number of buckets.
    package var isMultiBucket: Bool {
        switch kind {
        case .terms, .multiTerms, .rareTerms, .composite, .histogram, .dateHistogram, .range,
            .filters, .adjacencyMatrix, .geoDistance, .geoGrid, .variableWidthHistogram,
            .significantTerms:
            true
        case .filter, .missing, .global, .nested, .reverseNested, .sampler, .geoBounds,
            .geoCentroid, .matrixStats, .metric, .cardinality, .percentiles, .weightedAverage,
            .topHits, .pipeline:
            false
        }
    }

    package var takesChildren: Bool {
        switch kind {
        case .filter, .missing, .global, .nested, .reverseNested, .sampler: true
        default: isMultiBucket
        }
    }
}

/// Where an aggregation has its values from, and how they are read and shown.
package struct ValuesSource: Sendable, Hashable, Codable {
    package var field: String?
    /// Stands in for documents without a value.
    package var missing: JSONValue?
    package var format: String?
    package var timeZone: String?
    /// What an unmapped field is taken for.
    package var valueType: String?
    /// Makes the values, or changes those of the field.
    package var script: JSONValue?

    package init(field: String? = nil) { self.field = field }
}

/// Limits on what aggregations of one search may make.
package struct AggregationLimits: Sendable, Hashable, Codable {
    package static let defaultMaxBuckets = 65_535

    package var maxBuckets = defaultMaxBuckets
    /// For all that one shard keeps of one search.
    package var maxByteCount = 1 << 30

    package init() {}
}
