internal import Glibc
internal import TrawlBytes

/// A file of lines that grows: hands out the lines that were finished since the last look. Knows
/// the file and not its name, so a rename changes nothing; one that is cut to nothing is begun
/// again.
package final class FollowedFile {
    /// What stays the same when a file is renamed.
    package struct Identity: Hashable, Sendable {
        var device: UInt64
        var inode: UInt64
    }

    package struct Lines: Equatable, Sendable {
        /// Where the file lay when it was found.
        package var path: String
        /// Names the file for good: where it lies on its disk, and a fingerprint of its first line.
        package var name: String
        /// The number of the first line, from 1.
        package var firstLine: Int
        /// Whole lines with their line ends.
        package var bytes: [UInt8]
    }

    package let path: String
    package let identity: Identity
    /// A longer line is handed out in pieces of this size: it is then no document.
    private let maxLineByteCount: Int
    private let descriptor: Int32
    private var readByteCount = 0
    private var pending: [UInt8] = []
    private var nextLine = 1
    private var name: String?

    package init(
        path: String, maxLineByteCount: Int = ByteInput.maxLineByteCount
    ) throws(IngestError) {
        self.path = path
        self.maxLineByteCount = maxLineByteCount
        descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        // The system fills a stat, nothing beyond it.
        guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0 else {
            let problem: IngestError.Problem =
                errno == ENOENT
                ? .notFound : .notReadable(unsafe String(cString: strerror(errno)))
            if descriptor >= 0 { close(descriptor) }
            throw IngestError(problem, in: path)
        }
        identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    deinit { close(descriptor) }

    /// The next finished lines, at most about `byteCount` bytes of them; nil when there are none
    /// now.
    package func next(upTo byteCount: Int = 1 << 20) throws(IngestError) -> Lines? {
        while true {
            if let lines = take() { return lines }
            var status = stat()
            // The system fills a stat, nothing beyond it.
            guard unsafe fstat(descriptor, &status) == 0 else { return nil }
            let more = Int(status.st_size) - readByteCount
            if more == 0 { return nil }
            if more < 0 {
                lseek(descriptor, 0, SEEK_SET)
                readByteCount = 0
                nextLine = 1
                name = nil
                pending = []
            } else if try !read(min(more, byteCount)) {
                return nil
            }
        }
    }

    /// The last line of a file that will not grow any more, if it has no line end.
    package func rest() -> Lines? {
        if !pending.isEmpty { pending.append(UInt8(ascii: "\n")) }
        return take()
    }

    /// Whether anything came.
    private func read(_ byteCount: Int) throws(IngestError) -> Bool {
        let start = pending.count
        pending.append(contentsOf: repeatElement(0, count: byteCount))
        // In bounds: the array was made longer by as much.
        let count = unsafe pending.withUnsafeMutableBytes { raw in
            unsafe Glibc.read(descriptor, raw.baseAddress! + start, byteCount)
        }
        pending.removeLast(byteCount - max(0, count))
        if count < 0, errno != EINTR {
            throw IngestError(.notReadable(unsafe String(cString: strerror(errno))), in: path)
        }
        readByteCount += max(0, count)
        return count > 0
    }

    private func take() -> Lines? {
        var end = pending.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
        if end == nil, pending.count > maxLineByteCount { end = pending.count }
        guard let end else { return nil }
        let bytes = Array(pending[..<end])
        pending.removeFirst(end)
        let name = self.name ?? self.name(firstLine: bytes.prefix { $0 != UInt8(ascii: "\n") })
        self.name = name
        defer { nextLine += bytes.count { $0 == UInt8(ascii: "\n") } }
        return Lines(path: path, name: name, firstLine: nextLine, bytes: bytes)
    }

    private func name(firstLine: some Collection<UInt8>) -> String {
        let print = StableHash.hash128(Array(firstLine)).low
        return "\(identity.device):\(identity.inode)#" + String(print, radix: 36)
    }
}
