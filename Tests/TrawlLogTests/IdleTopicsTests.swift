import Foundation
import Glibc
import Testing
import TrawlFiles
import TrawlLog
import TrawlTestKit

@Suite("Idle topics")
struct IdleTopicsTests {
    private static func residentByteCount() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (Int(text.split(separator: " ")[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    @Test("10,000 topics open in under 2 s and 200 MB, and each is there when it is asked")
    func many() throws {
        let directory = try TemporaryDirectory()
        let store = try PosixFileStore(directory.path)
        var options = TopicOptions()
        options.partitionCount = 3
        do {
            let topics = try LogTopics(store, syncer: LogSyncer())
            try topics.create("t0", options)
            _ = try topics.partition(2, of: "t0").append([LogRecord(key: nil, value: [1])])
            topics.close()
        }
        // Copies of its file, without a sync for each.
        let file = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/t0/topic"))
        for number in 1..<10_000 {
            let path = directory.path + "/t\(number)"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false)
            try file.write(to: URL(fileURLWithPath: path + "/topic"))
        }
        let before = try Self.residentByteCount()
        let began = ContinuousClock.now
        let topics = try LogTopics(store, syncer: LogSyncer())
        let time = ContinuousClock.now - began
        let grown = try Self.residentByteCount() - before
        #expect(topics.names.count == 10_000)
        #expect(time < .seconds(2), "it took \(time)")
        #expect(grown < 200 << 20, "it took \(grown) bytes")
        #expect(try topics.options(of: "t9999") == options)
        #expect(try topics.partition(2, of: "t0").endOffset == 1)
        #expect(
            try topics.partition(1, of: "t7777").append([LogRecord(key: nil, value: nil)]) == 0..<1)
        topics.close()
    }
}
