package import TrawlJSON

/// `integer_range`, `long_range`, `float_range`, `double_range`, `date_range`, `ip_range`: spans of
/// values, found by how they lie to another span.
///
/// A span is one string of the bytes column: its first value and its last, both included, each of
/// a fixed width whose byte order is the order of the values. A query walks the dictionary, so its
/// cost is that of the different spans, not of the documents.
package struct RangeType: FieldType {
    package var typeName: String
    package var storage: FieldStorage
    /// What reads and shows the two ends.
    let bound: any FieldType

    package var family: FieldFamily { .range }
    package var takesTrees: Bool { true }
    package var isSearchable: Bool { isIndexed }
    private var isIndexed: Bool
    private var isAddress: Bool { bound is IPType }

    static let descriptors = [
        ("integer_range", "integer"), ("long_range", "long"), ("float_range", "float"),
        ("double_range", "double"), ("date_range", "date"), ("ip_range", "ip"),
    ].map { name, boundName in
        FieldTypeDescriptor(
            name: name,
            rules: [.index, .docValues, .store, .coerce, .boost, .meta]
                + (boundName == "date"
                    ? [
                        ParameterRule("format", .string, .string(DateFormat.default.pattern)),
                        ParameterRule("locale", .string, ""),
                    ] : []),
            make: { (definition, context) throws(SchemaError) in
                try RangeType(boundName, definition, context)
            })
    }

    init(
        _ boundName: String, _ definition: FieldDefinition, _ context: MappingContext
    ) throws(SchemaError) {
        typeName = definition.typeName
        guard let descriptor = FieldTypes.byName[boundName] else {
            preconditionFailure("[\(boundName)] is no type")
        }
        var parameters = FieldParameters(rules: descriptor.rules)
        for name in ["coerce", "format"] {
            parameters.explicit[name] = definition.parameters.explicit[name]
        }
        bound = try descriptor.make(
            FieldDefinition(path: definition.path, typeName: boundName, parameters: parameters),
            context)
        isIndexed = definition.parameters.bool("index")
        let hasColumn = isIndexed || definition.parameters.bool("doc_values")
        storage = FieldStorage(column: hasColumn ? .bytes : .none)
    }

    // MARK: Documents

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        if kind == .null { return }
        let string = NumberText.string(text)
        guard isAddress, kind == .string else {
            throw .mapperParsing(
                "error parsing field [\(document.name(of: field))], expected an object but got "
                    + document.name(of: field))
        }
        let range = try IPAddress.range(cidr: string)
        add(Interval(range.first.bytes, range.last.bytes), as: field, to: &document)
    }

    package func add(
        tree value: JSONValue, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        switch value {
        case .null: break
        case .array(let list):
            for item in list { try add(tree: item, as: field, to: &document) }
        case .object(let object):
            let name = document.name(of: field)
            add(try interval(object, field: name), as: field, to: &document)
        default:
            let text = Array(ParameterText.java(value).utf8)
            let kind: ScalarKind = value.stringValue == nil ? .integer : .string
            try add(kind, text.span, as: field, to: &document)
        }
    }

    private func add(
        _ interval: Interval, as field: FieldNumber, to document: inout DocumentBuilder
    ) {
        if storage.column == .none {
            document.markPresent(field)
        } else {
            document.add(
                bytes: interval.first + interval.last, to: field, asTerm: false, asValue: true)
        }
    }

    private func interval(_ object: JSONObject, field: String) throws(SchemaError) -> Interval {
        var interval = all
        for (key, value) in object {
            guard
                ["gt", "gte", "lt", "lte", "from", "to", "include_lower", "include_upper"]
                    .contains(key)
            else {
                throw .mapperParsing(
                    "error parsing field [\(field)], with unknown parameter [\(key)]")
            }
            if value.isNull { continue }
            switch key {
            case "gt", "gte":
                let first = try encoded(value)
                interval.first = key == "gte" ? first : try next(after: first)
            case "lt", "lte":
                let last = try encoded(value)
                interval.last = key == "lte" ? last : try previous(before: last)
            default: break
            }
        }
        if interval.last.lexicographicallyPrecedes(interval.first) {
            throw .illegalArgument(
                "min value (\(shown(interval.first))) is greater than max value "
                    + "(\(shown(interval.last)))")
        }
        return interval
    }

    // MARK: Ends as bytes

    /// Both ends included.
    private struct Interval {
        var first: [UInt8]
        var last: [UInt8]

        init(_ first: [UInt8], _ last: [UInt8]) {
            self.first = first
            self.last = last
        }
    }

    /// From the least value of the type to its greatest.
    private var all: Interval {
        if isAddress {
            return Interval([UInt8](repeating: 0, count: 16), [UInt8](repeating: 255, count: 16))
        }
        guard let number = bound as? NumberType else {
            return Interval(Self.bytes(.min), Self.bytes(.max))
        }
        return Interval(
            Self.bytes(number.kind.bounds.lowerBound), Self.bytes(number.kind.bounds.upperBound))
    }

    private static func bytes(_ number: Int64) -> [UInt8] {
        let ordered = UInt64(bitPattern: number) ^ (1 << 63)
        return (0..<8).map { UInt8(truncatingIfNeeded: ordered >> UInt64(56 - 8 * $0)) }
    }

    private static func number(_ bytes: [UInt8]) -> Int64 {
        let ordered = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(bitPattern: ordered ^ (1 << 63))
    }

    private func encoded(_ value: JSONValue) throws(SchemaError) -> [UInt8] {
        if isAddress { return try IPType.address(ParameterText.java(value)).bytes }
        if let number = bound as? NumberType, !number.kind.isInteger,
            let text = value.stringValue ?? value.numberValue?.literal,
            let real = NumberText.double(text), real.isInfinite
        {
            return Self.bytes(number.kind.encode(real))
        }
        guard let number = try bound.number(of: value, format: nil) else {
            throw .illegalArgument("no value of [\(typeName)]")
        }
        return Self.bytes(number)
    }

    private func next(after bytes: [UInt8]) throws(SchemaError) -> [UInt8] {
        var bytes = bytes
        var place = bytes.count - 1
        while place >= 0, bytes[place] == 255 {
            bytes[place] = 0
            place -= 1
        }
        guard place >= 0 else { throw .illegalArgument("no value of [\(typeName)] is greater") }
        bytes[place] += 1
        return bytes
    }

    private func previous(before bytes: [UInt8]) throws(SchemaError) -> [UInt8] {
        var bytes = bytes
        var place = bytes.count - 1
        while place >= 0, bytes[place] == 0 {
            bytes[place] = 255
            place -= 1
        }
        guard place >= 0 else { throw .illegalArgument("no value of [\(typeName)] is less") }
        bytes[place] -= 1
        return bytes
    }

    private func shown(_ bytes: [UInt8]) -> String {
        if isAddress { return IPAddress(bytes: bytes).string }
        return ParameterText.java(bound.display(number: Self.number(bytes), format: nil))
    }

    package var isNumber: Bool { bound is NumberType }
    /// Of ranges of dates: how they are written.
    package var dateFormat: DateFormat? { (bound as? DateType)?.dateFormat }

    /// Both ends of a value of the column, as numbers; nil for those of addresses.
    package func span(_ bytes: [UInt8]) -> (first: Double, last: Double)? {
        guard !isAddress, bytes.count == 16 else { return nil }
        return (
            bound.double(of: Self.number(Array(bytes[..<8]))),
            bound.double(of: Self.number(Array(bytes[8...])))
        )
    }

    // MARK: Queries

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        var range = ValueRange(lower: value, upper: value)
        if isAddress, let text = value.stringValue, text.utf8.contains(UInt8(ascii: "/")) {
            let (first, last) = try IPAddress.range(cidr: text)
            range = ValueRange(lower: .string(first.string), upper: .string(last.string))
        }
        return try lookup(range: range, context: context)
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        guard isIndexed || storage.column != .none else { return .none }
        var wanted = all
        switch try bound.lookup(range: range, context: context) {
        case .none: return .none
        case .numbers(let numbers):
            wanted = Interval(Self.bytes(numbers.lowerBound), Self.bytes(numbers.upperBound))
        case .bytes(let lower, let includesLower, let upper, let includesUpper):
            if let lower { wanted.first = includesLower ? lower : try next(after: lower) }
            if let upper { wanted.last = includesUpper ? upper : try previous(before: upper) }
        case .all, .term, .intervals: break
        }
        if wanted.last.lexicographicallyPrecedes(wanted.first) { return .none }
        return .intervals(range.relation, first: wanted.first, last: wanted.last)
    }

    // MARK: Showing

    /// The span as documents have it, its ends in the form of the type.
    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? {
        guard case .object(let object) = value else { return value }
        var result = JSONObject()
        for (key, end) in object {
            result[key] = end.isNull ? .null : try bound.fetched(end, format: format) ?? end
        }
        return .object(result)
    }

    package func format(_ pattern: String?, zone: Zone) throws(SchemaError) -> ValueFormat? {
        guard pattern != nil, !(bound is DateType) else {
            return try bound.format(pattern, zone: zone)
        }
        throw .illegalArgument(
            "Field of type [\(typeName)] does not support custom formats: [\(pattern ?? "")]")
    }
}

/// How a span of a document must lie to that of a query.
package enum RangeRelation: String, Sendable, Hashable {
    case intersects, contains, within

    /// Whether it does; both ends of both are included.
    @inline(__always)
    package func holds(
        _ first: ArraySlice<UInt8>, _ last: ArraySlice<UInt8>, _ queryFirst: [UInt8],
        _ queryLast: [UInt8]
    ) -> Bool {
        switch self {
        case .intersects:
            !queryLast.lexicographicallyPrecedes(first)
                && !last.lexicographicallyPrecedes(queryFirst)
        case .contains:
            !queryFirst.lexicographicallyPrecedes(first)
                && !last.lexicographicallyPrecedes(queryLast)
        case .within:
            !first.lexicographicallyPrecedes(queryFirst)
                && !queryLast.lexicographicallyPrecedes(last)
        }
    }
}
