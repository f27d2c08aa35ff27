internal import Glibc
package import TrawlJSON

/// A context that completions of a field are told apart by.
package struct CompletionContext: Sendable, Equatable {
    package enum Form: Sendable, Equatable {
        case category
        /// The length of the geohashes whose cells are compared.
        case geo(precision: Int)
    }

    package var name: String
    package var form: Form
    /// The field of the document that has the value when the completion names none.
    package var path: String?

    static let defaultPrecision = 6

    /// The `contexts` of a mapping: an object, or a list of them.
    static func parse(_ value: JSONValue?) throws(SchemaError) -> [CompletionContext] {
        guard let value, !value.isNull else { return [] }
        var contexts: [CompletionContext] = []
        for element in value.arrayValue ?? [value] {
            guard let name = element["name"]?.stringValue else {
                throw .parsing("[name] field required for [contexts]")
            }
            let form: Form
            switch element["type"]?.stringValue?.lowercased() {
            case "category": form = .category
            case "geo": form = .geo(precision: try precision(element["precision"]))
            case let type?: throw .parsing("unknown context type[\(type)]")
            case nil: throw .parsing("[type] field required for [contexts]")
            }
            contexts.append(
                CompletionContext(name: name, form: form, path: element["path"]?.stringValue))
        }
        if contexts.count > 10 {
            throw .illegalArgument("Limit of completion field contexts [10] has been exceeded")
        }
        return contexts
    }

    /// A length of geohashes, or the greatest size of a cell: `5km`.
    package static func precision(_ value: JSONValue?) throws(SchemaError) -> Int {
        guard let value, !value.isNull else { return defaultPrecision }
        let text = ParameterText.java(value)
        if let length = Int(text) {
            guard (1...12).contains(length) else {
                throw .illegalArgument(
                    "Invalid geohash aggregation precision of \(length). Must be between 1 and 12.")
            }
            return length
        }
        let units: [(String, Double)] = [
            ("km", 1000), ("mi", 1609.344), ("cm", 0.01), ("mm", 0.001), ("m", 1),
        ]
        for (unit, meters) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)), number > 0 else { break }
            return (1...12).first { cellDiagonal($0) <= number * meters } ?? 12
        }
        throw .illegalArgument("failed to parse [precision] [\(text)]")
    }

    private static func bits(_ precision: Int) -> (latitude: Int, longitude: Int) {
        let all = precision * 5
        return (all / 2, all - all / 2)
    }

    /// Metres between opposite corners of a cell at the equator.
    private static func cellDiagonal(_ precision: Int) -> Double {
        let (latitude, longitude) = bits(precision)
        let equator = 2 * Double.pi * 6_378_137
        let width = equator / pow(2, Double(longitude))
        let height = equator / 2 / pow(2, Double(latitude))
        return (width * width + height * height).squareRoot()
    }

    /// Whether two places lie in one cell, or in cells that touch.
    package static func areNeighbours(_ a: GeoPoint, _ b: GeoPoint, precision: Int) -> Bool {
        let (latitudeBits, longitudeBits) = bits(precision)
        let rows = pow(2, Double(latitudeBits))
        let columns = pow(2, Double(longitudeBits))
        func cell(_ point: GeoPoint) -> (row: Double, column: Double) {
            (
                min(rows - 1, ((point.latitude + 90) / 180 * rows).rounded(.down)),
                min(columns - 1, ((point.longitude + 180) / 360 * columns).rounded(.down))
            )
        }
        let (first, second) = (cell(a), cell(b))
        let across = abs(first.column - second.column)
        return abs(first.row - second.row) <= 1 && min(across, columns - across) <= 1
    }
}
