internal import TrawlErrors
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlScript

/// `fail`: refuses the document.
struct FailProcessor: Processor {
    private let message: TextTemplate

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        message = try settings.template("message")
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        throw PipelineError(
            "fail_processor_exception", message.text(document), kind: .internalFault)
    }
}

/// `drop`: the document is not written, and nobody is told that it failed.
struct DropProcessor: Processor {
    func process(_ document: inout PipelineDocument, _ run: inout PipelineRun) -> Bool { false }
}

/// `script`: runs a program on the document.
struct ScriptProcessor: Processor {
    private let script: Script

    init(
        _ settings: inout ProcessorSettings, _ catalog: ProcessorCatalog
    ) throws(PipelineError) {
        var object = JSONObject()
        for name in ["source", "inline", "id", "lang", "params"] {
            object[name] = settings.optionalValue(name)
        }
        script = try catalog.script(.object(object), settings)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        do throws(SchemaError) {
            try script.run(on: &document.fields)
        } catch {
            throw PipelineError(error)
        }
        return true
    }
}

/// `pipeline`: runs another pipeline.
struct NamedPipelineProcessor: Processor {
    private let name: TextTemplate
    private let ignoresMissing: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        name = try settings.template("name")
        ignoresMissing = try settings.bool("ignore_missing_pipeline", default: false)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let id = name.text(document)
        guard let pipeline = try run.pipeline(named: id) else {
            if ignoresMissing { return true }
            throw .illegalState(
                "Pipeline processor configured for non-existent pipeline [\(id)]")
        }
        return try run.run(pipeline, on: &document)
    }
}

/// `foreach`: runs a processor on each element of a list, or each member of an object, which is
/// `_ingest._value` meanwhile.
struct EachProcessor: Processor {
    private let field: String
    private let step: PipelineStep
    private let ignoresMissing: Bool

    init(
        _ settings: inout ProcessorSettings, _ catalog: ProcessorCatalog
    ) throws(PipelineError) {
        field = try settings.text("field")
        ignoresMissing = try settings.bool("ignore_missing", default: false)
        guard let inner = try settings.optionalObject("processor") else {
            throw settings.wrong("processor", "[processor] required property is missing")
        }
        guard inner.count == 1, let (type, value) = inner.members.first else {
            throw settings.wrong(
                "processor", "[processor] Must specify exactly one processor type")
        }
        step = try catalog.step(type, value)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let path = try FieldPath(field)
        if ignoresMissing {
            guard let value = try? path.value(in: document), !value.isNull else { return true }
        }
        switch try path.value(in: document) {
        case .null:
            throw .illegalArgument("field [\(field)] is null, cannot loop over its elements.")
        case .array(let list):
            var changed: [JSONValue] = []
            for element in list {
                guard let value = try one(element, nil, &document, &run) else { return false }
                changed.append(value)
            }
            try path.set(.array(changed), in: &document)
        case .object(let object):
            var changed = JSONObject()
            for (key, element) in object {
                guard let value = try one(element, key, &document, &run) else { return false }
                changed[key] = value
            }
            try path.set(.object(changed), in: &document)
        case let value: throw path.wrongType(value, "java.util.List")
        }
        return true
    }

    /// What the processor made of an element; nil when it dropped the document.
    private func one(
        _ element: JSONValue, _ key: String?, _ document: inout PipelineDocument,
        _ run: inout PipelineRun
    ) throws(PipelineError) -> JSONValue? {
        let outer = (document.ingest["_value"], document.ingest["_key"])
        document.ingest["_value"] = element
        if let key { document.ingest["_key"] = .string(key) }
        defer {
            for (name, value) in [("_value", outer.0), ("_key", outer.1)] {
                if let value {
                    document.ingest[name] = value
                } else {
                    document.ingest.removeValue(forKey: name)
                }
            }
        }
        guard try run.perform(step, on: &document) else { return nil }
        return document.ingest["_value"] ?? .null
    }
}
