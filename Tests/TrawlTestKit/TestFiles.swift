internal import Foundation
package import TrawlFiles

/// A new directory that is removed when this goes.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() throws {
        let name = "trawl-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
        path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    package func store() throws -> any FileStore { try PosixFileStore(path) }
}

/// The material that tests read and that is not part of the project's files: conformance data,
/// text collections.
package enum SharedData {
    /// Named by `TRAWL_SHARED`, or a folder `shared` beside or above this source file. Nil when
    /// there is none; then a test says so and does nothing.
    package static let directory: String? = {
        if let named = ProcessInfo.processInfo.environment["TRAWL_SHARED"] { return named }
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("shared")
            let readme = candidate.appendingPathComponent("conformance/README.md")
            if FileManager.default.fileExists(atPath: readme.path) { return candidate.path }
            folder.deleteLastPathComponent()
        }
        return nil
    }()

    /// The path of something in it; nil, and a line on what is skipped, when it is not there.
    package static func path(_ relative: String) -> String? {
        if let directory {
            let path = directory + "/" + relative
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        print("skipped: shared/\(relative) is not here (set TRAWL_SHARED to its folder)")
        return nil
    }

    package static func bytes(_ relative: String) throws -> [UInt8]? {
        guard let path = path(relative) else { return nil }
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

/// Bytes that a released version wrote, kept for ever beside the tests.
package enum Golden {
    /// The bytes of `Golden/NAME` beside the test file. With `TRAWL_WRITE_GOLDEN=1`, a file that
    /// is not there is written first from `make()`; one that is there is never overwritten.
    package static func bytes(
        _ name: String, testFile: String = #filePath, make: () throws -> [UInt8]
    ) throws -> [UInt8] {
        let url = URL(fileURLWithPath: testFile).deletingLastPathComponent()
            .appendingPathComponent("Golden").appendingPathComponent(name)
        let mayWrite = ProcessInfo.processInfo.environment["TRAWL_WRITE_GOLDEN"] == "1"
        if mayWrite, !FileManager.default.fileExists(atPath: url.path) {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(try make()).write(to: url)
        }
        return Array(try Data(contentsOf: url))
    }
}

/// Directories made without syncs, for tests that need very many.
package enum Directories {
    package static func make(_ path: String, file: String, bytes: [UInt8]) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + file))
    }
}
