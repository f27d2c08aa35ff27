import Foundation
import TrawlCapture
import TrawlTestKit

/// A real PostgreSQL on loopback, in a directory of its own, as an ordinary user.
final class PostgresServer {
    let port: Int
    private let directory: TemporaryDirectory
    private let binaries: String

    struct Failed: Error, CustomStringConvertible { var description: String }

    /// Where the programs are; nil, and a line on what is skipped, when there are none.
    static func binaries() -> String? {
        let folders = [
            "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin",
            "/usr/lib/postgresql/17/bin", "/usr/local/pgsql/bin",
        ]
        let found = folders.first {
            FileManager.default.isExecutableFile(atPath: $0 + "/initdb")
                && FileManager.default.isExecutableFile(atPath: $0 + "/postgres")
        }
        if found == nil { print("skipped: no PostgreSQL server here (Debian: postgresql-15)") }
        return found
    }

    init(_ options: String = "") throws {
        guard let binaries = Self.binaries() else { throw Failed(description: "no PostgreSQL") }
        self.binaries = binaries
        directory = try TemporaryDirectory()
        if getuid() == 0 { try Self.run("chown postgres \(directory.path)", in: directory.path) }
        port = try Self.freePort()
        try asUser(
            "\(binaries)/initdb -D \(directory.path)/d -A trust -U postgres --no-sync >/dev/null")
        let settings = """

            port = \(port)
            listen_addresses = '127.0.0.1'
            unix_socket_directories = ''
            wal_level = logical
            max_replication_slots = 8
            max_wal_senders = 8
            fsync = off
            \(options)
            """
        let file = "\(directory.path)/d/postgresql.conf"
        var text = try String(contentsOfFile: file, encoding: .utf8)
        text += settings
        try text.write(toFile: file + ".new", atomically: false, encoding: .utf8)
        try Self.run("cat \(file).new >> \(file)", in: directory.path)
        try start()
    }

    deinit { try? stop("immediate") }

    /// Another server, at the same address.
    func replace() throws {
        try stop("immediate")
        try asUser(
            "cp \(directory.path)/d/postgresql.conf \(directory.path)/conf && rm -rf "
                + "\(directory.path)/d && \(binaries)/initdb -D \(directory.path)/d -A trust "
                + "-U postgres --no-sync >/dev/null && cp \(directory.path)/conf "
                + "\(directory.path)/d/postgresql.conf")
        try start()
    }

    /// The same data goes on from here on as another future: what a standby does when it takes over.
    func promote() throws {
        try stop("fast")
        try asUser("touch \(directory.path)/d/standby.signal")
        try start()
        try asUser(
            "\(binaries)/pg_ctl -D \(directory.path)/d -w promote >/dev/null 2>&1")
    }

    func start() throws {
        try asUser(
            "\(binaries)/pg_ctl -D \(directory.path)/d -w -l \(directory.path)/log start >/dev/null"
        )
    }

    func stop(_ mode: String) throws {
        try asUser("\(binaries)/pg_ctl -D \(directory.path)/d -w -m \(mode) stop >/dev/null")
    }

    func url(_ database: String = "postgres", user: String = "postgres") -> String {
        "postgres://\(user)@127.0.0.1:\(port)/\(database)"
    }

    func connect(_ database: String = "postgres") throws -> PgConnection {
        try PgConnection(url: url(database), shown: "the test's server")
    }

    private func asUser(_ line: String) throws {
        try Self.run(
            getuid() == 0
                ? "setpriv --reuid=postgres --regid=postgres --clear-groups -- sh -c '\(line)'"
                : line, in: directory.path)
    }

    private static func run(_ line: String, in folder: String) throws {
        // A server that keeps what Foundation's Process waits for would be waited for.
        let alone =
            "( for f in /proc/$BASHPID/fd/*; do n=${f##*/}; [ $n -gt 2 ] && eval \"exec $n>&-\"; "
            + "done 2>/dev/null; cd \(folder) && \(line) )"
        let result = try RealProgram.shell(alone, in: "/tmp")
        guard result.status == 0 else {
            throw Failed(description: "\(line): \(result.output)\(result.error)")
        }
    }

    private static func freePort() throws -> Int {
        let result = try RealProgram.shell(
            "for p in $(shuf -i 20000-32000 -n 50); do "
                + "(exec 3<>/dev/tcp/127.0.0.1/$p) 2>/dev/null || { echo $p; break; }; done",
            in: "/tmp")
        guard let port = Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Failed(description: "no free port: \(result.error)")
        }
        return port
    }
}
