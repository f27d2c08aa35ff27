internal import Glibc

/// The settings of a node: what `trawl.conf` says, over it the environment, over that the options
/// of the command line.
///
/// Every option of `trawl serve` that has a value is a setting, but for those that concern one
/// start alone. `--cluster-name` is `cluster_name` in the file and `TRAWL_CLUSTER_NAME` in the
/// environment.
struct Settings {
    enum Origin: Equatable {
        case option
        case environment(String)
        case file(String, line: Int)
        case builtIn

        var text: String {
            switch self {
            case .option: "command line"
            case .environment(let name): "environment, \(name)"
            case .file(let path, let line): "\(path), line \(line)"
            case .builtIn: "default"
            }
        }
    }

    struct Setting {
        var name: String
        var help: String
        /// Nil when it is left open.
        var value: String?
        var origin: Origin
    }

    private static let ofOneStart = ["config", "port-file"]

    let all: [Setting]
    /// The file that was read.
    let file: String?
    private let arguments: Arguments

    /// - Throws: When the file is not there although it was named, or says what nobody knows.
    init(
        _ arguments: Arguments, of options: [Command.Option],
        environment: (String) -> String? = Terminal.environment
    ) throws {
        let options = options.filter { $0.value != nil && !Self.ofOneStart.contains($0.name) }
        let file = try Self.read(
            arguments.value("config") ?? environment("TRAWL_CONFIG"),
            known: options.map { Self.name(of: $0) })
        self.file = file?.path
        self.arguments = arguments
        all = options.map { option in
            let name = Self.name(of: option)
            let variable = "TRAWL_" + name.uppercased()
            var setting = Setting(name: name, help: option.help, value: nil, origin: .builtIn)
            if let value = arguments.value(option.name) {
                (setting.value, setting.origin) = (value, .option)
            } else if let value = environment(variable), !value.isEmpty {
                (setting.value, setting.origin) = (value, .environment(variable))
            } else if let file, let entry = file.entries.first(where: { $0.name == name }) {
                (setting.value, setting.origin) = (entry.value, .file(file.path, line: entry.line))
            }
            return setting
        }
    }

    /// The command line with what the environment and the file add to it.
    var completed: Arguments {
        var result = arguments
        for setting in all where setting.origin != .option {
            if let value = setting.value {
                result.set(setting.name.replacing("_", with: "-"), to: value)
            }
        }
        return result
    }

    private static func name(of option: Command.Option) -> String {
        option.name.replacing("-", with: "_")
    }

    private static func read(_ named: String?, known: [String]) throws -> ConfigurationFile? {
        let path = named ?? "trawl.conf"
        if named == nil, unsafe access(path, F_OK) != 0 { return nil }
        let text = String(decoding: try TextFile.read(path), as: UTF8.self)
        return try ConfigurationFile(text, path: path, known: known)
    }
}
