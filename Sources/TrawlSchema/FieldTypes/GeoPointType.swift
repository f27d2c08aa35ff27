package import TrawlJSON

/// `geo_point`: latitude and longitude in one number, see `GeoPoint.encoded`.
package struct GeoPointType: FieldType {
    package var storage: FieldStorage
    package var ignoresMalformed: Bool
    var ignoresHeight: Bool
    var nullValue: GeoPoint?

    package var typeName: String { "geo_point" }
    package var family: FieldFamily { .geoPoint }
    package var takesTrees: Bool { true }

    static let descriptor = FieldTypeDescriptor(
        name: "geo_point",
        rules: [
            .index, .docValues, .store, .ignoreMalformed,
            ParameterRule("ignore_z_value", .bool, true, updatable: true), .nullValue,
            ParameterRule("skip_list", .bool, false), .meta,
        ],
        make: { (definition, context) throws(SchemaError) in
            try GeoPointType(definition, context)
        })

    init(_ definition: FieldDefinition, _ context: MappingContext) throws(SchemaError) {
        let parameters = definition.parameters
        storage = FieldStorage(
            column: parameters.bool("doc_values") ? .number : .none,
            points: parameters.bool("index"))
        ignoresMalformed =
            parameters.explicit["ignore_malformed"]?.boolValue ?? context.ignoresMalformed
        ignoresHeight = parameters.bool("ignore_z_value")
        if let value = parameters["null_value"], !value.isNull {
            nullValue = try GeoPoint(json: value, ignoresHeight: ignoresHeight)
        }
    }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        switch kind {
        case .null:
            if let nullValue { try add(nullValue, as: field, to: &document) }
        case .string:
            let point = try GeoPoint(
                json: .string(NumberText.string(text)), ignoresHeight: ignoresHeight)
            try add(point, as: field, to: &document)
        default:
            throw .parsing("geo_point expected")
        }
    }

    package func add(
        tree value: JSONValue, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        if let list = value.arrayValue {
            guard let first = list.first else { return }
            if first.numberValue == nil {
                for item in list {
                    if item.isNull {
                        if let nullValue { try add(nullValue, as: field, to: &document) }
                    } else {
                        try add(tree: item, as: field, to: &document)
                    }
                }
                return
            }
        }
        try add(
            try GeoPoint(json: value, ignoresHeight: ignoresHeight), as: field, to: &document)
    }

    private func add(
        _ point: GeoPoint, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        guard point.latitude >= -90, point.latitude <= 90 else {
            throw .illegalArgument(
                "illegal latitude value [\(NumberText.java(point.latitude))] for "
                    + document.name(of: field))
        }
        guard point.longitude >= -180, point.longitude <= 180 else {
            throw .illegalArgument(
                "illegal longitude value [\(NumberText.java(point.longitude))] for "
                    + document.name(of: field))
        }
        if storage.column == .none, !storage.points {
            document.markPresent(field)
        } else {
            document.add(number: point.encoded, to: field)
        }
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        throw .illegalArgument(
            "Geometry fields do not support exact searching, use dedicated geometry queries "
                + "instead")
    }

    /// As GeoJSON.
    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? {
        let point = try GeoPoint(json: value, ignoresHeight: ignoresHeight)
        return .object([
            "type": "Point",
            "coordinates": .array([JSONValue(point.longitude), JSONValue(point.latitude)]),
        ])
    }

    package func display(number: Int64, format: ValueFormat?) -> JSONValue {
        let point = GeoPoint(encoded: number)
        return .string("\(NumberText.java(point.latitude)), \(NumberText.java(point.longitude))")
    }
}
