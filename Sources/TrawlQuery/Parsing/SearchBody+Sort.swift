package import TrawlJSON

extension RequestReader {
    package mutating func sort(_ value: JSONValue) throws(QueryError) -> [SortKey] {
        var keys: [SortKey] = []
        try each(value) { reader, element throws(QueryError) in
            switch element {
            case .string(let name): keys.append(Self.sortKey(name, order: nil))
            case .object(let object):
                for (name, value) in object {
                    keys.append(try reader.sortKey(name, value))
                }
            default:
                throw reader.fail(
                    .illegalArgument(
                        "malformed sort format, within the sort array, an object, or an actual "
                            + "string are allowed"))
            }
        }
        // By score alone is the order that there is anyway.
        if keys == [SortKey(by: .score, order: .desc)] { return [] }
        return keys
    }

    /// `name`, `name:desc` as parameters have them.
    package static func sortKey(parsing text: String) -> SortKey {
        if let colon = text.lastIndex(of: ":") {
            let order = SortKey.Order(rawValue: text[text.index(after: colon)...].lowercased())
            if let order { return sortKey(String(text[..<colon]), order: order) }
        }
        return sortKey(text, order: nil)
    }

    private static func sortKey(_ name: String, order: SortKey.Order?) -> SortKey {
        switch name {
        case "_score": SortKey(by: .score, order: order ?? .desc)
        case "_doc": SortKey(by: .document, order: order ?? .asc)
        case "_shard_doc": SortKey(by: .shardDocument, order: order ?? .asc)
        default: SortKey(by: .field(.init(name: name)), order: order ?? .asc)
        }
    }

    private mutating func scriptSortKey(_ value: JSONValue) throws(QueryError) -> SortKey {
        var script: JSONValue?
        var type: String?
        var order = SortKey.Order.asc
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "script": script = try self.script(value, key)
            case "type": type = try text(value, key)
            case "order": order = try self.order(value, key)
            case "mode": _ = try sortMode(value, key)
            default:
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[_script] unknown field [\(key)]"), at: .key(key), atKey: true)
            }
        }
        guard let script, let type else {
            throw fail(
                .illegalArgument(
                    "Required [\(script == nil ? "script" : "type")]"))
        }
        guard type == "number" || type == "string" else {
            throw fail(.illegalArgument("Unknown ScriptSortType [\(type)]"), at: .key("type"))
        }
        return SortKey(
            by: .script(.init(script: script, isText: type == "string")), order: order)
    }

    private mutating func sortKey(
        _ name: String, _ value: JSONValue
    ) throws(QueryError) -> SortKey {
        if name == "_geo_distance" {
            return try inside(.key(name)) { r throws(QueryError) in try r.geoSortKey(value) }
        }
        if name == "_script" {
            return try inside(.key(name)) { r throws(QueryError) in try r.scriptSortKey(value) }
        }
        guard case .object(let options) = value else {
            return Self.sortKey(name, order: try order(value, name))
        }
        return try inside(.key(name)) { reader throws(QueryError) in
            var key = Self.sortKey(name, order: nil)
            guard case .field(var field) = key.by else {
                for (option, value) in options {
                    guard option == "order" else { throw reader.unknownSort(option) }
                    key.order = try reader.order(value, option)
                }
                return key
            }
            for (option, value) in options {
                switch option {
                case "order": key.order = try reader.order(value, option)
                case "missing":
                    field.missing =
                        switch value {
                        case .string("_first"): .first
                        case .string("_last"), .null: .last
                        default: .value(value)
                        }
                case "mode": field.mode = try reader.sortMode(value, option)
                case "numeric_type": field.numericType = try reader.text(value, option)
                case "unmapped_type": field.unmappedType = try reader.text(value, option)
                case "format": field.format = try reader.text(value, option)
                case "nested":
                    field.nested = try reader.inside(.key(option)) { reader throws(QueryError) in
                        try reader.nestedSort(value)
                    }
                case "nested_path":
                    var nested = field.nested ?? .init(path: "")
                    nested.path = try reader.text(value, option)
                    field.nested = nested
                case "nested_filter":
                    var nested = field.nested ?? .init(path: "")
                    nested.filter = try reader.query(value, under: option)
                    field.nested = nested
                case "ignore_unmapped": _ = try reader.bool(value, option)
                default: throw reader.unknownSort(option)
                }
            }
            if let type = field.numericType,
                !["long", "double", "date", "date_nanos"].contains(type.lowercased())
            {
                throw reader.fail(
                    .illegalArgument(
                        "invalid value for [numeric_type], must be [long, double, date, "
                            + "date_nanos], got \(type)"))
            }
            key.by = .field(field)
            return key
        }
    }

    private func unknownSort(_ option: String) -> QueryError {
        let known = [
            "order", "missing", "mode", "numeric_type", "unmapped_type", "format", "nested",
            "nested_path", "nested_filter",
        ]
        return fail(
            QueryError(
                type: "x_content_parse_exception",
                reason: "[field_sort] unknown field [\(option)]"
                    + Suggestion.forUnknown(option, among: known)),
            at: .key(option), atKey: true)
    }

    private func order(_ value: JSONValue, _ key: String) throws(QueryError) -> SortKey.Order {
        let text = try text(value, key)
        guard let order = SortKey.Order(rawValue: text.lowercased()) else {
            throw fail(
                .illegalArgument(
                    "No enum constant org.elasticsearch.search.sort.SortOrder."
                        + text.uppercased()), at: .key(key))
        }
        return order
    }

    private func sortMode(_ value: JSONValue, _ key: String) throws(QueryError) -> SortKey.Mode {
        let text = try text(value, key)
        guard let mode = SortKey.Mode(rawValue: text.lowercased()) else {
            throw fail(
                .illegalArgument("Unknown SortMode [\(text)]"), at: .key(key))
        }
        return mode
    }

    private mutating func geoSortKey(_ value: JSONValue) throws(QueryError) -> SortKey {
        var geo = SortKey.GeoKey(field: "", points: [])
        var sortOrder = SortKey.Order.asc
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "order": sortOrder = try order(value, key)
            case "unit":
                let unit = try text(value, key)
                geo.unitMeters = try at(key) { () throws(QueryError) in
                    try DistanceUnit.meters(unit)
                }
            case "mode", "sort_mode": geo.mode = try sortMode(value, key)
            case "distance_type", "validation_method": _ = try text(value, key)
            case "ignore_unmapped": geo.ignoreUnmapped = try bool(value, key)
            case "nested":
                geo.nested = try inside(.key(key)) { reader throws(QueryError) in
                    try reader.nestedSort(value)
                }
            default:
                if !geo.field.isEmpty {
                    throw fail(
                        .parsing(
                            "Trying to reset fieldName to [\(key)], already set to "
                                + "[\(geo.field)]."), at: .key(key))
                }
                geo.field = key
                geo.points = try at(key) { () throws(QueryError) in try Self.points(value) }
            }
        }
        if geo.mode == .sum {
            throw fail(
                .illegalArgument("sort_mode [sum] isn't supported for sorting by geo distance"))
        }
        if geo.points.isEmpty {
            throw fail(.illegalArgument("Geo distance sorting needs at least one point."))
        }
        return SortKey(by: .geoDistance(geo), order: sortOrder)
    }

    private static func points(_ value: JSONValue) throws(QueryError) -> [GeoPoint] {
        // An array of two numbers is one point; any other array is a list of them.
        guard case .array(let elements) = value, elements.first?.numberValue == nil else {
            return [try GeoPoint(parsing: value)]
        }
        var all: [GeoPoint] = []
        for element in elements { all.append(try GeoPoint(parsing: element)) }
        return all
    }
}
