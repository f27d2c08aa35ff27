internal import Testing
internal import TrawlFiles
internal import TrawlTestKit

@Suite("TestKit", .randomized(rounds: 3))
struct TestKitTests {
    @Test("one seed gives one sequence")
    func seeds() {
        var first = RandomContext.generator()
        var second = RandomContext.generator()
        #expect(RandomContext.seed != 0)
        #expect(
            Generators.text(upTo: 50, using: &first)
                == Generators.text(upTo: 50, using: &second))
    }

    @Test("frequent words are frequent, in proportion to one over the rank")
    func zipf() {
        var random = RandomContext.generator()
        let words = ZipfianWords(count: 1000)
        var counts: [String: Int] = [:]
        for _ in 0..<20_000 { counts[words.word(using: &random), default: 0] += 1 }
        let first = Double(counts[words.words[0]] ?? 0)
        let tenth = Double(counts[words.words[9]] ?? 1)
        #expect(first / tenth > 6 && first / tenth < 15)
    }

    @Test("a fault comes at its operation; a crash is for good; healing ends both")
    func faults() throws {
        let store = FaultyFileStore(MemoryFileStore())
        store.plan.fail(at: 1, with: .shortWrite)
        let file = try store.grow("f")
        #expect(throws: FileError("write", "memory:/f", .inputOutput)) {
            try file.append([1, 2, 3, 4])
        }
        #expect(try store.inner.readAll("f") == [1, 2])
        try file.append([5])
        store.plan.fail(at: store.plan.operationCount, with: .crash)
        #expect(throws: FileError.self) { try file.append([6]) }
        #expect(throws: FileError.self) { try store.create("g") }
        store.plan.heal()
        try file.append([7])
        #expect(try store.readAll("f") == [1, 2, 5, 7])
    }

    @Test("after a sync that failed the file is done for, even when the disk is well again")
    func failedSync() throws {
        let store = FaultyFileStore(MemoryFileStore())
        let file = try store.grow("f")
        try file.append([1])
        store.plan.fail("sync", of: "/f", with: .inputOutput)
        #expect(throws: FileError("sync", "memory:/f", .inputOutput)) { try file.sync() }
        store.plan.heal()
        #expect(throws: FileError("sync", "memory:/f", .failedBefore)) { try file.sync() }
        #expect(throws: FileError("write", "memory:/f", .failedBefore)) { try file.append([2]) }
    }

    @Test("replacing a file has a fault at each of its steps and never a half result")
    func replaceFaults() throws {
        for step in 0..<6 {
            let memory = MemoryFileStore()
            try memory.replaceAtomically("m", with: [1, 1])
            let store = FaultyFileStore(memory)
            store.plan.fail(at: step, with: .crash)
            let done = (try? store.replaceAtomically("m", with: [2, 2])) != nil
            memory.disk.cutPower()
            let left = try memory.readAll("m")
            #expect(left == [2, 2] || (left == [1, 1] && !done))
            #expect(done == (step >= store.plan.operationCount))
        }
    }

    @Test("a temporary directory goes with its last reference")
    func temporary() throws {
        var directory: TemporaryDirectory? = try TemporaryDirectory()
        let path = directory!.path
        try directory!.store().write("f", bytes: [1])
        directory = nil
        let parent = try PosixFileStore("/tmp")
        #expect(!parent.exists(String(path.split(separator: "/").last!)))
    }
}
