package import TrawlJSON

/// One key of the order of hits.
package struct SortKey: Sendable, Hashable, Codable {
    package enum Order: String, Sendable, Hashable, Codable { case asc, desc }

    package enum Mode: String, Sendable, Hashable, Codable { case min, max, sum, avg, median }

    package enum Missing: Sendable, Hashable, Codable {
        case first, last
        case value(JSONValue)
    }

    package enum By: Sendable, Hashable, Codable {
        case score
        /// Order of ingestion.
        case document
        case shardDocument
        case field(FieldKey)
        case geoDistance(GeoKey)
        case script(ScriptKey)
    }

    package struct FieldKey: Sendable, Hashable, Codable {
        package var name: String
        package var missing = Missing.last
        package var mode: Mode?
        package var numericType: String?
        package var unmappedType: String?
        package var format: String?
        package var nested: Nested?

        package init(name: String) { self.name = name }
    }

    package struct ScriptKey: Sendable, Hashable, Codable {
        package var script: JSONValue
        /// Its values are texts rather than numbers.
        package var isText = false
    }

    package struct GeoKey: Sendable, Hashable, Codable {
        package var field: String
        package var points: [GeoPoint]
        package var unitMeters = 1.0
        package var mode: Mode?
        package var ignoreUnmapped = false
        package var nested: Nested?
    }

    /// Which objects of nested fields a document's values are taken from.
    package struct Nested: Sendable, Hashable, Codable {
        package var path: String
        package var filter: Query?
        /// How many objects of a document are looked at; nil for all.
        package var maxChildren: Int?
        /// At most one: objects inside these.
        package var inner: [Nested] = []

        package init(path: String) { self.path = path }
    }

    package var by: By
    package var order: Order

    package init(by: By, order: Order) {
        self.by = by
        self.order = order
    }
}

/// The value of one sort key of one hit.
package enum SortValue: Sendable, Hashable, Codable {
    case null
    case integer(Int64)
    case unsigned(UInt64)
    case double(Double)
    case float(Float)
    case text(String)
    /// How the key prints where a format was asked for; ordered by the number.
    case formatted(Int64, String)
    /// A text that is ordered by other bytes than its own.
    case keyed([UInt8], String)

    package var json: JSONValue {
        switch self {
        case .null: .null
        case .integer(let value): JSONValue(value)
        case .unsigned(let value): JSONValue(value)
        case .double(let value):
            value.isFinite ? JSONValue(value) : .string(value > 0 ? "Infinity" : "-Infinity")
        case .float(let value): JSONValue(value)
        case .text(let value): .string(value)
        case .formatted(_, let text), .keyed(_, let text): .string(text)
        }
    }
}

/// The order of hits, within a shard and across shards.
package struct HitOrder: Sendable {
    private let keys: [SortKey]

    /// - Parameter keys: Empty: by score, the best first.
    package init(_ keys: [SortKey]) { self.keys = keys }

    /// Less than zero when `left` comes first, zero when the keys do not tell.
    package func compare(_ left: [SortValue], _ right: [SortValue]) -> Int {
        for (i, key) in keys.enumerated() where i < min(left.count, right.count) {
            let order = compare(left[i], right[i], key)
            if order != 0 { return order }
        }
        return 0
    }

    private func compare(_ left: SortValue, _ right: SortValue, _ key: SortKey) -> Int {
        // A value that is not there stands where `missing` says, whatever the order.
        if left == .null || right == .null {
            if left == right { return 0 }
            var isFirst = false
            if case .field(let field) = key.by, field.missing == .first { isFirst = true }
            return (left == .null) == isFirst ? -1 : 1
        }
        let order = left.compare(right)
        return key.order == .asc ? order : -order
    }
}

extension SortValue {
    /// Ascending; texts by their bytes.
    package func compare(_ other: SortValue) -> Int {
        func order<T: Comparable>(_ a: T, _ b: T) -> Int { a == b ? 0 : a < b ? -1 : 1 }
        switch (self, other) {
        case (.integer(let a), .integer(let b)): return order(a, b)
        case (.formatted(let a, _), .formatted(let b, _)): return order(a, b)
        case (.formatted(let a, _), .integer(let b)): return order(a, b)
        case (.integer(let a), .formatted(let b, _)): return order(a, b)
        case (.unsigned(let a), .unsigned(let b)): return order(a, b)
        case (.keyed(let a, _), .keyed(let b, _)):
            return a == b ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1
        case (.text(let a), .text(let b)):
            if a.utf8.elementsEqual(b.utf8) { return 0 }
            return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        default: return order(double ?? 0, other.double ?? 0)
        }
    }

    package var double: Double? {
        switch self {
        case .null, .text, .keyed: nil
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .double(let value): value
        case .float(let value): Double(value)
        case .formatted(let value, _): Double(value)
        }
    }
}
