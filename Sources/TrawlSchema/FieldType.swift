package import TrawlJSON

/// A scalar of a document, or what a parameter such as `null_value` stands in for.
package enum ScalarKind: UInt8, Sendable {
    case null, bool, integer, decimal, string

    package var isNumber: Bool { self == .integer || self == .decimal }
}

/// What a field of a mapping does with the values of documents and with those of queries.
///
/// One type of the API is one conforming type in a file of its own, and one line in
/// `FieldTypes.all`. All else (parsing its parameters, merging, showing them) follows from
/// its rules.
package protocol FieldType: Sendable {
    var typeName: String { get }
    var storage: FieldStorage { get }
    /// Which of a segment's structures tells the documents that have the field.
    var existence: FieldExistence { get }
    /// What takes its values whole, objects and arrays too.
    var takesTrees: Bool { get }
    /// Whether a value that does not fit is left out rather than refusing its document.
    var ignoresMalformed: Bool { get }
    /// How the query room should treat it.
    var family: FieldFamily { get }

    /// Adds one scalar. `text` holds a number as it was written, a string without its escapes.
    func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError)

    /// Adds an object or an array; only when `takesTrees`.
    func add(
        tree value: JSONValue, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError)

    /// The documents that have just this value.
    func lookup(term value: JSONValue, context: QueryValueContext) throws(SchemaError)
        -> ValueLookup

    func lookup(range: ValueRange, context: QueryValueContext) throws(SchemaError) -> ValueLookup

    /// A value of the number column, as the API shows it.
    func display(number: Int64, format: ValueFormat?) -> JSONValue
    /// A value of the bytes column, or a term.
    func display(bytes: [UInt8]) -> JSONValue
    /// A value of the number column for arithmetic.
    func double(of number: Int64) -> Double
    /// A number as the column has it: a bound of an aggregation, or a `search_after`.
    func number(of value: JSONValue, format: ValueFormat?) throws(SchemaError) -> Int64?
    /// What a `format` of a request means for the type's values.
    func format(_ pattern: String?, zone: Zone) throws(SchemaError) -> ValueFormat?
    /// A value of a document's source as the `fields` option shows it: in the form that the type
    /// gives it. Nil where the type left it out.
    func fetched(_ value: JSONValue, format: ValueFormat?) throws(SchemaError) -> JSONValue?
    /// Whether queries find something in the field.
    var isSearchable: Bool { get }
}

package enum FieldExistence: Sendable, Equatable {
    case column
    case norms
    /// The name of the field is a term of `_field_names`.
    case fieldNames
    /// Every document of the index.
    case always
}

/// The kinds of field that queries tell apart.
package enum FieldFamily: String, Sendable {
    case text, keyword, number, date, boolean, ip, geoPoint = "geo_point", binary, completion
    case constant, flat, range
}

/// Where a query's value is to be looked for.
package enum ValueLookup: Sendable, Equatable {
    case none
    case all
    /// A term of the inverted list.
    case term([UInt8])
    /// Values of the number column, both ends included.
    case numbers(ClosedRange<Int64>)
    /// Values of the bytes column, or terms; nil is open.
    case bytes(lower: [UInt8]?, includesLower: Bool, upper: [UInt8]?, includesUpper: Bool)
    /// Spans of the bytes column that lie so to this one; see `RangeType`.
    case intervals(RangeRelation, first: [UInt8], last: [UInt8])
}

/// A range as a query says it.
package struct ValueRange: Sendable, Equatable {
    package var lower: JSONValue?
    package var includesLower: Bool
    package var upper: JSONValue?
    package var includesUpper: Bool
    package var format: String?
    package var timeZone: String?
    /// Of fields whose values are ranges themselves.
    package var relation = RangeRelation.intersects

    package init(
        lower: JSONValue? = nil, includesLower: Bool = true, upper: JSONValue? = nil,
        includesUpper: Bool = true, format: String? = nil, timeZone: String? = nil
    ) {
        self.lower = lower
        self.includesLower = includesLower
        self.upper = upper
        self.includesUpper = includesUpper
        self.format = format
        self.timeZone = timeZone
    }
}

/// What the meaning of a query's value depends on besides the field.
package struct QueryValueContext: Sendable {
    package var now: Instant

    package init(now: Instant) { self.now = now }
}

/// How values are shown when a request asks for a format of its own.
package enum ValueFormat: Sendable, Equatable {
    case date(DateFormat, zone: Zone)
    case decimal(DecimalPattern)
    case raw
}

extension FieldType {
    package var takesTrees: Bool { false }
    package var ignoresMalformed: Bool { false }
    package var existence: FieldExistence {
        storage.column != .none ? .column : storage.norms ? .norms : .fieldNames
    }
    package var isSearchable: Bool { storage.postings != .none || storage.points }
    package var isAggregatable: Bool { storage.column != .none }

    package func add(
        tree value: JSONValue, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        assertionFailure("a tree for a type that takes none")
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        throw .illegalArgument("Field of type [\(typeName)] does not support range queries")
    }

    package func display(number: Int64, format: ValueFormat?) -> JSONValue { JSONValue(number) }
    package func display(bytes: [UInt8]) -> JSONValue {
        .string(String(decoding: bytes, as: UTF8.self))
    }
    package func double(of number: Int64) -> Double { Double(number) }
    package func number(
        of value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> Int64? { nil }
    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? { value }
    package func format(_ pattern: String?, zone: Zone) throws(SchemaError) -> ValueFormat? {
        guard let pattern else { return nil }
        throw .illegalArgument(
            "Field of type [\(typeName)] does not support custom formats: [\(pattern)]")
    }
}

/// A field type as mappings know it: its name, its parameters, and how one is made.
struct FieldTypeDescriptor: Sendable {
    var name: String
    var rules: [ParameterRule]
    var make: @Sendable (FieldDefinition, MappingContext) throws(SchemaError) -> any FieldType
}

/// What a field type is made from.
struct FieldDefinition: Sendable {
    var path: String
    var typeName: String
    var parameters: FieldParameters
}

/// All types that a mapping can name, besides `object`, `nested` and `alias`.
enum FieldTypes {
    static let all: [FieldTypeDescriptor] =
        TextType.descriptors + KeywordType.descriptors + NumberType.descriptors
        + [
            ScaledFloatType.descriptor, DateType.millis, DateType.nanos, BooleanType.descriptor,
            BinaryType.descriptor, IPType.descriptor, ConstantKeywordType.descriptor,
            GeoPointType.descriptor, TokenCountType.descriptor, CompletionType.descriptor,
        ] + FlatObjectType.descriptors + RangeType.descriptors

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
