import Synchronization
import Testing
import TrawlBytes
import TrawlErrors
import TrawlThreads

@testable import TrawlTransport

/// A server that echoes, fails, keeps silent, or answers late.
private func serve(
    _ credentials: PeerCredentials, refused: (@Sendable (TransportError) -> Void)? = nil
) throws -> (server: PeerServer, address: PeerAddress, held: Held) {
    let held = Held()
    let server = try PeerServer(
        at: PeerAddress(host: "127.0.0.1", port: 0), credentials,
        onRefusal: { refused?($0) }
    ) { call in
        switch call.method {
        case "echo": call.answer(.success(call.arguments))
        case "fail":
            call.answer(
                .failure(
                    PeerFailure(
                        kind: .conflict, code: "wrong_version", reason: "no", detail: [1, 2])))
        case "late":
            _ = SystemThread(name: "late") { call.answer(.success(Array(call.peer.utf8))) }
        default: held.add(call)
        }
    }
    return (server, PeerAddress(host: "127.0.0.1", port: server.port), held)
}

private final class Held: Sendable {
    private let calls = Mutex<[PeerCall]>([])
    private let signal = Signal()

    func add(_ call: PeerCall) { signal.change { calls.withLock { $0.append(call) } } }

    func first() -> PeerCall? {
        signal.wait(timeout: .seconds(10)) { calls.withLock { $0.first } }
    }
}

private func credentials(
    _ node: String, cluster: String = "tests", secret: String = "herring"
) -> PeerCredentials {
    PeerCredentials(clusterName: cluster, node: node, secret: Array(secret.utf8))
}

@Suite("Peers")
struct PeerTests {
    @Test("an answer belongs to its call, whatever the order and however many threads ask")
    func multiplexing() throws {
        let (server, address, _) = try serve(credentials("b"))
        defer { server.stop() }
        let client = PeerClient(address, credentials("a"))
        defer { client.close() }
        let failures = Mutex(0)
        let threads = (0..<8).map { thread in
            SystemThread(name: "ask") {
                for i in 0..<200 {
                    let bytes = [UInt8](repeating: UInt8(thread), count: (i * 37) % 5000)
                    let answer = try? client.call("echo", bytes, timeout: .seconds(10))
                    if answer != bytes { failures.withLock { $0 += 1 } }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == 0)
        #expect(try client.call("late", [], timeout: .seconds(10)) == Array("a".utf8))
    }

    @Test("a failure of the other node comes as it was told")
    func failure() throws {
        let (server, address, _) = try serve(credentials("b"))
        defer { server.stop() }
        let client = PeerClient(address, credentials("a"))
        defer { client.close() }
        let error = #expect(throws: PeerFailure.self) {
            try client.call("fail", [], timeout: .seconds(10))
        }
        #expect(error?.kind == .conflict)
        #expect(error?.code == "wrong_version")
        #expect(error?.detail == [1, 2])
    }

    @Test("a stranger is refused: another secret, another cluster, another protocol")
    func strangers() throws {
        let refused = Mutex<[String]>([])
        let (server, address, _) = try serve(
            credentials("b"), refused: { error in refused.withLock { $0.append(error.reason) } })
        defer { server.stop() }
        let wrong = PeerClient(address, credentials("a", secret: "cod"))
        let error = #expect(throws: TransportError.self) {
            try wrong.call("echo", [], timeout: .seconds(10))
        }
        #expect(error?.problem == .refused)
        #expect(error?.reason == "it does not know this cluster's secret")
        let other = PeerClient(address, credentials("a", cluster: "else"))
        let second = #expect(throws: TransportError.self) {
            try other.call("echo", [], timeout: .seconds(10))
        }
        #expect(
            second?.reason == "it belongs to the cluster [else], this node to [tests]")
        let socket = try Socket.connect(to: address, timeout: .seconds(5))
        try socket.write(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        // The first four bytes are taken for a length, which no greeting has.
        _ = try? socket.read(1)
        let friend = PeerClient(address, credentials("a"))
        #expect(try friend.call("echo", [7], timeout: .seconds(10)) == [7])
        friend.close()
        #expect(refused.withLock { $0.count } >= 2)
    }

    @Test("a call ends at its deadline, and the other node learns that nobody waits")
    func deadline() throws {
        let (server, address, held) = try serve(credentials("b"))
        defer { server.stop() }
        let client = PeerClient(address, credentials("a"))
        defer { client.close() }
        let call = client.begin("silence", [], timeout: .seconds(60))
        let held0 = try #require(held.first())
        #expect(!held0.isAbandoned)
        call.cancel()
        #expect(throws: TransportError.self) { try call.wait() }
        // The cancellation is on its way.
        let clock = ContinuousClock.now
        while !held0.isAbandoned, ContinuousClock.now - clock < .seconds(10) {}
        #expect(held0.isAbandoned)
        let error = #expect(throws: TransportError.self) {
            try client.call("silence", [], timeout: .milliseconds(30))
        }
        #expect(error?.problem == .timedOut)
    }

    @Test("a call to a node that stops fails at once and works again when the node is back")
    func restart() throws {
        let (server, address, held) = try serve(credentials("b"))
        let client = PeerClient(address, credentials("a"))
        defer { client.close() }
        let call = client.begin("silence", [], timeout: .seconds(60))
        _ = try #require(held.first())
        server.stop()
        let error = #expect(throws: TransportError.self) { try call.wait() }
        #expect(error?.problem == .unreachable)
        let again = try PeerServer(at: address, credentials("b")) {
            $0.answer(.success($0.arguments))
        }
        defer { again.stop() }
        let began = ContinuousClock.now
        var answer: [UInt8]?
        while answer == nil, ContinuousClock.now - began < .seconds(10) {
            answer = try? client.call("echo", [1], timeout: .seconds(1))
        }
        #expect(answer == [1])
    }
}

@Suite("Frame")
struct FrameTests {
    @Test("a changed byte in a frame ends the connection instead of being taken for an answer")
    func damaged() throws {
        let bytes = Frame(kind: .answer, request: 7, body: [1, 2, 3]).bytes()
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 0x10
            let (listener, port) = try Socket.listen(at: PeerAddress(host: "127.0.0.1", port: 0))
            let caller = try Socket.connect(
                to: PeerAddress(host: "127.0.0.1", port: port), timeout: .seconds(5))
            let called = try #require(listener.accept())
            try caller.write(changed)
            caller.shutDown()
            #expect(throws: TransportError.self) { try Frame.read(from: called) }
        }
    }
}
