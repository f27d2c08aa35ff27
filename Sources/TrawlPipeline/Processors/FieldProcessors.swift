internal import TrawlJSON
internal import TrawlScript

/// `set`: gives a field a value.
struct SetProcessor: Processor {
    private enum Value: Sendable {
        case template(ValueTemplate)
        case copy(TextTemplate)
    }

    private let field: TextTemplate
    private let value: Value
    private let overrides: Bool
    private let ignoresEmpty: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.template("field")
        let source = try settings.optionalText("copy_from")
        if let source {
            value = .copy(try settings.template(source, of: "copy_from"))
            if settings.optionalValue("value") != nil {
                throw settings.wrong(
                    "copy_from",
                    "[copy_from] cannot set both `copy_from` and `value` in the same "
                        + "processor")
            }
        } else {
            value = .template(try ValueTemplate(try settings.value("value")))
        }
        overrides = try settings.bool("override", default: true)
        ignoresEmpty = try settings.bool("ignore_empty_value", default: false)
        _ = settings.optionalValue("media_type")
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let path = try field.path(document)
        if !overrides, let old = try? path.value(in: document), !old.isNull { return true }
        let new =
            switch value {
            case .template(let template): template.value(document)
            case .copy(let source): try source.path(document).value(in: document)
            }
        if ignoresEmpty, new.isNull || new == "" { return true }
        try path.set(new, in: &document)
        return true
    }
}

/// `append`: adds to a list.
struct AppendProcessor: Processor {
    private let field: TextTemplate
    private let value: ValueTemplate
    private let allowsDuplicates: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.template("field")
        value = try ValueTemplate(try settings.value("value"))
        allowsDuplicates = try settings.bool("allow_duplicates", default: true)
        _ = settings.optionalValue("media_type")
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let new = value.value(document)
        try field.path(document).append(
            new.arrayValue ?? [new], allowingDuplicates: allowsDuplicates, in: &document)
        return true
    }
}

/// What processors do that take fields away: which may be missing, which may not go.
private struct Removal {
    static func remove(
        _ name: String, ignoringMissing: Bool, from document: inout PipelineDocument
    ) throws(PipelineError) {
        if name.isEmpty {
            if ignoringMissing { return }
            throw .illegalArgument("field path cannot be null nor empty")
        }
        let path = try FieldPath(name)
        guard path.exists(in: document) else {
            if ignoringMissing { return }
            throw .illegalArgument("field [\(name)] doesn't exist")
        }
        try check(name, document)
        try path.remove(from: &document)
    }

    private static func check(
        _ name: String, _ document: PipelineDocument
    ) throws(PipelineError) {
        if ["_index", "_version", "_version_type"].contains(name) {
            throw .illegalArgument("cannot remove metadata field [\(name)]")
        }
        guard name == "_id", let type = document.fields["_version_type"]?.stringValue,
            type.hasPrefix("external")
        else { return }
        throw .illegalArgument(
            "cannot remove metadata field [_id] when specifying external version for the "
                + "document, version: \(document.fields["_version"] ?? .null), version_type: "
                + type)
    }
}

/// `remove`: takes fields away, or all but some.
struct RemoveProcessor: Processor {
    private let fields: [TextTemplate]
    private let excluded: [TextTemplate]?
    private let ignoresMissing: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        let kept = try settings.optionalTexts("exclude_field")
        let names = try settings.optionalTexts("field")
        if kept == nil, names == nil {
            throw settings.wrong("field", "[field] required property is missing")
        }
        if kept != nil, names != nil {
            throw settings.wrong(
                "field", "[field] either field or exclude_field should be set, but not both")
        }
        var templates: [TextTemplate] = []
        for name in names ?? [] { templates.append(try settings.template(name, of: "field")) }
        fields = templates
        if let kept {
            var templates: [TextTemplate] = []
            for name in kept {
                templates.append(try settings.template(name, of: "exclude_field"))
            }
            excluded = templates
        } else {
            excluded = nil
        }
        ignoresMissing = try settings.bool("ignore_missing", default: false)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        if let excluded {
            var kept = JSONObject()
            for template in excluded {
                let name = template.text(document)
                if let value = document.fields[name] { kept[name] = value }
            }
            for (name, value) in document.metadata { kept[name] = value }
            document.fields = kept
            return true
        }
        for field in fields {
            try Removal.remove(
                field.text(document), ignoringMissing: ignoresMissing, from: &document)
        }
        return true
    }
}

/// `remove_by_pattern`: takes away the fields at the top that match, or that do not.
struct RemoveByPatternProcessor: Processor {
    private let patterns: [String]
    private let keepsMatches: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        let gone = try settings.optionalTexts("field_pattern")
        let kept = try settings.optionalTexts("exclude_field_pattern")
        guard (gone == nil) != (kept == nil) else {
            throw settings.wrong(
                "field_pattern",
                "[field_pattern] either field_pattern or exclude_field_pattern must be set")
        }
        patterns = gone ?? kept ?? []
        keepsMatches = kept != nil
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let metadata = PipelineDocument.metadataNames
        for name in document.fields.keys where !metadata.contains(name) {
            let matches = patterns.contains { Glob.matches($0, name) }
            if matches != keepsMatches { document.fields.removeValue(forKey: name) }
        }
        return true
    }
}

/// `rename`: moves a field.
struct RenameProcessor: Processor {
    private let field: TextTemplate
    private let target: TextTemplate
    private let ignoresMissing: Bool
    private let overridesTarget: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.template("field")
        target = try settings.template("target_field")
        ignoresMissing = try settings.bool("ignore_missing", default: false)
        overridesTarget = try settings.bool("override_target", default: false)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let name = field.text(document)
        if name.isEmpty {
            if ignoresMissing { return true }
            throw .illegalArgument("field path cannot be null nor empty")
        }
        let path = try FieldPath(name)
        guard path.exists(in: document) else {
            if ignoresMissing { return true }
            throw .illegalArgument("field [\(name)] doesn't exist")
        }
        let goal = try target.path(document)
        if !overridesTarget, goal.exists(in: document) {
            throw .illegalArgument("field [\(goal.text)] already exists")
        }
        let before = document
        let value = try path.remove(from: &document)
        do throws(PipelineError) {
            try goal.set(value, in: &document)
        } catch {
            document = before
            throw error
        }
        return true
    }
}

/// `copy`: gives a field the value of another.
struct CopyProcessor: Processor {
    private let source: TextTemplate
    private let target: TextTemplate
    private let ignoresMissing: Bool
    private let removesSource: Bool
    private let overridesTarget: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        source = try settings.template("source_field")
        target = try settings.template("target_field")
        ignoresMissing = try settings.bool("ignore_missing", default: false)
        removesSource = try settings.bool("remove_source", default: false)
        overridesTarget = try settings.bool("override_target", default: false)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let name = source.text(document)
        if name.isEmpty {
            if ignoresMissing { return true }
            throw .illegalArgument("source field path cannot be null nor empty")
        }
        let path = try FieldPath(name)
        guard path.exists(in: document) else {
            if ignoresMissing { return true }
            throw .illegalArgument("source field [\(name)] doesn't exist")
        }
        let goal = try FieldPath(target.text(document))
        if goal.text == name {
            throw .illegalArgument("source field path and target field path cannot be same")
        }
        if !overridesTarget, goal.exists(in: document) {
            throw .illegalArgument("target field [\(goal.text)] already exists")
        }
        try goal.set(try path.value(in: document), in: &document)
        if removesSource { try path.remove(from: &document) }
        return true
    }
}

/// `dot_expander`: makes objects of a field whose name has dots.
struct DotExpanderProcessor: Processor {
    private let field: String
    private let path: String?
    private let overrides: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.text("field")
        if field != "*", !field.contains(".") {
            throw settings.wrong("field", "[field] field does not contain a dot")
        }
        if field != "*", field.hasPrefix(".") || field.hasSuffix(".") || field.contains("..") {
            throw settings.wrong("field", "[field] Invalid field name [\(field)]")
        }
        path = try settings.optionalText("path")
        overrides = try settings.bool("override", default: false)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let prefix = path.map { $0 + "." } ?? ""
        var holder = document.fields
        if let path {
            holder = try FieldPath(path).value(in: document).objectValue ?? [:]
        }
        for name in holder.keys
        where field == "*" ? name.contains(".") : name == field {
            guard let value = holder.removeValue(forKey: name) else { continue }
            if let path {
                try FieldPath(path).set(.object(holder), in: &document)
            } else {
                document.fields.removeValue(forKey: name)
            }
            let goal = try FieldPath(prefix + name)
            if overrides || !goal.exists(in: document) {
                try goal.set(value, in: &document)
            } else {
                try goal.append(
                    value.arrayValue ?? [value], allowingDuplicates: true, in: &document)
            }
            if let path {
                holder = try FieldPath(path).value(in: document).objectValue ?? [:]
            }
        }
        return true
    }
}

/// `*` stands for any characters.
enum Glob {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        if parts.count == 1 { return pattern == text }
        guard text.hasPrefix(parts[0]), text.hasSuffix(parts[parts.count - 1]),
            text.count >= parts[0].count + parts[parts.count - 1].count
        else { return false }
        var rest = text.dropFirst(parts[0].count).dropLast(parts[parts.count - 1].count)
        for part in parts[1..<(parts.count - 1)] where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}
