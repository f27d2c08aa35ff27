internal import TrawlErrors
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlScript

/// The kinds of processors by the names that pipelines know them by.
package struct ProcessorCatalog: Sendable {
    private typealias Make =
        @Sendable (inout ProcessorSettings, ProcessorCatalog) throws(PipelineError) -> any Processor

    /// Stored scripts by their ids.
    let scripts: [String: JSONObject]

    package static var names: [String] { kinds.keys.sorted() }

    private static let kinds: [String: Make] = [
        "append": { (s, _) throws(PipelineError) in try AppendProcessor(&s) },
        "bytes": { (s, _) throws(PipelineError) in try TextProcessor(&s, ByteCountText.parse) },
        "convert": { (s, _) throws(PipelineError) in try ConvertProcessor(&s) },
        "copy": { (s, _) throws(PipelineError) in try CopyProcessor(&s) },
        "csv": { (s, _) throws(PipelineError) in try SeparatedProcessor(&s) },
        "date": { (s, _) throws(PipelineError) in try DateProcessor(&s) },
        "dissect": { (s, _) throws(PipelineError) in try DissectProcessor(&s) },
        "dot_expander": { (s, _) throws(PipelineError) in try DotExpanderProcessor(&s) },
        "drop": { (s, _) throws(PipelineError) in DropProcessor() },
        "fail": { (s, _) throws(PipelineError) in try FailProcessor(&s) },
        "foreach": { (s, catalog) throws(PipelineError) in try EachProcessor(&s, catalog) },
        "grok": { (s, _) throws(PipelineError) in try GrokProcessor(&s) },
        "gsub": { (s, _) throws(PipelineError) in try ReplaceProcessor(&s) },
        "html_strip": { (s, _) throws(PipelineError) in try TextProcessor(&s, Markup.strip) },
        "join": { (s, _) throws(PipelineError) in try JoinProcessor(&s) },
        "json": { (s, _) throws(PipelineError) in try JSONProcessor(&s) },
        "kv": { (s, _) throws(PipelineError) in try KeyValueProcessor(&s) },
        "lowercase": { (s, _) throws(PipelineError) in
            try TextProcessor(&s) { (text) throws(PipelineError) in .string(text.lowercased()) }
        },
        "pipeline": { (s, _) throws(PipelineError) in try NamedPipelineProcessor(&s) },
        "remove": { (s, _) throws(PipelineError) in try RemoveProcessor(&s) },
        "remove_by_pattern": { (s, _) throws(PipelineError) in
            try RemoveByPatternProcessor(&s)
        },
        "rename": { (s, _) throws(PipelineError) in try RenameProcessor(&s) },
        "script": { (s, catalog) throws(PipelineError) in try ScriptProcessor(&s, catalog) },
        "set": { (s, _) throws(PipelineError) in try SetProcessor(&s) },
        "sort": { (s, _) throws(PipelineError) in try SortProcessor(&s) },
        "split": { (s, _) throws(PipelineError) in try SplitProcessor(&s) },
        "trim": { (s, _) throws(PipelineError) in
            try TextProcessor(&s) { (text) throws(PipelineError) in .string(text.trimmed) }
        },
        "uppercase": { (s, _) throws(PipelineError) in
            try TextProcessor(&s) { (text) throws(PipelineError) in .string(text.uppercased()) }
        },
        "urldecode": { (s, _) throws(PipelineError) in try TextProcessor(&s, FormText.decode) },
    ]

    func steps(_ list: [JSONValue]) throws(PipelineError) -> [PipelineStep] {
        var steps: [PipelineStep] = []
        for item in list {
            guard let object = item.objectValue else {
                throw .setting(
                    "processors", "processor must be a map, but is [\(JavaType.name(item))]")
            }
            for (type, settings) in object { steps.append(try step(type, settings)) }
        }
        return steps
    }

    func step(_ type: String, _ value: JSONValue) throws(PipelineError) -> PipelineStep {
        let values: JSONObject
        switch value {
        case .object(let object): values = object
        // A script may be just its text.
        case .string(let text) where type == "script": values = ["source": .string(text)]
        default:
            throw .setting(
                nil, "property isn't a map, but of type [\(JavaType.name(value))]",
                processor: type)
        }
        guard let make = Self.kinds[type] else {
            throw .setting(nil, "No processor type exists with name [\(type)]", processor: type)
        }
        var settings = try ProcessorSettings(type: type, values)
        let ignores = try settings.bool("ignore_failure", default: false)
        let failure = try settings.optionalList("on_failure")
        let condition = try condition(&settings)
        let onFailure = try steps(failure ?? [])
        if failure != nil, onFailure.isEmpty {
            throw settings.wrong("on_failure", "[on_failure] processors list cannot be empty")
        }
        let processor = try make(&settings, self)
        try settings.checkAllTaken()
        return PipelineStep(
            type: type, tag: settings.tag, description: settings.description,
            condition: condition, processor: processor, ignoresFailure: ignores,
            onFailure: onFailure)
    }

    private func condition(
        _ settings: inout ProcessorSettings
    ) throws(PipelineError) -> (script: Script, text: String)? {
        guard let value = settings.optionalValue("if") else { return nil }
        return (try script(value, settings), value.stringValue ?? value.description)
    }

    /// A script by its text or by the id of a stored one.
    func script(
        _ value: JSONValue, _ settings: ProcessorSettings
    ) throws(PipelineError) -> Script {
        var value = value
        if let id = value["id"]?.stringValue {
            guard let stored = scripts[id] else {
                throw PipelineError(
                    "resource_not_found_exception", "unable to find script [\(id)]",
                    kind: .notFound)
            }
            let params = value["params"]
            value = .object(stored)
            value["params"] = params
        }
        do throws(SchemaError) {
            return try Script(value)
        } catch {
            var failure = PipelineError(error)
            failure.properties = settings.wrong(nil, "").properties
            throw failure
        }
    }
}
