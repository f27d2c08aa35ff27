internal import Testing
internal import TrawlFiles
internal import TrawlLog
internal import TrawlTestKit

@Suite("LogTopics")
struct LogTopicsTests {
    static func open(_ store: any FileStore) throws -> LogTopics {
        var options = LogOptions()
        options.fileByteCount = 300
        options.freeWatermark = 0
        return try LogTopics(store, options: options, syncer: LogSyncer())
    }

    @Test("topics are made, listed, described, removed, and found again after opening")
    func topics() throws {
        let memory = MemoryFileStore()
        let topics = try Self.open(memory)
        var options = TopicOptions()
        options.partitionCount = 3
        options.retention.time = .seconds(60)
        options.retention.byteCount = 1 << 20
        options.retention.keepsNewestOfKey = true
        try topics.create("orders.eu", options)
        try topics.create("other")
        #expect(throws: LogError.topicExists("other")) { try topics.create("other") }
        for name in ["", "a/b", "..", "ä", String(repeating: "x", count: 250)] {
            #expect(throws: LogError.self) { try topics.create(name) }
        }
        _ = try topics.partition(2, of: "orders.eu").append([LogRecord(key: nil, value: [1])])
        #expect(throws: LogError.self) { try topics.partition(3, of: "orders.eu") }
        #expect(throws: LogError.unknownTopic("none")) { try topics.partition(of: "none") }
        topics.close()
        let again = try Self.open(memory)
        #expect(again.names == ["orders.eu", "other"])
        #expect(try again.options(of: "orders.eu") == options)
        #expect(try again.partition(2, of: "orders.eu").endOffset == 1)
        try again.remove("other")
        #expect(try Self.open(memory).names == ["orders.eu"])
    }

    @Test("groups keep their offsets, know their lag, and hold back the retention")
    func groups() throws {
        let memory = MemoryFileStore()
        var topics = try Self.open(memory)
        var options = TopicOptions()
        options.retention.byteCount = 1
        try topics.create("t", options)
        for i in 0..<20 {
            _ = try topics.partition(of: "t").append([
                LogRecord(key: nil, value: Array(repeating: UInt8(i), count: 90))
            ])
        }
        try topics.commit(5, partition: 0, group: "slow", of: "t")
        try topics.commit(15, partition: 0, group: "fast", of: "t")
        #expect(throws: LogError.self) {
            try topics.commit(21, partition: 0, group: "slow", of: "t")
        }
        #expect(try topics.lag("slow", of: "t") == [0: 15])
        #expect(try topics.lag("new", of: "t") == [0: 20])
        topics.close()
        topics = try Self.open(memory)
        #expect(try topics.groups(of: "t") == ["fast", "slow"])
        #expect(try topics.committed("slow", of: "t") == [0: 5])
        try topics.retain("t", now: 0)
        let start = try topics.partition(of: "t").startOffset
        #expect(start > 0 && start <= 5)
        try topics.commit(20, partition: 0, group: "slow", of: "t")
        try topics.retain("t", now: 0)
        let later = try topics.partition(of: "t").startOffset
        #expect(later > 5 && later <= 15)
    }

    @Test("ten thousand idle topics open in two seconds")
    func idle() throws {
        let directory = try TemporaryDirectory()
        let memory = MemoryFileStore()
        try LogTopics(memory, syncer: LogSyncer()).create("x")
        let topicFile = try memory.directory("x").readAll("topic")
        for i in 0..<10_000 {
            // Without syncs: making them durably is not what is measured.
            try Directories.make("\(directory.path)/t\(i)", file: "topic", bytes: topicFile)
        }
        let store = try directory.store()
        var topics: LogTopics?
        let time = try ContinuousClock().measure { topics = try Self.open(store) }
        #expect(topics?.names.count == 10_000)
        // Eight times the promise: the machine is shared.
        #expect(time < .seconds(16), "\(time)")
        _ = try topics?.partition(of: "t9999").append([LogRecord(key: nil, value: [1])])
        topics?.close()
    }
}
