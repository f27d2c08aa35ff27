internal import Glibc
internal import TrawlErrors

/// The command line: finds the verb, reads its arguments, runs it, and turns what it throws into
/// a message and an exit status.
@main
enum Trawl {
    static let version = "0.1.0"

    /// Every verb, in the order of the help page.
    static let commands: [Command] = [
        IndexCommand.command,
        SearchCommand.command,
        IndicesCommand.command,
        AnalyzeCommand.command,
        ServeCommand.command,
        DevCommand.command,
        ClusterCommand.command,
        SimCommand.command,
        EvalCommand.command,
        CheckCommand.command,
        SyncCommand.command,
        LogCommand.command,
        ConfigCommand.command,
        BenchCommand.command,
        CompletionsCommand.command,
    ]

    static func main() {
        // A reader that goes away ends the program quietly, through a failed write.
        signal(SIGPIPE, SIG_IGN)
        // Whoever started the program may have left Ctrl-C blocked.
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_UNBLOCK, &all, nil)
        var output = Output.standard
        let status = run(Array(CommandLine.arguments.dropFirst()), output: &output)
        output.flush()
        exit(status.rawValue)
    }

    static func run(_ words: [String], output: inout Output) -> ExitStatus {
        do throws(UsageError) {
            switch words.first {
            case nil, "help", "--help", "-h":
                return try showHelp(of: words.dropFirst(), output: &output)
            case "--version", "-V", "version":
                output.line("trawl \(version)")
                return .success
            default:
                return try runVerb(words, output: &output)
            }
        } catch {
            Output.error("trawl: \(error)")
            return .usage
        }
    }

    private static func showHelp(
        of path: ArraySlice<String>, output: inout Output
    ) throws(UsageError) -> ExitStatus {
        guard !path.isEmpty else {
            output.line(HelpPage.overview(of: commands))
            return .success
        }
        let (command, names, _) = try Command.find(Array(path), among: commands)
        output.line(HelpPage.page(of: command, called: names))
        return .success
    }

    private static func runVerb(
        _ words: [String], output: inout Output
    ) throws(UsageError) -> ExitStatus {
        let (command, names, rest) = try Command.find(words, among: commands)
        if Arguments.asksForHelp(rest, options: command.options) {
            output.line(HelpPage.page(of: command, called: names))
            return .success
        }
        guard let action = command.action else {
            let known = command.subcommands.map(\.name).joined(separator: ", ")
            throw UsageError(
                "\"\(names)\" needs one of: \(known)", help: "trawl \(names) --help")
        }
        let arguments = try Arguments(rest, of: command, called: names)
        do {
            return try action(arguments, &output)
        } catch let error as UsageError {
            throw error
        } catch let error as any TrawlError {
            output.flush()
            Output.error("trawl \(names): \(error)")
            return ExitStatus(error.kind)
        } catch {
            output.flush()
            Output.error("trawl \(names): \(error)")
            return .failure
        }
    }
}
