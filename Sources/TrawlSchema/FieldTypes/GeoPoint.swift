internal import Glibc
package import TrawlJSON

/// A place on earth, in degrees.
package struct GeoPoint: Sendable, Equatable {
    package var latitude: Double
    package var longitude: Double

    package init(latitude: Double, longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
    }

    private static let latitudeStep = 180 / 0x1p32
    private static let longitudeStep = 360 / 0x1p32

    /// As a column has it: latitude in the upper half, longitude in the lower, each rounded down
    /// to 32 bits as Lucene does. The order is that of latitudes.
    package var encoded: Int64 {
        let upper = Int64(GeoPoint.encode(latitude, step: GeoPoint.latitudeStep, limit: 90))
        let lower = GeoPoint.encode(longitude, step: GeoPoint.longitudeStep, limit: 180)
        return upper << 32 | Int64(UInt32(bitPattern: lower))
    }

    package init(encoded: Int64) {
        latitude = Double(Int32(truncatingIfNeeded: encoded >> 32)) * GeoPoint.latitudeStep
        longitude = Double(Int32(truncatingIfNeeded: encoded)) * GeoPoint.longitudeStep
    }

    /// All that the column has between two latitudes, whatever the longitude.
    package static func columnRange(latitudes: ClosedRange<Double>) -> ClosedRange<Int64> {
        let low = Int64(encode(latitudes.lowerBound, step: latitudeStep, limit: 90))
        let high = Int64(encode(latitudes.upperBound, step: latitudeStep, limit: 90))
        return low << 32...(high << 32 | 0xFFFF_FFFF)
    }

    private static func encode(_ degrees: Double, step: Double, limit: Double) -> Int32 {
        // The upper limit itself would need one bit more.
        let clamped = max(-limit, min(degrees, limit))
        let value = (clamped / step).rounded(.down)
        return value >= 0x1p31 ? .max : Int32(value)
    }

    /// The shorter way round, in metres, on a sphere of the mean radius, by the haversine formula.
    package func distance(to other: GeoPoint) -> Double {
        let radians = Double.pi / 180
        let x1 = latitude * radians
        let x2 = other.latitude * radians
        let h1 = 1 - cos(x1 - x2)
        let h2 = 1 - cos((longitude - other.longitude) * radians)
        let h = h1 + cos(x1) * cos(x2) * h2
        return 2 * 6_371_008.7714 * asin(min(1, (h * 0.5).squareRoot()))
    }

    // MARK: Reading

    /// All forms of the API: `{"lat": 1, "lon": 2}`, `"1,2"`, `"POINT (2 1)"`, a geohash,
    /// `[2, 1]`, and GeoJSON.
    package init(json: JSONValue, ignoresHeight: Bool = true) throws(SchemaError) {
        switch json {
        case .string(let text):
            self = try GeoPoint.parse(text, ignoresHeight)
        case .array(let list):
            self = try GeoPoint.coordinates(list, ignoresHeight)
        case .object(let object):
            self = try GeoPoint.parse(object, ignoresHeight)
        default:
            throw .parsing("geo_point expected")
        }
    }

    private static func coordinates(
        _ list: [JSONValue], _ ignoresHeight: Bool
    ) throws(SchemaError) -> GeoPoint {
        guard list.count == 2 || list.count == 3 else {
            throw .parsing("[geo_point] field type does not accept > 3 dimensions")
        }
        if list.count == 3, !ignoresHeight { throw height(ParameterText.java(list[2])) }
        return GeoPoint(latitude: try degrees(list[1]), longitude: try degrees(list[0]))
    }

    private static func height(_ value: String) -> SchemaError {
        .parsing(
            "Exception parsing coordinates: found Z value [\(value)] but [ignore_z_value] "
                + "parameter is [false]")
    }

    private static func degrees(_ value: JSONValue) throws(SchemaError) -> Double {
        if let number = value.doubleValue { return number }
        if let text = value.stringValue, let number = NumberText.double(text) { return number }
        throw .parsing("numeric value expected")
    }

    private static func parse(
        _ object: JSONObject, _ ignoresHeight: Bool
    ) throws(SchemaError) -> GeoPoint {
        if object.contains("coordinates") || object.contains("type") {
            guard let type = object["type"]?.stringValue?.lowercased(), type == "point" else {
                throw .parsing("type must be Point")
            }
            guard let list = object["coordinates"]?.arrayValue else {
                throw .parsing("GeoJSON 'coordinates' must be an array")
            }
            return try coordinates(list, ignoresHeight)
        }
        if let hash = object["geohash"] {
            guard object.count == 1 else {
                throw .parsing("field must be either lat/lon or geohash")
            }
            return try geohash(ParameterText.java(hash))
        }
        for key in object.keys where !["lat", "lon", "z"].contains(key) {
            throw .parsing("field must be either [lat], [lon] or [geohash]")
        }
        if let z = object["z"], !ignoresHeight { throw height(ParameterText.java(z)) }
        guard let latitude = object["lat"] else { throw .parsing("field [lat] missing") }
        guard let longitude = object["lon"] else { throw .parsing("field [lon] missing") }
        func named(_ value: JSONValue, _ name: String) throws(SchemaError) -> Double {
            guard let number = try? degrees(value) else {
                throw .parsing("[\(name)] must be a valid double value")
            }
            return number
        }
        return GeoPoint(
            latitude: try named(latitude, "latitude"), longitude: try named(longitude, "longitude"))
    }

    private static func parse(
        _ text: String, _ ignoresHeight: Bool
    ) throws(SchemaError) -> GeoPoint {
        if text.lowercased().hasPrefix("point") {
            let inner = text.dropFirst(5).filter { $0 != "(" && $0 != ")" }
            let parts = inner.split(separator: " ").compactMap { NumberText.double(String($0)) }
            guard parts.count == 2 || (parts.count == 3 && ignoresHeight) else {
                throw .parsing("Invalid WKT format")
            }
            return GeoPoint(latitude: parts[1], longitude: parts[0])
        }
        guard text.contains(",") else { return try geohash(text) }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0.filter { !$0.isWhitespace })
        }
        guard parts.count == 2 || parts.count == 3 else {
            throw .parsing(
                "failed to parse [\(text)], expected 2 or 3 coordinates but found: "
                    + "[\(parts.count)]")
        }
        guard let latitude = NumberText.double(parts[0]) else {
            throw .parsing("latitude must be a number")
        }
        guard let longitude = NumberText.double(parts[1]) else {
            throw .parsing("longitude must be a number")
        }
        if parts.count == 3, !ignoresHeight { throw height(parts[2]) }
        return GeoPoint(latitude: latitude, longitude: longitude)
    }

    private static let hashAlphabet = Array("0123456789bcdefghjkmnpqrstuvwxyz".utf8)

    /// The south-west corner of the hash's cell.
    package static func geohash(_ text: String) throws(SchemaError) -> GeoPoint {
        var latitude = -90.0...90.0
        var longitude = -180.0...180.0
        var isLongitude = true
        guard !text.isEmpty else { throw .parsing("empty geohash") }
        for byte in text.utf8.prefix(12) {
            guard let value = hashAlphabet.firstIndex(of: byte) else {
                let symbol = Character(Unicode.Scalar(byte))
                throw .parsing("unsupported symbol [\(symbol)] in geohash [\(text)]")
            }
            for bit in stride(from: 4, through: 0, by: -1) {
                let isUpper = value >> bit & 1 == 1
                if isLongitude {
                    longitude = half(longitude, isUpper)
                } else {
                    latitude = half(latitude, isUpper)
                }
                isLongitude.toggle()
            }
        }
        return GeoPoint(latitude: latitude.lowerBound, longitude: longitude.lowerBound)
    }

    private static func half(_ range: ClosedRange<Double>, _ upper: Bool) -> ClosedRange<Double> {
        let middle = (range.lowerBound + range.upperBound) / 2
        return upper ? middle...range.upperBound : range.lowerBound...middle
    }
}
