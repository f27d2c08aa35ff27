package import TrawlErrors

package enum MetadataError: TrawlError, Equatable, Codable {
    case sessionExpired(Int64)
    case stopped(reason: String)

    package var kind: ErrorKind {
        switch self {
        case .sessionExpired: .conflict
        case .stopped: .unavailable
        }
    }

    package var code: String {
        switch self {
        case .sessionExpired: "session_expired"
        case .stopped: "metadata_stopped"
        }
    }

    package var description: String {
        switch self {
        case .sessionExpired(let session):
            "the session \(session) has ended: it was not renewed in time"
        case .stopped(let reason): "the metadata store takes no changes: \(reason)"
        }
    }
}
