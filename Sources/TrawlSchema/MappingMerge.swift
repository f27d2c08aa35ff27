package import TrawlJSON

extension Mapping {
    /// This mapping with an update put in: new fields are added, parameters that may change are
    /// changed, and anything else is refused. Fields keep their numbers.
    package func merging(
        _ update: JSONValue, context: MappingContext
    ) throws(SchemaError) -> Mapping {
        let (object, root) = try MappingParser(context: context).tree(update)
        return try merging(object, root, given: update, context: context)
    }

    private func merging(
        _ update: Object, _ updatedRoot: Root, given: JSONValue, context: MappingContext
    ) throws(SchemaError) -> Mapping {
        let merge = MappingMerge(context: context)
        let merged = try merge.merge(object, update)
        var keys = given.objectValue?.keys ?? []
        if keys == ["_doc"], let inner = given["_doc"]?.objectValue { keys = inner.keys }
        var newRoot = root
        if keys.contains("_meta") { newRoot.meta = updatedRoot.meta }
        if keys.contains("date_detection") {
            newRoot.datesAreDetected = updatedRoot.datesAreDetected
        }
        if keys.contains("numeric_detection") {
            newRoot.numbersAreDetected = updatedRoot.numbersAreDetected
        }
        if keys.contains("dynamic_date_formats") || keys.contains("date_formats") {
            newRoot.dynamicDateFormats = updatedRoot.dynamicDateFormats
        }
        if let templates = updatedRoot.dynamicTemplates {
            // By name: one that is known is replaced in its place.
            var list = newRoot.dynamicTemplates ?? []
            for template in templates {
                if let place = list.firstIndex(where: { $0.name == template.name }) {
                    list[place] = template
                } else {
                    list.append(template)
                }
            }
            newRoot.dynamicTemplates = list
        }
        if keys.contains("_source") {
            try merge.checkSource(root.source, updatedRoot.source)
            newRoot.source = updatedRoot.source
        }
        if keys.contains("_routing") {
            guard root.requiresRouting == updatedRoot.requiresRouting else {
                throw MappingMerge.conflict(
                    "_routing",
                    [("required", "\(root.requiresRouting)", "\(updatedRoot.requiresRouting)")])
            }
        }
        return try Mapping(object: merged, root: newRoot, context: context, following: self)
    }
}

/// What may become of a node when a mapping is updated.
struct MappingMerge {
    var context: MappingContext

    static func conflict(
        _ field: String, _ changes: [(name: String, from: String, to: String)]
    ) -> SchemaError {
        let lines = changes.map {
            "Cannot update parameter [\($0.name)] from [\($0.from)] to [\($0.to)]"
        }
        return .illegalArgument(
            "Mapper for [\(field)] conflicts with existing mapper:\n\t"
                + lines.joined(separator: "\n\t"))
    }

    func checkSource(_ old: SourceRules, _ new: SourceRules) throws(SchemaError) {
        var changes: [(String, String, String)] = []
        if old.isEnabled != new.isEnabled {
            changes.append(("enabled", "\(old.isEnabled)", "\(new.isEnabled)"))
        }
        func list(_ patterns: [String]) -> String { "[" + patterns.joined(separator: ", ") + "]" }
        if old.includes != new.includes {
            changes.append(("includes", list(old.includes), list(new.includes)))
        }
        if old.excludes != new.excludes {
            changes.append(("excludes", list(old.excludes), list(new.excludes)))
        }
        if !changes.isEmpty { throw MappingMerge.conflict("_source", changes) }
    }

    func merge(_ old: Mapping.Node, _ new: Mapping.Node) throws(SchemaError) -> Mapping.Node {
        switch (old, new) {
        case (.object(let old), .object(let new)):
            return .object(try merge(old, new))
        case (.leaf(let old), .leaf(let new)):
            return .leaf(try merge(old, new))
        case (.alias, .alias):
            return new
        case (.object(let old), _):
            throw .illegalArgument(
                "can't merge a non object mapping [\(old.path)] with an object mapping")
        case (.leaf(let old), .object):
            throw .illegalArgument(
                "mapper [\(old.path)] cannot be changed from type [\(old.typeName)] to "
                    + "[ObjectMapper]")
        case (.leaf(let old), .alias):
            throw .illegalArgument(
                "mapper [\(old.path)] cannot be changed from type [\(old.typeName)] to "
                    + "[FieldAliasMapper]")
        case (.alias(_, let path, _), .leaf), (.alias(_, let path, _), .object):
            throw .illegalArgument(
                "Cannot merge a field alias mapping [\(path)] with a mapping that is not for a "
                    + "field alias.")
        }
    }

    func merge(
        _ old: Mapping.Object, _ new: Mapping.Object
    ) throws(SchemaError) -> Mapping.Object {
        var result = old
        if let newNested = new.nested {
            guard let oldNested = old.nested else {
                throw .illegalArgument("cannot change object mapping from non-nested to nested")
            }
            for (name, isSame) in [
                ("include_in_parent", oldNested.isInParent == newNested.isInParent),
                ("include_in_root", oldNested.isInRoot == newNested.isInRoot),
            ] where !isSame {
                throw .mapper(
                    "the [\(name)] parameter can't be updated on a nested object mapping")
            }
        } else if old.nested != nil {
            throw .illegalArgument("cannot change object mapping from nested to non-nested")
        }
        if old.isEnabled != new.isEnabled {
            throw .mapper(
                "the [enabled] parameter can't be updated for the object mapping [\(old.path)]")
        }
        if let dynamic = new.dynamic { result.dynamic = dynamic }
        for (name, node) in new.children.sorted(by: { $0.key < $1.key }) {
            if let existing = result.children[name] {
                result.children[name] = try merge(existing, node)
            } else {
                result.children[name] = node
            }
        }
        return result
    }

    func merge(_ old: Mapping.Leaf, _ new: Mapping.Leaf) throws(SchemaError) -> Mapping.Leaf {
        guard old.typeName == new.typeName else {
            throw .illegalArgument(
                "mapper [\(old.path)] cannot be changed from type [\(old.typeName)] to "
                    + "[\(new.typeName)]")
        }
        var conflicts: [(String, String, String)] = []
        func text(_ value: JSONValue?) -> String { value.map(ParameterText.java) ?? "null" }
        for rule in old.parameters.rules where !rule.isUpdatable {
            let before = old.parameters[rule.name]
            let after = new.parameters[rule.name]
            if before != after { conflicts.append((rule.name, text(before), text(after))) }
        }
        if !conflicts.isEmpty { throw MappingMerge.conflict(old.path, conflicts) }
        var result = new
        result.multiFields = old.multiFields
        for (name, field) in new.multiFields.sorted(by: { $0.key < $1.key }) {
            if let existing = result.multiFields[name] {
                result.multiFields[name] = try merge(existing, field)
            } else {
                result.multiFields[name] = field
            }
        }
        return result
    }
}
