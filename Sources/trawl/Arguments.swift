/// The words after a verb, sorted into options and operands.
///
/// `--name value`, `--name=value`, `-n value` and switches; `--` ends the options; a lone `-`
/// is an operand (standard input).
struct Arguments: Sendable {
    private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]
    /// The verb as it was called, for messages: `log append`.
    let called: String

    init(_ words: [String], of command: Command, called: String) throws(UsageError) {
        self.called = called
        let help = "trawl \(called) --help"
        var rest = words[...]
        var optionsEnded = false
        while let word = rest.popFirst() {
            if optionsEnded || word == "-" || !word.hasPrefix("-") {
                operands.append(word)
            } else if word == "--" {
                optionsEnded = true
            } else {
                let (option, attached) = try Self.option(word, of: command, help: help)
                if option.value == nil {
                    guard attached == nil else {
                        throw UsageError("--\(option.name) takes no value", help: help)
                    }
                    values[option.name] = [""]
                } else {
                    guard let value = attached ?? rest.popFirst() else {
                        throw UsageError(
                            "--\(option.name) needs a value: \(option.value ?? "")", help: help)
                    }
                    if !option.repeats, values[option.name] != nil {
                        throw UsageError("--\(option.name) was given twice", help: help)
                    }
                    values[option.name, default: []].append(value)
                }
            }
        }
        guard command.operandCount.contains(operands.count) else {
            let problem =
                operands.count < command.operandCount.lowerBound
                ? "something is missing" : "unexpected \"\(operands.last ?? "")\""
            throw UsageError(
                "\(problem): the form is trawl \(called) \(command.operands)", help: help)
        }
    }

    private static func option(
        _ word: String, of command: Command, help: String
    ) throws(UsageError) -> (Command.Option, attached: String?) {
        if word.hasPrefix("--") {
            let body = word.dropFirst(2)
            let name = String(body.prefix { $0 != "=" })
            let attached = body.count > name.count ? String(body.dropFirst(name.count + 1)) : nil
            if let found = command.options.first(where: { $0.name == name }) {
                return (found, attached)
            }
            let near = Suggestion.nearest(to: name, among: command.options.map(\.name))
            throw UsageError(
                "unknown option --\(name)", nearest: near.map { "--" + $0 }, help: help)
        }
        let letter = word.dropFirst().first
        guard let found = command.options.first(where: { $0.short != nil && $0.short == letter })
        else { throw UsageError("unknown option \(word)", help: help) }
        let attached = word.count > 2 ? String(word.dropFirst(2)) : nil
        return (found, attached)
    }

    /// Whether `--help` or `-h` stands among the options.
    static func asksForHelp(_ words: [String], options: [Command.Option]) -> Bool {
        for word in words {
            if word == "--" { return false }
            if word == "--help" { return true }
            if word == "-h", !options.contains(where: { $0.short == "h" }) { return true }
        }
        return false
    }

    /// Adds an option as if it had been given.
    mutating func set(_ name: String, to value: String) { values[name] = [value] }

    func has(_ name: String) -> Bool { values[name] != nil }

    func value(_ name: String) -> String? { values[name]?.last }

    func values(_ name: String) -> [String] { values[name] ?? [] }

    /// A whole number in a range, or the default when the option was not given.
    func int(
        _ name: String, in range: ClosedRange<Int> = 0...Int.max, default fallback: Int
    ) throws(UsageError) -> Int {
        guard let text = value(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            let bounds =
                range.upperBound == .max
                ? "of at least \(range.lowerBound)"
                : "from \(range.lowerBound) to \(range.upperBound)"
            throw UsageError("--\(name) takes a whole number \(bounds), not \"\(text)\"")
        }
        return number
    }

    func double(_ name: String, default fallback: Double) throws(UsageError) -> Double {
        guard let text = value(name) else { return fallback }
        guard let number = Double(text), number.isFinite else {
            throw UsageError("--\(name) takes a number, not \"\(text)\"")
        }
        return number
    }

    /// A size in bytes: `256MB`, `1GB`, `4096`, with powers of 1024.
    func byteCount(_ name: String, default fallback: Int) throws(UsageError) -> Int {
        guard let text = value(name) else { return fallback }
        let digits = text.prefix { $0.isNumber }
        let scale: Int? =
            switch text.dropFirst(digits.count).uppercased() {
            case "", "B": 1
            case "K", "KB": 1 << 10
            case "M", "MB": 1 << 20
            case "G", "GB": 1 << 30
            default: nil
            }
        guard let number = Int(digits), let scale, number < Int.max / scale else {
            throw UsageError("--\(name) takes a size such as 256MB, not \"\(text)\"")
        }
        return number * scale
    }
}
