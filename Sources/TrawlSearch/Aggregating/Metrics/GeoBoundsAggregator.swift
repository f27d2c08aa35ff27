internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// `geo_bounds`.
final class GeoBoundsAggregator: Aggregator {
    private let values: BoundPlaces
    private var places = SegmentNumbers.none
    private var boxes: [GeoBoundsPartial] = []

    init(
        _ request: Aggregation, _ wanted: GeoBoundsAggregation, _ context: AggregationContext
    ) throws {
        values = try context.values.places(wanted.values, for: "geo_bounds")
        super.init(request, context)
    }

    override func begin(_ segment: SegmentContext) throws { places = values.places(in: segment) }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        while boxes.count < bucketCount {
            boxes.append(GeoBoundsPartial(isUnmapped: values.isUnmapped))
        }
        try account(boxes.capacity * MemoryLayout<GeoBoundsPartial>.stride)
        change(&boxes) { boxes in
            places.forEach(block) { place, key in
                boxes[block.bucket(place)].add(TrawlSchema.GeoPoint(encoded: key))
            }
        }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        bucket >= 0 && bucket < boxes.count
            ? boxes[bucket] : GeoBoundsPartial(isUnmapped: values.isUnmapped)
    }
}

/// The extremes of latitude, and those of longitude on either side of Greenwich.
struct GeoBoundsPartial: PartialAggregation {
    var isUnmapped: Bool
    private var top: Double?
    private var bottom: Double?
    private var west: ClosedRange<Double>?
    private var east: ClosedRange<Double>?

    init(isUnmapped: Bool) { self.isUnmapped = isUnmapped }

    fileprivate mutating func add(_ point: TrawlSchema.GeoPoint) {
        top = max(top ?? point.latitude, point.latitude)
        bottom = min(bottom ?? point.latitude, point.latitude)
        let longitude = point.longitude...point.longitude
        if point.longitude < 0 {
            west = Self.union(west, longitude)
        } else {
            east = Self.union(east, longitude)
        }
    }

    private static func union(
        _ left: ClosedRange<Double>?, _ right: ClosedRange<Double>?
    ) -> ClosedRange<Double>? {
        guard let left, let right else { return left ?? right }
        return min(left.lowerBound, right.lowerBound)...max(left.upperBound, right.upperBound)
    }

    mutating func merge(_ other: GeoBoundsPartial, _ reduction: Reduction) throws {
        if let otherTop = other.top { top = max(top ?? otherTop, otherTop) }
        if let otherBottom = other.bottom { bottom = min(bottom ?? otherBottom, otherBottom) }
        west = Self.union(west, other.west)
        east = Self.union(east, other.east)
    }

    func result(of request: Aggregation, _ reduction: Reduction) throws -> AggregationResult {
        guard case .geoBounds(let wanted) = request.kind else {
            preconditionFailure("[\(request.name)] wants no bounds")
        }
        var body = JSONObject()
        var properties: [(name: String, value: Double)] = []
        if let top, let bottom, let sides = sides(wraps: wanted.wrapsLongitude) {
            body["bounds"] = [
                "top_left": ["lat": JSONValue(top), "lon": JSONValue(sides.left)],
                "bottom_right": ["lat": JSONValue(bottom), "lon": JSONValue(sides.right)],
            ]
            properties = [
                ("top", top), ("left", sides.left), ("bottom", bottom), ("right", sides.right),
            ]
        }
        return AggregationResult(
            "geo_bounds", .values(ValuesContent(body: body, properties: properties)))
    }

    private func sides(wraps: Bool) -> (left: Double, right: Double)? {
        guard let west, let east else {
            return (west ?? east).map { ($0.lowerBound, $0.upperBound) }
        }
        let plainWidth = east.upperBound - west.lowerBound
        let wrappedWidth = 360 - east.lowerBound + west.upperBound
        return wraps && wrappedWidth < plainWidth
            ? (east.lowerBound, west.upperBound) : (west.lowerBound, east.upperBound)
    }
}
