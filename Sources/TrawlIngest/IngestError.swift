public import TrawlErrors

/// A file of documents cannot be read, or not as what it was said to be.
public struct IngestError: TrawlError, Equatable {
    public enum Problem: Sendable, Equatable {
        case notFound
        case notReadable(String)
        case binary
        case unknownFormat
        case encoding(String)
        case damaged(String)
        case malformed(String)
    }

    public var file: String
    public var problem: Problem

    public init(_ problem: Problem, in file: String) {
        self.problem = problem
        self.file = file
    }

    public var kind: ErrorKind {
        switch problem {
        case .notFound: .notFound
        case .notReadable: .unavailable
        case .binary, .unknownFormat, .encoding, .damaged, .malformed: .invalidRequest
        }
    }

    public var code: String { "ingest" }

    public var description: String {
        switch problem {
        case .notFound: "there is no file \(file)"
        case .notReadable(let reason): "cannot read \(file): \(reason)"
        case .binary: "\(file) is not text (it has zero bytes); name its format with --format"
        case .unknownFormat:
            "cannot tell what \(file) holds; name it with --format "
                + "jsonl|json|csv|tsv|text|markdown|trec"
        case .encoding(let found):
            "\(file) is not UTF-8 or UTF-16 (\(found)); convert it first, for example with "
                + "iconv -f LATIN1 -t UTF-8"
        case .damaged(let reason): "\(file) is damaged: \(reason)"
        case .malformed(let reason): "\(file): \(reason)"
        }
    }
}
