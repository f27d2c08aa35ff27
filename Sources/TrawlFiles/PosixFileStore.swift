internal import Glibc

/// The files of a directory of the system.
package struct PosixFileStore: FileStore {
    package let path: String

    /// Makes the directory, and those above it, when they are not there.
    package init(_ path: String) throws(FileError) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        try Self.makeDirectories(self.path)
    }

    /// For a directory that is there.
    private init(existing path: String) { self.path = path }

    private static func makeDirectories(_ path: String) throws(FileError) {
        if isDirectory(path) { return }
        let parent = parent(of: path)
        if parent != path { try makeDirectories(parent) }
        if unsafe mkdir(path, 0o755) != 0, errno != EEXIST {
            throw FileError("create directory", path, code: errno)
        }
        try syncDirectory(parent)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return unsafe stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    private func full(_ name: String) -> String {
        assert(!name.isEmpty && !name.contains("/"), "a name, not a path")
        return path + "/" + name
    }

    // MARK: Directories

    package func directory(_ name: String) throws(FileError) -> any FileStore {
        let child = full(name)
        if unsafe mkdir(child, 0o755) == 0 {
            try syncDirectory()
        } else if errno != EEXIST {
            throw FileError("create directory", child, code: errno)
        }
        return PosixFileStore(existing: child)
    }

    package func directories() throws(FileError) -> [String] {
        try names { $0 == S_IFDIR }
    }

    package func list() throws(FileError) -> [String] {
        try names { $0 == S_IFREG }
    }

    private func names(where isWanted: (mode_t) -> Bool) throws(FileError) -> [String] {
        guard let handle = unsafe opendir(path) else {
            throw FileError("list", path, code: errno)
        }
        defer { unsafe closedir(handle) }
        var names: [String] = []
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(
                    to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)
                ) { unsafe String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            var info = stat()
            // Removed meanwhile: not there.
            guard unsafe stat(path + "/" + name, &info) == 0 else { continue }
            if isWanted(info.st_mode & S_IFMT) { names.append(name) }
        }
        return names.sorted()
    }

    package func removeDirectory(_ name: String) throws(FileError) {
        let child = PosixFileStore(existing: full(name))
        for directory in try child.directories() { try child.removeDirectory(directory) }
        for file in try child.list() { try child.remove(file) }
        if unsafe rmdir(child.path) != 0 { throw FileError("remove", child.path, code: errno) }
        try syncDirectory()
    }

    package func syncDirectory() throws(FileError) { try Self.syncDirectory(path) }

    private static func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw FileError("sync", path, code: errno) }
        defer { Glibc.close(descriptor) }
        if fsync(descriptor) != 0 { throw FileError("sync", path, code: errno) }
    }

    package func freeByteCount() throws(FileError) -> Int {
        var info = statvfs()
        if unsafe statvfs(path, &info) != 0 {
            throw FileError("ask for free space of", path, code: errno)
        }
        return Int(info.f_bavail) * Int(info.f_frsize)
    }

    // MARK: Files

    package func create(_ file: String) throws(FileError) -> any FileWriter {
        try PosixFile(full(file), flags: O_WRONLY | O_CREAT | O_EXCL, operation: "create")
    }

    package func grow(_ file: String) throws(FileError) -> any GrowingFile {
        try PosixFile(full(file), flags: O_RDWR | O_CREAT | O_APPEND, operation: "open")
    }

    package func map(_ file: String) throws(FileError) -> MappedFile {
        let path = full(file)
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw FileError("open", path, code: errno) }
        defer { Glibc.close(descriptor) }
        let length = try PosixFile.byteCount(of: descriptor, path)
        // The system maps no empty file.
        if length == 0 { return MappedFile(path: path, copying: []) }
        guard let base = unsafe mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0),
            unsafe base != MAP_FAILED
        else { throw FileError("map", path, code: errno) }
        return unsafe MappedFile(
            path: path, mapped: UnsafeRawBufferPointer(start: base, count: length))
    }

    package func readAll(_ file: String) throws(FileError) -> [UInt8] {
        let path = full(file)
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw FileError("open", path, code: errno) }
        defer { Glibc.close(descriptor) }
        let length = try PosixFile.byteCount(of: descriptor, path)
        return try PosixFile.read(descriptor, 0..<length, path)
    }

    package func replaceAtomically(_ file: String, with bytes: [UInt8]) throws(FileError) {
        let beside = file + ".new"
        // Left by a crash before its rename; it was never anyone's.
        if exists(beside) { try remove(beside) }
        try write(beside, bytes: bytes)
        try rename(beside, to: file)
        try syncDirectory()
    }

    package func rename(_ file: String, to newName: String) throws(FileError) {
        if unsafe Glibc.rename(full(file), full(newName)) != 0 {
            throw FileError("rename", full(file), code: errno)
        }
    }

    package func remove(_ file: String) throws(FileError) {
        if unsafe unlink(full(file)) != 0 { throw FileError("remove", full(file), code: errno) }
    }

    package func exists(_ file: String) -> Bool { unsafe access(full(file), F_OK) == 0 }

    package func byteCount(of file: String) throws(FileError) -> Int {
        var info = stat()
        if unsafe stat(full(file), &info) != 0 {
            throw FileError("look at", full(file), code: errno)
        }
        return Int(info.st_size)
    }

    // MARK: Lock

    package func lock(holder: String?) throws(FileError) -> DirectoryLock {
        let file = full(DirectoryLock.fileName)
        let descriptor = unsafe Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw FileError("lock", path, code: errno) }
        // A lock of the open file, not of the process: it also keeps two users in one process
        // apart.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let text = (try? PosixFile.read(descriptor, 0..<200, file, short: true)) ?? []
            Glibc.close(descriptor)
            guard code == EWOULDBLOCK else { throw FileError("lock", path, code: code) }
            let other = String(decoding: text, as: UTF8.self)
            throw FileError(
                "lock", path, .locked(holder: other.isEmpty ? "another process" : other))
        }
        let text = DirectoryLock.describe(pid: getpid(), holder: holder)
        if ftruncate(descriptor, 0) == 0 {
            // Only for messages: a lock without a name is a lock.
            _ = unsafe pwrite(descriptor, text, text.utf8.count, 0)
        }
        return DirectoryLock(path: path) { Glibc.close(descriptor) }
    }
}
