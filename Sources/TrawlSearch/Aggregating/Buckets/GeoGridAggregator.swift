internal import Glibc
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// `geohash_grid` and `geotile_grid`.
final class GeoGridAggregator: KeyedAggregator {
    private let grid: GeoGridAggregation
    private let values: BoundPlaces
    private var places = SegmentNumbers.none

    init(
        _ request: Aggregation, _ grid: GeoGridAggregation, _ context: AggregationContext,
        children: [Aggregator]
    ) throws {
        self.grid = grid
        values = try context.values.places(grid.values, for: request.typeName)
        super.init(request, context, children: children)
    }

    override func begin(_ segment: SegmentContext) throws {
        places = values.places(in: segment)
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        var cells: [Int64] = []
        var lastPlace = -1
        let grid = grid
        try sort(block) { sorter in
            places.forEach(block) { place, key in
                let point = TrawlSchema.GeoPoint(encoded: key)
                if let box = grid.bounds, !Self.isIn(box, point) { return }
                let cell = GeoCell.number(of: point, grid.tiling, precision: grid.precision)
                // A document is in a cell once, however many of its places are.
                if place != lastPlace { cells.removeAll(keepingCapacity: true) }
                lastPlace = place
                if cells.contains(cell) { return }
                cells.append(cell)
                sorter.put(block, place, key: cell)
            }
        }
    }

    private static func isIn(_ box: GeoBoundingBoxQuery, _ point: TrawlSchema.GeoPoint) -> Bool {
        guard point.latitude <= box.top, point.latitude >= box.bottom else { return false }
        return box.left <= box.right
            ? point.longitude >= box.left && point.longitude <= box.right
            : point.longitude >= box.left || point.longitude <= box.right
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        GeoGridPartial(
            isUnmapped: values.isUnmapped,
            found: try partials(buckets(of: bucket).map { Int($0) }) { .number(key(at: $0)) })
    }
}

struct GeoGridPartial: PartialAggregation {
    var isUnmapped: Bool
    var found: PartialBuckets

    mutating func merge(_ other: GeoGridPartial, _ reduction: Reduction) throws {
        try found.merge(other.found, reduction)
    }

    func result(of request: Aggregation, _ reduction: Reduction) throws -> AggregationResult {
        guard case .geoGrid(let grid) = request.kind else {
            preconditionFailure("[\(request.name)] wants no grid")
        }
        // The fullest first, of equal ones the later cell.
        let kept = found.buckets.sorted {
            $0.docCount == $1.docCount
                ? BucketKey.compare($0.key, $1.key) > 0 : $0.docCount > $1.docCount
        }.prefix(grid.size)
        try reduction.count(kept.count)
        let shown = try kept.map { bucket in
            var name = ""
            if case .number(let cell) = bucket.key {
                name = GeoCell.name(cell, grid.tiling, precision: grid.precision)
            }
            return BucketResult(
                key: bucket.key, label: name, fields: ["key": .string(name)],
                docCount: bucket.docCount,
                children: try reduction.results(of: request.children, bucket.children))
        }
        return AggregationResult(
            grid.tiling.rawValue, .buckets(BucketsContent(buckets: Array(shown))))
    }
}

/// Cells of the earth as numbers, and as people name them.
enum GeoCell {
    static func number(
        of point: TrawlSchema.GeoPoint, _ tiling: GeoGridAggregation.Tiling, precision: Int
    ) -> Int64 {
        switch tiling {
        case .geohash: geohash(point, length: precision)
        case .tile: tile(point, zoom: precision)
        }
    }

    static func name(
        _ cell: Int64, _ tiling: GeoGridAggregation.Tiling, precision: Int
    ) -> String {
        switch tiling {
        case .geohash:
            let alphabet = Array("0123456789bcdefghjkmnpqrstuvwxyz")
            return String(
                (0..<precision).reversed().map { alphabet[Int(cell >> Int64(5 * $0)) & 31] })
        case .tile:
            return "\(precision)/\(cell >> 29)/\(cell & (1 << 29 - 1))"
        }
    }

    /// The bits of longitude and latitude in turn, five a letter.
    private static func geohash(_ point: TrawlSchema.GeoPoint, length: Int) -> Int64 {
        func cells(_ degrees: Double, _ limit: Double, bits: Int) -> UInt64 {
            let count = Double(sign: .plus, exponent: bits, significand: 1)
            let cell = ((degrees + limit) / (2 * limit) * count).rounded(.down)
            return UInt64(max(0, min(cell, count - 1)))
        }
        let bitCount = 5 * length
        let latitudeBits = bitCount / 2
        let latitude = cells(point.latitude, 90, bits: latitudeBits)
        let longitude = cells(point.longitude, 180, bits: bitCount - latitudeBits)
        var number: Int64 = 0
        var latitudeBit = latitudeBits
        var longitudeBit = bitCount - latitudeBits
        for place in 0..<bitCount {
            let bit: UInt64
            if place & 1 == 0 {
                longitudeBit -= 1
                bit = longitude >> UInt64(longitudeBit) & 1
            } else {
                latitudeBit -= 1
                bit = latitude >> UInt64(latitudeBit) & 1
            }
            number = number << 1 | Int64(bit)
        }
        return number
    }

    /// Column and row of the web's square maps.
    private static func tile(_ point: TrawlSchema.GeoPoint, zoom: Int) -> Int64 {
        let count = Double(sign: .plus, exponent: zoom, significand: 1)
        func within(_ value: Double) -> Int64 {
            Int64(max(0, min(value.rounded(.down), count - 1)))
        }
        let column = within((point.longitude + 180) / 360 * count)
        let sine = sin(point.latitude * .pi / 180)
        let row = within((0.5 - log((1 + sine) / (1 - sine)) / (4 * .pi)) * count)
        return column << 29 | row
    }
}
