internal import Synchronization

/// Changes that could not be applied, with the reason and the bytes, to be looked at, mended and
/// sent again. A log of its own beside the log they came from.
///
/// What was done with a letter is a record after it, so nothing that came is ever overwritten:
///
///      a letter    the record as it came, and before its headers:
///                  letter.offset   where it stood in its log
///                  letter.type     what was wrong, in a word
///                  letter.reason   what was wrong
///                  letter.target   the index it was for; only in the letters of a topic
///      an act      letter.act      mend | tried | replay | discard
///                  letter.number   the offset of the letter, here
///                  letter.reason   why a try came to nothing
///                  letter.offset   where the replayed change stands in its shard's log
///                  of a mend, key, value and the other headers are what is sent in place
package final class DeadLetters: Sendable {
    package enum Status: Sendable, Equatable {
        case open
        /// Sent again: the change's place in the log of its shard.
        case replayed(offset: Int64)
        case discarded

        package var word: String {
            switch self {
            case .open: "open"
            case .replayed: "replayed"
            case .discarded: "discarded"
            }
        }
    }

    package struct Letter: Sendable, Equatable {
        /// Its name in this book; never changes.
        package var number: Int64
        /// Where it stood in the log that it came from.
        package var offset: Int64
        package var type: String
        package var reason: String
        /// The index it was for, when its log does not say.
        package var target: String?
        /// As it came.
        package var record: LogRecord
        /// What is sent in its place.
        package var mended: LogRecord?
        package var status: Status
        /// How often it was sent again in vain, and why the last time.
        package var tryCount: Int
        package var lastTry: String?
        /// Makes sending it again harmless; another one after each mend and each vain try.
        package var requestID: String
    }

    /// What is known of a letter without reading its bytes.
    private struct Entry: Sendable {
        var number: Int64
        var mendedAt: Int64?
        var mendCount = 0
        var tryCount = 0
        var lastTry: String?
        var status = Status.open
    }

    private struct State: Sendable {
        /// In the order of their numbers.
        var entries: [Entry] = []
        var openCount = 0
        /// Where letters stood, and what for: a replay of their log comes by again.
        var known: Set<String> = []
        /// Up to where the log was read.
        var end: Int64 = 0

        func place(of number: Int64) -> Int? {
            var (low, high) = (0, entries.count)
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].number < number { low = middle + 1 } else { high = middle }
            }
            return low < entries.count && entries[low].number == number ? low : nil
        }
    }

    private let log: LogPartition
    /// Read from the log when it is first needed.
    private let state = Mutex<State?>(nil)

    package init(_ log: LogPartition) { self.log = log }

    package func close() { log.close() }

    /// Whether nothing was ever written here: known without reading.
    package var isEmpty: Bool { log.endOffset == log.startOffset }

    /// How many wait for someone to decide. What cannot be read counts as none.
    package var count: Int {
        if isEmpty { return 0 }
        return (try? changing { state throws(LogError) in state.openCount }) ?? 0
    }

    // MARK: Adding

    package func add(_ record: LogRecord, type: String, reason: String) throws(LogError) {
        try add(record, at: record.offset, type: type, reason: reason)
    }

    /// Does nothing when the letter is there: a replay comes by again.
    package func add(
        _ record: LogRecord, at offset: Int64, type: String, reason: String,
        target: String? = nil
    ) throws(LogError) {
        try changing { state throws(LogError) in
            let key = Self.key(offset, target)
            guard !state.known.contains(key) else { return }
            var letter = record
            letter.headers = [
                .init("letter.offset", Array(String(offset).utf8)),
                .init("letter.type", Array(type.utf8)),
                .init("letter.reason", Array(reason.utf8)),
            ]
            if let target { letter.headers.append(.init("letter.target", Array(target.utf8))) }
            letter.headers += record.headers
            try append(letter, &state)
        }
    }

    private static func key(_ offset: Int64, _ target: String?) -> String {
        target.map { "\(offset) \($0)" } ?? String(offset)
    }

    // MARK: Deciding

    /// Puts a record in place of the one that came. The letter waits to be sent again.
    package func mend(_ number: Int64, with record: LogRecord) throws(LogError) {
        try act("mend", on: number, carrying: record)
    }

    /// Notes that it was sent, and what came of it.
    package func noteReplay(_ number: Int64, offset: Int64) throws(LogError) {
        try act("replay", on: number, headers: [("letter.offset", String(offset))])
    }

    package func noteFailedTry(_ number: Int64, reason: String) throws(LogError) {
        try act("tried", on: number, headers: [("letter.reason", reason)])
    }

    package func discard(_ number: Int64) throws(LogError) { try act("discard", on: number) }

    private func act(
        _ act: String, on number: Int64, carrying record: LogRecord? = nil,
        headers: [(String, String)] = []
    ) throws(LogError) {
        try changing { state throws(LogError) in
            guard let place = state.place(of: number) else { throw .unknownLetter(number) }
            guard state.entries[place].status == .open else {
                throw .letterClosed(number, status: state.entries[place].status.word)
            }
            var action = record ?? LogRecord(key: nil, value: nil)
            let own = [("letter.act", act), ("letter.number", String(number))] + headers
            action.headers = own.map { .init($0.0, Array($0.1.utf8)) } + action.headers
            try append(action, &state)
        }
    }

    private func append(_ record: LogRecord, _ state: inout State) throws(LogError) {
        let offset = try log.append([record]).lowerBound
        var written = record
        written.offset = offset
        Self.note(written, in: &state)
        state.end = offset + 1
    }

    // MARK: Reading

    package func letter(_ number: Int64) throws(LogError) -> Letter {
        try changing { state throws(LogError) in
            guard let place = state.place(of: number) else { throw .unknownLetter(number) }
            return try read(state.entries[place])
        }
    }

    /// Letters in the order in which they came.
    ///
    /// - Parameter onlyOpen: Leaves out those that were decided.
    package func list(
        from start: Int64 = 0, limit: Int = 1000, onlyOpen: Bool = true
    ) throws(LogError) -> [Letter] {
        if isEmpty { return [] }
        return try changing { state throws(LogError) in
            var letters: [Letter] = []
            for entry in state.entries
            where entry.number >= start && (!onlyOpen || entry.status == .open) {
                if letters.count == limit { break }
                letters.append(try read(entry))
            }
            return letters
        }
    }

    private func read(_ entry: Entry) throws(LogError) -> Letter {
        let record = try self.record(at: entry.number)
        var letter = Letter(
            number: entry.number, offset: Int64(Self.text(record, "letter.offset")) ?? -1,
            type: Self.text(record, "letter.type"), reason: Self.text(record, "letter.reason"),
            target: record.header("letter.target").map { String(decoding: $0, as: UTF8.self) },
            record: Self.plain(record), mended: nil, status: entry.status,
            tryCount: entry.tryCount, lastTry: entry.lastTry,
            requestID: "letter:\(String(log.logID, radix: 16)):\(entry.number)"
                + ":\(entry.mendCount):\(entry.tryCount)")
        if let place = entry.mendedAt { letter.mended = Self.plain(try self.record(at: place)) }
        return letter
    }

    private func record(at offset: Int64) throws(LogError) -> LogRecord {
        guard let record = try log.read(from: offset, maxByteCount: 1).first,
            record.offset == offset
        else {
            throw .offsetOutOfRange(
                offset: offset, start: log.startOffset, end: log.endOffset)
        }
        return record
    }

    private static func plain(_ record: LogRecord) -> LogRecord {
        var plain = record
        plain.headers.removeAll { $0.key.hasPrefix("letter.") }
        return plain
    }

    private static func text(_ record: LogRecord, _ key: String) -> String {
        String(decoding: record.header(key) ?? [], as: UTF8.self)
    }

    private func changing<T: Sendable>(
        _ body: (inout State) throws(LogError) -> T
    ) throws(LogError) -> T {
        let result: Result<T, LogError> = state.withLock { state in
            Result { () throws(LogError) in
                var known: State
                if let state { known = state } else { known = try self.load() }
                // Given up here, so that it is changed in place.
                state = nil
                defer { state = known }
                return try body(&known)
            }
        }
        return try result.get()
    }

    private func load() throws(LogError) -> State {
        var state = State()
        state.end = log.startOffset
        while state.end < log.endOffset {
            let records = try log.read(from: state.end)
            guard let last = records.last else { break }
            for record in records { Self.note(record, in: &state) }
            state.end = last.offset + 1
        }
        return state
    }

    private static func note(_ record: LogRecord, in state: inout State) {
        guard record.header("letter.act") != nil else {
            let offset = Int64(text(record, "letter.offset")) ?? -1
            let target = record.header("letter.target").map { String(decoding: $0, as: UTF8.self) }
            state.entries.append(Entry(number: record.offset))
            state.openCount += 1
            state.known.insert(key(offset, target))
            return
        }
        guard let number = Int64(text(record, "letter.number")),
            let place = state.place(of: number)
        else { return }
        switch text(record, "letter.act") {
        case "mend":
            state.entries[place].mendedAt = record.offset
            state.entries[place].mendCount += 1
        case "tried":
            state.entries[place].tryCount += 1
            state.entries[place].lastTry = text(record, "letter.reason")
        case "replay":
            let offset = Int64(text(record, "letter.offset")) ?? -1
            state.entries[place].status = .replayed(offset: offset)
            state.openCount -= 1
        case "discard":
            state.entries[place].status = .discarded
            state.openCount -= 1
        default: break
        }
    }
}
