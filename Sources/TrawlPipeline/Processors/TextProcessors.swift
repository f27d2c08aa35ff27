internal import TrawlAnalysis
internal import TrawlJSON
internal import TrawlScript

/// A field, where its new value goes, and what a document without it means: what most processors
/// begin with.
struct FieldChange: Sendable {
    let field: String
    let target: String
    let ignoresMissing: Bool

    init(
        _ settings: inout ProcessorSettings, target fallback: String? = nil
    ) throws(PipelineError) {
        field = try settings.text("field")
        target = try settings.optionalText("target_field") ?? fallback ?? field
        ignoresMissing = try settings.bool("ignore_missing", default: false)
    }

    /// The field's value; nil when the document is to be left alone.
    func value(in document: PipelineDocument) throws(PipelineError) -> JSONValue? {
        let path = try FieldPath(field)
        if ignoresMissing {
            guard let value = try? path.value(in: document), !value.isNull else { return nil }
            return value
        }
        return try path.value(in: document)
    }

    /// The field's text; nil when the document is to be left alone.
    func text(
        in document: PipelineDocument, forWhat purpose: String = "process it"
    ) throws(PipelineError) -> String? {
        guard let value = try value(in: document) else { return nil }
        if value.isNull {
            throw .illegalArgument("field [\(field)] is null, cannot \(purpose).")
        }
        guard let text = value.stringValue else {
            throw try FieldPath(field).wrongType(value, "java.lang.String")
        }
        return text
    }

    func set(_ value: JSONValue, in document: inout PipelineDocument) throws(PipelineError) {
        try FieldPath(target).set(value, in: &document)
    }
}

/// A processor that makes something else of a text, or of each text in a list.
struct TextProcessor: Processor {
    typealias Change = @Sendable (String) throws(PipelineError) -> JSONValue

    private let fields: FieldChange
    private let change: Change

    init(
        _ settings: inout ProcessorSettings, _ change: @escaping Change
    ) throws(PipelineError) {
        fields = try FieldChange(&settings)
        self.change = change
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        guard let value = try fields.value(in: document) else { return true }
        if case .array(let list) = value {
            var changed: [JSONValue] = []
            for element in list {
                guard let text = element.stringValue else {
                    throw .illegalArgument(
                        "value [\(element)] of type [\(JavaType.name(element))] in list field "
                            + "[\(fields.field)] cannot be cast to [java.lang.String]")
                }
                changed.append(try change(text))
            }
            try fields.set(.array(changed), in: &document)
            return true
        }
        if let text = try fields.text(in: document) {
            try fields.set(try change(text), in: &document)
        }
        return true
    }
}

extension ProcessorSettings {
    /// A regular expression in Java's syntax.
    mutating func regex(_ name: String) throws(PipelineError) -> LinearRegex {
        let pattern = try text(name)
        do throws(RegexError) {
            return try LinearRegex(pattern)
        } catch {
            throw wrong(
                name, "[\(name)] Invalid regex pattern. \(error.message) near index \(error.offset)"
            )
        }
    }
}

/// `gsub`: replaces what matches.
struct ReplaceProcessor: Processor {
    private let text: TextProcessor

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        let regex = try settings.regex("pattern")
        let replacement = try settings.text("replacement")
        guard let made = regex.replacement(replacement) else {
            throw settings.wrong("replacement", "Illegal group reference in [\(replacement)]")
        }
        text = try TextProcessor(&settings) { (text) throws(PipelineError) in
            let bytes = Array(text.utf8)
            var result: [UInt8] = []
            var end = 0
            for match in regex.matches(in: bytes.span) {
                result += bytes[end..<match.range.lowerBound]
                result += made.bytes(for: match, in: bytes)
                end = match.range.upperBound
            }
            result += bytes[end...]
            return .string(String(decoding: result, as: UTF8.self))
        }
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool { try text.process(&document, &run) }
}

/// `split`: a text becomes a list.
struct SplitProcessor: Processor {
    private let fields: FieldChange
    private let separator: LinearRegex
    private let preservesTrailing: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        fields = try FieldChange(&settings)
        separator = try settings.regex("separator")
        preservesTrailing = try settings.bool("preserve_trailing", default: false)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        guard let text = try fields.text(in: document, forWhat: "split") else { return true }
        var parts = Self.split(text, separator)
        if !preservesTrailing { while parts.last == "" { parts.removeLast() } }
        try fields.set(.array(parts.map { .string($0) }), in: &document)
        return true
    }

    /// As Java splits: a match of nothing at the beginning cuts nothing off.
    static func split(_ text: String, _ separator: LinearRegex, limit: Int = .max) -> [String] {
        let bytes = Array(text.utf8)
        var parts: [String] = []
        var start = 0
        for match in separator.matches(in: bytes.span) where parts.count < limit - 1 {
            if match.range.upperBound == 0 || match.range.isEmpty && match.range.lowerBound == start
            {
                continue
            }
            parts.append(String(decoding: bytes[start..<match.range.lowerBound], as: UTF8.self))
            start = match.range.upperBound
        }
        parts.append(String(decoding: bytes[start...], as: UTF8.self))
        return parts
    }
}

/// `join`: a list becomes a text.
struct JoinProcessor: Processor {
    private let field: String
    private let target: String
    private let separator: String

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.text("field")
        separator = try settings.text("separator")
        target = try settings.optionalText("target_field") ?? field
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let path = try FieldPath(field)
        if try path.value(in: document).isNull {
            throw .illegalArgument("field [\(field)] is null, cannot join.")
        }
        let texts = try path.list(in: document).map { ScriptText.of($0) }
        try FieldPath(target).set(.string(texts.joined(separator: separator)), in: &document)
        return true
    }
}

/// Values as Java's `toString` shows them.
enum ScriptText {
    static func of(_ value: JSONValue) -> String { value.stringValue ?? value.description }
}

/// `sort`: orders a list of numbers, texts or booleans.
struct SortProcessor: Processor {
    private let field: String
    private let target: String
    private let isDescending: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.text("field")
        target = try settings.optionalText("target_field") ?? field
        let order = try settings.optionalText("order") ?? "asc"
        guard ["asc", "desc"].contains(order) else {
            throw settings.wrong(
                "order",
                "[order] Sort direction [\(order)] not recognized. Valid values are: "
                    + "[asc, desc]")
        }
        isDescending = order == "desc"
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let path = try FieldPath(field)
        if try path.value(in: document).isNull {
            throw .illegalArgument("field [\(field)] is null, cannot sort.")
        }
        let list = try path.list(in: document)
        let sorted: [JSONValue]
        if list.allSatisfy({ $0.numberValue != nil }) {
            sorted = list.sorted { $0.doubleValue! < $1.doubleValue! }
        } else if list.allSatisfy({ $0.stringValue != nil }) {
            sorted = list.sorted { $0.stringValue! < $1.stringValue! }
        } else if list.allSatisfy({ $0.boolValue != nil }) {
            sorted = list.sorted { !$0.boolValue! && $1.boolValue! }
        } else {
            throw .illegalArgument("field [\(field)] holds values that cannot be compared")
        }
        try FieldPath(target).set(.array(isDescending ? sorted.reversed() : sorted), in: &document)
        return true
    }
}

/// `bytes`: `1kb` is 1024.
enum ByteCountText {
    private static let units: [(suffix: String, scale: Double)] = [
        ("kb", 0x1p10), ("mb", 0x1p20), ("gb", 0x1p30), ("tb", 0x1p40), ("pb", 0x1p50),
        ("k", 0x1p10), ("m", 0x1p20), ("g", 0x1p30), ("t", 0x1p40), ("p", 0x1p50), ("b", 1),
    ]

    static func parse(_ text: String) throws(PipelineError) -> JSONValue {
        let lowered = text.trimmed.lowercased()
        for (suffix, scale) in units where lowered.hasSuffix(suffix) {
            guard let number = Double(String(lowered.dropLast(suffix.count)).trimmed) else { break }
            return JSONValue(Int64(number * scale))
        }
        throw PipelineError(
            "parse_exception",
            "failed to parse setting [Ingest Field] with value [\(text)] as a size in bytes: unit "
                + "is missing or unrecognized")
    }
}

/// `urldecode`: `%41+b` is `A b`.
enum FormText {
    static func decode(_ text: String) throws(PipelineError) -> JSONValue {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.utf8.count == 2, let code = UInt8(digits, radix: 16) else {
                    throw .illegalArgument(
                        "URLDecoder: Illegal hex characters in escape (%) pattern - \(digits)")
                }
                bytes.append(code)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return .string(String(decoding: bytes, as: UTF8.self))
    }
}

/// `html_strip`: the text without its tags; entities become their characters.
enum Markup {
    static func strip(_ text: String) throws(PipelineError) -> JSONValue {
        do {
            let catalog = AnalyzerCatalog()
            let analyzer = try catalog.assemble(tokenizer: "keyword", charFilters: ["html_strip"])
            let stage = analyzer.trace(Array(text.utf8)).charFilters.first
            return .string(String(decoding: stage?.text ?? [], as: UTF8.self))
        } catch {
            throw .illegalState("\(error)")
        }
    }
}
