internal import TrawlSimulation

/// `trawl sim`: the cluster's cores on one clock and one seed, with faults.
enum SimCommand {
    static let command = Command(
        name: "sim", summary: "Simulate a cluster under faults; replay a seed exactly.",
        details: """
            Runs the real cores of replication, election and placement over a simulated network,
            disks and metadata store. After every event: no two leaders in one epoch, no gap and no
            fork in what was committed, equal content at equal offsets. At rest: nothing that was
            acknowledged is lost, every shard has its copies in sync and alike.
            """,
        options: [
            .value("seed", "S", "First seed (default: 1)."),
            .value("schedules", "N", "How many seeds, one after the other (default: 1)."),
            .value("nodes", "N", "Nodes (default: 5)."),
            .value("copies", "N", "Copies of each shard (default: 3)."),
            .value("shards", "N", "Shards (default: 2)."),
            .value(
                "faults", "NAMES",
                "all, none, or a list of network,partitions,crashes,power,disks,corruption,"
                    + "metadata,moves (default: all)."),
            .flag("trace", nil, "Print every event."),
        ],
        examples: ["trawl sim --seed 42 --nodes 5 --faults all --schedules 100"]
    ) { arguments, output in
        let seed = try arguments.int("seed", default: 1)
        let schedules = try arguments.int("schedules", in: 1...10_000_000, default: 1)
        let nodes = try arguments.int("nodes", in: 1...60, default: 5)
        let copies = try arguments.int("copies", in: 1...nodes, default: min(3, nodes))
        let shards = try arguments.int("shards", in: 1...64, default: 2)
        let faults = try faults(named: arguments.value("faults") ?? "all")
        var total = Simulation.Report()
        for number in 0..<schedules {
            let settings = Simulation.Settings(
                seed: UInt64(seed + number), nodeCount: nodes, shardCount: shards,
                copyCount: copies, faults: faults)
            let trace: ((String) -> Void)? = arguments.has("trace") ? { print($0) } : nil
            var simulation = Simulation(settings, trace: trace)
            let report = simulation.run()
            guard report.violations.isEmpty else {
                for violation in report.violations { output.line(violation) }
                output.line(
                    "Replay: trawl sim --seed \(seed + number) --nodes \(nodes) --copies \(copies) "
                        + "--shards \(shards) --faults \(arguments.value("faults") ?? "all")")
                return .failure
            }
            total.add(report)
        }
        output.line(
            "\(schedules) schedules, \(total.eventCount) events: \(total.acknowledged) changes "
                + "acknowledged, \(total.elections) elections, \(total.crashes) crashes, "
                + "\(total.truncations) truncations, \(total.bootstraps) new copies, "
                + "\(total.moves) moves. Every invariant held.")
        return .success
    }

    private static func faults(named text: String) throws(UsageError) -> Faults {
        var faults: Faults = []
        for name in text.split(separator: ",") {
            guard let found = Faults.names.first(where: { $0.name == name }) else {
                throw UsageError(
                    "there is no fault \"\(name)\"",
                    nearest: Suggestion.nearest(
                        to: String(name), among: Faults.names.map(\.name)),
                    help: "trawl sim --help")
            }
            faults.formUnion(found.fault)
        }
        return faults
    }
}
