internal import Synchronization
package import TrawlFiles

/// When which operation fails, and how. Shared by all stores and files made from one.
package final class FaultPlan: Sendable {
    package enum Fault: Sendable, Equatable {
        /// EIO. A sync that fails so is not tried again: the file is done for.
        case inputOutput
        /// ENOSPC.
        case noSpace
        /// Half of a write reaches the file, then EIO. Other operations just fail.
        case shortWrite
        /// This operation and all later ones fail: the process is gone.
        case crash
    }

    package struct Operation: Sendable, CustomStringConvertible {
        package var verb: String
        package var path: String
        package var description: String { "\(verb) \(path)" }
    }

    private struct State {
        var count = 0
        var faults: [Int: Fault] = [:]
        var matching: (fault: Fault, verb: String, pathSuffix: String)?
        var isDead = false
        var history: [Operation] = []
        var watcher: (@Sendable (Operation) -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// How many operations there were.
    package var operationCount: Int { state.withLock { $0.count } }
    package var history: [Operation] { state.withLock { $0.history } }

    /// The operation with this number, counted from 0, fails.
    package func fail(at operation: Int, with fault: Fault) {
        state.withLock { $0.faults[operation] = fault }
    }

    /// Every operation of this verb on a file whose path ends so fails, until `heal()`.
    package func fail(_ verb: String, of pathSuffix: String, with fault: Fault) {
        state.withLock { $0.matching = (fault, verb, pathSuffix) }
    }

    /// Every operation fails from now on: the process is gone, whatever it still holds.
    package func crash() { state.withLock { $0.isDead = true } }

    /// Calls back before every operation, in its thread, which waits meanwhile.
    package func watch(_ watcher: @escaping @Sendable (Operation) -> Void) {
        state.withLock { $0.watcher = watcher }
    }

    /// Nothing fails from now on.
    package func heal() {
        state.withLock { state in
            state.faults = [:]
            state.matching = nil
            state.isDead = false
        }
    }

    /// Counts an operation; the fault it has to suffer.
    func next(_ verb: String, _ path: String) -> Fault? {
        state.withLock { $0.watcher }?(Operation(verb: verb, path: path))
        return state.withLock { state in
            defer { state.count += 1 }
            state.history.append(Operation(verb: verb, path: path))
            if state.isDead { return .crash }
            if let match = state.matching, match.verb == verb, path.hasSuffix(match.pathSuffix) {
                return match.fault
            }
            let fault = state.faults[state.count]
            if fault == .crash { state.isDead = true }
            return fault
        }
    }

    func check(_ verb: String, _ path: String) throws(FileError) {
        if let fault = next(verb, path) { throw Self.error(fault, verb, path) }
    }

    static func error(_ fault: Fault, _ verb: String, _ path: String) -> FileError {
        FileError(verb, path, fault == .noSpace ? .noSpace : .inputOutput)
    }
}

/// A store that fails where its plan says so. Around a `MemoryFileStore`, a test can then cut the
/// power and look at what is left.
package struct FaultyFileStore: FileStore {
    package let inner: any FileStore
    package let plan: FaultPlan

    package init(_ inner: any FileStore, plan: FaultPlan = FaultPlan()) {
        self.inner = inner
        self.plan = plan
    }

    package var path: String { inner.path }
    private func full(_ file: String) -> String { path + "/" + file }

    package func directory(_ name: String) throws(FileError) -> any FileStore {
        try plan.check("create directory", full(name))
        return FaultyFileStore(try inner.directory(name), plan: plan)
    }

    package func directories() throws(FileError) -> [String] { try inner.directories() }

    package func removeDirectory(_ name: String) throws(FileError) {
        try plan.check("remove", full(name))
        try inner.removeDirectory(name)
    }

    package func create(_ file: String) throws(FileError) -> any FileWriter {
        try plan.check("create", full(file))
        return FaultyFile(try inner.create(file), nil, plan: plan)
    }

    package func grow(_ file: String) throws(FileError) -> any GrowingFile {
        try plan.check("open", full(file))
        let opened = try inner.grow(file)
        return FaultyFile(opened, opened, plan: plan)
    }

    package func map(_ file: String) throws(FileError) -> MappedFile {
        try plan.check("map", full(file))
        return try inner.map(file)
    }

    package func readAll(_ file: String) throws(FileError) -> [UInt8] {
        try plan.check("read", full(file))
        return try inner.readAll(file)
    }

    /// The steps of the real one, each of which may fail.
    package func replaceAtomically(_ file: String, with bytes: [UInt8]) throws(FileError) {
        let beside = file + ".new"
        if exists(beside) { try remove(beside) }
        try write(beside, bytes: bytes)
        try rename(beside, to: file)
        try syncDirectory()
    }

    package func rename(_ file: String, to newName: String) throws(FileError) {
        try plan.check("rename", full(file))
        try inner.rename(file, to: newName)
    }

    package func remove(_ file: String) throws(FileError) {
        try plan.check("remove", full(file))
        try inner.remove(file)
    }

    package func list() throws(FileError) -> [String] { try inner.list() }
    package func exists(_ file: String) -> Bool { inner.exists(file) }
    package func byteCount(of file: String) throws(FileError) -> Int {
        try inner.byteCount(of: file)
    }

    package func syncDirectory() throws(FileError) {
        try plan.check("sync directory", path)
        try inner.syncDirectory()
    }

    package func freeByteCount() throws(FileError) -> Int { try inner.freeByteCount() }

    package func lock(holder: String?) throws(FileError) -> DirectoryLock {
        try plan.check("lock", path)
        return try inner.lock(holder: holder)
    }
}

final class FaultyFile: GrowingFile {
    private struct Parts: @unchecked Sendable {
        // A writer is used by one thread at a time; a growing file is `Sendable` itself.
        let writer: any FileWriter
        let growing: (any GrowingFile)?
    }

    private let parts: Parts
    private let plan: FaultPlan
    private let isDone = Mutex(false)

    init(_ writer: any FileWriter, _ growing: (any GrowingFile)?, plan: FaultPlan) {
        parts = Parts(writer: writer, growing: growing)
        self.plan = plan
    }

    var path: String { parts.writer.path }
    var byteCount: Int { parts.writer.byteCount }

    private func checkUsable(_ verb: String) throws(FileError) {
        if isDone.withLock({ $0 }) { throw FileError(verb, path, .failedBefore) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try checkUsable("write")
        guard let fault = plan.next("write", path) else {
            return try unsafe parts.writer.append(bytes)
        }
        if fault == .shortWrite || fault == .noSpace {
            try unsafe parts.writer.append(
                UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2)))
        }
        throw FaultPlan.error(fault, "write", path)
    }

    func sync() throws(FileError) {
        try checkUsable("sync")
        if let fault = plan.next("sync", path) {
            isDone.withLock { $0 = true }
            throw FaultPlan.error(fault, "sync", path)
        }
        try parts.writer.sync()
    }

    func close() throws(FileError) { try parts.writer.close() }

    private var growing: any GrowingFile {
        guard let growing = parts.growing else {
            preconditionFailure("\(path) was created to be written once, not to grow")
        }
        return growing
    }

    func read(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        try plan.check("read", path)
        return try growing.read(range)
    }

    func truncate(to byteCount: Int) throws(FileError) {
        try checkUsable("truncate")
        try plan.check("truncate", path)
        try growing.truncate(to: byteCount)
    }

    func reserve(byteCount: Int) throws(FileError) {
        try plan.check("reserve space for", path)
        try growing.reserve(byteCount: byteCount)
    }
}
