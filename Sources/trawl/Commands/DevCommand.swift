internal import Glibc
internal import TrawlHTTP

/// `trawl dev`: a cluster on this machine, for trying, with a switch that kills nodes.
enum DevCommand {
    static let command = Command(
        name: "dev", summary: "Run a cluster on this machine, for trying.",
        details: "Reads commands from the terminal while it runs: kill N, stop N, pause N, go N, "
            + "start N, status, quit. Kill is as if the power of node N failed.",
        options: [
            .value("nodes", "N", "How many nodes (default: 3)."),
            .value("port", "PORT", "Of the first node; the others follow (default: 9200)."),
            .value("data", "DIR", "Where the data lies (default: ./trawl-dev)."),
        ], examples: ["trawl dev", "trawl dev --nodes 5 --port 9400"]
    ) { arguments, output in
        let count = try arguments.int("nodes", in: 1...20, default: 3)
        let port = try arguments.int("port", in: 1...64_000, default: 9200)
        let cluster = try DevCluster(
            directory: arguments.value("data") ?? "trawl-dev", nodeCount: count, port: port)
        defer { cluster.end() }
        for number in 1...count {
            try cluster.start(number)
            output.line("node \(number): \(cluster.url(number))")
            output.flush()
        }
        output.line("kill N · stop N · pause N · go N · start N · status · quit")
        output.flush()
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            guard let verb = words.first else { continue }
            if verb == "quit" || verb == "exit" { break }
            do {
                output.line(try perform(verb, words.dropFirst().first, cluster))
            } catch {
                output.line("\(error)")
            }
            output.flush()
        }
        return .success
    }

    private static func perform(
        _ verb: String, _ operand: String?, _ cluster: DevCluster
    ) throws -> String {
        if verb == "status" { return cluster.status() }
        guard ["kill", "stop", "pause", "go", "start"].contains(verb) else {
            return "there is no \"\(verb)\": kill, stop, pause, go, start, status, quit"
        }
        guard let number = operand.flatMap({ Int($0) }), cluster.numbers.contains(number) else {
            return "\(verb) needs a node: 1 to \(cluster.numbers.upperBound)"
        }
        switch verb {
        case "kill": try cluster.signal(number, SIGKILL)
        case "stop": try cluster.signal(number, SIGTERM)
        case "pause": try cluster.signal(number, SIGSTOP)
        case "go": try cluster.signal(number, SIGCONT)
        default: try cluster.start(number)
        }
        return "\(verb) \(number): done"
    }
}

/// The processes of a cluster for trying. Used from one thread.
final class DevCluster {
    let numbers: ClosedRange<Int>
    private let directory: String
    private let port: Int
    private var processes: [Int: pid_t] = [:]
    /// Between the ports for clients and those for other nodes.
    private static let peerDistance = 100

    init(directory: String, nodeCount: Int, port: Int) throws {
        self.directory = directory
        self.port = port
        numbers = 1...nodeCount
        unsafe mkdir(directory, 0o700)
        guard unsafe access(directory, W_OK) == 0 else {
            throw UsageError("cannot write to \(directory)", help: "trawl dev --help")
        }
        if unsafe access(secretFile, F_OK) != 0 { try writeSecret() }
    }

    private var secretFile: String { directory + "/secret" }

    private func writeSecret() throws {
        var random = SystemRandomNumberGenerator()
        let text = (0..<4).map { _ in String(random.next() as UInt64, radix: 16) }.joined()
        let descriptor = unsafe open(secretFile, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard descriptor >= 0, unsafe write(descriptor, bytes, bytes.count) == bytes.count else {
            throw UsageError("cannot write \(secretFile)", help: "trawl dev --help")
        }
    }

    func url(_ number: Int) -> String { "http://127.0.0.1:\(port + number - 1)" }

    private func peer(_ number: Int) -> String {
        "127.0.0.1:\(port + Self.peerDistance + number - 1)"
    }

    /// Starts a node and waits until it answers.
    func start(_ number: Int) throws {
        if isRunning(number) {
            throw UsageError("node \(number) is running", help: "trawl dev --help")
        }
        var words = [
            "trawl", "serve", "--data", "\(directory)/node-\(number)", "--name", "node-\(number)",
            "--cluster-name", "dev", "--listen", "127.0.0.1:\(port + number - 1)",
            "--secret-file", secretFile, "--cluster-listen", peer(number),
        ]
        if number > 1 { words += ["--join", peer(1)] }
        processes[number] = try spawn(words, log: "\(directory)/node-\(number).log")
        let client = HTTPClient(base: url(number), timeout: .seconds(1))
        for _ in 0..<300 {
            if (try? client.send(.get, "/"))?.status == 200 { return }
            guard isRunning(number) else { break }
            usleep(100_000)
        }
        throw UsageError(
            "node \(number) does not answer; see \(directory)/node-\(number).log",
            help: "trawl dev --help")
    }

    private func spawn(_ words: [String], log: String) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(
            &actions, STDOUT_FILENO, log, O_CREAT | O_WRONLY | O_APPEND, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        var pointers = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        var process = pid_t()
        let code = unsafe posix_spawn(
            &process, "/proc/self/exe", &actions, nil, &pointers, environ)
        guard code == 0 else {
            throw UsageError("cannot start a node: error \(code)", help: "trawl dev --help")
        }
        return process
    }

    private func isRunning(_ number: Int) -> Bool {
        guard let process = processes[number] else { return false }
        var status: Int32 = 0
        if unsafe waitpid(process, &status, WNOHANG) == 0 { return true }
        processes[number] = nil
        return false
    }

    func signal(_ number: Int, _ signal: Int32) throws {
        guard isRunning(number), let process = processes[number] else {
            throw UsageError("node \(number) is not running", help: "trawl dev --help")
        }
        Glibc.kill(process, signal)
        guard signal == SIGKILL || signal == SIGTERM else { return }
        var status: Int32 = 0
        unsafe waitpid(process, &status, 0)
        processes[number] = nil
    }

    func status() -> String {
        var lines = numbers.map { "node \($0): \(isRunning($0) ? "runs" : "is gone")" }
        let alive = numbers.first(where: isRunning)
        if let alive,
            let answer = try? HTTPClient(base: url(alive), timeout: .seconds(5))
                .send(.get, "/_cat/shards?v")
        {
            lines.append(String(decoding: answer.body, as: UTF8.self))
        }
        return lines.joined(separator: "\n")
    }

    /// Ends all nodes, those that were paused as well.
    func end() {
        for number in numbers where isRunning(number) {
            try? signal(number, SIGCONT)
            try? signal(number, SIGTERM)
        }
    }
}
