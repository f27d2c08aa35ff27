internal import CMicrohttpd
internal import Glibc
internal import Synchronization

/// The server over libmicrohttpd: a few threads read and write, and never compute.
///
/// A request that was read is suspended, worked on by the pool of its lane, and resumed with its
/// answer. So a slow query holds no thread that serves others, and a slow client holds none that
/// computes.
package final class MicrohttpdServer: HTTPServer {
    package let port: Int
    package let limits: HTTPLimits
    fileprivate let handler: any HTTPHandler
    fileprivate let pools: [WorkerPool]
    fileprivate let underWay = Atomic<Int>(0)
    fileprivate let heldBodyBytes = Atomic<Int>(0)
    fileprivate let isStopping = Atomic<Bool>(false)
    private let daemon = Mutex<DaemonHandle?>(nil)

    /// Starts to listen.
    ///
    /// - Parameter port: 0 lets the system choose; ``port`` says which.
    package init(
        host: String, port: Int, limits: HTTPLimits = HTTPLimits(), handler: any HTTPHandler
    ) throws(HTTPError) {
        var bound: UInt16 = 0
        let socket = unsafe cmhd_listen(host, String(port), 1024, &bound)
        guard socket >= 0 else {
            let reason =
                socket > -10000
                ? unsafe String(cString: strerror(-socket))
                : unsafe String(cString: gai_strerror(socket + 10000))
            throw HTTPError(problem: .cannotListen, detail: "\(host):\(port): \(reason)")
        }
        self.port = Int(bound)
        self.limits = limits
        self.handler = handler
        pools = [
            WorkerPool(
                name: "search", threadCount: limits.searchThreads, queueLimit: limits.searchQueue),
            WorkerPool(
                name: "write", threadCount: limits.writeThreads, queueLimit: limits.writeQueue),
            WorkerPool(
                name: "management", threadCount: limits.managementThreads,
                queueLimit: limits.managementQueue),
            WorkerPool(name: "log", threadCount: limits.logThreads, queueLimit: limits.logQueue),
        ]
        let options = cmhd_options(
            listen_socket: socket, thread_count: UInt32(limits.ioThreads),
            connection_limit: UInt32(limits.connectionCount),
            idle_timeout_seconds: UInt32(limits.idleSeconds),
            connection_memory: limits.headerByteCount)
        // The daemon's threads end in `stop`, which must come before the server goes: it keeps
        // itself alive until then.
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let started = unsafe cmhd_start(
            options, accessRequest, beginRequest, completeRequest, context)
        guard let started = unsafe started else {
            unsafe Unmanaged<MicrohttpdServer>.fromOpaque(context).release()
            close(socket)
            throw HTTPError(problem: .cannotListen, detail: "libmicrohttpd does not start")
        }
        daemon.withLock { $0 = unsafe DaemonHandle(pointer: started) }
    }

    package var workerPools: [WorkerPool] { pools }

    package func stop(within bound: Duration) {
        let handle = daemon.withLock { handle in
            defer { handle = nil }
            return handle
        }
        guard let handle else { return }
        isStopping.store(true, ordering: .sequentiallyConsistent)
        let socket = unsafe MHD_quiesce_daemon(handle.pointer)
        let deadline = ContinuousClock.now + bound
        while underWay.load(ordering: .sequentiallyConsistent) > 0, ContinuousClock.now < deadline {
            usleep(2000)
        }
        // Work that is still running resumes its connection when it ends: the daemon must be there.
        for pool in pools { pool.stop() }
        unsafe MHD_stop_daemon(handle.pointer)
        if socket >= 0 { close(socket) }
        unsafe Unmanaged.passUnretained(self).release()
    }

    /// `@unchecked`: a pointer that libmicrohttpd locks by itself.
    @safe private struct DaemonHandle: @unchecked Sendable {
        let pointer: OpaquePointer
    }
}

/// One request and its answer.
///
/// `@unchecked`: belongs to the connection's thread until the connection is suspended, then to
/// one worker, and to the connection's thread again from the moment it is resumed.
private final class Exchange: @unchecked Sendable {
    enum Phase { case reading, working, answered }

    let server: MicrohttpdServer
    let target: String
    let began = ContinuousClock.now
    var phase = Phase.reading
    var headersSeen = false
    var headers: [(name: String, value: String)] = []
    var method = ""
    var body: [UInt8] = []
    var heldByteCount = 0
    var overflow = false
    var response: HTTPResponse?

    init(server: MicrohttpdServer, target: String) {
        self.server = server
        self.target = target
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// Takes a piece of the body. False when the connection is to be cut.
    func take(_ piece: UnsafeRawBufferPointer) -> Bool {
        if ContinuousClock.now - began > .seconds(server.limits.receiveSeconds) { return false }
        heldByteCount += piece.count
        server.heldBodyBytes.add(piece.count, ordering: .relaxed)
        if overflow || body.count + piece.count > server.limits.bodyByteCount {
            // The rest is read and dropped, so that the client gets to hear why; one that does
            // not stop is cut off.
            overflow = true
            body = []
            return heldByteCount < 4 * server.limits.bodyByteCount
        }
        unsafe body.append(contentsOf: piece)
        return true
    }

    func makeRequest(socket: Int32) throws(HTTPError) -> HTTPRequest {
        if overflow {
            throw HTTPError(
                problem: .bodyTooLarge(limit: server.limits.bodyByteCount), detail: target)
        }
        guard let method = HTTPRequest.Method(rawValue: method) else {
            throw HTTPError(problem: .unknownMethod, detail: method)
        }
        return try HTTPRequest(
            method: method, target: target, headers: headers, body: body,
            isAbandoned: { cmhd_peer_is_gone(socket) == 1 })
    }

    /// Inflates the request's body, has it answered, deflates the answer.
    func answer(_ request: HTTPRequest) -> HTTPResponse {
        var request = request
        if let encoding = request.header("content-encoding")?.lowercased(), encoding != "identity",
            !request.body.isEmpty
        {
            do throws(HTTPError) {
                guard encoding == "gzip" || encoding == "deflate" || encoding == "x-gzip" else {
                    throw HTTPError(problem: .unknownEncoding, detail: encoding)
                }
                request.body = try Gzip.inflate(
                    request.body, limit: server.limits.bodyByteCount)
            } catch {
                return server.handler.rejection(error, method: method, target: target)
            }
        }
        var response = server.handler.respond(to: request)
        if response.body.count >= 1024, request.method != .head,
            let accepted = request.header("accept-encoding")?.lowercased(),
            accepted.contains("gzip"), !accepted.contains("gzip;q=0"),
            let packed = Gzip.deflate(response.body)
        {
            response.body = packed
            response.headers.append(("Content-Encoding", "gzip"))
        }
        return response
    }

    func finish() {
        server.heldBodyBytes.subtract(heldByteCount, ordering: .relaxed)
        server.underWay.subtract(1, ordering: .sequentiallyConsistent)
    }
}

/// `@unchecked`: handed to one worker, which uses it once, to resume.
@safe private struct ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer
}

private let beginRequest: cmhd_target = { context, target, _ in
    let server = unsafe Unmanaged<MicrohttpdServer>.fromOpaque(context!).takeUnretainedValue()
    server.underWay.add(1, ordering: .sequentiallyConsistent)
    // Bytes that are not UTF-8 become U+FFFD here; clients have to escape them anyway.
    let exchange = unsafe Exchange(server: server, target: String(cString: target!))
    return unsafe Unmanaged.passRetained(exchange).toOpaque()
}

private let completeRequest: cmhd_completed = { _, _, request, _ in
    guard let raw = unsafe request?.pointee else { return }
    unsafe Unmanaged<Exchange>.fromOpaque(raw).takeRetainedValue().finish()
    unsafe request?.pointee = nil
}

private let visitHeader: MHD_KeyValueIteratorN = { context, _, key, keyCount, value, valueCount in
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context!).takeUnretainedValue()
    let name = unsafe String(
        decoding: UnsafeRawBufferPointer(start: key, count: keyCount), as: UTF8.self)
    let text = unsafe String(
        decoding: UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : valueCount),
        as: UTF8.self)
    exchange.headers.append((name.lowercased(), text))
    return cmhd_yes()
}

private let accessRequest: cmhd_access = {
    context, connection, _, method, _, piece, pieceSize, state in
    guard let connection = unsafe connection, let raw = unsafe state?.pointee,
        let pieceSize = unsafe pieceSize
    else { return cmhd_no() }
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(raw).takeUnretainedValue()
    let server = exchange.server
    if !exchange.headersSeen {
        exchange.headersSeen = true
        exchange.method = unsafe String(cString: method!)
        unsafe cmhd_each_header(connection, visitHeader, raw)
        let declared = exchange.header("content-length").flatMap { Int($0) } ?? 0
        if declared > server.limits.bodyByteCount {
            // Answered before the body: libmicrohttpd closes the connection after it.
            let error = HTTPError(
                problem: .bodyTooLarge(limit: server.limits.bodyByteCount),
                detail: exchange.target)
            let response = server.handler.rejection(
                error, method: exchange.method, target: exchange.target)
            return unsafe queue(response, on: connection, closing: true)
        }
        if server.heldBodyBytes.load(ordering: .relaxed) + declared
            > server.limits.bodiesByteCount,
            let request = try? HTTPRequest(method: .post, target: exchange.target)
        {
            let response = server.handler.refusal(of: request, lane: .write)
            return unsafe queue(response, on: connection, closing: true)
        }
        exchange.body.reserveCapacity(min(declared, 1 << 20))
        return cmhd_yes()
    }
    if unsafe pieceSize.pointee > 0 {
        let buffer = unsafe UnsafeRawBufferPointer(start: piece, count: pieceSize.pointee)
        let goesOn = unsafe exchange.take(buffer)
        unsafe pieceSize.pointee = 0
        return goesOn ? cmhd_yes() : cmhd_no()
    }
    switch exchange.phase {
    case .answered:
        let response = exchange.response!
        exchange.response = nil
        return unsafe queue(
            response, on: connection,
            closing: server.isStopping.load(ordering: .relaxed))
    case .working: return cmhd_yes()
    case .reading: break
    }
    let request: HTTPRequest
    do throws(HTTPError) {
        request = try unsafe exchange.makeRequest(socket: cmhd_socket_of(connection))
    } catch {
        let response = server.handler.rejection(
            error, method: exchange.method, target: exchange.target)
        return unsafe queue(response, on: connection, closing: exchange.overflow)
    }
    exchange.body = []
    let lane = server.handler.lane(for: request)
    if lane == .immediate {
        return unsafe queue(
            exchange.answer(request), on: connection,
            closing: server.isStopping.load(ordering: .relaxed))
    }
    exchange.phase = .working
    unsafe MHD_suspend_connection(connection)
    let handle = unsafe ConnectionHandle(pointer: connection)
    let accepted = server.pools[lane.rawValue - 1].submit {
        exchange.response = exchange.answer(request)
        exchange.phase = .answered
        unsafe MHD_resume_connection(handle.pointer)
    }
    if !accepted {
        exchange.response = server.handler.refusal(of: request, lane: lane)
        exchange.phase = .answered
        unsafe MHD_resume_connection(connection)
    }
    return cmhd_yes()
}

private func queue(
    _ response: HTTPResponse, on connection: OpaquePointer, closing: Bool
) -> MHD_Result {
    let made = unsafe response.body.withUnsafeBytes { bytes in
        unsafe cmhd_response(bytes.baseAddress, bytes.count)
    }
    guard let made = unsafe made else { return cmhd_no() }
    for (name, value) in response.headers {
        _ = unsafe MHD_add_response_header(made, name, value)
    }
    if closing { _ = unsafe MHD_add_response_header(made, "Connection", "close") }
    let result = unsafe MHD_queue_response(connection, UInt32(response.status), made)
    unsafe MHD_destroy_response(made)
    return result
}
