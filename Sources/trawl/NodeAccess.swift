internal import TrawlErrors
internal import TrawlHTTP
internal import TrawlJSON

/// Reaches a node by its API: one that listens somewhere, or one that was started within this
/// process on a directory. The verbs of the command line know no other way to an index, so what
/// works embedded works over the network, and the other way round.
protocol NodeAccess: Sendable {
    /// What is told to people: a URL or a directory.
    var place: String { get }
    func send(
        _ method: HTTPRequest.Method, _ target: String, headers: [(name: String, value: String)],
        body: [UInt8]
    ) throws -> HTTPResponse
    /// Ends an embedded node: commits and closes. Nothing for one that listens elsewhere.
    func close() throws
}

extension NodeAccess {
    /// Sends JSON and gives back JSON; an answer of 400 and above is thrown.
    func json(
        _ method: HTTPRequest.Method, _ target: String, body: JSONValue? = nil
    ) throws -> JSONValue {
        let response = try send(
            method, target, headers: [("Content-Type", "application/json")],
            body: body?.serialized() ?? [])
        return try Self.value(of: response)
    }

    static func value(of response: HTTPResponse) throws -> JSONValue {
        let value = try? JSONValue.parse(response.body)
        guard response.status < 400 else { throw NodeError(response.status, value) }
        guard let value else {
            throw NodeError(502, ["error": "the node's answer is no JSON"])
        }
        return value
    }
}

/// A node that listens.
struct RemoteNode: NodeAccess {
    private let client: HTTPClient

    init(url: String) { client = HTTPClient(base: url, timeout: .seconds(300)) }

    var place: String { client.base }

    func send(
        _ method: HTTPRequest.Method, _ target: String, headers: [(name: String, value: String)],
        body: [UInt8]
    ) throws -> HTTPResponse {
        try client.send(method, target, headers: headers, body: body)
    }

    func close() {}
}

/// A node refused a request: its own words, and what they mean.
struct NodeError: TrawlError {
    let status: Int
    let type: String
    let reason: String

    init(_ status: Int, _ body: JSONValue?) {
        self.status = status
        let error = body?["error"]
        let root = error?["root_cause"]?.arrayValue?.first
        type = root?["type"]?.stringValue ?? error?["type"]?.stringValue ?? "error"
        reason =
            root?["reason"]?.stringValue ?? error?["reason"]?.stringValue
            ?? error?.stringValue ?? "status \(status)"
    }

    var kind: ErrorKind {
        switch status {
        case 404: .notFound
        case 409: .conflict
        case 429, 507: .overloaded
        case 503, 502: .unavailable
        case 408, 504: .timedOut
        case 400..<500: .invalidRequest
        default: .internalFault
        }
    }

    var code: String { type }

    var description: String { reason }
}
