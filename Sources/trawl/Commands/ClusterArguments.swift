internal import TrawlNode

/// What `serve` is told about the cluster.
enum ClusterArguments {
    static func read(
        _ arguments: Arguments, _ configuration: NodeConfiguration
    ) throws -> ClusterSettings? {
        func refuse(_ problem: String) -> UsageError {
            UsageError(problem, help: "trawl serve --help")
        }
        guard let file = arguments.value("secret-file") else {
            for name in ["join", "cluster-listen", "zone", "weight"]
            where arguments.value(name) != nil {
                throw refuse("--\(name) needs --secret-file: a cluster takes no strangers")
            }
            return nil
        }
        var secret = try TextFile.read(file)
        while let last = secret.last, last == 10 || last == 13 || last == 32 { secret.removeLast() }
        guard secret.count >= ClusterSettings.minSecretByteCount else {
            throw refuse(
                "\(file) holds \(secret.count) bytes; a secret has at least "
                    + "\(ClusterSettings.minSecretByteCount), such as from: openssl rand -hex 32")
        }
        let settings = ClusterSettings(
            secret: secret, clusterName: configuration.clusterName,
            listen: arguments.value("cluster-listen") ?? "127.0.0.1:9300",
            join: arguments.value("join"))
        guard var settings else { throw refuse("--join and --cluster-listen take HOST:PORT") }
        var weight = 1.0
        if let text = arguments.value("weight") {
            guard let number = Double(text), number > 0, number <= 1000 else {
                throw refuse("--weight takes a number above 0, not \"\(text)\"")
            }
            weight = number
        }
        settings.place(zone: arguments.value("zone") ?? "", weight: weight)
        return settings
    }
}
