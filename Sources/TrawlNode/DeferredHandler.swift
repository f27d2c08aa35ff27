internal import Synchronization
internal import TrawlHTTP

/// Stands in front of the API until it is there: the API wants to know the port, and the port is
/// known when the server listens.
final class DeferredHandler: HTTPHandler {
    private let handler = Mutex<(any HTTPHandler)?>(nil)

    func use(_ handler: any HTTPHandler) { self.handler.withLock { $0 = handler } }

    private static let starting = HTTPResponse(
        status: 503, headers: [("Retry-After", "1"), ("X-Elastic-Product", "Elasticsearch")])

    func lane(for request: HTTPRequest) -> HTTPLane {
        handler.withLock { $0 }?.lane(for: request) ?? .immediate
    }

    func respond(to request: HTTPRequest) -> HTTPResponse {
        handler.withLock { $0 }?.respond(to: request) ?? Self.starting
    }

    func refusal(of request: HTTPRequest, lane: HTTPLane) -> HTTPResponse {
        handler.withLock { $0 }?.refusal(of: request, lane: lane) ?? Self.starting
    }

    func rejection(_ error: HTTPError, method: String, target: String) -> HTTPResponse {
        handler.withLock { $0 }?.rejection(error, method: method, target: target) ?? Self.starting
    }
}
