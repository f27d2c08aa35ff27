internal import TrawlHTTP
internal import TrawlJSON

/// `/_trawl/openapi.json`: the table of routes in the words of OpenAPI.
enum DescriptionRoutes {
    static let routes: [Route] = [
        Route([.get], ["/_trawl/openapi.json"]) { _, _ in
            .value([
                "openapi": "3.0.3",
                "info": ["title": "Trawl", "version": .string(Services.version)],
                "paths": .object(paths),
            ])
        }
    ]

    private static var paths: JSONObject {
        var paths: [String: JSONObject] = [:]
        for route in Routes.all {
            for pattern in route.patterns {
                for method in route.methods {
                    paths[pattern, default: [:]][method.rawValue.lowercased()] = operation(
                        route, pattern, method)
                }
            }
        }
        return JSONObject(
            paths.keys.sorted().map { (key: $0, value: .object(paths[$0]!)) })
    }

    private static func operation(
        _ route: Route, _ pattern: String, _ method: HTTPRequest.Method
    ) -> JSONValue {
        let names = pattern.split(separator: "/").filter { $0.hasPrefix("{") }
            .map { String($0.dropFirst().dropLast()) }
        func parameter(_ name: String, _ place: String) -> JSONValue {
            [
                "name": .string(name), "in": .string(place), "required": .bool(place == "path"),
                "schema": ["type": "string"],
            ]
        }
        let query = route.parameters.union(Route.common).subtracting(names).sorted()
        var operation: JSONObject = [
            "parameters": .array(
                names.map { parameter($0, "path") } + query.map { parameter($0, "query") }),
            "responses": ["default": ["description": "The answer, or an error with its status."]],
        ]
        if method == .post || method == .put {
            operation["requestBody"] = ["content": ["application/json": ["schema": [:]]]]
        }
        return .object(operation)
    }
}
