internal import TrawlJSON

/// `_source`: what is kept of a document's text.
package struct SourceRules: Sendable, Equatable {
    package var isEnabled = true
    package var includes: [String] = []
    package var excludes: [String] = []

    package init() {}

    package var isWhole: Bool { isEnabled && includes.isEmpty && excludes.isEmpty }
}

/// The parameters of a mapping that stand beside its properties.
enum RootParameters {
    static func parse(
        _ key: String, _ value: JSONValue, into root: inout Mapping.Root,
        _ context: MappingContext
    ) throws(SchemaError) -> Bool {
        switch key {
        case "_meta":
            guard let meta = value.objectValue else {
                throw .mapperParsing(
                    "[_meta] must be an object, got \(ParameterText.javaClass(value))")
            }
            root.meta = meta
        case "date_detection":
            root.datesAreDetected = try ParameterText.bool(value, named: key)
        case "numeric_detection":
            root.numbersAreDetected = try ParameterText.bool(value, named: key)
        case "dynamic_date_formats", "date_formats":
            root.dynamicDateFormats = try dateFormats(value)
        case "dynamic_templates":
            let list = try templates(value, context)
            root.dynamicTemplates = list.isEmpty ? nil : list
        case "_source":
            root.source = try source(value)
        case "_routing":
            let routing = try metadata(key, value, allowed: ["required"])
            root.requiresRouting =
                try routing["required"].map { (value) throws(SchemaError) in
                    try ParameterText.bool(value)
                } ?? false
        case "_field_names":
            _ = try metadata(key, value, allowed: ["enabled"])
        default:
            return false
        }
        return true
    }

    private static func metadata(
        _ name: String, _ value: JSONValue, allowed: [String]
    ) throws(SchemaError) -> JSONObject {
        guard let object = value.objectValue else {
            throw .mapperParsing("[\(name)] config must be an object")
        }
        for key in object.keys where !allowed.contains(key) {
            throw .mapperParsing(
                "unknown parameter [\(key)] on metadata field [\(name)]")
        }
        return object
    }

    private static func source(_ value: JSONValue) throws(SchemaError) -> SourceRules {
        let object = try metadata(
            "_source", value,
            allowed: ["enabled", "includes", "excludes", "recovery_source_enabled"])
        var rules = SourceRules()
        if let enabled = object["enabled"] { rules.isEnabled = try ParameterText.bool(enabled) }
        func patterns(_ key: String) -> [String] {
            guard let value = object[key], !value.isNull else { return [] }
            return (value.arrayValue ?? [value]).map(ParameterText.java)
        }
        rules.includes = patterns("includes")
        rules.excludes = patterns("excludes")
        return rules
    }

    private static func dateFormats(_ value: JSONValue) throws(SchemaError) -> [DateFormat] {
        if value == "none" { return [] }
        var formats: [DateFormat] = []
        for item in value.arrayValue ?? [value] {
            let text = ParameterText.java(item)
            if text.hasPrefix("epoch_") {
                throw .mapperParsing("Epoch [\(text)] is not supported as dynamic date format")
            }
            formats.append(try DateFormat(text))
        }
        return formats
    }

    private static func templates(
        _ value: JSONValue, _ context: MappingContext
    ) throws(SchemaError) -> [DynamicTemplate] {
        guard let list = value.arrayValue else {
            throw .mapperParsing(
                "Dynamic template syntax error. An array of named objects is expected.")
        }
        var templates: [DynamicTemplate] = []
        for item in list {
            guard let object = item.objectValue, object.count == 1,
                let (name, definition) = object.members.first
            else {
                throw .mapperParsing("A dynamic template must be defined with a name")
            }
            guard let body = definition.objectValue else {
                throw .mapperParsing(
                    "Dynamic template syntax error. An array of named objects is expected.")
            }
            templates.append(try DynamicTemplate(name: name, body, context: context))
        }
        return templates
    }
}
