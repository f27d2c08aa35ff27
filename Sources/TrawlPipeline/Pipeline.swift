package import TrawlJSON
internal import TrawlSchema
internal import TrawlScript

/// One step of a pipeline.
protocol Processor: Sendable {
    /// What the step does to the document.
    ///
    /// - Returns: False when the document is dropped.
    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool
}

/// A processor with what pipelines do around it: its condition, and what becomes of its failures.
struct PipelineStep: Sendable {
    let type: String
    let tag: String?
    let description: String?
    let condition: (script: Script, text: String)?
    let processor: any Processor
    let ignoresFailure: Bool
    let onFailure: [PipelineStep]
}

/// What is done to documents before they are written, step by step.
package struct Pipeline: Sendable {
    package let id: String
    let steps: [PipelineStep]
    let onFailure: [PipelineStep]

    /// Reads a pipeline, and compiles its scripts, patterns and templates.
    ///
    /// - Parameter scripts: Stored scripts by their ids.
    package init(
        id: String, _ definition: JSONObject, scripts: [String: JSONObject] = [:]
    ) throws(PipelineError) {
        self.id = id
        for key in definition.keys
        where !["description", "processors", "on_failure", "version", "_meta"].contains(key) {
            throw .setting(
                nil,
                "pipeline [\(id)] doesn't support one or more provided configuration parameters "
                    + "[\(key)]")
        }
        guard let processors = definition["processors"] else {
            throw .setting("processors", "[processors] required property is missing")
        }
        guard let list = processors.arrayValue else {
            throw .setting(
                "processors",
                "[processors] property isn't a list, but of type [\(JavaType.name(processors))]")
        }
        let catalog = ProcessorCatalog(scripts: scripts)
        steps = try catalog.steps(list)
        guard let failure = definition["on_failure"] else {
            onFailure = []
            return
        }
        onFailure = try catalog.steps(failure.arrayValue ?? [])
        if onFailure.isEmpty {
            throw .setting(
                "on_failure", "pipeline [\(id)] cannot have an empty on_failure option defined")
        }
    }
}

/// One document's way through a pipeline and those that it names.
package struct PipelineRun: Sendable {
    /// What one step came to, for `_simulate?verbose`.
    package struct Trace: Sendable {
        package enum Outcome: Sendable {
            case success, dropped, skipped
            case failed(PipelineError)
            case ignored(PipelineError)
        }

        package var type: String
        package var tag: String?
        package var description: String?
        package var condition: (text: String, result: Bool)?
        package var outcome: Outcome
        package var document: PipelineDocument
    }

    /// Pipelines that others name.
    private let pipelines: @Sendable (String) throws -> Pipeline?
    private let isTraced: Bool
    package private(set) var traces: [Trace] = []
    /// The pipelines that are under way, to find circles.
    private var underWay: [String] = []

    package init(
        isTraced: Bool = false, pipelines: @escaping @Sendable (String) throws -> Pipeline?
    ) {
        self.isTraced = isTraced
        self.pipelines = pipelines
    }

    /// - Returns: False when the document was dropped.
    package mutating func run(
        _ pipeline: Pipeline, on document: inout PipelineDocument
    ) throws(PipelineError) -> Bool {
        if underWay.contains(pipeline.id) {
            throw .illegalState("Cycle detected for pipeline: \(pipeline.id)")
        }
        underWay.append(pipeline.id)
        let outer = document.ingest["pipeline"]
        document.ingest["pipeline"] = .string(pipeline.id)
        defer {
            underWay.removeLast()
            if let outer {
                document.ingest["pipeline"] = outer
            } else {
                document.ingest.removeValue(forKey: "pipeline")
            }
        }
        for step in pipeline.steps {
            do throws(PipelineError) {
                if try !perform(step, on: &document) { return false }
            } catch {
                if pipeline.onFailure.isEmpty { throw error }
                return try recover(
                    by: pipeline.onFailure, from: error, of: step, on: &document)
            }
        }
        return true
    }

    func pipeline(named name: String) throws(PipelineError) -> Pipeline? {
        do {
            return try pipelines(name)
        } catch let error as PipelineError {
            throw error
        } catch {
            throw .illegalState("\(error)")
        }
    }

    mutating func perform(
        _ step: PipelineStep, on document: inout PipelineDocument
    ) throws(PipelineError) -> Bool {
        if let condition = step.condition {
            let holds = try evaluate(condition.script, document)
            if !holds {
                trace(step, .skipped, document, condition: (condition.text, false))
                return true
            }
        }
        let place = traces.count
        do throws(PipelineError) {
            let isKept = try step.processor.process(&document, &self)
            // The steps of a pipeline that is named come after the step that names it.
            trace(step, isKept ? .success : .dropped, document, at: place)
            return isKept
        } catch {
            if step.ignoresFailure {
                trace(step, .ignored(error), document, at: place)
                return true
            }
            // It was found; what failed is traced by itself.
            trace(
                step, step.type == "pipeline" && traces.count > place ? .success : .failed(error),
                document, at: place)
            if step.onFailure.isEmpty { throw error }
            return try recover(by: step.onFailure, from: error, of: step, on: &document)
        }
    }

    private func evaluate(
        _ script: Script, _ document: PipelineDocument
    ) throws(PipelineError) -> Bool {
        do throws(SchemaError) {
            return try script.value(on: document.fields) == true
        } catch {
            throw PipelineError(error)
        }
    }

    private mutating func recover(
        by steps: [PipelineStep], from error: PipelineError, of failed: PipelineStep,
        on document: inout PipelineDocument
    ) throws(PipelineError) -> Bool {
        let outer = document.ingest
        document.ingest["on_failure_message"] = .string(error.reason)
        document.ingest["on_failure_processor_type"] = .string(failed.type)
        document.ingest["on_failure_processor_tag"] = failed.tag.map { .string($0) } ?? .null
        if let id = underWay.last { document.ingest["on_failure_pipeline"] = .string(id) }
        defer {
            for name in [
                "on_failure_message", "on_failure_processor_type", "on_failure_processor_tag",
                "on_failure_pipeline",
            ] {
                if let value = outer[name] {
                    document.ingest[name] = value
                } else {
                    document.ingest.removeValue(forKey: name)
                }
            }
        }
        for step in steps {
            if try !perform(step, on: &document) { return false }
        }
        return true
    }

    private mutating func trace(
        _ step: PipelineStep, _ outcome: Trace.Outcome, _ document: PipelineDocument,
        condition: (text: String, result: Bool)? = nil, at place: Int? = nil
    ) {
        guard isTraced else { return }
        let condition = condition ?? step.condition.map { ($0.text, true) }
        traces.insert(
            Trace(
                type: step.type, tag: step.tag, description: step.description,
                condition: condition, outcome: outcome, document: document),
            at: place ?? traces.count)
    }
}
