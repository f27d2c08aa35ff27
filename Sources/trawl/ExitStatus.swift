internal import TrawlErrors

/// What the process answers to whoever started it. The only place that turns a kind of error
/// into a number.
struct ExitStatus: RawRepresentable, Equatable, Sendable {
    var rawValue: Int32

    init(rawValue: Int32) { self.rawValue = rawValue }

    init(_ kind: ErrorKind) {
        switch kind {
        case .internalFault: rawValue = 1
        case .invalidRequest: rawValue = 2
        case .notFound: rawValue = 3
        case .conflict: rawValue = 4
        case .overloaded: rawValue = 5
        case .unavailable: rawValue = 6
        case .timedOut: rawValue = 7
        case .corrupted: rawValue = 8
        }
    }

    static let success = ExitStatus(rawValue: 0)
    static let failure = ExitStatus(rawValue: 1)
    static let usage = ExitStatus(rawValue: 2)
}
