internal import Foundation
internal import Glibc

/// The program as people run it, in a process of its own: what `swift build` put beside the tests.
package enum RealProgram {
    package struct Result: Sendable {
        package var status: Int32
        package var output: String
        package var error: String
    }

    /// The path of the program.
    package static let path: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let folder = URL(fileURLWithPath: tests ?? CommandLine.arguments[0])
            .deletingLastPathComponent()
        return folder.appendingPathComponent("trawl").path
    }()

    /// The repository's top folder.
    package static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static func environment(_ changes: [String: String]) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        for name in environment.keys where name.hasPrefix("TRAWL_") { environment[name] = nil }
        for name in ["NO_COLOR", "PAGER", "COLUMNS"] { environment[name] = nil }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        environment["PATH"] = folder + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
        environment["TERM"] = "xterm"
        return environment.merging(changes) { $1 }
    }

    private static func process(
        _ executable: String, _ words: [String], in directory: String,
        _ changes: [String: String]
    ) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = environment(changes)
        return process
    }

    /// Runs `trawl` with these words to its end.
    package static func run(
        _ words: [String], in directory: String, input: String = "",
        environment: [String: String] = [:]
    ) throws -> Result {
        try finish(
            process(path, words, in: directory, environment), in: directory, input: input)
    }

    /// Runs a line of bash to its end, `trawl` being on the path.
    package static func shell(
        _ line: String, in directory: String, environment: [String: String] = [:]
    ) throws -> Result {
        try finish(
            process("/bin/bash", ["-c", line], in: directory, environment), in: directory,
            input: "")
    }

    private static func finish(
        _ process: Process, in directory: String, input: String
    ) throws -> Result {
        // Files rather than pipes: nothing blocks, whatever the order of reading.
        let name = directory + "/.run-\(UInt64.random(in: .min ... .max))"
        func file(_ ending: String, _ content: String) throws -> FileHandle {
            try Data(content.utf8).write(to: URL(fileURLWithPath: name + ending))
            return FileHandle(forUpdatingAtPath: name + ending)!
        }
        defer {
            for ending in [".in", ".out", ".err"] { _ = unsafe unlink(name + ending) }
        }
        process.standardInput = try file(".in", input)
        process.standardOutput = try file(".out", "")
        process.standardError = try file(".err", "")
        try process.run()
        process.waitUntilExit()
        func text(_ ending: String) throws -> String {
            String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: name + ending)), as: UTF8.self)
        }
        let isKilled = process.terminationReason == .uncaughtSignal
        return Result(
            status: isKilled ? 128 + process.terminationStatus : process.terminationStatus,
            output: try text(".out"), error: try text(".err"))
    }

    /// Runs `trawl` on a terminal of this size. What it writes to it is `output`, errors included.
    package static func onTerminal(
        _ words: [String], in directory: String, columns: UInt16 = 80, rows: UInt16 = 24,
        environment: [String: String] = [:]
    ) throws -> Result {
        // What posix_openpt, unlockpt and ptsname do on Linux; Glibc's module does not show them.
        let leader = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var locked: Int32 = 0
        var number: UInt32 = 0
        guard leader >= 0, unsafe ioctl(leader, 0x4004_5431, &locked) == 0,
            unsafe ioctl(leader, 0x8004_5430, &number) == 0
        else { throw NoTerminal() }
        defer { close(leader) }
        let terminal = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        guard terminal >= 0 else { throw NoTerminal() }
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = unsafe ioctl(leader, UInt(TIOCSWINSZ), &size)
        let process = process(path, words, in: directory, environment)
        let handle = FileHandle(fileDescriptor: terminal, closeOnDealloc: false)
        process.standardInput = handle
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        close(terminal)
        // The terminal is at its end (EIO) once the program and all it started are gone.
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(leader, &piece, piece.count)
            if count > 0 { bytes += piece.prefix(count) } else if errno != EINTR { break }
        }
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: bytes, as: UTF8.self),
            error: "")
    }

    private struct NoTerminal: Error {}

    /// A process that goes on while the test does other things.
    package final class Running: @unchecked Sendable {
        // Foundation's Process may be asked and signalled from any thread.
        private let process: Process
        private let name: String

        package init(
            _ words: [String], in directory: String, environment: [String: String] = [:]
        ) throws {
            process = RealProgram.process(RealProgram.path, words, in: directory, environment)
            name = directory + "/.run-\(UInt64.random(in: .min ... .max))"
            for ending in [".out", ".err"] {
                try Data().write(to: URL(fileURLWithPath: name + ending))
            }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle(forWritingAtPath: name + ".out")
            process.standardError = FileHandle(forWritingAtPath: name + ".err")
            try process.run()
        }

        deinit {
            if process.isRunning { signal(SIGKILL) }
            for ending in [".out", ".err"] { _ = unsafe unlink(name + ending) }
        }

        package var isRunning: Bool { process.isRunning }
        package var output: String { text(".out") }
        package var error: String { text(".err") }

        private func text(_ ending: String) -> String {
            let data = try? Data(contentsOf: URL(fileURLWithPath: name + ending))
            return String(decoding: data ?? Data(), as: UTF8.self)
        }

        package func signal(_ number: Int32) { kill(process.processIdentifier, number) }

        /// Waits for the end; the exit status, 128 and the signal when one ended it.
        package func wait() -> Int32 {
            process.waitUntilExit()
            let isKilled = process.terminationReason == .uncaughtSignal
            return isKilled ? 128 + process.terminationStatus : process.terminationStatus
        }
    }

    /// A node on a port that the system chose.
    package final class RunningNode: Sendable {
        package let process: Running
        package let port: Int
        package var url: String { "http://127.0.0.1:\(port)" }

        package init(
            data: String, in directory: String, port: Int = 0, _ options: [String] = []
        ) throws {
            let file = directory + "/.port-\(UInt64.random(in: .min ... .max))"
            process = try Running(
                [
                    "serve", "--data", data, "--listen", "127.0.0.1:\(port)", "--port-file", file,
                ] + options, in: directory)
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                if let text = try? String(contentsOfFile: file, encoding: .utf8),
                    let port = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
                {
                    self.port = port
                    _ = unsafe unlink(file)
                    return
                }
                guard process.isRunning, ContinuousClock.now < deadline else {
                    throw NotListening(error: process.error)
                }
                usleep(20_000)
            }
        }

        package func kill() {
            process.signal(SIGKILL)
            _ = process.wait()
        }
    }

    package struct NotListening: Error {
        package var error: String
    }
}
