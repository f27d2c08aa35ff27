internal import TrawlJSON

/// Where a parser stands in a document: the objects around, the documents that are built.
///
/// A value that lives in the JSON parser as its sink: no reference counts and no checks of
/// exclusive access on the way of an event. Safe although it keeps a pointer: `input` is set for
/// the time of a parse by the function that owns the bytes, and empty otherwise.
@safe
struct DocumentParseState {
    /// An object or array that is open.
    struct Frame {
        var node: Int32
        var isObject: Bool
        /// The object began a nested document.
        var isNested = false
    }

    /// What a member's value is for.
    enum Place {
        static let skipped: Int32 = -1
        static let unmapped: Int32 = -2
    }

    private(set) var plan: DocumentPlan
    private var nodes: [DocumentPlan.Node] = []
    private let limits: MappingLimits
    private var id = ""
    var failure: SchemaError?
    private var dynamic: DynamicMapping?
    /// The text; valid while it is parsed.
    var input = unsafe UnsafeBufferPointer<UInt8>(start: nil, count: 0)

    /// By nesting level; the root is 0.
    private var builders: [DocumentBuilder] = []
    private var nestedStack: [Int] = []
    private var nestedCount = 0
    private var frames: [Frame] = []
    private var objectDepth = 0
    /// The node for the next value, or one of `Place`.
    private var pending: Int32 = 0
    private var pendingNames: [String] = []
    /// How many brackets are open in a value that is skipped or captured; 0 when none is.
    private var skipDepth = 0
    private var captureStart: Int?

    init(plan: DocumentPlan, limits: MappingLimits) {
        self.plan = plan
        self.limits = limits
        use(plan)
    }

    mutating func use(_ plan: DocumentPlan) {
        self.plan = plan
        nodes = plan.nodes
        builders = []
        addBuilder()
    }

    private mutating func addBuilder() {
        var builder = DocumentBuilder(fieldCount: plan.mapping.fields.count)
        builder.analyses = plan.analyses
        builder.normalizers = plan.normalizers
        builder.names = plan.names
        builder.isNamed = plan.isNamed
        builders.append(builder)
    }

    mutating func start(id: String, reusing document: inout ParsedDocument) {
        self.id = id
        failure = nil
        dynamic = nil
        swap(&builders[0].document, &document)
        builders[0].start()
        builders[0].document.id = id
        frames.removeAll(keepingCapacity: true)
        nestedStack.removeAll(keepingCapacity: true)
        nestedCount = 0
        objectDepth = 0
        pending = 0
        skipDepth = 0
        captureStart = nil
    }

    mutating func end(into document: inout ParsedDocument) {
        swap(&builders[0].document, &document)
    }

    mutating func setSource(_ source: [UInt8]) { builders[0].document.source = source }

    mutating func finish(routing: String?) throws(SchemaError) {
        builders[0].finish(routing: routing)
        try checkObstacle(level: 0)
    }

    // Mutating, as all that is called for each document: reading through a copy of the whole
    // state would count the references of all its buffers.

    mutating func mappingUpdate() -> JSONObject? { dynamic?.update }

    private mutating func checkObstacle(level: Int) throws(SchemaError) {
        switch builders[level].obstacle {
        case nil: break
        case .immenseTerm(let field, let prefix, let byteCount):
            throw immense(field, prefix, byteCount)
        case .position(let field, let position):
            throw .illegalArgument(
                "position \(position) is too large for field '\(plan.mapping[field].path)': max "
                    + "allowed position=\(DocumentBuilder.maxPosition)")
        case .byteCount:
            throw .illegalArgument(
                "the terms and values of document [\(id)] take more than "
                    + "\(DocumentBuilder.maxByteCount) bytes; split the document, or keep "
                    + "analyzers such as [ngram] off its long fields")
        }
    }

    private func immense(
        _ field: FieldNumber, _ prefix: [UInt8], _ byteCount: Int
    ) -> SchemaError {
        let limit = DocumentBuilder.maxTermByteCount
        let bytes = prefix.map { String(Int8(bitPattern: $0)) }.joined(separator: ", ")
        let cause = "bytes can be at most \(limit) in length; got \(byteCount)"
        return SchemaError(
            type: "illegal_argument_exception",
            reason: "Document contains at least one immense term in field="
                + "\"\(plan.mapping[field].path)\" (whose UTF8 encoding is longer than the max "
                + "length \(limit)), all of which were skipped.  Please correct the analyzer to "
                + "not produce such terms.  The prefix of the first immense term is: "
                + "'[\(bytes)]...', original message: \(cause)",
            causes: [.init(type: "max_bytes_length_exceeded_exception", reason: cause)])
    }

    // MARK: Members

    /// The place of the value that comes next.
    private var current: Int32 {
        if let frame = frames.last, !frame.isObject { return frame.node }
        return pending
    }

    mutating func memberName(_ name: Span<UInt8>) throws(SchemaError) {
        if skipDepth > 0 { return }
        guard let frame = frames.last else { return }
        if let child = nodes[Int(frame.node)].children.find(name, in: nodes) {
            pending = nodes[Int(child)].kind == .disabled ? Place.skipped : child
            return
        }
        try unknownKey(NumberText.string(name), in: frame.node)
    }

    private static let metadataNames: Set<String> = [
        "_id", "_index", "_type", "_source", "_routing", "_field_names", "_ignored", "_seq_no",
        "_primary_term", "_version", "_nested_path", "_doc_count", "_tier",
        "_data_stream_timestamp",
    ]

    private mutating func unknownKey(_ name: String, in parent: Int32) throws(SchemaError) {
        let names = try FieldPath.split(name)
        if parent == 0, DocumentParseState.metadataNames.contains(name) {
            throw .mapperParsing(
                "Field [\(name)] is a metadata field and cannot be added inside a document. Use "
                    + "the index API request parameters.")
        }
        var node = parent
        var rest = names[...]
        while let first = rest.first {
            let bytes = Array(first.utf8)
            let children = nodes[Int(node)].children
            guard let child = children.find(bytes.span, in: nodes) else { break }
            rest = rest.dropFirst()
            let found = nodes[Int(child)]
            if found.kind == .disabled {
                pending = Place.skipped
                return
            }
            if rest.isEmpty {
                pending = child
                return
            }
            guard found.kind == .object else {
                if let mapped = plan.mapping.node(found.path) {
                    throw DynamicMapping.notAnObject(names, mapped)
                }
                break
            }
            if found.nested != nil {
                throw .mapperParsing(
                    "Cannot add a value for field [\(name)] since one of the intermediate "
                        + "objects is mapped as a nested object: [\(found.path)]")
            }
            node = child
        }
        let object = nodes[Int(node)]
        switch object.dynamic {
        case .no:
            pending = Place.skipped
        case .strict:
            throw DynamicMapping.strict(.strict, rest.first ?? name, in: object.path)
        case .yes, .templates, .strictTemplates:
            pending = Place.unmapped
            pendingNames =
                object.path.isEmpty ? [] : object.path.split(separator: ".").map(String.init)
            pendingNames += rest
        }
    }

    private mutating func discover(_ names: [String], _ value: JSONValue) throws(SchemaError) {
        if dynamic == nil { dynamic = DynamicMapping(mapping: plan.mapping, limits: limits) }
        try dynamic?.add(names, value)
    }

    // MARK: Scalars

    mutating func scalar(_ kind: ScalarKind, _ text: Span<UInt8>) throws(SchemaError) {
        if skipDepth > 0 { return }
        if frames.isEmpty {
            throw .mapperParsing("Malformed content, must start with an object")
        }
        let place = current
        if place == Place.skipped { return }
        if place == Place.unmapped {
            return try discover(pendingNames, Self.value(kind, text))
        }
        switch nodes[Int(place)].kind {
        case .field: try fieldValue(place, kind, text)
        case .object:
            if kind == .null { return }
            let node = nodes[Int(place)]
            throw .mapperParsing(
                "object mapping for [\(node.path)] tried to parse field "
                    + "[\(String(decoding: node.name, as: UTF8.self))] as object, but found a "
                    + "concrete value")
        case .alias: throw aliasError(place)
        case .disabled: break
        }
    }

    private func aliasError(_ place: Int32) -> SchemaError {
        SchemaError.illegalArgument(
            "Cannot write to a field alias [\(nodes[Int(place)].path)]."
        ).wrapped(type: "mapper_parsing_exception", reason: "failed to parse")
    }

    private static func value(_ kind: ScalarKind, _ text: Span<UInt8>) -> JSONValue {
        switch kind {
        case .null: .null
        case .bool: .bool(text.count == 4)
        case .string: .string(NumberText.string(text))
        case .integer, .decimal:
            JSONNumber(literal: NumberText.string(text)).map(JSONValue.number) ?? .null
        }
    }

    private mutating func fieldValue(
        _ place: Int32, _ kind: ScalarKind, _ text: Span<UInt8>
    ) throws(SchemaError) {
        let place = Int(place)
        for index in nodes[place].targets.indices {
            do throws(SchemaError) {
                // In place: a copy would count references.
                try nodes[place].targets[index].type.add(
                    kind, text, as: nodes[place].targets[index].field,
                    to: &builders[nodes[place].targets[index].level])
            } catch {
                try malformed(
                    nodes[place].targets[index], error,
                    preview: kind == .null ? "null" : NumberText.string(text))
            }
        }
        if kind != .null, !nodes[place].unmappedCopies.isEmpty {
            try copyUnmapped(Int32(place), Self.value(kind, text))
        }
    }

    private mutating func copyUnmapped(_ place: Int32, _ value: JSONValue) throws(SchemaError) {
        for path in nodes[Int(place)].unmappedCopies {
            let names = try FieldPath.split(path)
            if plan.mapping.aliases[path] != nil {
                throw SchemaError.illegalArgument("Cannot copy to a field alias [\(path)].")
                    .wrapped(type: "mapper_parsing_exception", reason: "failed to parse")
            }
            try discover(names, value)
        }
    }

    private mutating func malformed(
        _ target: DocumentPlan.Target, _ error: SchemaError, preview: String
    ) throws(SchemaError) {
        if target.type.ignoresMalformed {
            builders[target.level].markIgnored(target.field)
            return
        }
        throw error.wrapped(
            type: "mapper_parsing_exception",
            reason: "failed to parse field [\(plan.mapping[target.field].path)] of type "
                + "[\(target.type.typeName)] in document with id '\(id)'. Preview of field's "
                + "value: '\(preview)'")
    }

    // MARK: Objects and arrays

    mutating func openObject(at byteOffset: Int) throws(SchemaError) {
        if skipDepth > 0 {
            skipDepth += 1
            return
        }
        if frames.isEmpty {
            frames.append(Frame(node: 0, isObject: true))
            objectDepth = 1
            if nodes[0].kind == .disabled { skipDepth = 1 }
            return
        }
        let place = current
        guard place >= 0 else { return skip(at: byteOffset, captures: place == Place.unmapped) }
        switch nodes[Int(place)].kind {
        case .object:
            objectDepth += 1
            let isNested = nodes[Int(place)].nested != nil
            guard objectDepth <= limits.depth else {
                throw .mapperParsing(
                    "The depth of the field has exceeded the allowed limit of "
                        + "[\(limits.depth)]. This limit can be set by changing the "
                        + "[index.mapping.depth.limit] index level setting.")
            }
            if isNested { try startNested(nodes[Int(place)]) }
            frames.append(Frame(node: place, isObject: true, isNested: isNested))
        // A tree, or a mistake that is shown as a whole.
        case .field: skip(at: byteOffset, captures: true)
        case .alias: throw aliasError(place)
        case .disabled: skip(at: byteOffset, captures: false)
        }
    }

    mutating func closeObject(at byteOffset: Int) throws(SchemaError) {
        if skipDepth > 0 { return try endSkipped(at: byteOffset) }
        objectDepth -= 1
        if let frame = frames.popLast(), frame.isNested {
            try endNested(nodes[Int(frame.node)])
        }
    }

    mutating func openArray(at byteOffset: Int) throws(SchemaError) {
        if skipDepth > 0 {
            skipDepth += 1
            return
        }
        if frames.isEmpty {
            throw .mapperParsing("Malformed content, must start with an object")
        }
        let place = current
        guard place >= 0 else { return skip(at: byteOffset, captures: place == Place.unmapped) }
        switch nodes[Int(place)].kind {
        case .field where nodes[Int(place)].takesTrees: skip(at: byteOffset, captures: true)
        case .alias: throw aliasError(place)
        default: frames.append(Frame(node: place, isObject: false))
        }
    }

    mutating func closeArray(at byteOffset: Int) throws(SchemaError) {
        if skipDepth > 0 { return try endSkipped(at: byteOffset) }
        frames.removeLast()
    }

    private mutating func skip(at byteOffset: Int, captures: Bool) {
        skipDepth = 1
        captureStart = captures ? byteOffset : nil
    }

    private mutating func endSkipped(at byteOffset: Int) throws(SchemaError) {
        skipDepth -= 1
        guard skipDepth == 0, let start = captureStart else { return }
        captureStart = nil
        let text = unsafe Array(input[start..<byteOffset])
        let value: JSONValue
        do {
            value = try JSONValue.parse(text)
        } catch {
            throw .mapperParsing("failed to parse: \(error.description)")
        }
        let place = current
        if place == Place.unmapped { return try discover(pendingNames, value) }
        let node = nodes[Int(place)]
        for (index, target) in node.targets.enumerated() {
            do throws(SchemaError) {
                if target.type.takesTrees {
                    try target.type.add(
                        tree: value, as: target.field, to: &builders[target.level])
                } else if index == 0 {
                    throw Self.notAScalar(target.type)
                }
            } catch {
                // Only a scalar can be malformed and ignored where scalars are wanted.
                var strict = target
                if !target.type.takesTrees { strict.type = StrictType(target.type) }
                try malformed(strict, error, preview: ParameterText.java(value))
            }
        }
        try copyUnmapped(place, value)
    }

    private static func notAScalar(_ type: any FieldType) -> SchemaError {
        switch type.family {
        case .number:
            SchemaError(
                type: "json_parse_exception",
                reason: "Current token (START_OBJECT) not numeric, can not use numeric value "
                    + "accessors")
        case .boolean:
            SchemaError(
                type: "json_parse_exception",
                reason: "Current token (START_OBJECT) not of boolean type")
        default:
            SchemaError(
                type: "illegal_state_exception", reason: "Can't get text on a START_OBJECT")
        }
    }

    // MARK: Nested documents

    private mutating func startNested(_ node: DocumentPlan.Node) throws(SchemaError) {
        nestedCount += 1
        guard nestedCount <= limits.nestedObjects else {
            throw .mapperParsing(
                "The number of nested documents has exceeded the allowed limit of "
                    + "[\(limits.nestedObjects)]. This limit can be set by changing the "
                    + "[index.mapping.nested_objects.limit] index level setting.")
        }
        while builders.count <= node.level { addBuilder() }
        builders[node.level].start()
        let place = builders[0].document.nested.count
        builders[0].document.nested.append(
            .init(path: node.path, parent: nestedStack.last, document: ParsedDocument()))
        nestedStack.append(place)
    }

    private mutating func endNested(_ node: DocumentPlan.Node) throws(SchemaError) {
        let level = node.level
        if let nested = node.nested {
            let inner = builders[level]
            if nested.isInParent { builders[level - 1].include(inner) }
            if nested.isInRoot, !nested.isInParent || level > 1 { builders[0].include(inner) }
        }
        builders[level].finish(routing: nil)
        try checkObstacle(level: level)
        guard let place = nestedStack.popLast() else { return }
        builders[0].document.nested[place].document = builders[level].document
    }
}

/// A type whose malformed values are never ignored: an object where a scalar belongs.
private struct StrictType: FieldType {
    let inner: any FieldType

    init(_ inner: any FieldType) { self.inner = inner }

    var typeName: String { inner.typeName }
    var storage: FieldStorage { inner.storage }
    var family: FieldFamily { inner.family }

    func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) { try inner.add(kind, text, as: field, to: &document) }

    func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup { try inner.lookup(term: value, context: context) }
}
