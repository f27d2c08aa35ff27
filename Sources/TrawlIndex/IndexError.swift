public import TrawlErrors

/// Why an index cannot do what was asked.
public struct IndexError: TrawlError {
    public enum Problem: Sendable {
        /// A write failed in a way after which nothing may be acknowledged any more.
        case failedBefore(cause: String)
        /// The merge was told to stop.
        case cancelled
        case closed
    }

    public var path: String
    public var problem: Problem

    public init(_ path: String, _ problem: Problem) {
        self.path = path
        self.problem = problem
    }

    public var kind: ErrorKind {
        switch problem {
        case .failedBefore: .internalFault
        case .cancelled, .closed: .unavailable
        }
    }

    public var code: String {
        switch problem {
        case .failedBefore: "index_failed"
        case .cancelled: "merge_cancelled"
        case .closed: "index_closed"
        }
    }

    public var description: String {
        switch problem {
        case .failedBefore(let cause):
            "cannot write to the index in \(path): an earlier write failed (\(cause)); "
                + "restart to recover from the last commit and the log"
        case .cancelled: "a merge in \(path) was cancelled; it will be planned again"
        case .closed: "the index in \(path) is closed"
        }
    }
}
