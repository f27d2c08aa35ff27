internal import Glibc
internal import TrawlNode

/// `trawl serve`: one node, until it is told to stop.
enum ServeCommand {
    static let command: Command = Command(
        name: "serve", summary: "Start a node that answers the Elasticsearch API.",
        details: "Stops on SIGINT and SIGTERM: finishes what is under way, commits, exits 0.",
        options: [
            .init(name: "data", value: "DIR", help: "where the data is (default: trawl-data)"),
            .init(
                name: "listen", value: "HOST:PORT",
                help: "default 127.0.0.1:9200; port 0 lets the system choose"),
            .init(name: "name", value: "NAME", help: "the node's name"),
            .init(name: "cluster-name", value: "NAME", help: "the cluster's name"),
            .init(
                name: "config", value: "FILE",
                help: "settings, name = value (default: trawl.conf, if it is there)"),
            .init(
                name: "secret-file", value: "FILE",
                help: "the cluster's secret; with it the node takes part in a cluster"),
            .init(
                name: "join", value: "HOST:PORT",
                help: "where the first node of the cluster listens for others"),
            .init(
                name: "cluster-listen", value: "HOST:PORT",
                help: "where this node listens for others (default 127.0.0.1:9300)"),
            .init(
                name: "zone", value: "ZONE", help: "copies of a shard go to different zones first"),
            .init(
                name: "weight", value: "NUMBER", help: "how much it keeps, compared with others"),
            .init(name: "port-file", value: "FILE", help: "write the port there once it listens"),
        ],
        examples: [
            "trawl serve", "trawl serve --data /tmp/try --listen 127.0.0.1:0",
            "trawl serve --data b --listen 127.0.0.1:9201 --secret-file secret "
                + "--cluster-listen 127.0.0.1:9301 --join 127.0.0.1:9300",
        ]
    ) { arguments, output in
        let arguments = try Settings(arguments, of: command.options).completed
        var configuration = NodeConfiguration()
        if let directory = arguments.value("data") { configuration.dataDirectory = directory }
        if let name = arguments.value("name") { configuration.name = name }
        if let name = arguments.value("cluster-name") { configuration.clusterName = name }
        if let address = arguments.value("listen") {
            (configuration.host, configuration.port) = try parse(address)
        }
        configuration.cluster = try ClusterArguments.read(arguments, configuration)
        configuration.log = { line in
            // One write, so that lines of several threads do not mix.
            let bytes = Array("trawl: \(line)\n".utf8)
            _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
        }
        // Signals are taken by `sigwait` below; threads made from here on inherit the mask.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        let node = try Node(configuration)
        let milliseconds = Int(node.startTime / .milliseconds(1))
        output.line("trawl listens on \(node.url)  (started in \(milliseconds) ms)")
        output.line("data in \(configuration.dataDirectory)")
        if let address = node.peerAddress {
            output.line(
                "member of the cluster \(configuration.clusterName), for others: \(address)")
        }
        output.line("try:")
        output.line("  curl \(node.url)")
        output.line(
            "  curl -X PUT '\(node.url)/notes/_doc/1?refresh' -H 'Content-Type: application/json' "
                + "-d '{\"text\": \"herring net\"}'")
        output.line("  curl '\(node.url)/notes/_search?q=herring&pretty'")
        output.flush()
        if let file = arguments.value("port-file") { try write(node.port, to: file) }
        var signal: Int32 = 0
        unsafe sigwait(&signals, &signal)
        output.line("stopping")
        output.flush()
        node.stop()
        return .success
    }

    private static func parse(_ address: String) throws(UsageError) -> (String, Int) {
        guard let colon = address.lastIndex(of: ":"),
            let port = Int(address[address.index(after: colon)...]), (0...65_535).contains(port)
        else {
            throw UsageError(
                "--listen takes HOST:PORT, not \"\(address)\"", help: "trawl serve --help")
        }
        let host = address[..<colon].filter { $0 != "[" && $0 != "]" }
        return (host.isEmpty ? "127.0.0.1" : String(host), port)
    }

    /// Whole or not at all: whoever waits for the file reads the port at once.
    private static func write(_ port: Int, to path: String) throws {
        let beside = path + ".part"
        guard let file = unsafe fopen(beside, "w") else {
            throw UsageError("cannot write \(path)", help: "trawl serve --help")
        }
        unsafe fputs("\(port)\n", file)
        unsafe fclose(file)
        _ = unsafe rename(beside, path)
    }
}
