internal import TrawlJSON
package import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// The sort of a request under a mapping: which columns are compared, and how values are shown.
package struct SortPlan {
    struct Key {
        enum Source {
            case score
            case document
            case number(String, any FieldType, ValueFormat?)
            case bytes(String, any FieldType)
            case distance(String, [TrawlSchema.GeoPoint], unit: Double)
            /// A field that the mapping has not: every document is without it.
            case nothing(isText: Bool)
            case script(DocumentScript, isText: Bool)
        }

        /// How the values of numbers are kept for comparing and shown.
        enum Shape { case integer, unsigned, float, double }

        var source: Source
        var isDescending: Bool
        var missing: SortKey.Missing
        var mode: SortKey.Mode
        var shape: Shape
        /// Nanoseconds shown and compared as milliseconds, or the other way round.
        var scale: Int64 = 1
        var divisor: Int64 = 1
        /// The objects that values are taken from; nil for the documents themselves.
        var objects: NestedObjects?
    }

    let keys: [Key]
    package let order: HitOrder
    package let needsScores: Bool

    /// - Parameters:
    ///   - scope: The nested field whose objects are sorted; nil for whole documents.
    ///   - objects: Binds the objects that a key takes its values from.
    init(
        _ sort: [SortKey], mapping: Mapping, scope: String? = nil,
        objects: (SortKey.Nested) throws -> NestedObjects
    ) throws {
        keys = try sort.map { key in
            var made = try Self.key(key, mapping, scope)
            var nested: SortKey.Nested?
            if case .field(let field) = key.by { nested = field.nested }
            if case .geoDistance(let geo) = key.by { nested = geo.nested }
            if let nested { made.objects = try objects(nested) }
            return made
        }
        order = HitOrder(sort)
        needsScores = sort.contains {
            if case .script = $0.by { return true }
            return $0.by == .score
        }
    }

    private static func key(
        _ key: SortKey, _ mapping: Mapping, _ scope: String?
    ) throws(QueryError) -> Key {
        let isDescending = key.order == .desc
        func made(_ source: Key.Source, _ shape: Key.Shape) -> Key {
            Key(
                source: source, isDescending: isDescending, missing: .last,
                mode: isDescending ? .max : .min, shape: shape)
        }
        switch key.by {
        case .score: return made(.score, .float)
        case .document, .shardDocument: return made(.document, .integer)
        case .script(let script):
            let isText = script.isText
            return made(
                .script(try DocumentScript(script.script, mapping), isText: isText), .double)
        case .geoDistance(let geo):
            guard let field = mapping.field(geo.field) else {
                if geo.ignoreUnmapped { return made(.nothing(isText: false), .double) }
                throw .illegalArgument(
                    "failed to find mapper for [\(geo.field)] for geo distance "
                        + "based sort")
            }
            guard field.type.family == .geoPoint else {
                throw .illegalArgument("field [\(geo.field)] is not a geo_point field")
            }
            let points = geo.points.map {
                TrawlSchema.GeoPoint(latitude: $0.latitude, longitude: $0.longitude)
            }
            var result = made(.distance(field.path, points, unit: geo.unitMeters), .double)
            if let mode = geo.mode { result.mode = mode }
            return result
        case .field(let field):
            if field.nested == nil, let path = mapping.field(field.name)?.nestedPath,
                path != scope
            {
                throw .queryShard(
                    "it is mandatory to set the [nested] context on the nested sort field: "
                        + "[\(field.name)].")
            }
            return try self.field(field, made, mapping)
        }
    }

    private static func field(
        _ wanted: SortKey.FieldKey, _ made: (Key.Source, Key.Shape) -> Key, _ mapping: Mapping
    ) throws(QueryError) -> Key {
        if wanted.name == "_id" {
            throw .illegalArgument(
                "Fielddata access on the _id field is disallowed, you can re-enable it by updating "
                    + "the dynamic cluster setting: indices.id_field_data.enabled")
        }
        guard let field = mapping.field(wanted.name) else {
            guard let type = wanted.unmappedType else {
                throw .queryShard("No mapping found for [\(wanted.name)] in order to sort on")
            }
            let isText = type == "keyword" || type == "ip" || type == "text"
            let isDouble = ["double", "float", "half_float", "scaled_float"].contains(type)
            var key = made(.nothing(isText: isText), isDouble ? .double : .integer)
            key.missing = wanted.missing
            return key
        }
        let type = field.type
        var key: Key
        switch type.storage.column {
        case .number:
            let format = try QueryAnalyzer.asks { () throws(SchemaError) in
                try type.format(wanted.format, zone: .utc)
            }
            key = made(.number(field.path, type, format), shape(of: type))
        case .bytes: key = made(.bytes(field.path, type), .integer)
        case .none:
            if type.family == .text {
                throw .illegalArgument(
                    "Text fields are not optimised for operations that require per-document field "
                        + "data like aggregations and sorting, so these operations are disabled "
                        + "by default. Please use a keyword field instead. Alternatively, set "
                        + "fielddata=true on [\(wanted.name)] in order to load field data by "
                        + "uninverting the inverted index. Note that this can use significant "
                        + "memory.")
            }
            throw .illegalArgument(
                "Can't load fielddata on [\(wanted.name)] because fielddata is unsupported on "
                    + "fields of type [\(type.typeName)]. Use doc values instead.")
        }
        key.missing = wanted.missing
        if let mode = wanted.mode {
            if type.storage.column == .bytes, mode != .min, mode != .max {
                throw .illegalArgument(
                    "we only support AVG, MEDIAN and SUM on number based fields")
            }
            key.mode = mode
        }
        switch wanted.numericType?.lowercased() {
        case "double": key.shape = .double
        case "long": if key.shape != .unsigned { key.shape = .integer }
        case "date_nanos" where type.typeName == "date": key.scale = 1_000_000
        case "date" where type.typeName == "date_nanos": key.divisor = 1_000_000
        default: break
        }
        return key
    }

    private static func shape(of type: any FieldType) -> Key.Shape {
        switch type.typeName {
        case "unsigned_long": .unsigned
        case "float", "half_float": .float
        case "double", "scaled_float": .double
        default: .integer
        }
    }

    // MARK: search_after

    /// The values of `search_after` as the keys compare them.
    func after(_ values: [JSONValue]) throws(QueryError) -> [SortValue] {
        var result: [SortValue] = []
        for (key, value) in zip(keys, values) {
            result.append(try after(value, key))
        }
        return result
    }

    private func after(_ value: JSONValue, _ key: Key) throws(QueryError) -> SortValue {
        func number() throws(QueryError) -> Double {
            if let number = value.doubleValue { return number }
            if let text = value.stringValue, let number = Double(text) { return number }
            throw .illegalArgument(
                "Failed to parse search_after value [\(value.queryText)] for the sort key")
        }
        if value == .null { return .null }
        switch key.source {
        case .bytes(_, let type):
            if type.family == .ip, let text = value.stringValue {
                return .keyed(try ValuesBinder.address(text), text)
            }
            return .text(value.queryText)
        case .score: return .float(Float(try number()))
        case .document:
            guard let number = value.intValue else { return .integer(Int64(try number())) }
            return .integer(Int64(number))
        case .nothing(let isText):
            return isText ? .text(value.queryText) : .double(try number())
        case .distance, .script(_, isText: false): return .double(try number())
        case .script(_, isText: true): return .text(value.queryText)
        case .number(_, let type, let format):
            switch key.shape {
            case .unsigned: return .unsigned(value.numberValue?.uint64 ?? 0)
            case .float: return .float(Float(try number()))
            case .double: return .double(try number())
            case .integer:
                if let exact = value.numberValue?.int64 { return .integer(exact) }
                if let text = value.stringValue, let exact = Int64(text) { return .integer(exact) }
                if let found = try QueryAnalyzer.asks({ () throws(SchemaError) in
                    try type.number(of: value, format: format)
                }) {
                    return .integer(found &* key.scale / key.divisor)
                }
                return .integer(Int64(try number()))
            }
        }
    }
}

extension QueryAnalyzer {
    static func asks<T>(_ body: () throws(SchemaError) -> T) throws(QueryError) -> T {
        do { return try body() } catch { throw Self.error(error) }
    }
}
