internal import Synchronization
internal import TrawlErrors
internal import TrawlThreads

/// A call from another node, to be answered once, by any thread.
package final class PeerCall: Sendable {
    /// As the caller proved it.
    package let peer: String
    package let method: String
    package let arguments: [UInt8]
    package let deadline: ContinuousClock.Instant
    private let request: UInt64
    private let connection: ServedConnection

    init(_ body: CallBody, request: UInt64, connection: ServedConnection) {
        peer = connection.peer
        method = body.method
        arguments = body.arguments
        deadline = .now + body.timeout
        self.request = request
        self.connection = connection
    }

    /// Whether nobody waits for the answer any more.
    package var isAbandoned: Bool {
        ContinuousClock.now >= deadline || !connection.isWaiting(for: request)
    }

    /// Later answers than the first are dropped, and those that nobody waits for.
    package func answer(_ result: Result<[UInt8], PeerFailure>) {
        switch result {
        case .success(let bytes):
            connection.answer(Frame(kind: .answer, request: request, body: bytes))
        case .failure(let failure):
            connection.answer(Frame(kind: .failure, request: request, body: failure.bytes()))
        }
    }
}

/// Takes calls from the other nodes of the cluster, and from nobody else.
///
/// One thread for each connection reads; the handler is called on it and must not block: it answers
/// at once, or hands the call to threads of its own. Answers may come in any order.
package final class PeerServer: Sendable {
    package let port: Int
    private let credentials: PeerCredentials
    private let listener: Socket
    private let handler: @Sendable (PeerCall) -> Void
    /// Told of every caller that was refused.
    private let onRefusal: @Sendable (TransportError) -> Void
    private let connections = Mutex<(open: [ObjectIdentifier: ServedConnection], isStopped: Bool)>(
        ([:], false))
    /// Connections beyond this are closed at once: a stranger must not use up the threads.
    private static let maxConnectionCount = 512
    private let handshaking = Atomic<Int>(0)
    private static let maxHandshakeCount = 32

    package init(
        at address: PeerAddress, _ credentials: PeerCredentials,
        onRefusal: @escaping @Sendable (TransportError) -> Void = { _ in },
        handler: @escaping @Sendable (PeerCall) -> Void
    ) throws(TransportError) {
        (listener, port) = try Socket.listen(at: address)
        self.credentials = credentials
        self.handler = handler
        self.onRefusal = onRefusal
        _ = SystemThread(name: "peer-accept") { [self] in accept() }
    }

    private func accept() {
        while let socket = listener.accept() {
            guard handshaking.load(ordering: .relaxed) < Self.maxHandshakeCount,
                connections.withLock({ $0.open.count }) < Self.maxConnectionCount
            else { continue }
            handshaking.add(1, ordering: .relaxed)
            _ = SystemThread(name: "peer-serve") { [self] in serve(socket) }
        }
    }

    private func serve(_ socket: Socket) {
        let peer: String
        do throws(TransportError) {
            defer { handshaking.subtract(1, ordering: .relaxed) }
            peer = try Handshake.answer(over: socket, credentials)
        } catch {
            onRefusal(error)
            return
        }
        let connection = ServedConnection(socket, peer: peer)
        let isOpen = connections.withLock { state in
            if !state.isStopped { state.open[ObjectIdentifier(connection)] = connection }
            return !state.isStopped
        }
        if isOpen { connection.run(handler) }
        connection.close()
        connections.withLock { $0.open[ObjectIdentifier(connection)] = nil }
    }

    /// Takes no more calls and forgets those under way.
    package func stop() {
        listener.shutDown()
        let open = connections.withLock { state in
            state.isStopped = true
            return Array(state.open.values)
        }
        for connection in open { connection.close() }
    }
}

/// One caller.
final class ServedConnection: Sendable {
    let peer: String
    private let socket: Socket
    /// Calls without an answer. Closed means: nobody waits for anything.
    private let waiting = Mutex<(calls: Set<UInt64>, isClosed: Bool)>(([], false))
    private let writing = Mutex(())

    init(_ socket: Socket, peer: String) {
        self.socket = socket
        self.peer = peer
    }

    func isWaiting(for request: UInt64) -> Bool {
        waiting.withLock { !$0.isClosed && $0.calls.contains(request) }
    }

    func run(_ handler: (PeerCall) -> Void) {
        while let frame = try? Frame.read(from: socket) {
            switch frame.kind {
            case .call:
                guard let body = try? CallBody(frame.body) else { return }
                waiting.withLock { _ = $0.calls.insert(frame.request) }
                handler(PeerCall(body, request: frame.request, connection: self))
            case .cancel: waiting.withLock { _ = $0.calls.remove(frame.request) }
            case .answer, .failure: return
            }
        }
    }

    func answer(_ frame: Frame) {
        let isWanted = waiting.withLock {
            !$0.isClosed && $0.calls.remove(frame.request) != nil
        }
        guard isWanted else { return }
        let bytes = frame.bytes()
        do throws(TransportError) {
            try writing.withLock { _ throws(TransportError) in try socket.write(bytes) }
        } catch {
            close()
        }
    }

    func close() {
        waiting.withLock { $0.isClosed = true }
        socket.shutDown()
    }
}
