/// `trawl bench NAME`: figures of one part on this machine.
enum BenchCommand {
    static let command = Command(
        name: "bench", summary: "Measure a part of the engine on this machine.",
        subcommands: [
            BenchAggs.command,
            BenchDocuments.command,
            BenchHighlight.command,
            BenchIndex.command,
            BenchJSON.command,
            BenchLog.command,
            BenchServe.command,
            BenchStartup.command,
            BenchText.command,
            BenchWriter.command,
        ])
}
