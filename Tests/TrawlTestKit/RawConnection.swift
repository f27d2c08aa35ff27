internal import Glibc

/// A socket that says exactly what a test wants said.
package struct RawConnection {
    private let socket: Int32

    package init(port: Int) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = unsafe inet_addr("127.0.0.1")
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(
            socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    @discardableResult
    package func say(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return unsafe Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            == bytes.count
    }

    /// Reads until the text has come, the other side has closed, or five seconds have passed.
    package func hear(until end: String) -> String {
        var heard: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: heard, as: UTF8.self).contains(end) {
            let count = unsafe recv(socket, &chunk, chunk.count, 0)
            if count <= 0 { break }
            heard += chunk[..<count]
        }
        return String(decoding: heard, as: UTF8.self)
    }

    package func hangUp() { close(socket) }
}
