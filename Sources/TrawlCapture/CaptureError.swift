package import TrawlErrors

/// Why a primary store is not followed, or not as it was asked.
package struct CaptureError: TrawlError, Equatable {
    /// What becomes of the following.
    package enum Remedy: Sendable, Equatable {
        /// Tried again by itself, after a pause.
        case wait
        /// Stopped: going on could lose or spoil something. A person has to decide.
        case stop
        /// The request that asked is refused.
        case refuse
    }

    package var kind: ErrorKind
    package var code: String
    package var reason: String
    package var remedy: Remedy

    package var description: String { reason }

    package init(_ kind: ErrorKind, _ code: String, _ reason: String, _ remedy: Remedy) {
        self.kind = kind
        self.code = code
        self.reason = reason
        self.remedy = remedy
    }

    package static func invalid(_ reason: String) -> CaptureError {
        CaptureError(.invalidRequest, "invalid_sync", reason, .refuse)
    }

    package static func unreachable(_ reason: String) -> CaptureError {
        CaptureError(.unavailable, "store_unreachable", reason, .wait)
    }

    /// - Parameter reason: Ends with the way out.
    package static func stopped(_ code: String, _ reason: String) -> CaptureError {
        CaptureError(.conflict, code, reason, .stop)
    }

    package static func notFound(_ name: String, _ known: [String]) -> CaptureError {
        CaptureError(
            .notFound, "unknown_sync",
            "there is no sync [\(name)]"
                + (known.isEmpty
                    ? ": trawl sync add makes one"
                    : ", only "
                        + known.map { "[\($0)]" }.joined(separator: ", ")),
            .refuse)
    }
}
