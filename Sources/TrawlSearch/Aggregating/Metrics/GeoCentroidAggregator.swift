internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// `geo_centroid`: the mean of latitudes and that of longitudes.
final class GeoCentroidAggregator: Aggregator {
    private let values: BoundPlaces
    private var places = SegmentNumbers.none
    private var sums: [GeoCentroidPartial] = []

    init(
        _ request: Aggregation, _ source: ValuesSource, _ context: AggregationContext
    ) throws {
        values = try context.values.places(source, for: "geo_centroid")
        super.init(request, context)
    }

    override func begin(_ segment: SegmentContext) throws { places = values.places(in: segment) }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        while sums.count < bucketCount {
            sums.append(GeoCentroidPartial(isUnmapped: values.isUnmapped))
        }
        try account(sums.capacity * MemoryLayout<GeoCentroidPartial>.stride)
        change(&sums) { sums in
            places.forEach(block) { place, key in
                let point = TrawlSchema.GeoPoint(encoded: key)
                let bucket = block.bucket(place)
                sums[bucket].count += 1
                sums[bucket].latitude.add(point.latitude)
                sums[bucket].longitude.add(point.longitude)
            }
        }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        bucket >= 0 && bucket < sums.count
            ? sums[bucket] : GeoCentroidPartial(isUnmapped: values.isUnmapped)
    }
}

struct GeoCentroidPartial: PartialAggregation {
    var isUnmapped: Bool
    var count = 0
    var latitude = ExactSum()
    var longitude = ExactSum()

    init(isUnmapped: Bool) { self.isUnmapped = isUnmapped }

    mutating func merge(_ other: GeoCentroidPartial, _ reduction: Reduction) throws {
        count += other.count
        latitude.add(other.latitude)
        longitude.add(other.longitude)
    }

    func result(of request: Aggregation, _ reduction: Reduction) throws -> AggregationResult {
        var body = JSONObject()
        var properties: [(name: String, value: Double)] = [("count", Double(count))]
        if count > 0 {
            let lat = latitude.value / Double(count)
            let lon = longitude.value / Double(count)
            body["location"] = ["lat": JSONValue(lat), "lon": JSONValue(lon)]
            properties += [("lat", lat), ("lon", lon)]
        }
        body["count"] = JSONValue(count)
        return AggregationResult(
            "geo_centroid", .values(ValuesContent(body: body, properties: properties)))
    }
}
