internal import TrawlBytes

/// Who a node is to others, and what it has to know to be one of them.
package struct PeerCredentials: Sendable {
    package var clusterName: String
    package var node: String
    package var secret: [UInt8]

    package init(clusterName: String, node: String, secret: [UInt8]) {
        self.clusterName = clusterName
        self.node = node
        self.secret = secret
    }
}

/// Two nodes prove to each other that they know the cluster's secret, without saying it.
///
///      caller → greeting: "TRWL", version u16, cluster name, node, nonce (32 bytes)
///      called → greeting of its own, then HMAC(secret, "called" · both greetings)
///      caller → HMAC(secret, "caller" · both greetings)
///      called → 1
///
/// - Each message is preceded by its length (u32, at most 1024).
/// - The nonces are new every time, so an old proof proves nothing; the greetings are part of the
///   proof, so nobody in between can change a name or a version.
/// - Names and version are compared before anything is proven. A refusal is one message: 0 and the
///   reason. Whoever knows no secret learns the names and nothing else.
/// - What follows is neither encrypted nor signed: the network between nodes must be trusted, or
///   carried through a tunnel.
enum Handshake {
    static let version: UInt16 = 1
    private static let magic = Array("TRWL".utf8)
    private static let nonceByteCount = 32
    private static let maxMessageByteCount = 1024
    static let timeout = Duration.seconds(5)

    private struct Greeting {
        var bytes: [UInt8]
        var node: String
    }

    private static func greeting(_ own: PeerCredentials) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(raw: magic)
        writer.write(version)
        writer.write(own.clusterName)
        writer.write(own.node)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<nonceByteCount / 8 { writer.write(random.next() as UInt64) }
        return writer.bytes
    }

    /// - Throws: `.refused` with what does not fit.
    private static func read(
        greeting bytes: [UInt8], _ own: PeerCredentials, peer: String
    ) throws(TransportError) -> Greeting {
        var found: (version: UInt16, cluster: String, node: String)?
        do throws(CorruptionError) {
            var reader = ByteReader(bytes, file: "greeting")
            if Array(try reader.readRaw(magic.count)) == magic {
                found = (try reader.read(), try reader.readString(), try reader.readString())
                if reader.remaining != nonceByteCount { found = nil }
            }
        } catch { found = nil }
        guard let found else {
            throw TransportError(.refused, peer: peer, "it does not speak the nodes' protocol")
        }
        guard found.version == version else {
            throw TransportError(
                .refused, peer: peer,
                "it speaks version \(found.version) of the protocol, this node version \(version)")
        }
        guard found.cluster == own.clusterName else {
            throw TransportError(
                .refused, peer: peer,
                "it belongs to the cluster [\(found.cluster)], this node to [\(own.clusterName)]")
        }
        return Greeting(bytes: bytes, node: found.node)
    }

    private static func proof(
        _ role: String, caller: [UInt8], called: [UInt8], _ own: PeerCredentials
    ) -> [UInt8] {
        SHA256.authenticate(Array(role.utf8) + caller + called, key: own.secret)
    }

    // MARK: The two sides

    /// - Returns: The name of the node that was called.
    static func call(
        over socket: Socket, _ own: PeerCredentials
    ) throws(TransportError) -> String {
        socket.setReadTimeout(timeout)
        let caller = greeting(own)
        try send(caller, over: socket)
        let answer = try receive(from: socket)
        if answer.first == 0 {
            throw TransportError(
                .refused, peer: socket.name, String(decoding: answer.dropFirst(), as: UTF8.self))
        }
        let other = try read(greeting: answer, own, peer: socket.name)
        let expected = proof("called", caller: caller, called: other.bytes, own)
        guard SHA256.isEqual(try receive(from: socket), expected) else {
            throw TransportError(
                .refused, peer: socket.name, "it does not know this cluster's secret")
        }
        try send(proof("caller", caller: caller, called: other.bytes, own), over: socket)
        let verdict = try receive(from: socket)
        guard verdict == [1] else {
            throw TransportError(
                .refused, peer: socket.name, String(decoding: verdict.dropFirst(), as: UTF8.self))
        }
        socket.setReadTimeout(.zero)
        return other.node
    }

    /// - Returns: The name of the node that calls.
    static func answer(
        over socket: Socket, _ own: PeerCredentials
    ) throws(TransportError) -> String {
        socket.setReadTimeout(timeout)
        do throws(TransportError) {
            let other = try read(greeting: try receive(from: socket), own, peer: socket.name)
            let called = greeting(own)
            try send(called, over: socket)
            try send(proof("called", caller: other.bytes, called: called, own), over: socket)
            let expected = proof("caller", caller: other.bytes, called: called, own)
            guard SHA256.isEqual(try receive(from: socket), expected) else {
                throw TransportError(
                    .refused, peer: other.node, "it does not know this cluster's secret")
            }
            try send([1], over: socket)
            socket.setReadTimeout(.zero)
            return other.node
        } catch {
            if error.problem == .refused {
                try? send([0] + Array(error.reason.utf8), over: socket)
            }
            throw error
        }
    }

    private static func send(_ message: [UInt8], over socket: Socket) throws(TransportError) {
        var writer = ByteWriter()
        writer.write(UInt32(message.count))
        writer.write(raw: message)
        try socket.write(writer.bytes)
    }

    private static func receive(from socket: Socket) throws(TransportError) -> [UInt8] {
        let length = try socket.read(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= maxMessageByteCount else {
            throw TransportError(
                .refused, peer: socket.name, "it does not speak the nodes' protocol")
        }
        return try socket.read(length)
    }
}
