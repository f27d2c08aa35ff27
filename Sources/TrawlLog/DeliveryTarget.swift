package import TrawlDocument

/// The indices, as what is delivered from topics needs them.
package protocol DeliveryTarget: Sendable {
    /// Writes changes to an index, in their order. What is done is durable when this returns.
    func deliver(_ changes: [Change], to index: String) -> [DeliveryResult]
    /// The dead letters of the shards that this node keeps.
    func letterBooks() -> [ShardLetters]
    /// Milliseconds since 1970.
    var now: Int64 { get }
}

/// The dead letters of one shard.
package struct ShardLetters: Sendable {
    package var index: String
    package var shard: Int
    package var book: DeadLetters

    package init(index: String, shard: Int, book: DeadLetters) {
        self.index = index
        self.shard = shard
        self.book = book
    }
}

package enum DeliveryResult: Sendable, Equatable {
    /// - offset: In the log of the shard.
    case done(result: String, offset: Int64)
    /// Its condition does not hold: as asked, nothing changed.
    case conflict(reason: String)
    /// It can never be written as it is.
    case refused(type: String, reason: String)
    /// It failed when it was applied, and is among the dead letters of the index.
    case failedLater(reason: String, offset: Int64)
    /// It may go later: nothing is wrong with it.
    case postponed(reason: String)
}

/// Which letter is meant: `books/0/17` of a shard, `topic:orders/0/17` of a topic's partition.
package struct LetterAddress: Sendable, Hashable, CustomStringConvertible {
    package static let topicPrefix = "topic:"

    /// An index, or a topic behind the prefix.
    package var source: String
    package var part: Int
    package var number: Int64

    package init(source: String, part: Int, number: Int64) {
        self.source = source
        self.part = part
        self.number = number
    }

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let part = Int(parts[1]), part >= 0,
            let number = Int64(parts[2]), number >= 0
        else { return nil }
        self.init(source: String(parts[0]), part: part, number: number)
    }

    package var description: String { "\(source)/\(part)/\(number)" }
}
