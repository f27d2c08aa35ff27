internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// `geo_distance`: the rings around a place that a document's places are in.
final class GeoDistanceAggregator: FixedAggregator {
    private let values: BoundPlaces
    private let origin: TrawlSchema.GeoPoint
    private let metersPerUnit: Double
    private let rings: [(from: Double, to: Double)]
    private var places = SegmentNumbers.none

    init(
        _ request: Aggregation, _ wanted: GeoDistanceAggregation, _ context: AggregationContext,
        children: [Aggregator]
    ) throws {
        let values = try context.values.places(wanted.values, for: "geo_distance")
        self.values = values
        origin = TrawlSchema.GeoPoint(
            latitude: wanted.origin.latitude, longitude: wanted.origin.longitude)
        metersPerUnit = wanted.metersPerUnit
        let sorted = Self.sorted(wanted.rings)
        rings = sorted.map { ($0.from, $0.to) }
        super.init(
            request, context, children: children, heads: sorted.map(\.head),
            isUnmapped: values.isUnmapped)
    }

    private struct Ring {
        var from: Double
        var to: Double
        var head: FixedPartial.Head
    }

    private static func sorted(_ rings: [GeoDistanceAggregation.Ring]) -> [Ring] {
        var sorted: [Ring] = []
        for ring in rings {
            let (from, to) = (ring.from ?? 0, ring.to ?? .infinity)
            sorted.append(Ring(from: from, to: to, head: head(ring.key, from, to)))
        }
        sorted.sort { $0.from == $1.from ? $0.to < $1.to : $0.from < $1.from }
        return sorted
    }

    private static func head(
        _ key: String?, _ from: Double, _ to: Double
    ) -> FixedPartial.Head {
        let low = from == 0 ? "*" : JavaNumber.text(from)
        let label = key ?? "\(low)-\(to.isInfinite ? "*" : JavaNumber.text(to))"
        var fields: JSONObject = ["key": .string(label), "from": JSONValue(from)]
        if to.isFinite { fields["to"] = JSONValue(to) }
        return FixedPartial.Head(label: label, fields: fields)
    }

    override func begin(_ segment: SegmentContext) throws {
        places = values.places(in: segment)
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        var last = [Int](repeating: -1, count: rings.count)
        try sort(block) { sorter in
            places.forEach(block) { place, key in
                let distance =
                    TrawlSchema.GeoPoint(encoded: key).distance(to: origin) / metersPerUnit
                for number in rings.indices {
                    let ring = rings[number]
                    if distance < ring.from { break }
                    if distance < ring.to, last[number] != place {
                        last[number] = place
                        sorter.put(block, place, into: block.bucket(place) * rings.count + number)
                    }
                }
            }
        }
    }
}
