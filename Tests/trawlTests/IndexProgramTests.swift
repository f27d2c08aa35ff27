import Foundation
import Testing
import TrawlTestKit

/// `trawl index` as a process, with what people give it.
@Suite("trawl index, the program")
struct IndexProgramTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ name: String, _ text: String) throws {
        try write(name, Array(text.utf8))
    }

    private func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: directory.path + "/" + name))
    }

    private func append(_ name: String, _ text: String) throws {
        let file = try #require(FileHandle(forWritingAtPath: directory.path + "/" + name))
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    private func trawl(_ words: String...) throws -> RealProgram.Result {
        try RealProgram.run(words, in: directory.path)
    }

    /// Nil when there is no such index yet.
    private func count(_ index: String, _ query: String = "*", url: String? = nil) throws -> Int? {
        let body: [String: Any] = [
            "query": ["query_string": ["query": query]], "track_total_hits": true, "size": 0,
        ]
        let result = try RealProgram.run(
            ["search", index, "--dsl", "-", "--json"] + (url.map { ["--url", $0] } ?? []),
            in: directory.path,
            input: String(
                decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self))
        guard result.status == 0 else { return nil }
        let answer = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let hits = (answer as? [String: Any])?["hits"] as? [String: Any]
        return (hits?["total"] as? [String: Any])?["value"] as? Int
    }

    @Test("one strange file among many is told by name, and the others are indexed")
    func strangeFiles() throws {
        try write("good.jsonl", "{\"t\": \"herring\"}\n{\"t\": \"net\"}\n")
        try write("binary.jsonl", [0x7b, 0, 1, 2])
        try write("latin1.txt", [0x66, 0xfc, 0x72, 0x20, 0x65, 0x75, 0x63, 0x68])
        try write("utf16.txt", [0xff, 0xfe] + "wide words".utf16.flatMap { [UInt8($0), 0] })
        try write("empty.jsonl", "")
        try write("ragged.csv", "id,title\n1,one\n2\n3,three,more\n")
        let result = try trawl(
            "index", "all", "good.jsonl", "binary.jsonl", "latin1.txt", "utf16.txt",
            "empty.jsonl", "ragged.csv", "--rejects", "rejects.jsonl")
        #expect(result.status == 1)
        #expect(result.error.contains("rejected: binary.jsonl"), "\(result.error)")
        #expect(result.error.contains("latin1.txt is not UTF-8"), "\(result.error)")
        #expect(result.error.contains("rejected: ragged.csv line 3"), "\(result.error)")
        #expect(try count("all", "herring") == 1)
        #expect(try count("all", "wide") == 1)
        #expect(try count("all", "one") == 1)
        let rejects = try String(
            contentsOfFile: directory.path + "/rejects.jsonl", encoding: .utf8)
        #expect(rejects.split(separator: "\n").count >= 3)
    }

    @Test("a file that is not there ends the run before it begins, with its name")
    func missing() throws {
        let result = try trawl("index", "none", "nowhere.jsonl")
        #expect(result.status == 3)
        #expect(result.error == "trawl index: there is no file nowhere.jsonl\n")
        #expect(result.output == "")
    }

    @Test("a file that goes away while others are read is told by name, and the rest is indexed")
    func vanishes() throws {
        try write("later.jsonl", "{\"t\": \"herring\"}\n")
        try write("last.jsonl", "{\"t\": \"net\"}\n")
        #expect(try RealProgram.shell("mkfifo first.jsonl", in: directory.path).status == 0)
        // The program waits for the first file, which has been opened for neither side yet.
        let run = try RealProgram.Running(
            ["index", "some", "first.jsonl", "later.jsonl", "last.jsonl"], in: directory.path)
        let pipe = try #require(FileHandle(forWritingAtPath: directory.path + "/first.jsonl"))
        try FileManager.default.removeItem(atPath: directory.path + "/later.jsonl")
        try pipe.write(contentsOf: Data("{\"t\": \"lamp\"}\n".utf8))
        try pipe.close()
        #expect(run.wait() == 1)
        #expect(run.error.contains("rejected: later.jsonl: there is no file"), "\(run.error)")
        #expect(try count("some") == 2)
    }

    @Test("encodings mixed within a file cost the lines that are not UTF-8, named, and no other")
    func mixedEncodings() throws {
        let latin: [UInt8] = [0x66, 0xfc, 0x72]
        try write(
            "mixed.jsonl",
            Array("{\"t\": \"one\"}\n{\"t\": \"".utf8) + latin
                + Array("\"}\n{\"t\": \"two\"}\n".utf8))
        try write(
            "mixed.csv", Array("id,t\n1,three\n2,".utf8) + latin + Array("\n3,four\n".utf8))
        try write("mixed.txt", Array("five\n".utf8) + latin)
        let result = try trawl("index", "mix", "mixed.jsonl", "mixed.csv", "mixed.txt")
        #expect(result.status == 1)
        #expect(result.error.contains("rejected: mixed.jsonl line 2: "), "\(result.error)")
        #expect(result.error.contains("rejected: mixed.csv line 3: "), "\(result.error)")
        #expect(result.error.contains("mixed.txt is not UTF-8"), "\(result.error)")
        #expect(try count("mix") == 4)
    }

    @Test("a full disk stops the run with what to do; once there is room, --resume ends it")
    func fullDisk() throws {
        // A small disk of the test's own, gone with the shell that mounted it.
        let small = "mkdir -p small && mount -t tmpfs -o size=76m trawl small"
        guard try RealProgram.shell("unshare -rm sh -c '\(small)'", in: directory.path).status == 0
        else {
            print("skipped: no file system can be mounted here (unshare -rm)")
            return
        }
        var lines = ""
        let filler = String(repeating: "word net herring lamp ", count: 40)
        for id in 0..<20_000 { lines += "{\"id\": \(id), \"t\": \"n\(id % 7) \(filler)\"}\n" }
        try write("many.jsonl", lines)

        let run = "trawl index many many.jsonl --data small/d --quiet"
        let result = try RealProgram.shell(
            """
            unshare -rm sh -c '\(small)
              \(run) --patience 1; echo "first $?"
              mount -o remount,size=400m small
              \(run) --resume; echo "second $?"
              trawl check small/d > check.txt; echo "check $?"
              trawl search many n3 --data small/d --size 1 | tail -1'
            """, in: directory.path)
        #expect(result.output.contains("first 5\n"), "\(result.output)\(result.error)")
        #expect(result.error.contains("free some space"), "\(result.error)")
        #expect(result.error.contains("documents, which are durable"), "\(result.error)")
        #expect(!result.error.contains("stopped after 0 documents"), "\(result.error)")
        #expect(result.output.contains("second 0\n"), "\(result.error)")
        #expect(result.output.contains("check 0\n"))
        #expect(result.output.contains("2857 documents"), "\(result.output)")
    }

    @Test("of two documents with one id the later wins, in whatever batches they lie")
    func duplicates() throws {
        // More than a batch apart, and close by.
        var lines = ""
        for round in 0..<3 {
            for id in 0..<1500 { lines += "{\"id\": \(id), \"round\": \"r\(round)\"}\n" }
        }
        try write("twice.jsonl", lines)
        let result = try trawl("index", "twice", "twice.jsonl")
        #expect(result.status == 0)
        #expect(result.output.contains("1500 new, 3000 replaced"), "\(result.output)")
        #expect(try count("twice", "r2") == 1500)
        #expect(try count("twice", "r0 r1") == 0)
    }

    @Test("a line beyond the limit is refused with its size, and the next one is read")
    func longLine() throws {
        let name = directory.path + "/long.jsonl"
        #expect(
            try RealProgram.shell(
                "{ echo '{\"t\": \"first\"}'; head -c 110000000 /dev/zero | tr '\\0' x; echo; "
                    + "echo '{\"t\": \"last\"}'; } > '\(name)'", in: directory.path
            ).status == 0)
        let result = try trawl("index", "long", "long.jsonl")
        #expect(result.status == 1)
        #expect(result.error.contains("line 2: the line has 110000000 bytes"), "\(result.error)")
        #expect(try count("long") == 2)
    }

    @Test(
        "a node that dies in the middle of a bulk: what was acknowledged is there, --resume ends it"
    )
    func nodeDies() throws {
        var lines = ""
        for id in 0..<12_000 { lines += "{\"id\": \(id), \"t\": \"word\(id % 7) net\"}\n" }
        try write("many.jsonl", lines)
        let node = try RealProgram.RunningNode(data: "data", in: directory.path)
        let run = try RealProgram.Running(
            ["index", "many", "many.jsonl", "--url", node.url, "--quiet"], in: directory.path)
        while run.isRunning, try (count("many", url: node.url) ?? 0) == 0 { usleep(10_000) }
        node.kill()
        let status = run.wait()
        // It may have been quick; then nothing is left to resume.
        if status != 0 {
            #expect(run.error.contains("documents, which are durable"), "\(run.error)")
            #expect(run.error.contains("--resume goes on"))
        }
        let again = try RealProgram.RunningNode(data: "data", in: directory.path, port: node.port)
        let resumed = try RealProgram.run(
            ["index", "many", "many.jsonl", "--url", again.url, "--resume"], in: directory.path)
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try count("many", url: again.url) == 12_000)
    }

    @Test("Ctrl-C ends a run cleanly: what it says is durable, and --resume goes on from there")
    func interrupted() throws {
        var lines = ""
        for id in 0..<16_000 { lines += "{\"t\": \"word\(id % 7) net\"}\n" }
        try write("many.jsonl", lines)
        let run = try RealProgram.Running(
            ["index", "many", "many.jsonl", "--quiet"], in: directory.path)
        while run.isRunning,
            !FileManager.default.fileExists(atPath: directory.path + "/trawl-data/indices")
        { usleep(10_000) }
        usleep(200_000)
        run.signal(SIGINT)
        let status = run.wait()
        #expect(status == 130 || status == 0, "\(status) \(run.error)")
        if status == 130 { #expect(run.error.contains("interrupted"), "\(run.error)") }
        let resumed = try trawl("index", "many", "many.jsonl", "--resume")
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try count("many") == 16_000)
    }

    @Test("--follow takes what is added, goes over to the next file after a rotation, ends with 0")
    func follow() throws {
        let node = try RealProgram.RunningNode(data: "data", in: directory.path)
        try FileManager.default.createDirectory(
            atPath: directory.path + "/logs", withIntermediateDirectories: true)
        try write("logs/app.jsonl", "{\"t\": \"first\"}\n{\"t\": \"sec")
        let run = try RealProgram.Running(
            ["index", "logs", "logs", "--follow", "--url", node.url], in: directory.path)
        func wait(for expected: Int, _ query: String) throws {
            let deadline = ContinuousClock.now + .seconds(30)
            var found = -1
            while ContinuousClock.now < deadline {
                found = try count("logs", query, url: node.url) ?? -1
                if found == expected { return }
                usleep(50_000)
            }
            Issue.record("\(found) of [\(query)], not \(expected): \(run.error)")
        }
        try wait(for: 1, "first")
        // The line that was not finished comes once, whole.
        try append("logs/app.jsonl", "ond\"}\n")
        try wait(for: 1, "second")
        // Rotation: the old file gets its last line after it was renamed.
        try FileManager.default.moveItem(
            atPath: directory.path + "/logs/app.jsonl", toPath: directory.path + "/logs/app.1")
        try append("logs/app.1", "{\"t\": \"third\"}\n")
        try write("logs/app.jsonl", "{\"t\": \"fourth\"}\n{\"t\": \"fifth\"}\n")
        try wait(for: 1, "third")
        try wait(for: 1, "fifth")
        // Cut and begun anew.
        try write("logs/app.jsonl", "{\"t\": \"sixth\"}\n")
        try wait(for: 1, "sixth")
        // Another form is read whole, again when it changes.
        try write("logs/note.md", "# Herring\n\nold words\n")
        try wait(for: 1, "old")
        try write("logs/note.md", "# Herring\n\nnew words, more of them\n")
        try wait(for: 1, "new")
        try wait(for: 0, "old")
        run.signal(SIGINT)
        #expect(run.wait() == 0, "\(run.error)")
        for word in ["first", "second", "third", "fourth", "fifth", "sixth"] {
            #expect(try count("logs", word, url: node.url) == 1, "\(word)")
        }
    }
}
