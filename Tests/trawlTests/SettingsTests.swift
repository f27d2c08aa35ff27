import Testing
import TrawlTestKit

@testable import trawl

@Suite("Settings")
struct SettingsTests {
    private let options: [Command.Option] = [
        .value("data", "DIR", "Where."), .value("cluster-name", "NAME", "Which."),
        .value("config", "FILE", "Settings."), .flag("quiet", nil, "No noise."),
    ]

    private func settings(
        _ words: [String], file: String? = nil, environment: [String: String] = [:]
    ) throws -> Settings {
        let directory = try TemporaryDirectory()
        var words = words
        if let file {
            try Directories.make(directory.path, file: "trawl.conf", bytes: Array(file.utf8))
            words += ["--config", directory.path + "/trawl.conf"]
        }
        let command = Command(name: "serve", summary: "", options: options)
        return try Settings(
            try Arguments(words, of: command, called: "serve"), of: options,
            environment: { environment[$0] })
    }

    @Test("an option stands over the environment, the environment over the file")
    func order() throws {
        let file = "# where\ndata = /file\ncluster_name = \"two words\" # really\n"
        var found = try settings([], file: file)
        #expect(found.completed.value("data") == "/file")
        #expect(found.completed.value("cluster-name") == "two words")
        #expect(found.all.map(\.name) == ["data", "cluster_name"])
        guard case .file(_, line: 3) = found.all[1].origin else {
            Issue.record("\(found.all[1].origin)")
            return
        }
        found = try settings([], file: file, environment: ["TRAWL_DATA": "/env"])
        #expect(found.completed.value("data") == "/env")
        #expect(found.all[0].origin == .environment("TRAWL_DATA"))
        found = try settings(["--data", "/flag"], file: file, environment: ["TRAWL_DATA": "/env"])
        #expect(found.completed.value("data") == "/flag")
        #expect(found.all[0].origin == .option)
        #expect(try settings([]).all[0].origin == .builtIn)
    }

    @Test(
        "what the file says wrongly is told with its line",
        arguments: [
            ("data = /a\ndta = /b", "line 2: there is no setting \"dta\"; did you mean \"data\"?"),
            ("data", "line 1: \"name = value\" is expected"),
            ("data = /a\n\ndata = /b", "line 3: data was set on line 1"),
            ("data = \"/a", "line 1: the quote is not closed"),
            ("data = \"/a\" b", "line 1: \"b\" stands behind the value"),
        ])
    func mistakes(file: String, message: String) {
        #expect {
            try settings([], file: file)
        } throws: {
            "\($0)".contains(message)
        }
    }

    @Test("a file that was named and is not there is an error")
    func missing() {
        #expect(throws: (any Error).self) { try settings(["--config", "/nowhere/trawl.conf"]) }
    }
}
