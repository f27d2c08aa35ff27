internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// Compares the contexts of a completion, which stand in its document, with those of a request.
struct CompletionContextReader {
    private let sourcePath: String
    private let contexts: [CompletionContext]
    private let wanted: [CompletionSuggest.NamedContexts]

    init(
        _ searcher: Searcher, _ field: Mapping.Field, _ type: CompletionType,
        _ suggest: CompletionSuggest
    ) {
        sourcePath = field.parent.map { searcher.mapping[$0].path } ?? field.path
        contexts = type.contexts
        wanted = suggest.contexts
    }

    /// Nil when none of the contexts fits; else those that do, and the greatest boost.
    func match(
        _ source: [UInt8], input: String
    ) throws -> (contexts: JSONObject, boost: Float)? {
        guard case .object(let document) = try JSONValue.parse(source) else { return nil }
        var matched = JSONObject()
        var boost: Float?
        for entry in SourceValues.values(at: sourcePath, in: document)
        where Self.hasInput(entry, input) {
            for context in contexts {
                let own = values(of: context, entry, document)
                for request in wanted.first(where: { $0.name == context.name })?.values ?? [] {
                    let fitting = own.filter { Self.fits($0, request, context) }
                    if fitting.isEmpty { continue }
                    boost = max(boost ?? 0, request.boost)
                    let known = matched[context.name]?.arrayValue ?? []
                    matched[context.name] = .array(known + fitting.filter { !known.contains($0) })
                }
            }
        }
        return boost.map { (matched, $0) }
    }

    private static func hasInput(_ entry: JSONValue, _ input: String) -> Bool {
        guard let object = entry.objectValue else {
            return entry.stringValue?.hasPrefix(input) ?? false
        }
        let inputs = object["input"].map { $0.arrayValue ?? [$0] } ?? []
        // Inputs are kept up to a length.
        return inputs.contains { $0.stringValue?.hasPrefix(input) ?? false }
    }

    /// Those that the completion names, and those of the field that the mapping names.
    private func values(
        of context: CompletionContext, _ entry: JSONValue, _ document: JSONObject
    ) -> [JSONValue] {
        var values: [JSONValue] = []
        if let given = entry["contexts"]?[context.name] {
            values = Self.elements(given, context)
        }
        if let path = context.path {
            values += SourceValues.values(at: path, in: document)
        }
        return values
    }

    /// A list of values; a list of two numbers is one place.
    private static func elements(_ value: JSONValue, _ context: CompletionContext) -> [JSONValue] {
        guard let list = value.arrayValue else { return [value] }
        if case .geo = context.form, list.first?.doubleValue != nil { return [value] }
        return list
    }

    private static func fits(
        _ value: JSONValue, _ request: CompletionSuggest.Context, _ context: CompletionContext
    ) -> Bool {
        switch context.form {
        case .category:
            let (own, asked) = (value.queryText, request.value.queryText)
            return request.isPrefix ? own.hasPrefix(asked) : own == asked
        case .geo(let precision):
            guard let own = try? TrawlSchema.GeoPoint(json: value),
                let asked = try? TrawlSchema.GeoPoint(json: request.value)
            else { return false }
            let wanted = try? request.precision.map { try CompletionContext.precision($0) }
            return CompletionContext.areNeighbours(own, asked, precision: wanted ?? precision)
        }
    }
}
