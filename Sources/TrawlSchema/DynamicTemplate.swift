package import TrawlJSON

/// A rule for fields that appear by themselves: which it is for, and how they are mapped.
package struct DynamicTemplate: Sendable, Equatable {
    /// What JSON, or the detection of dates and numbers, says of a value.
    package enum ValueKind: String, Sendable, CaseIterable {
        case object, string, long, double, boolean, date, binary

        /// The type of a field when the template names none.
        var typeName: String {
            switch self {
            case .object: "object"
            case .string: "text"
            case .double: "float"
            case .long, .boolean, .date, .binary: rawValue
            }
        }
    }

    package var name: String
    /// As it was written.
    package var definition: JSONObject
    private var match: [String]
    private var unmatch: [String]
    private var pathMatch: [String]
    private var pathUnmatch: [String]
    private var kinds: [ValueKind]?
    private var expressions: [PatternExpression]?
    private var unexpressions: [PatternExpression]?
    private var mapping: JSONObject

    init(name: String, _ definition: JSONObject, context: MappingContext) throws(SchemaError) {
        self.name = name
        self.definition = definition
        func patterns(_ key: String) -> [String] {
            guard let value = definition[key], !value.isNull else { return [] }
            return (value.arrayValue ?? [value]).map(ParameterText.java)
        }
        let known = [
            "match", "unmatch", "path_match", "path_unmatch", "match_mapping_type",
            "match_pattern", "mapping",
        ]
        for key in definition.keys where !known.contains(key) {
            throw .illegalArgument("Illegal dynamic template parameter: [\(key)]")
        }
        match = patterns("match")
        unmatch = patterns("unmatch")
        pathMatch = patterns("path_match")
        pathUnmatch = patterns("path_unmatch")
        let kindNames = patterns("match_mapping_type")
        if match.isEmpty, pathMatch.isEmpty, kindNames.isEmpty {
            throw .mapperParsing(
                "template must have match, path_match or match_mapping_type set "
                    + ParameterText.java(.object(definition)))
        }
        if !kindNames.isEmpty, kindNames != ["*"] {
            var kinds: [ValueKind] = []
            for kind in kindNames {
                guard let known = ValueKind(rawValue: kind) else {
                    let all = ValueKind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .illegalArgument(
                        "No field type matched on [\(kind)], possible values are [\(all)]")
                }
                kinds.append(known)
            }
            self.kinds = kinds
        }
        guard let mapping = definition["mapping"]?.objectValue else {
            throw .mapperParsing("template must have mapping set")
        }
        self.mapping = mapping
        switch definition["match_pattern"].map(ParameterText.java) ?? "simple" {
        case "simple": break
        case "regex":
            expressions = try match.map(PatternExpression.init)
            unexpressions = try unmatch.map(PatternExpression.init)
        case let other:
            throw .illegalArgument("No matching pattern matched on [\(other)]")
        }
        try validate(context)
    }

    /// A template that can never make a field is refused when it comes, not when it is used.
    private func validate(_ context: MappingContext) throws(SchemaError) {
        let kind = kinds?.first ?? .string
        let json = mapping(name: "__dynamic__\(name)", kind: kind)
        // Placeholders in analyzers and the like are only known later.
        let text = String(decoding: JSONValue.object(mapping).serialized(), as: UTF8.self)
        if text.contains("{name}") { return }
        do {
            _ = try MappingParser(context: context).tree([
                "properties": .object([name.isEmpty ? "x" : "__dynamic__": .object(json)])
            ])
        } catch {
            throw error.wrapped(
                type: "mapper_parsing_exception",
                reason: "dynamic template [\(name)] has invalid content "
                    + "[\(ParameterText.java(.object(definition)))], caused by "
                    + "[\(error.reason)]")
        }
    }

    package func fits(name: String, path: String, kind: ValueKind) -> Bool {
        if let kinds, !kinds.contains(kind) { return false }
        func any(_ patterns: [String], _ text: String) -> Bool {
            patterns.contains { Wildcard.matches($0, text) }
        }
        if !pathMatch.isEmpty, !any(pathMatch, path) { return false }
        if any(pathUnmatch, path) { return false }
        if let expressions {
            if !expressions.isEmpty, !expressions.contains(where: { $0.matches(name) }) {
                return false
            }
            if let unexpressions, unexpressions.contains(where: { $0.matches(name) }) {
                return false
            }
        } else {
            if !match.isEmpty, !any(match, name) { return false }
            if any(unmatch, name) { return false }
        }
        return true
    }

    /// The field's definition, with `{name}` and `{dynamic_type}` put in.
    func mapping(name: String, kind: ValueKind) -> JSONObject {
        func filled(_ text: String) -> String {
            var result = ""
            var rest = text[...]
            let replacements = [
                ("{name}", name), ("{dynamic_type}", kind.typeName),
                ("{dynamicType}", kind.typeName),
            ]
            scan: while let first = rest.first {
                if first == "{" {
                    for (mark, value) in replacements where rest.hasPrefix(mark) {
                        result += value
                        rest = rest.dropFirst(mark.count)
                        continue scan
                    }
                }
                result.append(first)
                rest = rest.dropFirst()
            }
            return result
        }
        func filled(_ value: JSONValue) -> JSONValue {
            switch value {
            case .string(let text): .string(filled(text))
            case .array(let list): .array(list.map { filled($0) })
            case .object(let object):
                .object(JSONObject(object.map { (filled($0.key), filled($0.value)) }))
            default: value
            }
        }
        var result = JSONObject(mapping.map { (filled($0.key), filled($0.value)) })
        if result["type"] == nil, !result.contains("properties") {
            result["type"] = .string(kind.typeName)
        }
        return result
    }
}
