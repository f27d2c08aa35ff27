/// What a failure means to whoever asked.
///
/// Two tables turn a kind into what people see: the API's error responses and the command line's
/// exit status. Nothing here knows about either.
public enum ErrorKind: String, Sendable, CaseIterable, Codable {
    /// The request can never succeed as it stands.
    case invalidRequest
    /// The thing that was named does not exist.
    case notFound
    /// The state of the document or the index is not the one the request asked for.
    case conflict
    /// There is no room now; the same request may succeed after a pause.
    case overloaded
    /// A part that is needed cannot be reached.
    case unavailable
    /// The deadline passed before the work was done.
    case timedOut
    /// Bytes on disk or from a peer are not what was written.
    case corrupted
    /// A fault of our own, or of the machine.
    case internalFault
}

extension ErrorKind {
    /// Whether another copy of the shard may answer where this one failed.
    public var anotherCopyMayHelp: Bool {
        switch self {
        case .invalidRequest, .notFound, .conflict: false
        case .overloaded, .unavailable, .timedOut, .corrupted, .internalFault: true
        }
    }
}
