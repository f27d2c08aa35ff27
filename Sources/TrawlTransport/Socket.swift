internal import Glibc
internal import Synchronization
internal import TrawlThreads

/// A TCP socket of the system. Reads from one thread and writes from one other at a time.
final class Socket: Sendable {
    let descriptor: Int32
    /// Who is at the other end, for messages.
    let name: String

    private init(_ descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    deinit { Glibc.close(descriptor) }

    private func failure(_ what: String) -> TransportError {
        let reason = unsafe String(cString: strerror(errno))
        return TransportError(.unreachable, peer: name, "\(what): \(reason)")
    }

    // MARK: Making

    /// Runs the body with each address of a name until it gives something.
    private static func resolve<T>(
        _ address: PeerAddress, isPassive: Bool,
        _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> T?
    ) throws(TransportError) -> T {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV | (isPassive ? AI_PASSIVE : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(address.host, String(address.port), &hints, &list)
        guard code == 0 else {
            throw TransportError(
                .unreachable, peer: "\(address)", unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(list) }
        var next = unsafe list
        while let info = unsafe next?.pointee {
            if let address = unsafe info.ai_addr,
                let made = unsafe body(info.ai_family, address, info.ai_addrlen)
            {
                return made
            }
            unsafe next = info.ai_next
        }
        throw TransportError(
            .unreachable, peer: "\(address)", unsafe String(cString: strerror(errno)))
    }

    private static func open(_ family: Int32) -> Int32 {
        socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    static func connect(
        to address: PeerAddress, timeout: Duration
    ) throws(TransportError) -> Socket {
        let descriptor = try unsafe resolve(address, isPassive: false) { family, place, length in
            let descriptor = open(family)
            guard descriptor >= 0 else { return nil as Int32? }
            let flags = fcntl(descriptor, F_GETFL)
            _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
            var code = unsafe Glibc.connect(descriptor, place, length) == 0 ? 0 : errno
            if code == EINPROGRESS {
                code = wait(descriptor, timeout) ? error(of: descriptor) : ETIMEDOUT
            }
            guard code == 0 else {
                Glibc.close(descriptor)
                errno = code
                return nil
            }
            _ = fcntl(descriptor, F_SETFL, flags)
            return descriptor
        }
        let socket = Socket(descriptor, name: "\(address)")
        socket.prepare()
        return socket
    }

    private static func wait(_ descriptor: Int32, _ timeout: Duration) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, Int32(clamping: Int64(timeout / .milliseconds(1)))) == 1
    }

    private static func error(of descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code
    }

    static func listen(at address: PeerAddress) throws(TransportError) -> (Socket, port: Int) {
        let descriptor = try unsafe resolve(address, isPassive: true) { family, place, length in
            let descriptor = open(family)
            guard descriptor >= 0 else { return nil as Int32? }
            var yes: Int32 = 1
            _ = unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            guard unsafe bind(descriptor, place, length) == 0, Glibc.listen(descriptor, 128) == 0
            else {
                let code = errno
                Glibc.close(descriptor)
                errno = code
                return nil
            }
            return descriptor
        }
        return (Socket(descriptor, name: "\(address)"), port(of: descriptor))
    }

    private static func port(of descriptor: Int32) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard unsafe getsockname(descriptor, address, &length) == 0 else { return 0 }
                // The port stands at the same place for both families.
                return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    unsafe Int(UInt16(bigEndian: $0.pointee.sin_port))
                }
            }
        }
    }

    /// The next caller; nil when this socket was shut down.
    func accept() -> Socket? {
        while true {
            let descriptor = Glibc.accept(self.descriptor, nil, nil)
            if descriptor >= 0 {
                let socket = Socket(descriptor, name: "caller of \(name)")
                socket.prepare()
                return socket
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: usleep(50_000)
            default: return nil
            }
        }
    }

    private func prepare() {
        var yes: Int32 = 1
        let length = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, length)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, length)
        // A peer that takes nothing for so long is as good as gone.
        setTimeout(.seconds(5), SO_SNDTIMEO)
    }

    /// How long a read may wait; zero for ever.
    func setReadTimeout(_ timeout: Duration) { setTimeout(timeout, SO_RCVTIMEO) }

    private func setTimeout(_ timeout: Duration, _ option: Int32) {
        let (seconds, attoseconds) = timeout.components
        var value = timeval(
            tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<timeval>.size))
    }

    // MARK: Bytes

    func read(_ count: Int) throws(TransportError) -> [UInt8] {
        var code = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let n = unsafe recv(
                    descriptor, buffer.baseAddress! + filled, count - filled, 0)
                if n > 0 {
                    filled += n
                } else if n == 0 {
                    code = -1
                    return
                } else if errno != EINTR {
                    code = Int(errno)
                    return
                }
            }
        }
        if code == -1 { throw TransportError(.unreachable, peer: name, "the connection ended") }
        if code != 0 {
            errno = Int32(code)
            throw failure("cannot read")
        }
        return bytes
    }

    func write(_ bytes: [UInt8]) throws(TransportError) {
        var sent = 0
        while sent < bytes.count {
            let n = unsafe bytes.withUnsafeBytes { raw in
                unsafe send(
                    descriptor, raw.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if n >= 0 {
                sent += n
            } else if errno != EINTR {
                throw failure("cannot write")
            }
        }
    }

    /// Ends both directions; whoever reads or accepts wakes up.
    func shutDown() { _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }
}

/// Where a node listens for others.
package struct PeerAddress: Sendable, Hashable, Codable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, an address of version 6 in brackets; nil for anything else.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
        self.init(host: host.isEmpty ? "127.0.0.1" : String(host), port: port)
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
