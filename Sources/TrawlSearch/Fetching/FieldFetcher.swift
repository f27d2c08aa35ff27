internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// The values that a request wants to see of each hit besides its source: `fields`,
/// `docvalue_fields` and `stored_fields`. What is asked for is checked once, before any document.
struct FieldFetcher {
    /// A field by the name that it is shown under.
    private struct Wanted {
        var name: String
        var field: Mapping.Field
        var format: ValueFormat?
    }

    private let mapping: Mapping
    private var docvalues: [Wanted] = []
    private var fields: [Wanted] = []
    private var stored: [Wanted] = []
    /// `_seq_no` among the columns, although it is none.
    private var showsSequence = false

    init(_ request: SearchRequest, _ mapping: Mapping, index: String) throws {
        self.mapping = mapping
        for wanted in request.docvalueFields {
            if wanted.field == "_seq_no" {
                showsSequence = true
            } else {
                docvalues += try self.docvalues(wanted)
            }
        }
        if !request.fields.isEmpty, !mapping.root.source.isEnabled {
            throw QueryError.illegalArgument(
                "Unable to retrieve the requested [fields] since _source is disabled in the "
                    + "mappings for index [\(index)]")
        }
        for wanted in request.fields { fields += try self.fields(wanted) }
        for pattern in request.storedFields ?? [] {
            for (name, field) in mapping.fields(matching: pattern) where isStored(field) {
                stored.append(Wanted(name: name, field: field))
            }
        }
    }

    /// Whether the source has to be read for it.
    var readsSource: Bool { !fields.isEmpty || !stored.isEmpty }

    private func isStored(_ field: Mapping.Field) -> Bool {
        guard case .leaf(let leaf)? = mapping.node(field.path) else { return false }
        return leaf.parameters["store"]?.boolValue == true
    }

    private func docvalues(_ wanted: FieldAndFormat) throws -> [Wanted] {
        let pattern = wanted.format == "use_field_mapping" ? nil : wanted.format
        let isPattern = wanted.field.contains("*")
        return try mapping.fields(matching: wanted.field).compactMap { name, field in
            if field.type.family == .range || (isPattern && !field.isAggregatable) { return nil }
            let format = try QueryAnalyzer.asks { () throws(SchemaError) in
                try field.requireColumn()
                return try field.type.format(pattern, zone: .utc)
            }
            return Wanted(name: name, field: field, format: format)
        }
    }

    private func fields(_ wanted: FieldAndFormat) throws -> [Wanted] {
        let isPattern = wanted.field.contains("*")
        return try mapping.fields(matching: wanted.field).compactMap { name, field in
            if isPattern, field.isMetadata { return nil }
            let format = try QueryAnalyzer.asks { () throws(SchemaError) in
                try field.type.format(wanted.format, zone: .utc)
            }
            return Wanted(name: name, field: field, format: format)
        }
    }

    // MARK: Documents

    func readColumns(_ hit: inout Hit, _ segment: SegmentContext, _ doc: Int) {
        if showsSequence {
            let (identity, owner) = segment.identity(of: doc)
            hit.fields["_seq_no"] = [JSONValue(identity.sequence(of: owner))]
        }
        for wanted in docvalues {
            let values = columnValues(wanted, segment, doc)
            if !values.isEmpty { hit.fields[wanted.name] = .array(values) }
        }
        // What the source does not say.
        for wanted in fields where wanted.field.type is TokenCountType {
            let values = columnValues(wanted, segment, doc)
            if !values.isEmpty { hit.fields[wanted.name] = .array(values) }
        }
    }

    private func columnValues(
        _ wanted: Wanted, _ segment: SegmentContext, _ doc: Int
    ) -> [JSONValue] {
        let type = wanted.field.type
        guard let own = segment.view.field(wanted.field.path) else { return [] }
        if let numbers = own.numbers {
            return numbers.values(of: doc).map { type.display(number: $0, format: wanted.format) }
        }
        return own.bytes?.values(of: doc).map { type.display(bytes: $0) } ?? []
    }

    func readSource(_ hit: inout Hit, _ object: JSONObject) {
        for wanted in fields where !(wanted.field.type is TokenCountType) {
            let values = sourceValues(wanted, object)
            if !values.isEmpty { hit.fields[wanted.name] = .array(values) }
        }
        for wanted in stored {
            let values = sourceValues(wanted, object)
            if !values.isEmpty { hit.fields[wanted.name] = .array(values) }
        }
    }

    /// What the document says for a field, as the type takes it. What it could not take is
    /// left out, as it was when the document came.
    private func sourceValues(_ wanted: Wanted, _ object: JSONObject) -> [JSONValue] {
        let type = wanted.field.type
        let path = wanted.field.parent.map { mapping[$0].path } ?? wanted.field.path
        let given =
            type.takesTrees
            ? SourceValues.trees(at: path, in: object)
            : SourceValues.values(at: path, in: object).filter { $0.objectValue == nil }
        return given.compactMap { (try? type.fetched($0, format: wanted.format)) ?? nil }
    }
}

/// Values of a document's source by their dotted path, through arrays.
enum SourceValues {
    /// What lists hold, one by one.
    static func values(at path: String, in object: JSONObject) -> [JSONValue] {
        trees(at: path, in: object).flatMap { leaves($0) }
    }

    /// Objects as they are, and lists of numbers, which may be places.
    static func trees(at path: String, in object: JSONObject) -> [JSONValue] {
        var result: [JSONValue] = []
        collect(path[...], .object(object), &result)
        return result
    }

    private static func leaves(_ value: JSONValue) -> [JSONValue] {
        switch value {
        case .array(let elements): elements.flatMap { leaves($0) }
        case .null: []
        default: [value]
        }
    }

    private static func collect(
        _ path: Substring, _ value: JSONValue, _ result: inout [JSONValue]
    ) {
        switch value {
        case .array(let elements):
            if path.isEmpty, elements.first?.numberValue != nil {
                result.append(value)
            } else {
                for element in elements { collect(path, element, &result) }
            }
        case .null: break
        case .object(let object) where !path.isEmpty:
            // A key may have dots of its own.
            var end = path.startIndex
            while end < path.endIndex {
                end = path[end...].firstIndex(of: ".") ?? path.endIndex
                if let inner = object[String(path[..<end])] {
                    let rest = end < path.endIndex ? path[path.index(after: end)...] : ""
                    collect(rest, inner, &result)
                }
                if end < path.endIndex { end = path.index(after: end) }
            }
        default: if path.isEmpty { result.append(value) }
        }
    }
}
