/// Help, made from the table of verbs.
enum HelpPage {
    static func overview(of commands: [Command]) -> String {
        let width = commands.map(\.name.count).max() ?? 0
        let verbs = commands.map { command in
            "  " + command.name.padded(to: width) + "  " + command.summary
        }
        return """
            Trawl \(Trawl.version): full-text search whose answers can be checked.

            Usage: trawl VERB …

            \(verbs.joined(separator: "\n"))

            trawl VERB --help tells about one; results go to standard output, everything else
            to standard error. Exit status: 0 done, 1 failed, 2 wrong usage or request,
            3 not found, 4 conflict, 5 overloaded, 6 unavailable, 7 timed out, 8 corrupted.
            """
    }

    static func page(of command: Command, called names: String) -> String {
        var lines = [command.summary, ""]
        if command.action != nil {
            var usage = "Usage: trawl \(names)"
            if !command.operands.isEmpty { usage += " " + command.operands }
            if !command.options.isEmpty { usage += " [OPTION]…" }
            lines.append(usage)
        }
        if !command.subcommands.isEmpty {
            if command.action == nil { lines.append("Usage: trawl \(names) VERB …") }
            lines.append("")
            let width = command.subcommands.map(\.name.count).max() ?? 0
            for sub in command.subcommands {
                lines.append("  " + sub.name.padded(to: width) + "  " + sub.summary)
            }
        }
        if !command.details.isEmpty {
            lines.append("")
            for line in command.details.split(separator: "\n", omittingEmptySubsequences: false) {
                lines += wrapped(line, from: 0)
            }
        }
        if !command.options.isEmpty {
            lines.append("")
            let heads = command.options.map(head)
            let width = min(28, heads.map(\.count).max() ?? 0)
            for (option, head) in zip(command.options, heads) {
                let help = wrapped(option.help[...], from: width + 4)
                if head.count > width {
                    lines.append("  " + head)
                    lines += help.map { "".padded(to: width + 4) + $0 }
                } else {
                    lines.append("  " + head.padded(to: width) + "  " + (help.first ?? ""))
                    lines += help.dropFirst().map { "".padded(to: width + 4) + $0 }
                }
            }
        }
        if !command.examples.isEmpty {
            lines += ["", command.examples.count == 1 ? "Example:" : "Examples:"]
            lines += command.examples.map { "  " + $0 }
        }
        return lines.joined(separator: "\n")
    }

    /// A line broken between words where it would be wider than a page.
    private static func wrapped(_ line: Substring, from column: Int) -> [String] {
        var lines: [String] = []
        var open = ""
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            if !open.isEmpty, column + open.count + 1 + word.count > pageWidth {
                lines.append(open)
                open = String(word)
            } else {
                open += (open.isEmpty ? "" : " ") + word
            }
        }
        return lines + [open]
    }

    private static let pageWidth = 96

    private static func head(of option: Command.Option) -> String {
        let short = option.short.map { "-\($0), " } ?? ""
        return short + "--" + option.name + (option.value.map { " " + $0 } ?? "")
    }
}
