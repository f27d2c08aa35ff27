internal import TrawlHTTP
internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlSchema

/// Templates: composable ones, their components, and the legacy kind.
enum TemplateRoutes {
    static let routes: [Route] = [
        Route(
            [.put, .post], ["/_index_template/{name}"], Route.masterTimeout + "create cause",
            putIndexTemplate),
        Route(
            [.get, .head], ["/_index_template", "/_index_template/{name}"],
            Route.masterTimeout + "local flat_settings"
        ) { request, services in
            try show(
                request, services.catalog.indexTemplates, list: "index_templates",
                item: "index_template", missing: "index template matching")
        },
        Route([.delete], ["/_index_template/{name}"], Route.masterTimeout) { request, services in
            try services.coordinator.changeCatalog { catalog in
                try remove(request.named("name"), from: &catalog.indexTemplates)
            }
            return .acknowledged
        },
        Route(
            [.put, .post], ["/_component_template/{name}"], Route.masterTimeout + "create cause",
            putComponent),
        Route(
            [.get, .head], ["/_component_template", "/_component_template/{name}"],
            Route.masterTimeout + "local flat_settings"
        ) { request, services in
            try show(
                request, services.catalog.componentTemplates, list: "component_templates",
                item: "component_template", missing: "component template matching")
        },
        Route([.delete], ["/_component_template/{name}"], Route.masterTimeout, deleteComponent),
        Route(
            [.post], ["/_index_template/_simulate_index/{name}"],
            Route.masterTimeout + "create cause", simulateIndex),
        Route(
            [.post], ["/_index_template/_simulate", "/_index_template/_simulate/{name}"],
            Route.masterTimeout + "create cause", simulate),
        Route(
            [.put, .post], ["/_template/{name}"],
            Route.masterTimeout + "create order cause include_type_name", putLegacy),
        Route(
            [.get, .head], ["/_template", "/_template/{name}"],
            Route.masterTimeout + "local flat_settings include_type_name", showLegacy),
        Route([.delete], ["/_template/{name}"], Route.masterTimeout) { request, services in
            try services.coordinator.changeCatalog { catalog in
                try remove(request.named("name"), from: &catalog.legacyTemplates)
            }
            return .acknowledged
        },
    ]

    // MARK: Common

    private static func show(
        _ request: APIRequest, _ templates: [String: JSONObject], list: String, item: String,
        missing: String
    ) throws -> APIResponse {
        let pattern = request["name"]
        let names = templates.keys.sorted().filter { name in
            pattern.map { Wildcard.matches($0, name) } ?? true
        }
        if request.http.method == .head { return APIResponse(names.isEmpty ? 404 : 200, .empty) }
        if let pattern, names.isEmpty, !Wildcard.isPattern(pattern) {
            throw APIError.resourceNotFound("\(missing) [\(pattern)] not found")
        }
        let flat = try request.bool("flat_settings")
        return .value(
            [
                list: .array(
                    names.map { name in
                        [
                            "name": .string(name),
                            item: .object(shown(templates[name]!, flat: flat)),
                        ] as JSONValue
                    })
            ] as JSONValue)
    }

    /// A template with its settings as strings, as the API gives them back.
    private static func shown(_ template: JSONObject, flat: Bool) -> JSONObject {
        var template = template
        if var inner = template["template"]?.objectValue {
            if let settings = inner["settings"]?.objectValue {
                let settings = FlatSettings(settings, prefix: "index.")
                inner["settings"] = .object(flat ? settings.flat : settings.nested)
            }
            if inner["aliases"] != nil {
                let content = TemplateContent(inner)
                inner["aliases"] = .object(
                    JSONObject(
                        content.aliases.keys.sorted().map {
                            (key: $0, value: .object(AliasMetadata(content.aliases[$0]!).json))
                        }))
            }
            template["template"] = .object(inner)
        }
        return template
    }

    private static func remove(
        _ pattern: String, from templates: inout [String: JSONObject]
    ) throws {
        let names = templates.keys.filter { Wildcard.matches(pattern, $0) }
        if names.isEmpty, pattern != "*" {
            throw APIError(
                404, "index_template_missing_exception", "index_template [\(pattern)] missing")
        }
        for name in names { templates[name] = nil }
    }

    private static func checkKeys(
        _ object: JSONObject, _ known: Set<String>, _ what: String
    ) throws {
        for key in object.keys where !known.contains(key) {
            throw APIError.xContentParse("[\(what)] unknown field [\(key)]")
        }
    }

    /// Checks settings, mappings and aliases of a template as an index would.
    private static func checkContent(_ object: JSONObject?) throws {
        guard let object else { return }
        try checkKeys(object, ["settings", "mappings", "aliases"], "template")
        let content = TemplateContent(object)
        try SettingRules.check(content.settings)
        _ = try IndexMapping(content.mappings, settings: content.settings)
        for alias in content.aliases.keys { try IndexName.checkAlias(alias) }
    }

    // MARK: Composable templates

    private static let templateKeys: Set<String> = [
        "index_patterns", "template", "composed_of", "priority", "version", "_meta",
        "data_stream", "allow_auto_create", "deprecated", "ignore_missing_component_templates",
        "context",
    ]

    private static func read(_ body: JSONObject, _ name: String) throws -> JSONObject {
        try checkKeys(body, templateKeys, "index_template")
        var template = body
        let patterns = CatalogSnapshot.patterns(of: body)
        if patterns.isEmpty {
            throw APIError.validation(["index patterns are missing"])
        }
        template["index_patterns"] = .array(patterns.map { .string($0) })
        if template["composed_of"] == nil { template["composed_of"] = [] }
        try checkContent(body["template"]?.objectValue)
        if let inner = template["template"]?.objectValue,
            let mappings = inner["mappings"]?.objectValue
        {
            var inner = inner
            inner["mappings"] = .object(try IndexCreation.typeless(mappings))
            template["template"] = .object(inner)
        }
        return template
    }

    private static func putIndexTemplate(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let name = request.named("name")
        let template = try read(try request.bodyObject(), name)
        let create = try request.bool("create")
        try checkTemplateName(name)
        try services.coordinator.changeCatalog { catalog in
            if create, catalog.indexTemplates[name] != nil {
                throw APIError.illegalArgument("index template [\(name)] already exists")
            }
            let missing = (template["composed_of"]?.arrayValue ?? []).compactMap(\.stringValue)
                .filter { catalog.componentTemplates[$0] == nil }
            if !missing.isEmpty {
                throw APIError(
                    400, "invalid_index_template_exception",
                    "index_template [\(name)] invalid, cause [index template [\(name)] "
                        + "specifies component templates [\(missing.joined(separator: ", "))] "
                        + "that do not exist]")
            }
            try checkOverlap(name, template, catalog)
            catalog.indexTemplates[name] = template
        }
        return .acknowledged
    }

    private static func checkTemplateName(_ name: String) throws {
        if name.contains(where: { "# ,".contains($0) }) || name.hasPrefix("_")
            || name.contains(where: \.isUppercase)
        {
            let problem =
                name.hasPrefix("_")
                ? "name must not start with '_'"
                : name.contains(where: \.isUppercase)
                    ? "name must be lower cased"
                    : "name must not contain a \(name.contains("#") ? "'#'" : name.contains(" ") ? "space" : "','")"
            throw APIError(
                400, "invalid_index_template_exception",
                "index_template [\(name)] invalid, cause [Validation Failed: 1: \(problem);]")
        }
    }

    /// Two templates of one priority may not both match a name.
    private static func checkOverlap(
        _ name: String, _ template: JSONObject, _ catalog: CatalogSnapshot
    ) throws {
        let patterns = CatalogSnapshot.patterns(of: template)
        let priority = CatalogSnapshot.priority(template)
        let clashes = catalog.indexTemplates.keys.sorted().filter { other in
            other != name && CatalogSnapshot.priority(catalog.indexTemplates[other]!) == priority
                && CatalogSnapshot.patterns(of: catalog.indexTemplates[other]!).contains { theirs in
                    patterns.contains { overlaps($0, theirs) }
                }
        }
        if clashes.isEmpty { return }
        let described = clashes.map { other in
            let list = CatalogSnapshot.patterns(of: catalog.indexTemplates[other]!)
            return "\(other) => [\(list.joined(separator: ", "))]"
        }
        throw APIError.illegalArgument(
            "index template [\(name)] has index patterns [\(patterns.joined(separator: ", "))] "
                + "matching patterns from existing templates [\(clashes.joined(separator: ","))] "
                + "with patterns (\(described.joined(separator: ","))) that have the same "
                + "priority [\(priority)], multiple index templates may not match during index "
                + "creation, please use a different priority")
    }

    /// Whether some name matches both patterns.
    private static func overlaps(_ a: String, _ b: String) -> Bool {
        func meet(_ a: ArraySlice<Character>, _ b: ArraySlice<Character>) -> Bool {
            guard let x = a.first else { return b.allSatisfy { $0 == "*" } }
            guard let y = b.first else { return a.allSatisfy { $0 == "*" } }
            if x == "*" { return meet(a.dropFirst(), b) || meet(a, b.dropFirst()) }
            if y == "*" { return meet(a, b.dropFirst()) || meet(a.dropFirst(), b) }
            return x == y && meet(a.dropFirst(), b.dropFirst())
        }
        if a.count * b.count > 4096 { return a == b }
        return meet(Array(a)[...], Array(b)[...])
    }

    private static func simulateIndex(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let name = request.named("name")
        var catalog = services.catalog
        if let body = try request.optionalBodyObject() {
            let template = try read(body, "simulate")
            catalog.indexTemplates["simulate_index_template_\(name)"] = template
        }
        guard let (chosen, template) = catalog.matchingTemplate(for: name) else {
            return .value([:])
        }
        return .value(
            .object(
                try simulated(chosen, template, catalog) {
                    $0.contains { Wildcard.matches($0, name) }
                }))
    }

    private static func simulate(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let catalog = services.catalog
        let name = request["name"] ?? "simulate_template"
        let template: JSONObject
        if let body = try request.optionalBodyObject() {
            template = try read(body, name)
        } else if let stored = catalog.indexTemplates[name] {
            template = stored
        } else {
            throw APIError.illegalArgument(
                "unable to simulate template [\(name)] that does not exist")
        }
        let patterns = CatalogSnapshot.patterns(of: template)
        return .value(
            .object(
                try simulated(name, template, catalog) { theirs in
                    theirs.contains { other in patterns.contains { overlaps($0, other) } }
                }))
    }

    private static func simulated(
        _ name: String, _ template: JSONObject, _ catalog: CatalogSnapshot,
        matching: ([String]) -> Bool
    ) throws -> JSONObject {
        var content = catalog.compose(template)
        content.settings = content.settings.filtered { _ in true }
        var overlapping: [JSONValue] = []
        for (other, body) in catalog.indexTemplates.sorted(by: { $0.key < $1.key })
        where other != name && matching(CatalogSnapshot.patterns(of: body)) {
            overlapping.append([
                "name": .string(other),
                "index_patterns": .array(CatalogSnapshot.patterns(of: body).map { .string($0) }),
            ])
        }
        for (other, body) in catalog.legacyTemplates.sorted(by: { $0.key < $1.key })
        where matching(CatalogSnapshot.patterns(of: body)) {
            overlapping.append([
                "name": .string(other),
                "index_patterns": .array(CatalogSnapshot.patterns(of: body).map { .string($0) }),
            ])
        }
        var shownContent = content.json
        shownContent["mappings"] = .object(
            try IndexMapping(content.mappings, settings: content.settings).json)
        return ["template": .object(shownContent), "overlapping": .array(overlapping)]
    }

    // MARK: Components

    private static func putComponent(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let name = request.named("name")
        let body = try request.bodyObject()
        try checkKeys(
            body, ["template", "version", "_meta", "allow_auto_create", "deprecated"],
            "component_template")
        guard let template = body["template"]?.objectValue else {
            throw APIError.illegalArgument("Required [template]")
        }
        try checkContent(template)
        let create = try request.bool("create")
        try services.coordinator.changeCatalog { catalog in
            if create, catalog.componentTemplates[name] != nil {
                throw APIError.illegalArgument("component template [\(name)] already exists")
            }
            catalog.componentTemplates[name] = body
        }
        return .acknowledged
    }

    private static func deleteComponent(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let pattern = request.named("name")
        try services.coordinator.changeCatalog { catalog in
            let names = catalog.componentTemplates.keys.filter { Wildcard.matches(pattern, $0) }
            let users = catalog.indexTemplates.keys.sorted().filter { user in
                (catalog.indexTemplates[user]!["composed_of"]?.arrayValue ?? [])
                    .contains { $0.stringValue.map(names.contains) ?? false }
            }
            if !users.isEmpty {
                throw APIError.illegalArgument(
                    "component templates [\(names.sorted().joined(separator: ","))] cannot be "
                        + "removed as they are still in use by index templates "
                        + "[\(users.joined(separator: ", "))]")
            }
            try remove(pattern, from: &catalog.componentTemplates)
        }
        return .acknowledged
    }

    // MARK: Legacy templates

    private static func putLegacy(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let name = request.named("name")
        let body = try request.bodyObject()
        let known: Set<String> = [
            "index_patterns", "template", "settings", "mappings", "aliases", "order", "version",
        ]
        for key in body.keys where !known.contains(key) {
            throw APIError.parse("unknown key [\(key)] in the template ")
        }
        var template = body
        var patterns = CatalogSnapshot.patterns(of: body)
        if patterns.isEmpty, let old = body["template"]?.stringValue { patterns = [old] }
        template["template"] = nil
        if patterns.isEmpty { throw APIError.validation(["index patterns are missing"]) }
        template["index_patterns"] = .array(patterns.map { .string($0) })
        if let order = try request.optionalInt("order") { template["order"] = JSONValue(order) }
        let content = TemplateContent(body)
        try SettingRules.check(content.settings)
        let mappings = try IndexCreation.typeless(content.mappings)
        _ = try IndexMapping(mappings, settings: content.settings)
        template["mappings"] = .object(mappings)
        let stored = template
        let create = try request.bool("create")
        try services.coordinator.changeCatalog { catalog in
            if create, catalog.legacyTemplates[name] != nil {
                throw APIError.illegalArgument("index_template [\(name)] already exists")
            }
            catalog.legacyTemplates[name] = stored
        }
        return .acknowledged
    }

    private static func showLegacy(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let templates = services.catalog.legacyTemplates
        let patterns = request.list("name")
        let names = templates.keys.sorted().filter { name in
            patterns.map { $0.contains { Wildcard.matches($0, name) } } ?? true
        }
        if request.http.method == .head { return APIResponse(names.isEmpty ? 404 : 200, .empty) }
        let flat = try request.bool("flat_settings")
        var result = JSONObject()
        for name in names {
            let template = templates[name]!
            let content = TemplateContent(template)
            var entry: JSONObject = [
                "order": template["order"] ?? 0, "index_patterns": template["index_patterns"] ?? [],
                "settings": .object(flat ? content.settings.flat : content.settings.nested),
                "mappings": template["mappings"] ?? [:],
                "aliases": .object(
                    JSONObject(
                        content.aliases.keys.sorted().map {
                            (key: $0, value: .object(AliasMetadata(content.aliases[$0]!).json))
                        })),
            ]
            entry["version"] = template["version"]
            result[name] = .object(entry)
        }
        let isMissing = names.isEmpty && patterns?.contains { !Wildcard.isPattern($0) } == true
        return .value(.object(result), status: isMissing ? 404 : 200)
    }
}
