/// Partial results of any kinds side by side, which can travel: each with the name of its kind.
@propertyWrapper
struct PartialList: Sendable {
    var wrappedValue: [any PartialAggregation]
}

/// Every kind of partial result. The name is that of the type, so a kind is renamed with care: nodes of
/// two releases know each other's kinds by it.
enum PartialAggregationKinds {
    private static let all: [any PartialAggregation.Type] = [
        CardinalityPartial.self, CompositePartial.self, DateHistogramPartial.self,
        FixedPartial.self, GeoBoundsPartial.self, GeoCentroidPartial.self, GeoGridPartial.self,
        HistogramPartial.self, MatrixStatsPartial.self, SignificantTermsPartial.self,
        VariableWidthHistogramPartial.self, PercentilesPartial.self, SinglePartial.self,
        StatsPartial.self, TermsPartial.self, TopHitsPartial.self, WeightedAveragePartial.self,
    ]
    private static let byName = Dictionary(
        uniqueKeysWithValues: all.map { (name(of: $0), $0) })

    static func name(of kind: any PartialAggregation.Type) -> String { "\(kind)" }
    static func kind(named name: String) -> (any PartialAggregation.Type)? { byName[name] }
}

extension PartialList: Codable {
    private enum CodingKeys: String, CodingKey { case kind, value }

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        wrappedValue = []
        while !list.isAtEnd {
            let entry = try list.nestedContainer(keyedBy: CodingKeys.self)
            let name = try entry.decode(String.self, forKey: .kind)
            guard let kind = PartialAggregationKinds.kind(named: name) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .kind, in: entry,
                    debugDescription: "this node knows no aggregation of kind \(name)")
            }
            wrappedValue.append(try kind.init(from: entry.superDecoder(forKey: .value)))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        for partial in wrappedValue {
            var entry = list.nestedContainer(keyedBy: CodingKeys.self)
            try entry.encode(
                PartialAggregationKinds.name(of: type(of: partial)), forKey: .kind)
            try partial.encode(to: entry.superEncoder(forKey: .value))
        }
    }
}
