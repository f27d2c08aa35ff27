internal import Synchronization

/// Files in memory, for tests and for indices that need not last.
///
/// It keeps what a real disk would keep besides: of each file what was synced, of each directory
/// which names were. So a test can cut the power and see what is left.
package struct MemoryFileStore: FileStore {
    package let path: String
    package let disk: MemoryDisk

    package init(path: String = "memory:", disk: MemoryDisk = MemoryDisk()) {
        self.path = path
        self.disk = disk
    }

    private func full(_ name: String) -> String {
        assert(!name.isEmpty && !name.contains("/"), "a name, not a path")
        return path + "/" + name
    }

    package func directory(_ name: String) throws(FileError) -> any FileStore {
        disk.makeDirectory(full(name))
        return MemoryFileStore(path: full(name), disk: disk)
    }

    package func directories() throws(FileError) -> [String] { disk.directories(in: path) }

    package func removeDirectory(_ name: String) throws(FileError) {
        disk.removeAll(below: full(name))
    }

    package func create(_ file: String) throws(FileError) -> any FileWriter {
        try disk.open(full(file), mustBeNew: true)
    }

    package func grow(_ file: String) throws(FileError) -> any GrowingFile {
        try disk.open(full(file), mustBeNew: false)
    }

    package func map(_ file: String) throws(FileError) -> MappedFile {
        MappedFile(path: full(file), copying: try readAll(file))
    }

    package func readAll(_ file: String) throws(FileError) -> [UInt8] {
        guard let bytes = disk.content(of: full(file)) else {
            throw FileError("open", full(file), .notFound)
        }
        return bytes
    }

    package func replaceAtomically(_ file: String, with bytes: [UInt8]) throws(FileError) {
        let beside = file + ".new"
        if exists(beside) { try remove(beside) }
        try write(beside, bytes: bytes)
        try rename(beside, to: file)
        try syncDirectory()
    }

    package func rename(_ file: String, to newName: String) throws(FileError) {
        guard disk.rename(full(file), to: full(newName)) else {
            throw FileError("rename", full(file), .notFound)
        }
    }

    package func remove(_ file: String) throws(FileError) {
        guard disk.remove(full(file)) else { throw FileError("remove", full(file), .notFound) }
    }

    package func list() throws(FileError) -> [String] { disk.files(in: path) }

    package func exists(_ file: String) -> Bool { disk.content(of: full(file)) != nil }

    package func byteCount(of file: String) throws(FileError) -> Int {
        try readAll(file).count
    }

    package func syncDirectory() throws(FileError) { disk.syncDirectory(path) }

    package func freeByteCount() throws(FileError) -> Int { disk.freeByteCount }

    package func lock(holder: String?) throws(FileError) -> DirectoryLock {
        try disk.lock(path, holder: holder)
    }
}

/// What a `MemoryFileStore` stands on.
package final class MemoryDisk: Sendable {
    private struct File {
        var content: [UInt8] = []
        /// What a power cut leaves.
        var synced: [UInt8] = []
    }

    private struct State {
        var files: [Int: File] = [:]
        var nextFile = 0
        /// Path to file, as seen and as a power cut leaves it.
        var names: [String: Int] = [:]
        var syncedNames: [String: Int] = [:]
        var directories: Set<String> = []
        var locks: [String: (holder: String, ticket: Int)] = [:]
        var nextTicket = 0
        var capacity = Int.max / 2
        /// Of a disk that lost its power, old writers must not write any more.
        var generation = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// How many bytes all files together may have.
    package var capacity: Int {
        get { state.withLock { $0.capacity } }
        set { state.withLock { $0.capacity = newValue } }
    }

    var freeByteCount: Int {
        state.withLock { state in
            max(
                0,
                state.capacity
                    - state.names.values.reduce(0) { sum, file in
                        sum + (state.files[file]?.content.count ?? 0)
                    })
        }
    }

    /// What was not synced is gone, names and content, and whoever had a file open has it no more.
    ///
    /// - Parameter tornBytes: How many bytes of what was appended after the last sync reached the
    ///   disk all the same, as a function of the path and the count of such bytes.
    package func cutPower(tornBytes: (String, Int) -> Int = { _, _ in 0 }) {
        state.withLock { state in
            state.generation += 1
            state.locks = [:]
            state.names = state.syncedNames
            var kept: [Int: File] = [:]
            for (path, number) in state.names {
                guard var file = state.files[number] else { continue }
                let unsynced = max(0, file.content.count - file.synced.count)
                let extra = min(unsynced, max(0, tornBytes(path, unsynced)))
                if file.content.starts(with: file.synced) {
                    file.synced += file.content[file.synced.count..<file.synced.count + extra]
                }
                file.content = file.synced
                kept[number] = file
            }
            state.files = kept
        }
    }

    /// Changes bytes behind everyone's back, as a failing disk does.
    package func damage(_ path: String, _ change: (inout [UInt8]) -> Void) {
        state.withLock { state in
            guard let number = state.names[path], var file = state.files[number] else { return }
            change(&file.content)
            file.synced = file.content
            state.files[number] = file
        }
    }

    /// Every file's path, sorted.
    package var paths: [String] { state.withLock { $0.names.keys.sorted() } }

    // MARK: For the store

    func content(of path: String) -> [UInt8]? {
        state.withLock { state in state.names[path].flatMap { state.files[$0]?.content } }
    }

    func open(_ path: String, mustBeNew: Bool) throws(FileError) -> MemoryFile {
        let opened: (file: Int, generation: Int)? = state.withLock { state in
            if let number = state.names[path] {
                return mustBeNew ? nil : (number, state.generation)
            }
            state.nextFile += 1
            state.files[state.nextFile] = File()
            state.names[path] = state.nextFile
            return (state.nextFile, state.generation)
        }
        guard let opened else { throw FileError("create", path, .exists) }
        return MemoryFile(
            path: path, disk: self, number: opened.file, generation: opened.generation)
    }

    func rename(_ path: String, to newPath: String) -> Bool {
        state.withLock { state in
            guard let number = state.names.removeValue(forKey: path) else { return false }
            state.names[newPath] = number
            return true
        }
    }

    func remove(_ path: String) -> Bool {
        state.withLock { $0.names.removeValue(forKey: path) != nil }
    }

    func removeAll(below path: String) {
        state.withLock { state in
            let prefix = path + "/"
            state.names = state.names.filter { !$0.key.hasPrefix(prefix) }
            state.syncedNames = state.syncedNames.filter { !$0.key.hasPrefix(prefix) }
            state.directories = state.directories.filter { $0 != path && !$0.hasPrefix(prefix) }
        }
    }

    func makeDirectory(_ path: String) { state.withLock { _ = $0.directories.insert(path) } }

    private static func children(
        of path: String, among paths: some Sequence<String>
    ) -> [String] {
        let prefix = path + "/"
        return paths.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
            .filter { !$0.contains("/") }.sorted()
    }

    func directories(in path: String) -> [String] {
        state.withLock { Self.children(of: path, among: $0.directories) }
    }

    func files(in path: String) -> [String] {
        state.withLock { Self.children(of: path, among: $0.names.keys) }
    }

    func syncDirectory(_ path: String) {
        let prefix = path + "/"
        func isHere(_ name: String) -> Bool {
            name.hasPrefix(prefix) && !name.dropFirst(prefix.count).contains("/")
        }
        state.withLock { state in
            state.syncedNames = state.syncedNames.filter { !isHere($0.key) }
            for (name, number) in state.names where isHere(name) {
                state.syncedNames[name] = number
            }
        }
    }

    func lock(_ path: String, holder: String?) throws(FileError) -> DirectoryLock {
        let (other, ticket): (String?, Int) = state.withLock { state in
            if let lock = state.locks[path] { return (lock.holder, 0) }
            state.nextTicket += 1
            state.locks[path] = (
                DirectoryLock.describe(pid: 1, holder: holder), state.nextTicket
            )
            return (nil, state.nextTicket)
        }
        if let other { throw FileError("lock", path, .locked(holder: other)) }
        return DirectoryLock(path: path) { [weak self] in
            self?.state.withLock { state in
                // After a power cut the lock may be another's.
                if state.locks[path]?.ticket == ticket { state.locks[path] = nil }
            }
        }
    }

    // MARK: For open files

    fileprivate func change<T>(
        _ file: MemoryFile, _ operation: String,
        _ body: (inout [UInt8], inout [UInt8]) -> T
    ) throws(FileError) -> T {
        let result: T? = state.withLock { state in
            guard state.generation == file.generation, var entry = state.files[file.number]
            else { return nil }
            // The entry gives up its arrays, so that they are changed in place.
            state.files[file.number] = nil
            defer { state.files[file.number] = entry }
            return body(&entry.content, &entry.synced)
        }
        guard let result else { throw FileError(operation, file.path, .inputOutput) }
        return result
    }
}

final class MemoryFile: GrowingFile {
    let path: String
    private let disk: MemoryDisk
    fileprivate let number: Int
    fileprivate let generation: Int

    fileprivate init(path: String, disk: MemoryDisk, number: Int, generation: Int) {
        self.path = path
        self.disk = disk
        self.number = number
        self.generation = generation
    }

    var byteCount: Int {
        (try? disk.change(self, "look at") { content, _ in content.count }) ?? 0
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        let free = disk.freeByteCount
        let room = min(free, bytes.count)
        try disk.change(self, "write") { content, _ in
            unsafe content.append(contentsOf: bytes.prefix(room))
        }
        if room < bytes.count { throw FileError("write", path, .noSpace) }
    }

    func sync() throws(FileError) {
        try disk.change(self, "sync") { content, synced in synced = content }
    }

    func close() throws(FileError) {}

    func read(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        let found = try disk.change(self, "read") { content, _ in
            range.upperBound <= content.count
                ? (Array(content[range]), content.count) : ([], content.count)
        }
        guard range.upperBound <= found.1 else {
            throw FileError("read", path, .tooShort(byteCount: found.1))
        }
        return found.0
    }

    func truncate(to byteCount: Int) throws(FileError) {
        try disk.change(self, "truncate") { content, _ in
            content.removeLast(max(0, content.count - byteCount))
        }
    }

    func reserve(byteCount: Int) throws(FileError) {
        if byteCount - self.byteCount > disk.freeByteCount {
            throw FileError("reserve space for", path, .noSpace)
        }
    }
}
