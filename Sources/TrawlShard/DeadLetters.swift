internal import TrawlFiles
package import TrawlLog

/// Changes that could not be applied, with the reason and the bytes, to be looked at, mended and
/// sent again. A log of its own beside the shard's.
package final class DeadLetters: Sendable {
    package struct Letter: Sendable, Equatable {
        /// Where it stood in the shard's log.
        package var offset: Int64
        package var type: String
        package var reason: String
        package var record: LogRecord
    }

    private let log: LogPartition

    init(_ log: LogPartition) { self.log = log }

    package var count: Int { Int(log.endOffset - log.startOffset) }

    func close() { log.close() }

    func add(_ record: LogRecord, type: String, reason: String) throws {
        try add(record, at: record.offset, type: type, reason: reason)
    }

    /// Does nothing when the letter is there: a replay comes by again.
    func add(_ record: LogRecord, at offset: Int64, type: String, reason: String) throws {
        if let last = try last(), last.offset >= offset { return }
        var letter = record
        letter.headers =
            [
                .init("letter.offset", Array(String(offset).utf8)),
                .init("letter.type", Array(type.utf8)),
                .init("letter.reason", Array(reason.utf8)),
            ] + record.headers
        _ = try log.append([letter])
    }

    private func last() throws -> Letter? {
        guard log.endOffset > log.startOffset else { return nil }
        return try list(from: log.endOffset - 1).last
    }

    package func list(from start: Int64? = nil, limit: Int = 1000) throws -> [Letter] {
        var letters: [Letter] = []
        var next = start ?? log.startOffset
        while letters.count < limit {
            let records = try log.read(from: next)
            guard let last = records.last else { break }
            letters += records.map(Self.letter)
            next = last.offset + 1
        }
        return Array(letters.prefix(limit))
    }

    private static func letter(_ record: LogRecord) -> Letter {
        func text(_ key: String) -> String {
            String(decoding: record.header(key) ?? [], as: UTF8.self)
        }
        var plain = record
        plain.headers.removeAll { $0.key.hasPrefix("letter.") }
        return Letter(
            offset: Int64(text("letter.offset")) ?? -1, type: text("letter.type"),
            reason: text("letter.reason"), record: plain)
    }
}
