package import TrawlJSON

extension GeoPoint {
    /// `{"lat":…,"lon":…}`, `[lon, lat]`, `"lat,lon"`, `"POINT (lon lat)"`, a geohash.
    package init(parsing value: JSONValue) throws(QueryError) {
        func wrong(_ reason: String) -> QueryError {
            QueryError(type: "parse_exception", reason: reason)
        }
        func number(_ value: JSONValue?, _ what: String) throws(QueryError) -> Double {
            if let number = value?.doubleValue { return number }
            if let text = value?.stringValue, let number = Double(text) { return number }
            throw wrong("[\(what)] must be a valid double value")
        }
        switch value {
        case .object(let object):
            if case .array(let pair)? = object["coordinates"], pair.count >= 2 {
                self.init(
                    latitude: try number(pair[1], "lat"), longitude: try number(pair[0], "lon"))
                return
            }
            guard object.contains("lat") else { throw wrong("field [lat] missing") }
            guard object.contains("lon") else { throw wrong("field [lon] missing") }
            self.init(
                latitude: try number(object["lat"], "latitude"),
                longitude: try number(object["lon"], "longitude"))
        case .array(let pair):
            guard pair.count == 2 || pair.count == 3 else {
                throw wrong("[geo_point] field type does not accept more than 3 values")
            }
            self.init(
                latitude: try number(pair[1], "lat"), longitude: try number(pair[0], "lon"))
        case .string(let text): try self.init(text: text)
        default: throw wrong("geo_point expected")
        }
    }

    private init(text: String) throws(QueryError) {
        let upper = text.uppercased()
        if upper.hasPrefix("POINT") {
            let inner = text.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
            let parts = inner.split(separator: " ").compactMap { Double($0) }
            guard parts.count >= 2 else {
                throw QueryError(
                    type: "parse_exception", reason: "failed to parse WKT bounding box")
            }
            self.init(latitude: parts[1], longitude: parts[0])
            return
        }
        if text.contains(",") {
            let parts = text.split(separator: ",").map { Double(trimming($0)) }
            guard parts.count == 2 || parts.count == 3 else {
                throw QueryError(
                    type: "parse_exception",
                    reason: "failed to parse [\(text)], expected 2 or 3 coordinates but found: "
                        + "[\(parts.count)]")
            }
            guard let latitude = parts[0] else {
                throw QueryError(type: "parse_exception", reason: "latitude must be a number")
            }
            guard let longitude = parts[1] else {
                throw QueryError(type: "parse_exception", reason: "longitude must be a number")
            }
            self.init(latitude: latitude, longitude: longitude)
            return
        }
        try self.init(geohash: text)
    }

    /// The middle of the cell.
    private init(geohash text: String) throws(QueryError) {
        let alphabet = Array("0123456789bcdefghjkmnpqrstuvwxyz")
        var latitude = (low: -90.0, high: 90.0)
        var longitude = (low: -180.0, high: 180.0)
        var isLongitude = true
        for character in text.lowercased() {
            guard let five = alphabet.firstIndex(of: character) else {
                throw QueryError(
                    type: "parse_exception",
                    reason: "unsupported symbol [\(character)] in geohash [\(text)]")
            }
            for bit in [16, 8, 4, 2, 1] {
                let isUpper = five & bit != 0
                if isLongitude {
                    let middle = (longitude.low + longitude.high) / 2
                    if isUpper { longitude.low = middle } else { longitude.high = middle }
                } else {
                    let middle = (latitude.low + latitude.high) / 2
                    if isUpper { latitude.low = middle } else { latitude.high = middle }
                }
                isLongitude.toggle()
            }
        }
        self.init(
            latitude: (latitude.low + latitude.high) / 2,
            longitude: (longitude.low + longitude.high) / 2)
    }
}

private func trimming(_ text: some StringProtocol) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
}

/// `12km`, `5mi`: a length in meters.
package enum DistanceUnit {
    private static let meters: [String: Double] = [
        "m": 1, "meters": 1, "km": 1000, "kilometers": 1000, "mi": 1609.344, "miles": 1609.344,
        "yd": 0.9144, "yards": 0.9144, "ft": 0.3048, "feet": 0.3048, "in": 0.0254, "inch": 0.0254,
        "cm": 0.01, "centimeters": 0.01, "mm": 0.001, "millimeters": 0.001, "nmi": 1852,
        "NM": 1852, "nauticalmiles": 1852,
    ]

    package static func meters(_ unit: String) throws(QueryError) -> Double {
        guard let factor = meters[unit] else {
            throw .illegalArgument("No distance unit match [\(unit)]")
        }
        return factor
    }

    package static func parse(_ text: String, unit: String = "m") throws(QueryError) -> Double {
        let digits = text.prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "+" }
        let rest = trimming(text[digits.endIndex...])
        // An exponent is part of the number.
        if let number = Double(text) { return number * (try meters(unit)) }
        guard let number = Double(digits) else { throw .numberFormat(text) }
        return number * (try meters(rest.isEmpty ? unit : rest))
    }
}

extension RequestReader {
    mutating func geoDistance(_ object: JSONObject) throws(QueryError) -> Query {
        var point: (String, GeoPoint)?
        var distance: String?
        var unit = "m"
        var ignoreUnmapped = false
        var lenient = false
        let common = try options(object, of: "geo_distance") {
            reader, key, value throws(QueryError) in
            switch key {
            case "distance": distance = try reader.text(value, key)
            case "unit": unit = try reader.text(value, key)
            case "distance_type": _ = try reader.text(value, key)
            case "ignore_unmapped": ignoreUnmapped = try reader.bool(value, key)
            case "validation_method":
                lenient = try reader.text(value, key).uppercased() != "STRICT"
            default:
                if point != nil { return false }
                point = (
                    key,
                    try reader.at(key) { () throws(QueryError) in try GeoPoint(parsing: value) }
                )
            }
            return true
        }
        guard let (field, center) = point else {
            throw fail(.illegalArgument("fieldName must not be null or empty"))
        }
        guard let distance else {
            throw fail(.parsing("geo_distance requires 'distance' to be specified"))
        }
        if !lenient {
            if abs(center.latitude) > 90 || !center.latitude.isFinite {
                throw fail(
                    .illegalArgument(
                        "illegal latitude value [\(center.latitude)] for [geo_distance]"))
            }
            if abs(center.longitude) > 180 || !center.longitude.isFinite {
                throw fail(
                    .illegalArgument(
                        "illegal longitude value [\(center.longitude)] for [geo_distance]"))
            }
        }
        let meters = try at("distance") { () throws(QueryError) in
            try DistanceUnit.parse(distance, unit: unit)
        }
        guard meters > 0 else {
            throw fail(.illegalArgument("distance must be greater than zero"))
        }
        return Query(
            .geoDistance(
                .init(field: field, center: center, meters: meters, ignoreUnmapped: ignoreUnmapped)
            ), boost: common.boost, name: common.name)
    }

    mutating func geoBoundingBox(_ object: JSONObject) throws(QueryError) -> Query {
        var box: GeoBoundingBoxQuery?
        var ignoreUnmapped = false
        let common = try options(object, of: "geo_bounding_box") {
            reader, key, value throws(QueryError) in
            switch key {
            case "ignore_unmapped": ignoreUnmapped = try reader.bool(value, key)
            case "validation_method", "type": _ = try reader.text(value, key)
            default:
                guard case .object(let corners) = value, box == nil else { return false }
                box = try reader.inside(.key(key)) { reader throws(QueryError) in
                    do throws(QueryError) { return try reader.box(corners, field: key) } catch {
                        throw reader.fail(error)
                    }
                }
            }
            return true
        }
        guard var box else {
            throw fail(.parsing("failed to parse [geo_bounding_box] query. bounding box missing"))
        }
        guard box.top >= box.bottom else {
            throw fail(
                .illegalArgument(
                    "top is below bottom corner: \(box.top) vs. \(box.bottom)"))
        }
        box.ignoreUnmapped = ignoreUnmapped
        return Query(.geoBoundingBox(box), boost: common.boost, name: common.name)
    }

    func box(
        _ corners: JSONObject, field: String
    ) throws(QueryError) -> GeoBoundingBoxQuery {
        var box = GeoBoundingBoxQuery(
            field: field, top: .nan, left: .nan, bottom: .nan, right: .nan)
        for (key, value) in corners {
            switch key {
            case "top": box.top = try double(value, key)
            case "bottom": box.bottom = try double(value, key)
            case "left": box.left = try double(value, key)
            case "right": box.right = try double(value, key)
            case "top_left", "top_right", "bottom_left", "bottom_right":
                let point = try GeoPoint(parsing: value)
                if key.hasPrefix("top") {
                    box.top = point.latitude
                } else {
                    box.bottom = point.latitude
                }
                if key.hasSuffix("left") {
                    box.left = point.longitude
                } else {
                    box.right = point.longitude
                }
            case "wkt":
                let text = try text(value, key)
                let inner = text.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
                let numbers = inner.split(separator: ",").compactMap { Double(trimming($0)) }
                guard text.uppercased().hasPrefix("BBOX"), numbers.count == 4 else {
                    throw QueryError(
                        type: "parse_exception", reason: "failed to parse WKT bounding box")
                }
                (box.left, box.right, box.top, box.bottom) = (
                    numbers[0], numbers[1], numbers[2], numbers[3]
                )
            default:
                throw QueryError(
                    type: "parse_exception",
                    reason: "failed to parse bounding box. unexpected field [\(key)]")
            }
        }
        if box.top.isNaN || box.bottom.isNaN || box.left.isNaN || box.right.isNaN {
            throw QueryError(
                type: "parse_exception",
                reason: "failed to parse bounding box. All coordinates must be set")
        }
        return box
    }

    mutating func distanceFeature(_ object: JSONObject) throws(QueryError) -> Query {
        var field: String?
        var origin: JSONValue?
        var pivot: String?
        let common = try strictOptions(
            object, of: "distance_feature", known: ["field", "origin", "pivot"]
        ) { reader, key, value throws(QueryError) in
            switch key {
            case "field": field = try reader.text(value, key)
            case "origin": origin = value
            case "pivot": pivot = try reader.text(value, key)
            default: return false
            }
            return true
        }
        guard let field, let origin, let pivot else {
            throw fail(.illegalArgument("Required [field, origin, pivot]"))
        }
        return Query(
            .distanceFeature(.init(field: field, origin: origin, pivot: pivot)),
            boost: common.boost, name: common.name)
    }
}
