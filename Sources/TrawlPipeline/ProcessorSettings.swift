internal import TrawlJSON
internal import TrawlSchema
internal import TrawlScript

/// What a processor is told, read name by name; what nobody asked for is refused at the end.
struct ProcessorSettings {
    let type: String
    private(set) var tag: String?
    private(set) var description: String?
    private var values: JSONObject

    init(type: String, _ values: JSONObject) throws(PipelineError) {
        self.type = type
        self.values = values
        // Known before the others, for what they may be wrong with.
        tag = values["tag"]?.stringValue
        self.values.removeValue(forKey: "tag")
        description = try optionalText("description")
    }

    func wrong(_ name: String?, _ reason: String) -> PipelineError {
        .setting(name, reason, processor: type, tag: tag)
    }

    private mutating func take(_ name: String) -> JSONValue? {
        let value = values.removeValue(forKey: name)
        return value?.isNull == true ? nil : value
    }

    private func required<Value>(_ name: String, _ value: Value?) throws(PipelineError) -> Value {
        guard let value else { throw wrong(name, "[\(name)] required property is missing") }
        return value
    }

    private func wrongType(_ name: String, _ value: JSONValue, _ wanted: String) -> PipelineError {
        wrong(
            name,
            "[\(name)] property isn't a \(wanted), but of type [\(JavaType.name(value))]")
    }

    mutating func optionalValue(_ name: String) -> JSONValue? { take(name) }

    mutating func value(_ name: String) throws(PipelineError) -> JSONValue {
        try required(name, take(name))
    }

    mutating func optionalText(_ name: String) throws(PipelineError) -> String? {
        switch take(name) {
        case nil: return nil
        case .string(let text)?: return text
        case .number(let number)?: return number.literal
        case .bool(let bool)?: return String(bool)
        case let value?: throw wrongType(name, value, "string")
        }
    }

    mutating func text(_ name: String) throws(PipelineError) -> String {
        try required(name, try optionalText(name))
    }

    mutating func bool(_ name: String, default fallback: Bool) throws(PipelineError) -> Bool {
        switch take(name) {
        case nil: return fallback
        case .bool(let bool)?: return bool
        case .string("true")?: return true
        case .string("false")?: return false
        case let value?: throw wrongType(name, value, "boolean")
        }
    }

    mutating func optionalObject(_ name: String) throws(PipelineError) -> JSONObject? {
        switch take(name) {
        case nil: return nil
        case .object(let object)?: return object
        case let value?: throw wrongType(name, value, "map")
        }
    }

    mutating func optionalList(_ name: String) throws(PipelineError) -> [JSONValue]? {
        switch take(name) {
        case nil: return nil
        case .array(let list)?: return list
        case let value?: throw wrongType(name, value, "list")
        }
    }

    /// Texts in a list, or one by itself.
    mutating func optionalTexts(_ name: String) throws(PipelineError) -> [String]? {
        switch take(name) {
        case nil: return nil
        case .string(let text)?: return [text]
        case .array(let list)?: return list.map { $0.stringValue ?? $0.description }
        case let value?: throw wrongType(name, value, "list")
        }
    }

    mutating func texts(_ name: String) throws(PipelineError) -> [String] {
        try required(name, try optionalTexts(name))
    }

    /// A text that may hold values of the document.
    mutating func template(_ name: String) throws(PipelineError) -> TextTemplate {
        let text = try text(name)
        return try template(text, of: name)
    }

    func template(_ text: String, of name: String) throws(PipelineError) -> TextTemplate {
        do throws(SchemaError) {
            return try TextTemplate(text)
        } catch {
            throw wrong(name, error.reason)
        }
    }

    func checkAllTaken() throws(PipelineError) {
        if values.isEmpty { return }
        throw wrong(
            nil,
            "processor [\(type)] doesn't support one or more provided configuration parameters "
                + "[\(values.keys.joined(separator: ", "))]")
    }
}

/// A value for a field: texts within it may hold values of the document.
struct ValueTemplate: Sendable {
    private indirect enum Part: Sendable {
        case constant(JSONValue)
        case text(TextTemplate)
        case list([Part])
        case object([(String, Part)])
    }

    private let part: Part

    init(_ value: JSONValue) throws(PipelineError) {
        part = try Self.part(value)
    }

    private static func part(_ value: JSONValue) throws(PipelineError) -> Part {
        switch value {
        case .string(let text):
            do throws(SchemaError) {
                let template = try TextTemplate(text)
                return template.isConstant ? .constant(value) : .text(template)
            } catch {
                throw PipelineError(error)
            }
        case .array(let list):
            var parts: [Part] = []
            for element in list { parts.append(try self.part(element)) }
            return .list(parts)
        case .object(let object):
            var parts: [(String, Part)] = []
            for (key, inner) in object { parts.append((key, try self.part(inner))) }
            return .object(parts)
        default: return .constant(value)
        }
    }

    func value(_ document: PipelineDocument) -> JSONValue {
        if case .constant(let value) = part { return value }
        return Self.fill(part, document.templateValues)
    }

    private static func fill(_ part: Part, _ values: JSONObject) -> JSONValue {
        switch part {
        case .constant(let value): value
        case .text(let template): .string(template.text(values))
        case .list(let parts): .array(parts.map { fill($0, values) })
        case .object(let parts):
            .object(JSONObject(parts.map { (key: $0.0, value: fill($0.1, values)) }))
        }
    }
}

extension TextTemplate {
    func text(_ document: PipelineDocument) -> String {
        isConstant ? text([:] as JSONObject) : text(document.templateValues)
    }

    /// The field that the text names.
    func path(_ document: PipelineDocument) throws(PipelineError) -> FieldPath {
        try FieldPath(text(document))
    }
}
