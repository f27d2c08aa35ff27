package import TrawlJSON

/// A document on its way through pipelines: its fields, `_index`, `_id` and the like among them,
/// and what the pipelines say of themselves under `_ingest`.
package struct PipelineDocument: Sendable, Equatable {
    package static let metadataNames: [String] = [
        "_index", "_id", "_routing", "_version", "_version_type", "_if_seq_no",
        "_if_primary_term", "_op_type",
    ]

    /// The document's own fields, and the metadata beside them.
    package var fields: JSONObject
    /// `timestamp`, `pipeline`, `on_failure_message`, …
    package var ingest: JSONObject

    package init(source: JSONObject, metadata: JSONObject, timestamp: String) {
        fields = metadata
        for (name, value) in source { fields[name] = value }
        ingest = ["timestamp": .string(timestamp)]
    }

    /// The document without its metadata.
    package var source: JSONObject {
        var source = fields
        for name in Self.metadataNames { source.removeValue(forKey: name) }
        return source
    }

    package var metadata: JSONObject {
        JSONObject(
            Self.metadataNames.compactMap { name in
                fields[name].map { (key: name, value: $0) }
            })
    }

    /// What templates see: the fields, `_source` and `_ingest`.
    var templateValues: JSONObject {
        var values = fields
        values["_source"] = .object(source)
        values["_ingest"] = .object(ingest)
        return values
    }
}

/// Where a value stands in a document: names and numbers of list elements between dots.
struct FieldPath: Sendable {
    let text: String
    private let steps: [String]
    private let isIngest: Bool

    init(_ text: String) throws(PipelineError) {
        if text.isEmpty { throw .illegalArgument("path cannot be null nor empty") }
        self.text = text
        var rest = text[...]
        isIngest = rest.hasPrefix("_ingest.")
        if isIngest { rest = rest.dropFirst("_ingest.".count) }
        if rest.hasPrefix("_source.") { rest = rest.dropFirst("_source.".count) }
        steps = rest.split(separator: ".").map(String.init)
        if steps.isEmpty { throw .illegalArgument("path [\(text)] is not valid") }
    }

    private func root(_ document: PipelineDocument) -> JSONValue {
        .object(isIngest ? document.ingest : document.fields)
    }

    // MARK: Reading

    func exists(in document: PipelineDocument) -> Bool {
        (try? resolve(steps[...], in: root(document))) != nil
    }

    func value(in document: PipelineDocument) throws(PipelineError) -> JSONValue {
        try resolve(steps[...], in: root(document))
    }

    func text(in document: PipelineDocument) throws(PipelineError) -> String {
        let value = try value(in: document)
        guard let text = value.stringValue else { throw wrongType(value, "java.lang.String") }
        return text
    }

    func list(in document: PipelineDocument) throws(PipelineError) -> [JSONValue] {
        let value = try value(in: document)
        guard let list = value.arrayValue else { throw wrongType(value, "java.util.List") }
        return list
    }

    func wrongType(_ value: JSONValue, _ wanted: String) -> PipelineError {
        .illegalArgument(
            "field [\(text)] of type [\(JavaType.name(value))] cannot be cast to [\(wanted)]")
    }

    private func resolve(
        _ steps: ArraySlice<String>, in value: JSONValue
    ) throws(PipelineError) -> JSONValue {
        guard let step = steps.first else { return value }
        switch value {
        case .object(let object):
            guard let inner = object[step] else { throw missing(step) }
            return try resolve(steps.dropFirst(), in: inner)
        case .array(let list):
            return try resolve(steps.dropFirst(), in: list[try index(step, list.count)])
        case .null: throw cannotResolve(step, from: value)
        default: throw cannotResolve(step, from: value)
        }
    }

    private func missing(_ step: String) -> PipelineError {
        .illegalArgument("field [\(step)] not present as part of path [\(text)]")
    }

    private func cannotResolve(_ step: String, from value: JSONValue) -> PipelineError {
        let place = value.isNull ? "null" : "object of type [\(JavaType.name(value))]"
        return .illegalArgument(
            "cannot resolve [\(step)] from \(place) as part of path [\(text)]")
    }

    private func index(_ step: String, _ count: Int) throws(PipelineError) -> Int {
        guard let index = Int(step) else {
            throw .illegalArgument(
                "[\(step)] is not an integer, cannot be used as an index as part of path "
                    + "[\(text)]")
        }
        guard (0..<count).contains(index) else {
            throw .illegalArgument(
                "[\(index)] is out of bounds for array with length [\(count)] as part of path "
                    + "[\(text)]")
        }
        return index
    }

    // MARK: Changing

    func set(_ value: JSONValue, in document: inout PipelineDocument) throws(PipelineError) {
        try change(&document) { (place: inout JSONValue?) throws(PipelineError) in place = value }
    }

    @discardableResult
    func remove(from document: inout PipelineDocument) throws(PipelineError) -> JSONValue {
        let old = try value(in: document)
        try change(&document) { (place: inout JSONValue?) throws(PipelineError) in place = nil }
        return old
    }

    /// Adds to the list at the path; a value that is there becomes the list's first element.
    func append(
        _ values: [JSONValue], allowingDuplicates: Bool, in document: inout PipelineDocument
    ) throws(PipelineError) {
        try change(&document) { (place: inout JSONValue?) throws(PipelineError) in
            var list: [JSONValue] =
                switch place {
                case .array(let list)?: list
                case nil, .null?: []
                case let one?: [one]
                }
            for value in values where allowingDuplicates || !list.contains(value) {
                list.append(value)
            }
            place = .array(list)
        }
    }

    private func change(
        _ document: inout PipelineDocument,
        _ body: (inout JSONValue?) throws(PipelineError) -> Void
    ) throws(PipelineError) {
        var root: JSONValue? = root(document)
        try change(&root, steps[...], body)
        guard case .object(let object)? = root else { return }
        if isIngest { document.ingest = object } else { document.fields = object }
    }

    private func change(
        _ value: inout JSONValue?, _ steps: ArraySlice<String>,
        _ body: (inout JSONValue?) throws(PipelineError) -> Void
    ) throws(PipelineError) {
        guard let step = steps.first else { return try body(&value) }
        switch value {
        case .object(var object)?:
            var inner = object[step]
            if inner == nil, steps.count > 1 { inner = .object([:]) }
            try change(&inner, steps.dropFirst(), body)
            if let inner { object[step] = inner } else { object.removeValue(forKey: step) }
            value = .object(object)
        case .array(var list)?:
            let place = try index(step, list.count)
            var inner: JSONValue? = list[place]
            try change(&inner, steps.dropFirst(), body)
            if let inner { list[place] = inner } else { list.remove(at: place) }
            value = .array(list)
        default: throw cannotResolve(step, from: value ?? .null)
        }
    }
}

/// The names that values have in messages which clients know.
enum JavaType {
    static func name(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "java.lang.Boolean"
        case .string: "java.lang.String"
        case .array: "java.util.ArrayList"
        case .object: "java.util.HashMap"
        case .number(let number):
            if let whole = number.int64 {
                Int32(exactly: whole) != nil ? "java.lang.Integer" : "java.lang.Long"
            } else {
                "java.lang.Double"
            }
        }
    }
}
