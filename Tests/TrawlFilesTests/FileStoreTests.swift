internal import Glibc
internal import Testing
internal import TrawlFiles

/// Both stores must keep the same promises.
@Suite("FileStore")
struct FileStoreTests {
    static func stores() throws -> [any FileStore] {
        var random = SystemRandomNumberGenerator()
        let path = "/tmp/trawl-files-\(getpid())-\(random.next() as UInt64)"
        return [try PosixFileStore(path), MemoryFileStore()]
    }

    static func remove(_ store: any FileStore) throws {
        guard store is PosixFileStore, let slash = store.path.lastIndex(of: "/") else { return }
        let name = String(store.path[store.path.index(after: slash)...])
        try PosixFileStore("/tmp").removeDirectory(name)
    }

    @Test("what was written is read, mapped, listed and counted")
    func roundTrip() throws {
        for store in try Self.stores() {
            defer { try? Self.remove(store) }
            let inner = try store.directory("a")
            let writer = try inner.create("f")
            try writer.append([1, 2, 3])
            try writer.append([4][...])
            try writer.sync()
            try writer.close()
            try inner.write("empty", bytes: [])
            #expect(try inner.readAll("f") == [1, 2, 3, 4])
            let mapped = try inner.map("f")
            #expect(unsafe mapped.bytes.elementsEqual([1, 2, 3, 4]))
            #expect(try inner.map("empty").byteCount == 0)
            #expect(try inner.byteCount(of: "f") == 4)
            #expect(try inner.list() == ["empty", "f"])
            #expect(try store.directories() == ["a"])
            #expect(try store.list() == [])
            try inner.rename("f", to: "g")
            try inner.remove("empty")
            #expect(try inner.list() == ["g"])
            try store.removeDirectory("a")
            #expect(try store.directories() == [])
        }
    }

    @Test("a file is created once, and a missing one is named")
    func createdOnce() throws {
        for store in try Self.stores() {
            defer { try? Self.remove(store) }
            try store.write("f", bytes: [1])
            #expect(throws: FileError("create", store.path + "/f", .exists)) {
                try store.create("f")
            }
            #expect(throws: FileError("open", store.path + "/g", .notFound)) {
                try store.map("g")
            }
            #expect(throws: FileError("remove", store.path + "/g", .notFound)) {
                try store.remove("g")
            }
        }
    }

    @Test("replacing leaves the new content and nothing beside it")
    func replace() throws {
        for store in try Self.stores() {
            defer { try? Self.remove(store) }
            try store.replaceAtomically("m", with: [1])
            try store.write("m.new", bytes: [7])  // left by a crash
            try store.replaceAtomically("m", with: [2, 3])
            #expect(try store.readAll("m") == [2, 3])
            #expect(try store.list() == ["m"])
        }
    }

    @Test("a growing file is read while it grows, cut, and opened again at its end")
    func growing() throws {
        for store in try Self.stores() {
            defer { try? Self.remove(store) }
            let file = try store.grow("log")
            try file.reserve(byteCount: 4096)
            #expect(file.byteCount == 0)
            try file.append([1, 2, 3, 4, 5])
            #expect(try file.read(1..<3) == [2, 3])
            #expect(throws: FileError("read", store.path + "/log", .tooShort(byteCount: 5))) {
                try file.read(3..<9)
            }
            try file.truncate(to: 2)
            try file.append([9])
            try file.sync()
            try file.close()
            let again = try store.grow("log")
            #expect(again.byteCount == 3)
            try again.append([8])
            #expect(try store.readAll("log") == [1, 2, 9, 8])
        }
    }

    @Test("a second user of a directory is told who has it, until the lock goes")
    func lock() throws {
        for store in try Self.stores() {
            defer { try? Self.remove(store) }
            var lock: DirectoryLock? = try store.lock(holder: "http://127.0.0.1:9200")
            #expect(lock?.path == store.path)
            let error = #expect(throws: FileError.self) { try store.lock() }
            #expect(error?.description.contains("in use by process") == true)
            #expect(error?.description.contains("(http://127.0.0.1:9200)") == true)
            lock = nil
            _ = try store.lock()
        }
    }

    @Test("a power cut takes what was not synced: content, names, renames")
    func powerCut() throws {
        let store = MemoryFileStore()
        try store.write("kept", bytes: [1])
        try store.syncDirectory()
        let file = try store.grow("kept")
        try file.append([2])
        try store.write("unnamed", bytes: [3])
        try store.rename("kept", to: "renamed")
        store.disk.cutPower()
        #expect(try store.list() == ["kept"])
        #expect(try store.readAll("kept") == [1])
        #expect(throws: FileError.self) { try file.append([4]) }
    }

    @Test("a full disk takes what fits, says so, and takes more when there is room")
    func full() throws {
        let store = MemoryFileStore()
        store.disk.capacity = 3
        let file = try store.grow("log")
        #expect(throws: FileError("write", "memory:/log", .noSpace)) {
            try file.append([1, 2, 3, 4])
        }
        #expect(file.byteCount == 3)
        store.disk.capacity = 10
        try file.truncate(to: 0)
        try file.append([1, 2, 3, 4])
        #expect(file.byteCount == 4)
    }
}
