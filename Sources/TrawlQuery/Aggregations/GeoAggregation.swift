internal import TrawlJSON

/// `geo_distance`: rings around a place.
package struct GeoDistanceAggregation: Sendable, Hashable, Codable {
    package struct Ring: Sendable, Hashable, Codable {
        package var key: String?
        /// In units of the request.
        package var from: Double?
        package var to: Double?
    }

    package var values = ValuesSource()
    package var origin = GeoPoint(latitude: 0, longitude: 0)
    package var metersPerUnit = 1.0
    package var rings: [Ring] = []
    package var isKeyed = false
}

/// `geo_bounds`: the least box around all places.
package struct GeoBoundsAggregation: Sendable, Hashable, Codable {
    package var values = ValuesSource()
    /// The box may cross the line where days begin, when that makes it narrower.
    package var wrapsLongitude = true
}

/// `geohash_grid` and `geotile_grid`: a bucket for each cell that has a place.
package struct GeoGridAggregation: Sendable, Hashable, Codable {
    package enum Tiling: String, Sendable, Hashable, Codable {
        case geohash = "geohash_grid"
        case tile = "geotile_grid"
    }

    package static let defaultSize = 10_000

    package var values = ValuesSource()
    package var tiling: Tiling
    package var precision: Int
    package var size = defaultSize
    /// Places beyond it do not count.
    package var bounds: GeoBoundingBoxQuery?
}

// MARK: - Parsing

extension RequestReader {
    mutating func geoDistanceAggregation(
        _ object: JSONObject
    ) throws(QueryError) -> Aggregation.Kind {
        var result = GeoDistanceAggregation()
        var origin: GeoPoint?
        try members(
            object, of: "geo_distance",
            known: Self.valueKeys + ["origin", "ranges", "unit", "distance_type", "keyed"]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            switch key {
            case "origin", "center", "point", "por":
                origin = try r.at(key) { () throws(QueryError) in try GeoPoint(parsing: value) }
            case "unit": result.metersPerUnit = try DistanceUnit.meters(try r.text(value, key))
            case "distance_type":
                let type = try r.text(value, key)
                guard ["arc", "plane"].contains(type.lowercased()) else {
                    throw r.fail(
                        .illegalArgument("No geo distance for [\(type)]"), at: .key(key))
                }
            case "keyed": result.isKeyed = try r.bool(value, key)
            case "ranges":
                try r.inside(.key(key)) { r throws(QueryError) in
                    try r.each(value) { r, element throws(QueryError) in
                        result.rings.append(try r.ring(element))
                    }
                }
            default: return false
            }
            return true
        }
        try requireField(result.values)
        guard let origin else {
            throw fail(
                .illegalArgument("Required one of fields [origin], but none were specified. "))
        }
        result.origin = origin
        if result.rings.isEmpty {
            throw fail(
                .illegalArgument(
                    "No [ranges] specified for the [\(aggregationName)] aggregation"))
        }
        return .geoDistance(result)
    }

    private mutating func ring(
        _ value: JSONValue
    ) throws(QueryError) -> GeoDistanceAggregation.Ring {
        var ring = GeoDistanceAggregation.Ring()
        guard case .object(let object) = value else {
            throw fail(.parsing("[geo_distance] Expected [START_OBJECT] under [ranges]"))
        }
        try members(object, of: "geo_distance", known: ["key", "from", "to"]) {
            r, key, value throws(QueryError) in
            switch key {
            case "key": ring.key = try r.text(value, key)
            case "from": ring.from = value.isNull ? nil : try r.double(value, key)
            case "to": ring.to = value.isNull ? nil : try r.double(value, key)
            default: return false
            }
            return true
        }
        return ring
    }

    mutating func geoBounds(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = GeoBoundsAggregation()
        try members(object, of: "geo_bounds", known: Self.valueKeys + ["wrap_longitude"]) {
            r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            guard key == "wrap_longitude" else { return false }
            result.wrapsLongitude = try r.bool(value, key)
            return true
        }
        try requireField(result.values)
        return .geoBounds(result)
    }

    mutating func geoCentroid(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var values = ValuesSource()
        try members(object, of: "geo_centroid", known: Self.valueKeys) {
            r, key, value throws(QueryError) in try r.valueMember(&values, key, value)
        }
        try requireField(values)
        return .geoCentroid(values)
    }

    mutating func geoGrid(
        _ object: JSONObject, _ tiling: GeoGridAggregation.Tiling
    ) throws(QueryError) -> Aggregation.Kind {
        var result = GeoGridAggregation(tiling: tiling, precision: tiling == .tile ? 7 : 5)
        try members(
            object, of: tiling.rawValue,
            known: Self.valueKeys + ["precision", "size", "shard_size", "bounds"]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            switch key {
            case "precision": result.precision = try r.precision(value, key, tiling)
            case "size": result.size = try r.positive(value, key)
            case "shard_size": _ = try r.positive(value, key, acceptsAll: true)
            case "bounds":
                result.bounds = try r.at(key) { () throws(QueryError) in
                    try r.box(value.objectValue ?? [:], field: "")
                }
            default: return false
            }
            return true
        }
        try requireField(result.values)
        return .geoGrid(result)
    }

    private func precision(
        _ value: JSONValue, _ key: String, _ tiling: GeoGridAggregation.Tiling
    ) throws(QueryError) -> Int {
        if tiling == .geohash, let text = value.stringValue, Int(text) == nil {
            return Self.geohashLength(forCellsOf: try DistanceUnit.parse(text))
        }
        let precision = try int(value, key)
        let allowed = tiling == .tile ? 0...29 : 1...12
        guard allowed.contains(precision) else {
            let what = tiling == .tile ? "geotile_grid" : "geohash aggregation"
            throw fail(
                .illegalArgument(
                    "Invalid \(what) precision of \(precision). Must be between "
                        + "\(allowed.lowerBound) and \(allowed.upperBound)."), at: .key(key))
        }
        return precision
    }

    /// The shortest geohash whose cells are no larger, on the equator.
    private static func geohashLength(forCellsOf meters: Double) -> Int {
        let equator = 2 * Double.pi * 6_378_137
        let meridian = 2 * Double.pi * 6_356_752.314245
        for length in 1..<12 {
            let latitudeBits = 5 * length / 2
            let longitudeBits = 5 * length - latitudeBits
            let width = equator / Double(sign: .plus, exponent: longitudeBits, significand: 1)
            let height = meridian / 2 / Double(sign: .plus, exponent: latitudeBits, significand: 1)
            if (width * width + height * height).squareRoot() <= meters { return length }
        }
        return 12
    }
}
