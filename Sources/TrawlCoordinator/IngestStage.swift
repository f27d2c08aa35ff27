internal import Synchronization
internal import TrawlDocument
internal import TrawlJSON
package import TrawlPipeline

/// The pipelines of the catalog, made ready, and what went through them since the node started.
package final class PipelineBook: Sendable {
    package struct Counts: Sendable {
        package var count = 0
        package var failedCount = 0
        package var duration = Duration.zero

        package init() {}
    }

    private struct Entry {
        var definition: JSONObject
        var scripts: [String: JSONObject]
        var pipeline: Pipeline
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let counts = Mutex<[String: Counts]>([:])

    package var figures: [String: Counts] { counts.withLock { $0 } }

    /// A pipeline as the catalog has it; nil when there is none of that id.
    package func pipeline(_ id: String, in catalog: CatalogSnapshot) throws -> Pipeline? {
        guard let definition = catalog.pipelines[id] else { return nil }
        let scripts = catalog.scripts
        let known = entries.withLock { entries -> Pipeline? in
            guard let entry = entries[id], entry.definition == definition,
                entry.scripts == scripts
            else { return nil }
            return entry.pipeline
        }
        if let known { return known }
        let made = try Pipeline(id: id, definition, scripts: scripts)
        entries.withLock {
            $0[id] = Entry(definition: definition, scripts: scripts, pipeline: made)
        }
        return made
    }

    func count(_ id: String, _ duration: Duration, failed: Bool) {
        counts.withLock { counts in
            counts[id, default: Counts()].count += 1
            counts[id, default: Counts()].duration += duration
            if failed { counts[id, default: Counts()].failedCount += 1 }
        }
    }
}

/// Takes documents through their pipelines before they are written.
struct IngestStage {
    enum Outcome {
        case ready(WriteRequest)
        case dropped
        case failed(any Error)
    }

    private struct Named {
        var usual: String?
        var final: String?
    }

    private let catalog: CatalogSnapshot
    private let book: PipelineBook
    private let now: Int64
    /// What indices say of their pipelines, by the name that requests use.
    private var known: [String: Named] = [:]
    private(set) var duration: Duration?

    init(_ coordinator: Coordinator) {
        catalog = coordinator.catalog.snapshot
        book = coordinator.pipelines
        now = coordinator.now
    }

    mutating func prepare(_ request: WriteRequest) -> Outcome {
        if request.kind == .delete || request.origin != nil { return .ready(request) }
        let own = named(request.index)
        var request = request
        let first = request.pipeline ?? own.usual
        request.pipeline = nil
        if first == nil || first == "_none", own.final == nil || own.final == "_none" {
            return .ready(request)
        }
        let began = ContinuousClock.now
        defer { duration = (duration ?? .zero) + (ContinuousClock.now - began) }
        do {
            if request.kind == .update { return try prepareUpdate(request, first, own.final) }
            // A document that cannot be read is refused where all such are.
            guard let source = try? JSONValue.parse(request.source).objectValue else {
                return .ready(request)
            }
            var document = document(request, source)
            if try !run(first, on: &document) { return .dropped }
            // The last pipeline is that of the index where the document goes in the end.
            let index = document.fields["_index"]?.stringValue ?? request.index
            let last = index == request.index ? own.final : named(index).final
            if try !run(last, on: &document) { return .dropped }
            return .ready(try written(request, document))
        } catch {
            return .failed(error)
        }
    }

    /// What an update puts where there is no document goes through the pipelines, too.
    private func prepareUpdate(
        _ request: WriteRequest, _ first: String?, _ last: String?
    ) throws -> Outcome {
        guard var body = try? JSONValue.parse(request.source).objectValue else {
            return .ready(request)
        }
        let name = body["doc_as_upsert"] == true ? "doc" : "upsert"
        guard let source = body[name]?.objectValue else { return .ready(request) }
        var document = document(request, source)
        for id in [first, last] where try !run(id, on: &document) { return .dropped }
        body[name] = .object(document.source)
        var request = request
        request.source = JSONValue.object(body).serialized()
        return .ready(request)
    }

    private mutating func named(_ name: String) -> Named {
        if let found = known[name] { return found }
        let settings: FlatSettings
        if let target = try? catalog.writeTarget(name, now: now) {
            settings = target.index.settings
        } else {
            let resolved = (try? DateMathName.resolve(name, now: now)) ?? name
            settings = catalog.templateContent(for: resolved).settings
        }
        let found = Named(
            usual: settings.text("index.default_pipeline"),
            final: settings.text("index.final_pipeline"))
        known[name] = found
        return found
    }

    private func document(_ request: WriteRequest, _ source: JSONObject) -> PipelineDocument {
        var metadata: JSONObject = ["_index": .string(request.index)]
        metadata["_id"] = request.id.map { .string($0) }
        metadata["_routing"] = request.routing.map { .string($0) }
        switch request.condition {
        case .external(let version):
            metadata["_version"] = JSONValue(version)
            metadata["_version_type"] = "external"
        case .externalOrEqual(let version):
            metadata["_version"] = JSONValue(version)
            metadata["_version_type"] = "external_gte"
        case .sequence(let offset, let epoch):
            metadata["_if_seq_no"] = JSONValue(offset)
            metadata["_if_primary_term"] = JSONValue(epoch)
        case .version, .none: break
        }
        return PipelineDocument(
            source: source, metadata: metadata, timestamp: TimeText.iso(now))
    }

    private func run(_ id: String?, on document: inout PipelineDocument) throws -> Bool {
        guard let id, id != "_none" else { return true }
        let (catalog, book) = (catalog, book)
        guard let pipeline = try book.pipeline(id, in: catalog) else {
            throw CoordinatorError.illegalArgument("pipeline with id [\(id)] does not exist")
        }
        let began = ContinuousClock.now
        var isFailed = true
        defer { book.count(id, ContinuousClock.now - began, failed: isFailed) }
        var run = PipelineRun { try book.pipeline($0, in: catalog) }
        let isKept = try run.run(pipeline, on: &document)
        isFailed = false
        return isKept
    }

    /// The request with what the pipelines made of it.
    private func written(
        _ request: WriteRequest, _ document: PipelineDocument
    ) throws -> WriteRequest {
        var request = request
        let fields = document.fields
        func text(_ name: String) -> String? {
            fields[name].flatMap { $0.isNull ? nil : $0.stringValue ?? $0.description }
        }
        if let index = text("_index") { request.index = index }
        request.id = text("_id")
        request.routing = text("_routing")
        switch text("_op_type") {
        case nil: break
        case "create": request.kind = .create
        case "index": request.kind = .index
        case let other?:
            throw CoordinatorError.illegalArgument(
                "opType must be 'create' or 'index', found: [\(other)]")
        }
        request.source = JSONValue.object(document.source).serialized()
        return request
    }
}
