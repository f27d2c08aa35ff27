internal import Synchronization
internal import TrawlBytes
internal import TrawlErrors
internal import TrawlThreads

/// A call that was sent: can be waited for, and given up.
package final class PendingCall: Sendable {
    typealias Answer = Result<[UInt8], any Error>

    let deadline: ContinuousClock.Instant
    private let answer = Mutex<Answer?>(nil)
    private let signal = Signal()
    private let whenDone: (@Sendable (Answer) -> Void)?
    private let giveUp: Mutex<(@Sendable () -> Void)?>
    private let peer: String

    init(
        peer: String, deadline: ContinuousClock.Instant,
        whenDone: (@Sendable (Answer) -> Void)? = nil
    ) {
        self.peer = peer
        self.deadline = deadline
        self.whenDone = whenDone
        giveUp = Mutex(nil)
    }

    func canBeGivenUp(_ body: @escaping @Sendable () -> Void) { giveUp.withLock { $0 = body } }

    /// The first answer counts.
    func finish(_ result: Answer) {
        let isFirst = answer.withLock { answer in
            if answer != nil { return false }
            answer = result
            return true
        }
        guard isFirst else { return }
        signal.change {}
        whenDone?(result)
    }

    package var isDone: Bool { answer.withLock { $0 != nil } }

    /// Sleeps until the answer is there or the deadline is over.
    ///
    /// - Throws: `PeerFailure` when the other node failed, `TransportError` when it was not reached.
    package func wait() throws -> [UInt8] {
        let left = deadline - .now
        let found = signal.wait(timeout: max(.zero, left)) { answer.withLock { $0 } }
        guard let found else {
            cancel()
            throw TransportError(.timedOut, peer: peer, "no answer before the deadline")
        }
        return try found.get()
    }

    /// The other node is told that nobody waits any more.
    package func cancel() {
        let giveUp = giveUp.withLock { body in
            defer { body = nil }
            return body
        }
        giveUp?()
        finish(.failure(TransportError(.timedOut, peer: peer, "the call was given up")))
    }

    func expire(at now: ContinuousClock.Instant) {
        guard now >= deadline, !isDone else { return }
        let giveUp = giveUp.withLock { $0 }
        giveUp?()
        finish(
            .failure(TransportError(.timedOut, peer: peer, "no answer before the deadline")))
    }
}

/// Calls one other node, over one connection that is made when it is needed.
package final class PeerClient: Sendable {
    package let address: PeerAddress
    private let credentials: PeerCredentials
    private let connecting = Mutex(())
    private let state = Mutex(State())
    private let nextRequest = Atomic<UInt64>(1)

    private struct State {
        var connection: CallingConnection?
        var isClosed = false
        /// Until then nobody tries again: callers must not queue behind a node that is gone.
        var restUntil: ContinuousClock.Instant?
        var lastFailure: TransportError?
    }

    static let connectTimeout = Duration.seconds(1)
    static let rest = Duration.milliseconds(100)

    package init(_ address: PeerAddress, _ credentials: PeerCredentials) {
        self.address = address
        self.credentials = credentials
    }

    /// Whether there is a connection at the moment.
    package var isConnected: Bool { state.withLock { $0.connection?.isOpen ?? false } }

    /// Sends a call. Failures to send it come as the answer, too.
    package func begin(
        _ method: String, _ arguments: [UInt8], timeout: Duration,
        whenDone: (@Sendable (Result<[UInt8], any Error>) -> Void)? = nil
    ) -> PendingCall {
        let call = PendingCall(
            peer: "\(address)", deadline: .now + timeout, whenDone: whenDone)
        do throws(TransportError) {
            let connection = try self.connection()
            let request = nextRequest.add(1, ordering: .relaxed).oldValue
            call.canBeGivenUp { [weak connection] in connection?.forget(request) }
            let body = CallBody(method: method, timeout: timeout, arguments: arguments)
            connection.send(Frame(kind: .call, request: request, body: body.bytes()), call)
        } catch {
            call.finish(.failure(error))
        }
        return call
    }

    /// Sends a call and waits for the answer.
    package func call(
        _ method: String, _ arguments: [UInt8], timeout: Duration
    ) throws -> [UInt8] {
        try begin(method, arguments, timeout: timeout).wait()
    }

    private func connection() throws(TransportError) -> CallingConnection {
        if let known = try known() { return known }
        return try connecting.withLock { _ throws(TransportError) in
            if let known = try known() { return known }
            do throws(TransportError) {
                let socket = try Socket.connect(to: address, timeout: Self.connectTimeout)
                _ = try Handshake.call(over: socket, credentials)
                let connection = CallingConnection(socket)
                let isClosed = state.withLock { state in
                    state.connection = connection
                    state.lastFailure = nil
                    return state.isClosed
                }
                if isClosed { connection.close() }
                connection.start()
                return connection
            } catch {
                state.withLock { state in
                    state.lastFailure = error
                    state.restUntil = .now + Self.rest
                }
                throw error
            }
        }
    }

    private func known() throws(TransportError) -> CallingConnection? {
        let (found, failure): (CallingConnection?, TransportError?) = state.withLock { state in
            if state.isClosed {
                return (nil, TransportError(.closed, peer: "\(address)", "this node stops"))
            }
            if let connection = state.connection, connection.isOpen { return (connection, nil) }
            if let rest = state.restUntil, ContinuousClock.now < rest {
                return (nil, state.lastFailure)
            }
            return (nil, nil)
        }
        if let failure { throw failure }
        return found
    }

    /// Ends the calls whose deadline is over.
    func expire(at now: ContinuousClock.Instant) {
        state.withLock { $0.connection }?.expire(at: now)
    }

    package func close() {
        let connection = state.withLock { state in
            state.isClosed = true
            return state.connection
        }
        connection?.close()
    }
}

/// The caller's end of a connection.
final class CallingConnection: Sendable {
    private let socket: Socket
    private let state = Mutex<(pending: [UInt64: PendingCall], isOpen: Bool)>(([:], true))
    private let writing = Mutex(())

    init(_ socket: Socket) { self.socket = socket }

    var isOpen: Bool { state.withLock { $0.isOpen } }

    func start() { _ = SystemThread(name: "peer-read") { [self] in read() } }

    private func read() {
        var reason = TransportError(.unreachable, peer: socket.name, "the connection ended")
        do throws(TransportError) {
            while true {
                let frame = try Frame.read(from: socket)
                let call = state.withLock { $0.pending.removeValue(forKey: frame.request) }
                switch frame.kind {
                case .answer: call?.finish(.success(frame.body))
                case .failure: call?.finish(.failure(failure(frame.body)))
                case .call, .cancel:
                    throw TransportError(.malformed, peer: socket.name, "a call on the wrong side")
                }
            }
        } catch {
            reason = error
        }
        end(reason)
    }

    private func failure(_ body: [UInt8]) -> any Error {
        do throws(CorruptionError) {
            return try PeerFailure(body)
        } catch {
            return TransportError(.malformed, peer: socket.name, "a failure that cannot be read")
        }
    }

    func send(_ frame: Frame, _ call: PendingCall) {
        let isOpen = state.withLock { state in
            if state.isOpen { state.pending[frame.request] = call }
            return state.isOpen
        }
        guard isOpen else {
            call.finish(
                .failure(TransportError(.unreachable, peer: socket.name, "the connection ended")))
            return
        }
        write(frame)
    }

    private func write(_ frame: Frame) {
        let bytes = frame.bytes()
        do throws(TransportError) {
            try writing.withLock { _ throws(TransportError) in try socket.write(bytes) }
        } catch {
            end(error)
        }
    }

    func forget(_ request: UInt64) {
        let wasPending = state.withLock { $0.pending.removeValue(forKey: request) != nil }
        if wasPending { write(Frame(kind: .cancel, request: request, body: [])) }
    }

    func expire(at now: ContinuousClock.Instant) {
        for call in state.withLock({ Array($0.pending.values) }) { call.expire(at: now) }
    }

    private func end(_ reason: TransportError) {
        let calls = state.withLock { state in
            defer { state.pending = [:] }
            state.isOpen = false
            return Array(state.pending.values)
        }
        socket.shutDown()
        for call in calls { call.finish(.failure(reason)) }
    }

    func close() { end(TransportError(.closed, peer: socket.name, "this node stops")) }
}
