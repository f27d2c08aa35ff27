public import TrawlErrors

/// What was wrong with a judgement, topic, run, baseline or budget, and on which line.
public struct EvalError: TrawlError, Equatable {
    public enum Problem: Sendable, Equatable {
        case empty(what: String)
        case malformed(String)
        case duplicate(String)
        case unknown(String)
        case mismatch(String)
        case missing(String)
    }

    public var problem: Problem
    /// The file as the caller named it.
    public var file: String
    /// From 1; nil when the whole file is meant.
    public var line: Int?

    public init(_ problem: Problem, file: String, line: Int? = nil) {
        self.problem = problem
        self.file = file
        self.line = line
    }

    public var kind: ErrorKind {
        switch problem {
        case .missing: .notFound
        case .mismatch: .conflict
        default: .invalidRequest
        }
    }

    public var code: String {
        switch problem {
        case .empty: "eval_empty"
        case .malformed: "eval_malformed"
        case .duplicate: "eval_duplicate"
        case .unknown: "eval_unknown"
        case .mismatch: "eval_mismatch"
        case .missing: "eval_missing"
        }
    }

    public var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return switch problem {
        case .empty(let what): "\(place): holds no \(what)"
        case .malformed(let text), .duplicate(let text), .unknown(let text), .mismatch(let text),
            .missing(let text):
            "\(place): \(text)"
        }
    }
}
