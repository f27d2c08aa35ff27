internal import CPosix
internal import Glibc
internal import Synchronization

/// An open file of the system.
final class PosixFile: GrowingFile {
    private struct State {
        var byteCount: Int
        var isOpen = true
        /// A sync or a write failed. Nothing more is written; reads go on.
        var failure: FileError.Problem?
    }

    let path: String
    private let descriptor: Int32
    private let state: Mutex<State>

    init(_ path: String, flags: Int32, operation: String) throws(FileError) {
        let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw FileError(operation, path, code: errno) }
        self.path = path
        self.descriptor = descriptor
        let length: Int
        do {
            length = try Self.byteCount(of: descriptor, path)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        state = Mutex(State(byteCount: length))
    }

    deinit { if state.withLock({ $0.isOpen }) { Glibc.close(descriptor) } }

    var byteCount: Int { state.withLock { $0.byteCount } }

    private func checkUsable(_ operation: String) throws(FileError) {
        let failure = state.withLock { $0.failure }
        if failure != nil { throw FileError(operation, path, .failedBefore) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try checkUsable("write")
        var written = 0
        while written < bytes.count {
            // In bounds: `written` is below the count, and the rest is what is left.
            let count = unsafe Glibc.write(
                descriptor, bytes.baseAddress! + written, bytes.count - written)
            if count < 0 {
                if errno == EINTR { continue }
                let error = FileError("write", path, code: errno)
                // A part may be there; the owner truncates before it goes on.
                state.withLock { $0.byteCount += written }
                throw error
            }
            written += count
        }
        state.withLock { $0.byteCount += written }
    }

    func sync() throws(FileError) {
        try checkUsable("sync")
        if fdatasync(descriptor) != 0 {
            let error = FileError("sync", path, code: errno)
            state.withLock { $0.failure = error.problem }
            throw error
        }
    }

    func close() throws(FileError) {
        let wasOpen = state.withLock { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        if wasOpen, Glibc.close(descriptor) != 0 {
            throw FileError("close", path, code: errno)
        }
    }

    func read(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        try Self.read(descriptor, range, path)
    }

    func truncate(to byteCount: Int) throws(FileError) {
        try checkUsable("truncate")
        if ftruncate(descriptor, byteCount) != 0 {
            throw FileError("truncate", path, code: errno)
        }
        state.withLock { $0.byteCount = byteCount }
    }

    func reserve(byteCount: Int) throws(FileError) {
        let code = trawl_reserve(descriptor, Int64(byteCount))
        // Some file systems cannot; appending works all the same.
        if code == 0 || code == EOPNOTSUPP || code == ENOSYS { return }
        throw FileError("reserve space for", path, code: code)
    }

    static func byteCount(of descriptor: Int32, _ path: String) throws(FileError) -> Int {
        var info = stat()
        if unsafe fstat(descriptor, &info) != 0 {
            throw FileError("look at", path, code: errno)
        }
        return Int(info.st_size)
    }

    /// - Parameter short: Whether fewer bytes will do when the file ends.
    static func read(
        _ descriptor: Int32, _ range: Range<Int>, _ path: String, short: Bool = false
    ) throws(FileError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            while filled < range.count {
                // In bounds: the buffer has room for the whole range.
                let count = unsafe pread(
                    descriptor, buffer.baseAddress! + filled, range.count - filled,
                    range.lowerBound + filled)
                if count == 0 { return }
                if count < 0 {
                    if errno == EINTR { continue }
                    code = errno
                    return
                }
                filled += count
            }
        }
        if code != 0 { throw FileError("read", path, code: code) }
        if bytes.count < range.count && !short {
            throw FileError("read", path, .tooShort(byteCount: range.lowerBound + bytes.count))
        }
        return bytes
    }
}
