internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlScript

/// Stored scripts: programs and search templates by name.
enum ScriptRoutes {
    static let routes: [Route] = [
        Route([.get, .post], ["/_scripts/painless/_execute"], "", execute),
        Route(
            [.put, .post], ["/_scripts/{id}", "/_scripts/{id}/{context}"],
            Route.masterTimeout + "context", put),
        Route([.get], ["/_scripts/{id}"], Route.masterTimeout, show),
        Route([.delete], ["/_scripts/{id}"], Route.masterTimeout, delete),
    ]

    private static func put(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let id = request.named("id")
        if id.contains("#") {
            throw APIError.validation(["id cannot contain '#' for stored script"])
        }
        let body = try request.bodyObject()
        guard let given = (body["script"] ?? body["template"])?.objectValue else {
            throw APIError.illegalArgument("must specify <script> element for stored script")
        }
        for key in given.keys where !["lang", "source", "options", "code", "params"].contains(key) {
            throw APIError.xContentParse("[stored script source] unknown field [\(key)]")
        }
        guard let language = given["lang"]?.stringValue, !language.isEmpty else {
            throw APIError.illegalArgument("must specify lang for stored script")
        }
        guard let source = given["source"] ?? given["code"] else {
            throw APIError.illegalArgument("must specify source for stored script")
        }
        var script = given
        script["source"] = .string(source.stringValue ?? source.description)
        script["code"] = nil
        try check(language, script)
        let stored = script
        try services.coordinator.changeCatalog { $0.scripts[id] = stored }
        return .acknowledged
    }

    /// Runs a script by itself: over its parameters alone, what it comes to as a text.
    private static func execute(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let body = try request.bodyObject()
        for key in body.keys where !["script", "context", "context_setup"].contains(key) {
            throw APIError.xContentParse("[painless_execute_request] unknown field [\(key)]")
        }
        guard let given = body["script"] else {
            throw APIError.illegalArgument("Required [script]")
        }
        let context = body["context"]?.stringValue ?? "painless_test"
        guard context == "painless_test" else {
            throw APIError.illegalArgument("unsupported script context name [\(context)]")
        }
        let result = try Script.ofSearch(given).value(of: NoDocument())
        let text = result.stringValue ?? (result.isNull ? "null" : result.description)
        return .value(["result": .string(text)])
    }

    /// Refuses what could never run.
    private static func check(_ language: String, _ script: JSONObject) throws {
        switch language {
        case "painless": _ = try Script(.object(script))
        case "mustache": _ = try TextTemplate(script["source"]?.stringValue ?? "", escape: .json)
        default: throw APIError.illegalArgument("script_lang not supported [\(language)]")
        }
    }

    private static func show(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let id = request.named("id")
        guard let script = services.catalog.scripts[id] else {
            return .value(["_id": .string(id), "found": false], status: 404)
        }
        return .value(["_id": .string(id), "found": true, "script": .object(script)])
    }

    private static func delete(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let id = request.named("id")
        try services.coordinator.changeCatalog { catalog in
            if catalog.scripts.removeValue(forKey: id) == nil {
                throw APIError.resourceNotFound(
                    "stored script [\(id)] does not exist and cannot be deleted")
            }
        }
        return .acknowledged
    }
}

/// Searches whose bodies are templates: `_search/template`, `_msearch/template`, `_render`.
enum SearchTemplateRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .post], ["/_render/template", "/_render/template/{id}"], ""
        ) { request, services in
            var body = try request.optionalBodyObject() ?? [:]
            if let id = request.path["id"] { body["id"] = .string(id) }
            return .value(["template_output": try JSONValue.parse(render(body, services))])
        },
        Route(
            [.get, .post], ["/_search/template", "/{index}/_search/template"],
            SearchRequestReader.parameters + "profile ", lane: .search
        ) { request, services in
            let body = try request.bodyObject()
            return try SearchRoutes.search(
                request.replacing(body: try searchBody(body, services)), services)
        },
        Route(
            [.get, .post], ["/_msearch/template", "/{index}/_msearch/template"],
            SearchRoutes.multiSearchParameters, lane: .search
        ) { request, services in
            try SearchRoutes.multiSearch(request, services) { line in
                guard let body = try JSONValue.parse(line).objectValue else {
                    throw APIError.parse("a search template must be an object")
                }
                return try searchBody(body, services)
            }
        },
    ]

    /// The search that a template comes to, with what stands beside the template.
    private static func searchBody(_ body: JSONObject, _ services: Services) throws -> [UInt8] {
        let rendered = try render(body, services)
        let flags = ["explain", "profile"].filter { body[$0]?.boolValue == true }
        if flags.isEmpty { return rendered }
        var search = try JSONValue.parse(rendered)
        for flag in flags { search[flag] = true }
        return search.serialized()
    }

    private static func render(_ body: JSONObject, _ services: Services) throws -> [UInt8] {
        for key in body.keys
        where !["id", "source", "inline", "params", "explain", "profile", "template", "file"]
            .contains(key)
        {
            throw APIError.xContentParse("[search_template] unknown field [\(key)]")
        }
        let source: String
        if let id = body["id"]?.stringValue {
            guard let script = services.catalog.scripts[id] else {
                throw APIError.resourceNotFound("unable to find script [\(id)]")
            }
            source = script["source"]?.stringValue ?? ""
        } else if let given = body["source"] ?? body["inline"] ?? body["template"] {
            source = given.stringValue ?? given.description
        } else {
            throw APIError.validation(["template is missing"])
        }
        let text = try TextTemplate(source, escape: .json).text(
            body["params"]?.objectValue ?? [:])
        return Array(text.utf8)
    }
}

/// What a script sees that is run without a document.
private struct NoDocument: ScriptDocument {
    var score: Double { 0 }
    var value: JSONValue? { nil }

    func hasField(_ name: String) -> Bool { false }
    func source() throws(SchemaError) -> JSONObject { [:] }
    func values(of field: String) throws(SchemaError) -> [JSONValue] {
        throw SchemaError(
            type: "illegal_argument_exception", reason: "there is no document to ask for [\(field)]"
        )
    }
}
