internal import TrawlJSON

/// `trawl config`: what a node would be started with.
enum ConfigCommand {
    static let command = Command(
        name: "config", summary: "Show the settings of a node, and where they come from.",
        subcommands: [show])

    private static let show = Command(
        name: "show", summary: "Every setting, its value and its meaning.",
        details: """
            trawl.conf (in this directory, or named by --config or TRAWL_CONFIG) says name = value;
            TRAWL_NAME in the environment stands over it, an option of trawl serve over both.
            """,
        options: [.flag("origin", nil, "Tell where each value comes from."), .json]
            + ServeCommand.command.options.filter { $0.name != "port-file" },
        examples: ["trawl config show --origin"]
    ) { arguments, output in
        let settings = try Settings(arguments, of: ServeCommand.command.options)
        if arguments.has("json") {
            var object = JSONObject()
            for setting in settings.all {
                object[setting.name] = [
                    "value": setting.value.map { .string($0) } ?? .null,
                    "origin": .string(setting.origin.text),
                ]
            }
            output.write(raw: JSONValue.object(object).serialized(pretty: true))
            output.line()
            return .success
        }
        var table = TextTable([(head: "", alignment: .left), (head: "", alignment: .left)])
        for setting in settings.all {
            let value = setting.value.map { "= \($0)" } ?? ""
            let note =
                arguments.has("origin")
                ? "\(setting.origin.text): \(setting.help)" : setting.help
            table.add(["\(setting.name) \(value)", "# \(note)"])
        }
        for line in table.lines() { output.line(line) }
        return .success
    }
}
