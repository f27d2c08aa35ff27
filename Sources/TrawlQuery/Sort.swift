package import TrawlJSON

/// One key of the order of hits.
package struct SortKey: Sendable, Hashable {
    package enum Order: String, Sendable, Hashable { case asc, desc }

    package enum Mode: String, Sendable, Hashable { case min, max, sum, avg, median }

    package enum Missing: Sendable, Hashable {
        case first, last
        case value(JSONValue)
    }

    package enum By: Sendable, Hashable {
        case score
        /// Order of ingestion.
        case document
        case shardDocument
        case field(FieldKey)
        case geoDistance(GeoKey)
    }

    package struct FieldKey: Sendable, Hashable {
        package var name: String
        package var missing = Missing.last
        package var mode: Mode?
        package var numericType: String?
        package var unmappedType: String?
        package var format: String?
        package var nested: JSONValue?
    }

    package struct GeoKey: Sendable, Hashable {
        package var field: String
        package var points: [GeoPoint]
        package var unitMeters = 1.0
        package var mode: Mode?
        package var ignoreUnmapped = false
    }

    package var by: By
    package var order: Order

    package init(by: By, order: Order) {
        self.by = by
        self.order = order
    }
}

/// The value of one sort key of one hit.
package enum SortValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case unsigned(UInt64)
    case double(Double)
    case float(Float)
    case text(String)
    /// How the key prints where a format was asked for; ordered by the number.
    case formatted(Int64, String)

    package var json: JSONValue {
        switch self {
        case .null: .null
        case .integer(let value): JSONValue(value)
        case .unsigned(let value): JSONValue(value)
        case .double(let value):
            value.isFinite ? JSONValue(value) : .string(value > 0 ? "Infinity" : "-Infinity")
        case .float(let value): JSONValue(value)
        case .text(let value): .string(value)
        case .formatted(_, let text): .string(text)
        }
    }
}
