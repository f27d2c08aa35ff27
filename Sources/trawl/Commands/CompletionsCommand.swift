/// `trawl completions SHELL`: scripts made from the table of verbs.
enum CompletionsCommand {
    static let command = Command(
        name: "completions", summary: "Print completions for bash, zsh or fish.",
        operands: "bash|zsh|fish", operandCount: 1...1,
        examples: ["trawl completions bash > ~/.local/share/bash-completion/completions/trawl"]
    ) { arguments, output in
        switch arguments.operands[0] {
        case "bash": output.line(bash(Trawl.commands))
        case "zsh": output.line("autoload -U bashcompinit; bashcompinit\n" + bash(Trawl.commands))
        case "fish": output.line(fish(Trawl.commands))
        case let other:
            throw UsageError(
                "no completions for \"\(other)\"",
                nearest: Suggestion.nearest(to: other, among: ["bash", "zsh", "fish"]),
                help: "trawl completions --help")
        }
        return .success
    }

    static func bash(_ commands: [Command]) -> String {
        var cases = ""
        for (path, words) in entries(commands) {
            cases += "    \"\(path)\") words=\"\(words.joined(separator: " "))\" ;;\n"
        }
        return """
            _trawl() {
              local path="" word words=""
              for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                case "$word" in -*) ;; *) path="${path:+$path }$word" ;; esac
              done
              while :; do
                case "$path" in
            \(cases)    esac
                if [ -n "$words" ] || [ -z "$path" ]; then break; fi
                case "$path" in *" "*) path="${path% *}" ;; *) path="" ;; esac
              done
              COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
              [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -F _trawl trawl
            """
    }

    static func fish(_ commands: [Command]) -> String {
        var lines: [String] = []
        for command in commands {
            lines.append(
                "complete -c trawl -n __fish_use_subcommand -a \(command.name) "
                    + "-d '\(quoted(command.summary))'")
            let scope = "'__fish_seen_subcommand_from \(command.name)'"
            for sub in command.subcommands {
                lines.append(
                    "complete -c trawl -n \(scope) -a \(sub.name) -d '\(quoted(sub.summary))'")
            }
            let options = command.options + command.subcommands.flatMap(\.options)
            var seen: Set<String> = []
            for option in options where seen.insert(option.name).inserted {
                let takes = option.value == nil ? "" : " -r"
                lines.append(
                    "complete -c trawl -n \(scope) -l \(option.name)\(takes) "
                        + "-d '\(quoted(option.help))'")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        text.map { $0 == "'" ? "\\'" : String($0) }.joined()
    }

    /// What may follow each path of verbs.
    private static func entries(
        _ commands: [Command], path: String = ""
    ) -> [(path: String, words: [String])] {
        var result: [(String, [String])] = []
        if path.isEmpty { result.append(("", commands.map(\.name) + ["--help", "--version"])) }
        for command in commands {
            let own = path.isEmpty ? command.name : path + " " + command.name
            let words =
                command.subcommands.map(\.name) + command.options.map { "--" + $0.name }
                + ["--help"]
            result.append((own, words))
            result += entries(command.subcommands, path: own)
        }
        return result
    }
}
