internal import Glibc

/// Files and directories that are watched: lines that are added to files of lines, and other files
/// whole, when they appear and whenever they change.
package struct FollowedFiles {
    package enum Change {
        case lines(FollowedFile.Lines)
        case file(String)
        /// A file that is not read: told once.
        case strange(String, IngestError)
    }

    private struct Version: Equatable {
        var byteCount: Int64
        var seconds: Int
        var nanoseconds: Int
        var identity: FollowedFile.Identity

        init?(of path: String) {
            var status = stat()
            // The system fills a stat, nothing beyond it.
            guard unsafe stat(path, &status) == 0 else { return nil }
            byteCount = Int64(status.st_size)
            seconds = Int(status.st_mtim.tv_sec)
            nanoseconds = Int(status.st_mtim.tv_nsec)
            identity = FollowedFile.Identity(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        }
    }

    /// A file that lost its name is looked at for so long after its last line: who writes to it
    /// may not have noticed yet.
    private static let patience = Duration.seconds(5)

    private struct Growing {
        var file: FollowedFile
        var lastSeen: ContinuousClock.Instant
    }

    private let paths: [String]
    private let walker: FileWalker
    private let format: DocumentFormat?
    private var growing: [FollowedFile.Identity: Growing] = [:]
    /// Of the files that are read whole, and of those that are strange.
    private var seen: [String: Version] = [:]

    /// - Parameter format: Of all files, when it was named.
    package init(_ paths: [String], walker: FileWalker, format: DocumentFormat?) {
        self.paths = paths
        self.walker = walker
        self.format = format
    }

    /// What changed since the last call: of each file of lines at most a piece, so that a large
    /// one does not keep the others waiting. Empty when nothing did.
    package mutating func changes() -> [Change] {
        var result: [Change] = []
        let now = ContinuousClock.now
        for path in paths {
            // A path that is gone may come back: rotation, an editor that saves.
            for file in (try? walker.files(at: path)) ?? [] {
                guard let version = Version(of: file) else { continue }
                if growing[version.identity] != nil {
                    growing[version.identity]?.lastSeen = now
                } else if version != seen[file] {
                    note(file, version, &result)
                }
            }
        }
        for (identity, entry) in growing {
            do throws(IngestError) {
                if let lines = try entry.file.next() {
                    growing[identity]?.lastSeen = now
                    result.append(.lines(lines))
                } else if now - entry.lastSeen > Self.patience {
                    growing[identity] = nil
                    if let rest = entry.file.rest() { result.append(.lines(rest)) }
                }
            } catch {
                growing[identity] = nil
                result.append(.strange(entry.file.path, error))
            }
        }
        return result
    }

    /// A file that is new, or changed and is read whole.
    private mutating func note(_ file: String, _ version: Version, _ result: inout [Change]) {
        do throws(IngestError) {
            if try isOfLines(file) {
                let opened = try FollowedFile(path: file)
                growing[opened.identity] = Growing(file: opened, lastSeen: .now)
            } else if version.byteCount > 0 {
                seen[file] = version
                result.append(.file(file))
            }
            // An empty file has no form yet.
        } catch {
            seen[file] = version
            result.append(.strange(file, error))
        }
    }

    /// Whether each line is a document: packed files and other formats are read whole.
    private func isOfLines(_ file: String) throws(IngestError) -> Bool {
        if [".gz", ".zst", ".zstd"].contains(where: file.lowercased().hasSuffix) { return false }
        return try DocumentFormat.detect(ByteInput(path: file), named: format) == .jsonl
    }
}
