internal import TrawlCoordinator
internal import TrawlErrors
package import TrawlHTTP
internal import TrawlJSON

/// The API as the server sees it: finds the route, checks the request, has it answered, and puts
/// the answer into the form that was asked for.
package final class APIHandler: HTTPHandler {
    private let router: Router<Route>
    private let services: Services

    package init(services: Services) {
        self.services = services
        var router = Router<Route>()
        for route in Routes.all {
            for pattern in route.patterns {
                for method in route.methods { router.add(method, pattern, route) }
            }
        }
        self.router = router
    }

    package func lane(for request: HTTPRequest) -> HTTPLane {
        switch router.match(request.method, request.segments) {
        case .found(let route, _): route.lane
        default: .immediate
        }
    }

    package func respond(to request: HTTPRequest) -> HTTPResponse {
        switch router.match(request.method, request.segments) {
        case .found(let route, let names):
            respond(APIRequest(http: request, path: names), by: route)
        case .wrongMethod(let allowed):
            wrongMethod(request, allowed)
        case .unknownPath:
            finish(
                .value(
                    [
                        "error": .string(
                            "no handler found for uri [\(request.target)] and method "
                                + "[\(request.method.rawValue)]")
                    ], status: 400), request)
        }
    }

    private func wrongMethod(
        _ request: HTTPRequest, _ allowed: [HTTPRequest.Method]
    ) -> HTTPResponse {
        let names = allowed.map(\.rawValue)
        if request.method == .options {
            return finish(
                APIResponse(200, .empty).adding("Allow", names.joined(separator: ",")), request)
        }
        let text =
            "Incorrect HTTP method for uri [\(request.target)] and method "
            + "[\(request.method.rawValue)], allowed: [\(names.joined(separator: ", "))]"
        return finish(
            .value(["error": .string(text), "status": 405], status: 405)
                .adding("Allow", names.joined(separator: ",")), request)
    }

    private func respond(_ request: APIRequest, by route: Route) -> HTTPResponse {
        do {
            try MediaType.check(request.http)
            try checkParameters(request, route)
            return finish(try route.action(request, services), request.http)
        } catch {
            return finish(Self.response(to: error, request.http), request.http)
        }
    }

    private static func response(to error: any Error, _ request: HTTPRequest) -> APIResponse {
        let error = ErrorResponse.apiError(error)
        if error.type.isEmpty {
            // Failures that the API tells as a plain text.
            return .value(
                ["error": .string(error.reason), "status": JSONValue(error.status)],
                status: error.status)
        }
        var value = error.response
        if request.parameter("error_trace").map({ $0 != "false" }) ?? false {
            value["error"]?["stack_trace"] = .string("[\(error.type)] \(error.reason)")
            if var roots = value["error"]?["root_cause"]?.arrayValue {
                for i in roots.indices {
                    roots[i]["stack_trace"] = .string(
                        "[\(roots[i]["type"]?.stringValue ?? "")] "
                            + (roots[i]["reason"]?.stringValue ?? ""))
                }
                value["error"]?["root_cause"] = .array(roots)
            }
        }
        var response = APIResponse.value(value, status: error.status)
        response.headers = error.headers
        if error.status == 429 { response.headers.append(("Retry-After", "1")) }
        return response
    }

    /// Refuses parameters that the route does not know, and says which it might have meant.
    private func checkParameters(_ request: APIRequest, _ route: Route) throws(APIError) {
        var unknown: [String] = []
        for (name, _) in request.http.parameters
        where !Route.common.contains(name) && !route.parameters.contains(name)
            && request.path[name] == nil && !unknown.contains(name)
        {
            unknown.append(name)
        }
        if unknown.isEmpty { return }
        let known = Array(route.parameters.union(Route.common))
        let parts = unknown.sorted().map { name in
            "[\(name)]" + NameLikeness.hint(name, among: known, lead: " -> ")
        }
        throw .illegalArgument(
            "request [\(request.http.path)] contains unrecognized parameter"
                + (parts.count > 1 ? "s" : "") + ": " + parts.joined(separator: ", "))
    }

    // MARK: Form

    private func finish(_ response: APIResponse, _ request: HTTPRequest) -> HTTPResponse {
        var headers = response.headers
        headers.append(("X-Elastic-Product", "Elasticsearch"))
        if let id = request.header("x-opaque-id") { headers.append(("X-Opaque-Id", id)) }
        var body: [UInt8]
        var type = MediaType.json(for: request)
        switch response.body {
        case .empty:
            body = []
            type = "text/plain; charset=UTF-8"
        case .text(let text):
            body = Array(text.utf8)
            type = "text/plain; charset=UTF-8"
        case .json, .value:
            (body, type) = shape(response.body, request, type)
        }
        if !headers.contains(where: { $0.name == "Content-Type" }) {
            headers.append(("Content-Type", type))
        }
        return HTTPResponse(status: response.status, headers: headers, body: body)
    }

    private func shape(
        _ body: APIResponse.Body, _ request: HTTPRequest, _ type: String
    ) -> ([UInt8], String) {
        let filter = request.parameter("filter_path").flatMap { $0.isEmpty ? nil : PathFilter($0) }
        let isPretty = request.parameter("pretty").map { $0 != "false" } ?? false
        let isYAML =
            request.parameter("format") == "yaml"
            || request.header("accept")?.hasPrefix("application/yaml") == true
        let isHuman = request.parameter("human").map { $0 != "false" } ?? false
        if case .json(let bytes) = body, filter == nil, !isPretty, !isYAML, !isHuman {
            return (bytes, type)
        }
        var value: JSONValue
        switch body {
        case .json(let bytes):
            guard let parsed = try? JSONValue.parse(bytes) else { return (bytes, type) }
            value = parsed
        case .value(let given): value = given
        default: value = [:]
        }
        if isHuman { value = HumanReadable.adding(to: value) }
        if let filter { value = filter.apply(value) }
        if isYAML { return (Array(YAML.text(value).utf8), "application/yaml") }
        var bytes = value.serialized(pretty: isPretty)
        if isPretty { bytes.append(UInt8(ascii: "\n")) }
        return (bytes, type)
    }

    // MARK: When there is no answer

    package func refusal(of request: HTTPRequest, lane: HTTPLane) -> HTTPResponse {
        finish(
            Self.response(
                to: APIError.rejected(
                    "rejected execution of \(request.method.rawValue) \(request.path): the "
                        + "\(lane) queue is full"), request), request)
    }

    package func rejection(_ error: HTTPError, method: String, target: String) -> HTTPResponse {
        let answer =
            switch error.problem {
            case .bodyTooLarge(let limit):
                APIError(
                    413, "content_too_long_exception",
                    "entity content is too long for the configured buffer limit [\(limit)]")
            default: APIError.illegalArgument(error.description)
            }
        let request = try? HTTPRequest(method: .get, target: "/")
        return finish(Self.response(to: answer, request!), request!)
    }
}
