import Testing

@testable import trawl

@Suite("Arguments")
struct ArgumentsTests {
    private let command = Command(
        name: "fish", summary: "Fish.", operands: "NET [SEA]", operandCount: 1...2,
        options: [
            .value("depth", "N", "How deep."), .flag("quiet", "q", "No noise."),
            .value("bait", "B", "What with.", repeats: true), .value("memory", "SIZE", "How much."),
        ])

    private func parse(_ words: String...) throws(UsageError) -> Arguments {
        try Arguments(words, of: command, called: "fish")
    }

    @Test("options may stand anywhere, with a space or an equals sign")
    func forms() throws {
        let arguments = try parse("net", "--depth=7", "-q", "--bait", "worm", "--bait=fly", "sea")
        #expect(arguments.operands == ["net", "sea"])
        #expect(try arguments.int("depth", default: 1) == 7)
        #expect(arguments.has("quiet"))
        #expect(arguments.values("bait") == ["worm", "fly"])
    }

    @Test("two dashes end the options, one dash is an operand")
    func dashes() throws {
        #expect(try parse("--", "--depth").operands == ["--depth"])
        #expect(try parse("-").operands == ["-"])
    }

    @Test("a slip names the nearest option")
    func nearest() {
        #expect {
            try parse("net", "--dpeth", "3")
        } throws: {
            "\($0)".contains("did you mean \"--depth\"?")
        }
    }

    @Test(
        "what is missing, too much or not a number is refused",
        arguments: [
            ["net", "sea", "moon"], [], ["net", "--depth"], ["net", "--quiet=yes"],
            ["net", "--depth", "1", "--depth", "2"],
        ])
    func refused(words: [String]) {
        #expect(throws: UsageError.self) {
            try Arguments(words, of: command, called: "fish")
        }
    }

    @Test("sizes are powers of 1024, and nonsense is refused")
    func sizes() throws {
        #expect(try parse("net", "--memory", "256MB").byteCount("memory", default: 0) == 256 << 20)
        #expect(try parse("net", "--memory", "1g").byteCount("memory", default: 0) == 1 << 30)
        #expect(throws: UsageError.self) {
            try parse("net", "--memory", "12parsecs").byteCount("memory", default: 0)
        }
        #expect(throws: UsageError.self) {
            try parse("net", "--depth", "x").int("depth", default: 0)
        }
    }
}

@Suite("Command")
struct CommandTests {
    private let commands = [
        Command(
            name: "log", summary: "Logs.",
            subcommands: [Command(name: "append", summary: "Append.") { _, _ in .success }]),
        Command(name: "index", summary: "Index.") { _, _ in .success },
    ]

    @Test("verbs are found at every depth, and slips are named")
    func find() throws {
        #expect(try Command.find(["log", "append", "x"], among: commands).names == "log append")
        #expect {
            try Command.find(["idnex"], among: commands)
        } throws: {
            "\($0)".contains("did you mean \"index\"?")
        }
        #expect {
            try Command.find(["log", "apend"], among: commands)
        } throws: {
            "\($0)".contains("did you mean \"append\"?") && "\($0)".contains("trawl log --help")
        }
    }
}

@Suite("TextTable")
struct TextTableTests {
    @Test("columns line up when characters are wide or combine")
    func wide() {
        var table = TextTable([("word", .left), ("n", .right)])
        table.add(["全文", "1"])
        table.add(["cafe\u{301}s", "10"])
        #expect(table.lines() == ["word    n", "全文    1", "cafe\u{301}s  10"].map { $0 })
    }

    @Test("clipping never splits a wide character")
    func clip() {
        #expect("全文検索".clipped(to: 6) == "全文…")
        #expect("abc".clipped(to: 3) == "abc")
    }
}
