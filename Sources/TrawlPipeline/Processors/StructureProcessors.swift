internal import TrawlAnalysis
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlScript

/// `json`: a text of JSON becomes its value.
struct JSONProcessor: Processor {
    private let field: String
    private let target: String
    private let addsToRoot: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.text("field")
        let given = try settings.optionalText("target_field")
        addsToRoot = try settings.bool("add_to_root", default: false)
        if addsToRoot, given != nil {
            throw settings.wrong(
                "target_field",
                "[target_field] Cannot set a target field while also setting "
                    + "`add_to_root` to true")
        }
        target = given ?? field
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let value = try FieldPath(field).value(in: document)
        let text = value.stringValue ?? value.description
        let parsed: JSONValue
        do throws(JSONError) {
            parsed = try JSONValue.parse(Array(text.utf8))
        } catch {
            throw PipelineError(
                "illegal_argument_exception", "json_parse_exception: \(error.reason)",
                causes: [.init(type: "json_parse_exception", reason: error.reason)])
        }
        if !addsToRoot {
            try FieldPath(target).set(parsed, in: &document)
            return true
        }
        guard case .object(let object) = parsed else {
            throw .illegalArgument("cannot add non-map fields to root of document")
        }
        for (name, inner) in object { document.fields[name] = inner }
        return true
    }
}

/// `kv`: `a=1 b=2` becomes fields.
struct KeyValueProcessor: Processor {
    private let field: String
    private let target: String?
    private let fieldSplit: LinearRegex
    private let valueSplit: LinearRegex
    private let includes: Set<String>?
    private let excludes: Set<String>
    private let prefix: String
    private let trimKey: Set<Character>
    private let trimValue: Set<Character>
    private let stripsBrackets: Bool
    private let ignoresMissing: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.text("field")
        target = try settings.optionalText("target_field")
        fieldSplit = try settings.regex("field_split")
        valueSplit = try settings.regex("value_split")
        includes = try settings.optionalTexts("include_keys").map(Set.init)
        excludes = Set(try settings.optionalTexts("exclude_keys") ?? [])
        prefix = try settings.optionalText("prefix") ?? ""
        trimKey = Set(try settings.optionalText("trim_key") ?? "")
        trimValue = Set(try settings.optionalText("trim_value") ?? "")
        stripsBrackets = try settings.bool("strip_brackets", default: false)
        ignoresMissing = try settings.bool("ignore_missing", default: false)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let path = try FieldPath(field)
        guard path.exists(in: document), try !path.value(in: document).isNull else {
            if ignoresMissing { return true }
            throw .illegalArgument("field [\(field)] doesn't exist")
        }
        for part in SplitProcessor.split(try path.text(in: document), fieldSplit) {
            let pair = SplitProcessor.split(part, valueSplit, limit: 2)
            guard pair.count == 2 else {
                throw .illegalArgument(
                    "field [\(field)] does not contain value_split [\(valueSplit.pattern)]")
            }
            let key = Self.trim(pair[0], trimKey)
            if excludes.contains(key) || includes?.contains(key) == false { continue }
            var value = Self.trim(pair[1], trimValue)
            if stripsBrackets { value = Self.withoutBrackets(value) }
            let goal = try FieldPath((target.map { $0 + "." } ?? "") + prefix + key)
            if goal.exists(in: document) {
                try goal.append([.string(value)], allowingDuplicates: true, in: &document)
            } else {
                try goal.set(.string(value), in: &document)
            }
        }
        return true
    }

    private static func trim(_ text: String, _ characters: Set<Character>) -> String {
        var text = text[...]
        while let first = text.first, characters.contains(first) { text.removeFirst() }
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return String(text)
    }

    private static func withoutBrackets(_ text: String) -> String {
        let pairs: [(Character, Character)] = [
            ("(", ")"), ("[", "]"), ("<", ">"), ("\"", "\""), ("'", "'"),
        ]
        guard text.count >= 2, let first = text.first, let last = text.last,
            pairs.contains(where: { $0 == (first, last) })
        else { return text }
        return String(text.dropFirst().dropLast())
    }
}

/// `csv`: a line of separated values becomes fields.
struct SeparatedProcessor: Processor {
    private let field: String
    private let targets: [String]
    private let separator: Character
    private let quote: Character
    private let trims: Bool
    private let emptyValue: JSONValue?
    private let ignoresMissing: Bool

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.text("field")
        targets = try settings.texts("target_fields")
        if targets.isEmpty {
            throw settings.wrong(
                "target_fields", "[target_fields] target fields list can't be empty")
        }
        let separator = try settings.optionalText("separator") ?? ","
        let quote = try settings.optionalText("quote") ?? "\""
        guard separator.count == 1, let one = separator.first else {
            throw settings.wrong(
                "separator", "[separator] separator has to consist of only one character")
        }
        guard quote.count == 1, let mark = quote.first else {
            throw settings.wrong("quote", "[quote] quote has to consist of only one character")
        }
        self.separator = one
        self.quote = mark
        trims = try settings.bool("trim", default: false)
        emptyValue = settings.optionalValue("empty_value")
        ignoresMissing = try settings.bool("ignore_missing", default: false)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let path = try FieldPath(field)
        guard let value = try? path.value(in: document), !value.isNull else {
            if ignoresMissing { return true }
            throw .illegalArgument("field [\(field)] is null, cannot process it.")
        }
        let cells = try split(try path.text(in: document))
        for (target, cell) in zip(targets, cells) {
            if let cell {
                try FieldPath(target).set(.string(cell), in: &document)
            } else if let emptyValue {
                try FieldPath(target).set(emptyValue, in: &document)
            }
        }
        return true
    }

    /// Nil stands for a cell with nothing in it.
    private func split(_ line: String) throws(PipelineError) -> [String?] {
        var cells: [String?] = []
        var rest = line[...]
        while true {
            var cell = ""
            let start = trims ? rest.drop { $0 == " " || $0 == "\t" } : rest
            if start.first == quote {
                rest = start.dropFirst()
                while true {
                    guard let next = rest.popFirst() else {
                        throw .illegalArgument(
                            "Illegal character inside unquoted field at \(line.count)")
                    }
                    if next != quote {
                        cell.append(next)
                    } else if rest.first == quote {
                        cell.append(quote)
                        rest = rest.dropFirst()
                    } else {
                        break
                    }
                }
                rest = rest.drop { $0 == " " }
            } else {
                let text = rest.prefix { $0 != separator }
                rest = rest.dropFirst(text.count)
                cell = trims ? text.trimmed : String(text)
            }
            cells.append(cell.isEmpty ? nil : cell)
            guard rest.first == separator else { break }
            rest = rest.dropFirst()
        }
        return cells
    }
}

/// `dissect`: takes a text apart at fixed delimiters, `%{a} %{+b/1} %{?skipped} %{*k}=%{&k}`.
struct DissectProcessor: Processor {
    private enum Role { case plain, skip, append(order: Int), name, value }

    private struct Key {
        var name: String
        var role: Role
        var skipsPadding: Bool
        /// What ends the value; empty at the end of the pattern.
        var delimiter: String
    }

    private let field: String
    private let ignoresMissing: Bool
    private let appendSeparator: String
    private let pattern: String
    private let lead: String
    private let keys: [Key]

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.text("field")
        pattern = try settings.text("pattern")
        appendSeparator = try settings.optionalText("append_separator") ?? ""
        ignoresMissing = try settings.bool("ignore_missing", default: false)
        guard let (lead, keys) = Self.read(pattern), !keys.isEmpty else {
            throw settings.wrong(
                "pattern", "Unable to parse pattern: \(pattern) Reason: the pattern has no keys")
        }
        self.lead = lead
        self.keys = keys
    }

    private static func read(_ pattern: String) -> (String, [Key])? {
        let parts = pattern.components(around: "%{")
        var keys: [Key] = []
        for part in parts.dropFirst() {
            guard let end = part.firstIndex(of: "}") else { return nil }
            var name = String(part[..<end])
            let delimiter = String(part[part.index(after: end)...])
            let pads = name.hasSuffix("->")
            if pads { name.removeLast(2) }
            var role = Role.plain
            switch name.first {
            case nil, "?": role = .skip
            case "*": role = .name
            case "&": role = .value
            case "+":
                let slash = name.lastIndex(of: "/")
                let order = slash.flatMap { Int(name[name.index(after: $0)...]) }
                role = .append(order: order ?? keys.count)
                if let slash, order != nil { name = String(name[..<slash]) }
            default: break
            }
            if case .plain = role {} else { name = String(name.dropFirst()) }
            keys.append(Key(name: name, role: role, skipsPadding: pads, delimiter: delimiter))
        }
        return (String(parts[0]), keys)
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let path = try FieldPath(field)
        if ignoresMissing {
            guard let value = try? path.value(in: document), !value.isNull else { return true }
        }
        let text = try path.text(in: document)
        guard let values = match(text) else {
            throw PipelineError(
                "dissect_exception",
                "Unable to find match for dissect pattern: \(pattern) against source: \(text)")
        }
        var appended: [String: [(order: Int, text: String)]] = [:]
        var names: [String: String] = [:]
        for (key, value) in zip(keys, values) {
            switch key.role {
            case .skip: continue
            case .name: names[key.name] = value
            case .value:
                if let name = names[key.name] {
                    try FieldPath(name).set(.string(value), in: &document)
                }
            case .append(let order): appended[key.name, default: []].append((order, value))
            case .plain:
                if keys.contains(where: {
                    if case .append = $0.role { $0.name == key.name } else { false }
                }) {
                    appended[key.name, default: []].append((-1, value))
                } else {
                    try FieldPath(key.name).set(.string(value), in: &document)
                }
            }
        }
        for (name, parts) in appended {
            let joined = parts.sorted { $0.order < $1.order }.map(\.text)
                .joined(separator: appendSeparator)
            try FieldPath(name).set(.string(joined), in: &document)
        }
        return true
    }

    private func match(_ text: String) -> [String]? {
        guard text.hasPrefix(lead) else { return nil }
        var rest = text.dropFirst(lead.count)
        var values: [String] = []
        for key in keys {
            if key.delimiter.isEmpty {
                values.append(String(rest))
                rest = rest.suffix(0)
                continue
            }
            guard let found = rest.firstRange(of: key.delimiter) else { return nil }
            values.append(String(rest[..<found.lowerBound]))
            rest = rest[found.upperBound...]
            if key.skipsPadding {
                while rest.hasPrefix(key.delimiter) {
                    rest = rest.dropFirst(key.delimiter.count)
                }
            }
        }
        return values
    }
}

extension String {
    /// The parts before, between and after a separator.
    fileprivate func components(around separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let found = rest.firstRange(of: separator) {
            parts.append(rest[..<found.lowerBound])
            rest = rest[found.upperBound...]
        }
        parts.append(rest)
        return parts
    }
}
