/// A verb of the command line. Help pages, usage errors and shell completions are all made from
/// this one description.
struct Command: Sendable {
    typealias Action =
        @Sendable (_ arguments: Arguments, _ output: inout Output) throws -> ExitStatus

    var name: String
    /// One line, for the list of verbs.
    var summary: String
    /// What stands after the verb besides options, such as `INDEX [FILE|DIR|-]…`.
    var operands: String = ""
    /// How many operands there may be.
    var operandCount: ClosedRange<Int> = 0...0
    /// A paragraph for the help page.
    var details: String = ""
    var options: [Option] = []
    /// Lines that work when pasted.
    var examples: [String] = []
    var subcommands: [Command] = []
    var action: Action?

    struct Option: Sendable {
        /// Without dashes: `refresh-interval`.
        var name: String
        var short: Character?
        /// The name of its value; nil for a switch.
        var value: String?
        var help: String
        var repeats = false

        static func flag(_ name: String, _ short: Character? = nil, _ help: String) -> Option {
            Option(name: name, short: short, value: nil, help: help)
        }

        static func value(
            _ name: String, _ value: String, _ help: String, short: Character? = nil,
            repeats: Bool = false
        ) -> Option {
            Option(name: name, short: short, value: value, help: help, repeats: repeats)
        }

        static let json = flag("json", nil, "Print JSON for machines.")
        static let data = value("data", "DIR", "Where the data lies (default: ./trawl-data).")
        static let url = value("url", "URL", "Talk to the node at URL instead of a directory.")
    }

    /// Follows the words down to the verb they name.
    static func find(
        _ words: [String], among commands: [Command]
    ) throws(UsageError) -> (command: Command, names: String, rest: [String]) {
        guard let first = words.first, let command = commands.first(where: { $0.name == first })
        else {
            let word = words.first ?? ""
            let near = Suggestion.nearest(to: word, among: commands.map(\.name))
            throw UsageError("there is no verb \"\(word)\"", nearest: near, help: "trawl --help")
        }
        let rest = Array(words.dropFirst())
        guard !command.subcommands.isEmpty, let next = rest.first, !next.hasPrefix("-") else {
            return (command, first, rest)
        }
        if command.action != nil, !command.subcommands.contains(where: { $0.name == next }) {
            return (command, first, rest)
        }
        do throws(UsageError) {
            let found = try find(rest, among: command.subcommands)
            return (found.command, first + " " + found.names, found.rest)
        } catch {
            var error = error
            error.help = "trawl \(first) --help"
            throw error
        }
    }
}
