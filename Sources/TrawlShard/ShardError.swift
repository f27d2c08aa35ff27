package import TrawlErrors

/// Why a shard cannot do what was asked.
package enum ShardError: TrawlError, Equatable {
    /// A write to the index failed in a way after which only opening again tells what is there.
    case stopped(path: String, cause: String)
    /// The commit was made with another log than the one that is here.
    case foreignLog(path: String)
    /// The commit is ahead of the log: records that were acknowledged are gone.
    case logLost(path: String, applied: Int64, end: Int64)
    /// The log begins after the commit: changes in between were let go.
    case logTooShort(path: String, applied: Int64, start: Int64)
    case closed(path: String)

    package var kind: ErrorKind {
        switch self {
        case .stopped: .internalFault
        case .foreignLog, .logLost, .logTooShort: .corrupted
        case .closed: .unavailable
        }
    }

    package var code: String {
        switch self {
        case .stopped: "shard_stopped"
        case .foreignLog: "foreign_log"
        case .logLost: "log_lost"
        case .logTooShort: "log_too_short"
        case .closed: "shard_closed"
        }
    }

    package var description: String {
        switch self {
        case .stopped(let path, let cause):
            "the shard in \(path) takes no more changes: \(cause). What was acknowledged is in "
                + "its log; restart the node to go on from the last commit"
        case .foreignLog(let path):
            "the index in \(path) was committed with another log than the one beside it; restore "
                + "the directory as a whole, or copy the shard from another node"
        case .logLost(let path, let applied, let end):
            "the index in \(path) holds changes up to offset \(applied - 1), but its log ends at "
                + "\(end - 1): the disk lost what was synced; copy the shard from another node"
        case .logTooShort(let path, let applied, let start):
            "the index in \(path) needs its log from offset \(applied) on, which begins at "
                + "\(start); copy the shard from another node"
        case .closed(let path): "the shard in \(path) is closed"
        }
    }
}
