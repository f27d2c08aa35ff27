package import TrawlBytes
package import TrawlErrors
package import TrawlFiles

/// What the log cannot do, and what that means.
package enum LogError: TrawlError, Equatable {
    case file(FileError)
    case damaged(CorruptionError)
    /// A sync failed: what was written since the one before may be lost, so nothing more is taken.
    case stopped(partition: String, reason: String)
    /// Refused before anything was written.
    case diskFull(partition: String, freeByteCount: Int, watermark: Int)
    case offsetOutOfRange(offset: Int64, start: Int64, end: Int64)
    /// The caller acts in an epoch that is over.
    case fenced(epoch: Int64, current: Int64)
    /// A producer's batch does not follow the one before.
    case outOfOrder(producer: Int64, expected: Int32, found: Int32)
    case producerFenced(producer: Int64, epoch: Int16, current: Int16)
    case tooLarge(byteCount: Int, limit: Int)
    case timedOut
    case closed
    case unknownTopic(String)
    case topicExists(String)
    case invalidTopic(String, reason: String)
    case unknownLetter(Int64)
    /// It was replayed or discarded before.
    case letterClosed(Int64, status: String)
    case unknownRoute(String)
    case invalidRoute(String, reason: String)

    package var kind: ErrorKind {
        switch self {
        case .file(let error): error.kind == .notFound ? .corrupted : error.kind
        case .damaged: .corrupted
        case .stopped: .internalFault
        case .diskFull: .overloaded
        case .offsetOutOfRange, .unknownTopic, .unknownLetter, .unknownRoute: .notFound
        case .fenced, .outOfOrder, .producerFenced, .topicExists, .letterClosed: .conflict
        case .tooLarge, .invalidTopic, .invalidRoute: .invalidRequest
        case .timedOut: .timedOut
        case .closed: .unavailable
        }
    }

    package var code: String {
        switch self {
        case .file(let error): error.code
        case .damaged: "corrupted"
        case .stopped: "log_stopped"
        case .diskFull: "disk_full"
        case .offsetOutOfRange: "offset_out_of_range"
        case .fenced: "fenced_epoch"
        case .outOfOrder: "out_of_order_sequence"
        case .producerFenced: "fenced_producer"
        case .tooLarge: "record_too_large"
        case .timedOut: "timed_out"
        case .closed: "log_closed"
        case .unknownTopic: "unknown_topic"
        case .topicExists: "topic_exists"
        case .invalidTopic: "invalid_topic"
        case .unknownLetter: "unknown_letter"
        case .letterClosed: "letter_closed"
        case .unknownRoute: "unknown_route"
        case .invalidRoute: "invalid_route"
        }
    }

    package var description: String {
        switch self {
        case .file(let error): error.description
        case .damaged(let error): error.description
        case .stopped(let partition, let reason):
            "the log in \(partition) takes no more writes: \(reason). What was acknowledged is "
                + "safe; restart the node when the disk is well again"
        case .diskFull(let partition, let free, let watermark):
            "the log in \(partition) takes no more writes while \(free) bytes are free on its "
                + "disk (at least \(watermark) are wanted); free some space"
        case .offsetOutOfRange(let offset, let start, let end):
            "offset \(offset) is not in the log, which has \(start) to \(end - 1)"
        case .fenced(let epoch, let current):
            "the leader of epoch \(epoch) is not the leader any more (epoch \(current))"
        case .outOfOrder(let producer, let expected, let found):
            "producer \(producer) sent sequence \(found) where \(expected) follows"
        case .producerFenced(let producer, let epoch, let current):
            "producer \(producer) of epoch \(epoch) was replaced (epoch \(current))"
        case .tooLarge(let byteCount, let limit):
            "a batch of \(byteCount) bytes is larger than the limit of \(limit)"
        case .timedOut: "the deadline passed before the log answered"
        case .closed: "the log is closed"
        case .unknownTopic(let name): "there is no topic \"\(name)\""
        case .topicExists(let name): "topic \"\(name)\" exists already"
        case .invalidTopic(let name, let reason): "\"\(name)\" cannot be a topic: \(reason)"
        case .unknownLetter(let number): "there is no letter \(number)"
        case .letterClosed(let number, let status): "letter \(number) was \(status) before"
        case .unknownRoute(let name): "there is no route \"\(name)\""
        case .invalidRoute(let name, let reason):
            "\"\(name)\" cannot be a route: \(reason)"
        }
    }
}
