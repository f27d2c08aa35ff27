import Testing
import TrawlFiles
import TrawlLog
import TrawlTestKit

@Suite("DeadLetters")
struct DeadLettersTests {
    static func open(_ store: any FileStore) throws -> DeadLetters {
        var options = LogOptions()
        options.freeWatermark = 0
        return DeadLetters(try LogPartition.open(store, options: options, syncer: LogSyncer()))
    }

    private func record(_ id: String) -> LogRecord {
        LogRecord(
            key: Array(id.utf8), value: [0xff, 0], headers: [.init("op", Array("index".utf8))])
    }

    @Test("a letter keeps the bytes as they came, once for each place and target")
    func adding() throws {
        let store = MemoryFileStore()
        let book = try Self.open(store)
        #expect(book.isEmpty && book.count == 0)
        try book.add(record("a"), at: 5, type: "t", reason: "r")
        try book.add(record("a"), at: 5, type: "t", reason: "again")
        try book.add(record("a"), at: 5, type: "t", reason: "elsewhere", target: "other")
        try book.add(record("b"), at: 3, type: "t", reason: "earlier")
        let letters = try book.list()
        #expect(letters.map(\.offset) == [5, 5, 3])
        #expect(letters.map(\.target) == [nil, "other", nil])
        #expect(letters[0].reason == "r")
        #expect(letters[0].record.key == record("a").key)
        #expect(letters[0].record.value == [0xff, 0])
        #expect(letters[0].record.headers == record("a").headers)
        let again = try Self.open(store)
        #expect(try again.list() == letters)
        try again.add(record("a"), at: 5, type: "t", reason: "after opening")
        #expect(again.count == 3)
    }

    @Test("what is decided of a letter is found again after opening, and decided once")
    func deciding() throws {
        let store = MemoryFileStore()
        let book = try Self.open(store)
        for i in 0..<4 { try book.add(record("\(i)"), at: Int64(i), type: "t", reason: "r") }
        let numbers = try book.list().map(\.number)
        let first = try book.letter(numbers[0]).requestID
        var mended = record("0")
        mended.value = [1, 2]
        try book.mend(numbers[0], with: mended)
        let second = try book.letter(numbers[0]).requestID
        try book.noteFailedTry(numbers[0], reason: "still wrong")
        let third = try book.letter(numbers[0]).requestID
        // A change that was answered with a failure must not get the same answer again.
        #expect(Set([first, second, third]).count == 3)
        try book.noteReplay(numbers[1], offset: 77)
        try book.discard(numbers[2])
        for book in [book, try Self.open(store)] {
            #expect(book.count == 2)
            #expect(try book.list().map(\.number) == [numbers[0], numbers[3]])
            let all = try book.list(onlyOpen: false)
            #expect(all.map(\.status) == [.open, .replayed(offset: 77), .discarded, .open])
            #expect(all[0].mended?.value == [1, 2] && all[0].record.value == [0xff, 0])
            #expect(all[0].tryCount == 1 && all[0].lastTry == "still wrong")
            #expect(all[0].requestID == third)
            #expect(throws: LogError.letterClosed(numbers[2], status: "discarded")) {
                try book.mend(numbers[2], with: mended)
            }
            #expect(throws: LogError.letterClosed(numbers[1], status: "replayed")) {
                try book.noteReplay(numbers[1], offset: 1)
            }
            #expect(throws: LogError.unknownLetter(99)) { try book.discard(99) }
        }
    }
}
