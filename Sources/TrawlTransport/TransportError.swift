package import TrawlErrors

/// What can go wrong on the way to another node.
package struct TransportError: TrawlError, Equatable {
    package enum Problem: Sendable, Equatable {
        /// No connection, or it broke before the answer came. Whether the work was done is unknown.
        case unreachable
        case timedOut
        /// The other side, or this one, did not prove itself.
        case refused
        /// Bytes that no node of ours sends.
        case malformed
        /// There is no room for another call or connection now.
        case overloaded
        /// The connection is being closed on purpose.
        case closed
    }

    package var problem: Problem
    package var peer: String
    package var reason: String

    package init(_ problem: Problem, peer: String, _ reason: String) {
        self.problem = problem
        self.peer = peer
        self.reason = reason
    }

    package var kind: ErrorKind {
        switch problem {
        case .unreachable, .closed: .unavailable
        case .timedOut: .timedOut
        case .refused: .invalidRequest
        case .malformed: .corrupted
        case .overloaded: .overloaded
        }
    }

    package var code: String {
        switch problem {
        case .unreachable, .closed: "node_unreachable"
        case .timedOut: "node_timed_out"
        case .refused: "node_refused"
        case .malformed: "malformed_frame"
        case .overloaded: "node_overloaded"
        }
    }

    package var description: String { "node \(peer): \(reason)" }
}

/// A failure that the other node answered with, as it told it.
package struct PeerFailure: TrawlError, Equatable, Codable {
    package var kindName: String
    package var code: String
    package var reason: String
    /// What the caller needs to make its own error of it; the rooms above know the form.
    package var detail: [UInt8]

    package init(kind: ErrorKind, code: String, reason: String, detail: [UInt8] = []) {
        kindName = kind.rawValue
        self.code = code
        self.reason = reason
        self.detail = detail
    }

    package var kind: ErrorKind { ErrorKind(rawValue: kindName) ?? .internalFault }
    package var description: String { reason }
}
