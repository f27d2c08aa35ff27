/// What answers requests. Called on the threads of the lane that it chose.
package protocol HTTPHandler: Sendable {
    func lane(for request: HTTPRequest) -> HTTPLane
    func respond(to request: HTTPRequest) -> HTTPResponse
    /// The answer when a lane has no room.
    func refusal(of request: HTTPRequest, lane: HTTPLane) -> HTTPResponse
    /// The answer to a request that could not be read.
    func rejection(_ error: HTTPError, method: String, target: String) -> HTTPResponse
}

/// Who does the work of a request: each lane has its own threads and its own bounded queue, so
/// that a flood of one kind leaves the others alone.
package enum HTTPLane: Int, Sendable, CaseIterable {
    /// Answered at once on the thread that read it: nothing that waits, nothing that computes.
    case immediate
    case search, write, management
    /// Reading logs, which may wait for what is to come.
    case log
}

/// Listens, reads requests, hands them to a handler, sends the answers.
package protocol HTTPServer: Sendable {
    var port: Int { get }

    /// Refuses new connections, finishes what is under way within the time given, and stops.
    func stop(within: Duration)
}

/// The server's limits. Each is a bound on what one client can make the node hold.
package struct HTTPLimits: Sendable {
    package var bodyByteCount = 100 << 20
    /// All bodies that are being read or worked on, together.
    package var bodiesByteCount = 512 << 20
    package var headerByteCount = 64 << 10
    package var connectionCount = 4096
    package var idleSeconds = 75
    /// From the request line to the end of the body.
    package var receiveSeconds = 300
    package var searchThreads = 2
    package var searchQueue = 1000
    package var writeThreads = 8
    package var writeQueue = 10_000
    package var managementThreads = 4
    package var managementQueue = 1000
    package var logThreads = 16
    package var logQueue = 1000
    package var ioThreads = 2

    package init() {}
}
