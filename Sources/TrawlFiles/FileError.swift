internal import Glibc
public import TrawlErrors

/// A file operation failed: which, where, why, and what to do about it.
public struct FileError: TrawlError, Equatable {
    public enum Problem: Sendable, Equatable {
        case notFound
        case exists
        case noSpace
        /// The device could not read or write. What was written since the last sync may be lost.
        case inputOutput
        case noPermission
        case tooManyOpen
        /// Another process has the directory; its own words about itself.
        case locked(holder: String)
        /// The file is shorter than what was asked of it.
        case tooShort(byteCount: Int)
        /// A sync failed before, so nothing that is written to this file can be trusted.
        case failedBefore
        case system(code: Int32, text: String)
    }

    /// What was tried, as a verb: `sync`, `open`.
    public var operation: String
    public var path: String
    public var problem: Problem

    public init(_ operation: String, _ path: String, _ problem: Problem) {
        self.operation = operation
        self.path = path
        self.problem = problem
    }

    /// From the system's error number.
    package init(_ operation: String, _ path: String, code: Int32) {
        let problem: Problem =
            switch code {
            case ENOENT: .notFound
            case EEXIST: .exists
            case ENOSPC, EDQUOT: .noSpace
            case EIO: .inputOutput
            case EACCES, EPERM, EROFS: .noPermission
            case EMFILE, ENFILE: .tooManyOpen
            default: .system(code: code, text: unsafe String(cString: strerror(code)))
            }
        self.init(operation, path, problem)
    }

    public var kind: ErrorKind {
        switch problem {
        case .notFound: .notFound
        case .noSpace: .overloaded
        case .locked: .unavailable
        case .tooShort: .corrupted
        case .exists, .inputOutput, .noPermission, .tooManyOpen, .failedBefore, .system:
            .internalFault
        }
    }

    public var code: String {
        switch problem {
        case .notFound: "file_not_found"
        case .exists: "file_exists"
        case .noSpace: "no_space"
        case .inputOutput: "io_error"
        case .noPermission: "no_permission"
        case .tooManyOpen: "too_many_open_files"
        case .locked: "directory_locked"
        case .tooShort: "file_too_short"
        case .failedBefore: "file_failed_before"
        case .system: "file_error"
        }
    }

    public var description: String { "cannot \(operation) \(path): \(reason)" }

    private var reason: String {
        switch problem {
        case .notFound: "it does not exist"
        case .exists: "it exists already"
        case .noSpace:
            "no space is left on the device; nothing acknowledged is lost, free some space"
        case .inputOutput:
            "the device reports an input/output error; check the disk and the kernel's log"
        case .noPermission: "the permission is missing; check the owner and the mode"
        case .tooManyOpen: "too many files are open; raise the limit (ulimit -n)"
        case .locked(let holder):
            "it is in use by \(holder); stop that process, or choose another directory"
        case .tooShort(let byteCount): "it ends at byte \(byteCount) (truncated?)"
        case .failedBefore:
            "a sync of it failed before, so its content is unknown; restart to recover"
        case .system(_, let text): text
        }
    }
}
