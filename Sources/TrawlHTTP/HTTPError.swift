package import TrawlErrors

/// What is wrong with a request before anybody has looked at what it asks, or with a connection.
package struct HTTPError: TrawlError, Equatable {
    package enum Problem: Sendable, Equatable {
        case badEscape, notUTF8, bodyTooLarge(limit: Int), badCompression
        case unknownEncoding, unknownMethod, cannotListen, cannotConnect, noAnswer
    }

    package var problem: Problem
    package var detail: String

    package init(problem: Problem, detail: String) {
        self.problem = problem
        self.detail = detail
    }

    package var kind: ErrorKind {
        switch problem {
        case .badEscape, .notUTF8, .bodyTooLarge, .badCompression, .unknownEncoding,
            .unknownMethod:
            .invalidRequest
        case .cannotListen, .cannotConnect, .noAnswer: .unavailable
        }
    }

    package var code: String {
        switch problem {
        case .badEscape: "bad_escape"
        case .notUTF8: "not_utf8"
        case .bodyTooLarge: "body_too_large"
        case .badCompression: "bad_compression"
        case .unknownEncoding: "unknown_encoding"
        case .unknownMethod: "unknown_method"
        case .cannotListen: "cannot_listen"
        case .cannotConnect: "cannot_connect"
        case .noAnswer: "no_answer"
        }
    }

    package var description: String {
        switch problem {
        case .badEscape: "invalid percent escape in [\(detail)]"
        case .notUTF8: "[\(detail)] does not decode to UTF-8"
        case .bodyTooLarge(let limit): "the body is larger than the limit of \(limit) bytes"
        case .badCompression: "the compressed body cannot be read: \(detail)"
        case .unknownEncoding: "unknown Content-Encoding [\(detail)]"
        case .unknownMethod: "Unexpected HTTP method \(detail)"
        case .cannotListen: "cannot listen: \(detail)"
        case .cannotConnect: "cannot connect: \(detail)"
        case .noAnswer: "no answer: \(detail)"
        }
    }
}
