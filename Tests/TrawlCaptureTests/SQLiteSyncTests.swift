import Foundation
import Testing
import TrawlCapture
import TrawlHTTP
import TrawlJSON
import TrawlTestKit

@Suite("trawl sync from SQLite, the program")
struct SQLiteSyncTests {
    private static let products = """
        CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(10,2),
          sku TEXT UNIQUE, active BOOLEAN, made TIMESTAMP, extra JSON, picture BLOB)
        """

    private func shop(_ harness: SyncHarness, rows: Int = 0, wal: Bool = true) throws
        -> SQLiteConnection
    {
        let database = try harness.database()
        if wal { try database.execute("PRAGMA journal_mode = WAL") }
        try database.execute(Self.products)
        try database.transaction {
            for id in 0..<rows {
                try database.execute(
                    "INSERT INTO products(id, name, sku) VALUES (\(id), 'product \(id)', 's\(id)')")
            }
        }
        return database
    }

    private func add(_ harness: SyncHarness, _ more: String...) throws {
        let words =
            [
                "sync", "add", "shop", "--index", "products", "--from", "sqlite:shop.db",
                "--table", "products", "--wait", "--url", harness.node.url,
            ] + more
        let result = try RealProgram.run(words, in: harness.directory.path)
        try #require(result.status == 0, "\(result.output)\(result.error)")
    }

    @Test("rows are copied, changes follow, types become what is documented")
    func follow() throws {
        let harness = try SyncHarness()
        let database = try shop(harness, rows: 3)
        try database.execute(
            """
            INSERT INTO products VALUES (10, 'naïve "lamp"', 12.50, NULL, 1, '2026-01-31 10:00:00',
              '{"tags": ["a", 1]}', x'00ff'), (9007199254740993, 'big', 3, 'b', 0, NULL, NULL, NULL)
            """)
        try add(harness)
        #expect(try harness.count() == 5)
        #expect(
            try harness.source("10") == [
                "id": 10, "name": "naïve \"lamp\"", "price": 12.5, "active": true,
                "made": "2026-01-31T10:00:00", "extra": ["tags": ["a", 1]], "picture": "AP8=",
            ])
        #expect(
            try harness.source("9007199254740993") == [
                "id": .number(JSONNumber(literal: "9007199254740993")!), "name": "big", "price": 3,
                "sku": "b", "active": false,
            ])
        try database.execute("UPDATE products SET name = 'changed' WHERE id = 1")
        try database.execute("UPDATE products SET id = 20 WHERE id = 2")
        try database.execute("DELETE FROM products WHERE id = 0")
        try database.execute("INSERT INTO products(id, name) VALUES (30, 'new')")
        // Takes the sku of row 1, which goes without a trigger of a delete.
        try database.execute("REPLACE INTO products(id, name, sku) VALUES (31, 'r', 's1')")
        try harness.caughtUp()
        #expect(try harness.source("0") == nil)
        #expect(try harness.source("1") == nil)
        #expect(try harness.source("2") == nil)
        #expect(try harness.source("20")?["name"] == "product 2")
        #expect(try harness.source("30")?["name"] == "new")
        let proof = try harness.trawl("sync", "verify", "shop")
        #expect(proof.contains("equal at position"), "\(proof)")
        #expect(proof.contains("5 documents in the store, 5 in the index"), "\(proof)")
        // Everything goes at once.
        try database.execute("DELETE FROM products")
        try harness.caughtUp()
        #expect(try harness.count() == 0)
        // The outbox does not grow for ever.
        try harness.wait("cleaned") {
            try database.first("SELECT count(*) FROM trawl_shop_outbox")?[0].integer == 0
        }
        let listed = try harness.trawl("sync", "list")
        #expect(listed.contains("following"), "\(listed)")
        try harness.trawl("sync", "remove", "shop")
        let left = try database.all("SELECT name FROM sqlite_master WHERE name LIKE 'trawl%'")
        #expect(left.isEmpty)
        #expect(try harness.count() == 0)
    }

    @Test("what is wrong is named key by key, and just that is repaired")
    func verify() throws {
        let harness = try SyncHarness()
        let database = try shop(harness, rows: 2000)
        try add(harness)
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal"))
        _ = try harness.send(.delete, "/products/_doc/17", .null)
        _ = try harness.send(.put, "/products/_doc/18", ["name": "spoilt"])
        _ = try harness.send(.put, "/products/_doc/stray", ["name": "surplus"])
        let before = try harness.get("/products/_doc/19")["_version"]
        let found = try harness.trawl("sync", "verify", "shop", expecting: 4)
        #expect(found.contains("missing 1: 17\n"), "\(found)")
        #expect(found.contains("different 1: 18\n"), "\(found)")
        #expect(found.contains("surplus 1: stray\n"), "\(found)")
        let metrics = try RealProgram.shell(
            "curl -s \(harness.node.url)/metrics", in: harness.directory.path
        ).output
        #expect(
            metrics.contains("trawl_sync_divergent_documents{sync=\"shop\"} 3.0"), "\(metrics)")
        let repaired = try harness.trawl("sync", "verify", "shop", "--repair")
        #expect(repaired.contains("repaired at position"), "\(repaired)")
        #expect(repaired.contains("3 brought anew"), "\(repaired)")
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal"))
        #expect(try harness.source("18")?["name"] == "product 18")
        #expect(try harness.get("/products/_doc/19")["_version"] == before)
        #expect(try harness.count() == 2000)
        // The history outlives the node.
        #expect(try harness.restartPolitely() == 0)
        let history = try harness.get("/_trawl/sync/shop/_proofs")["proofs"]?.arrayValue ?? []
        #expect(
            history.compactMap { $0["state"]?.stringValue } == [
                "equal", "different", "repaired", "equal",
            ])
        try database.execute("UPDATE products SET name = 'x' WHERE id = 5")
        try harness.caughtUp()
        #expect(try harness.source("5")?["name"] == "x")
    }

    @Test(
        "a row that cannot be a document blocks only itself, and is tried again when it is mended")
    func letters() throws {
        let harness = try SyncHarness()
        let database = try shop(harness, rows: 10)
        try database.execute("UPDATE products SET extra = '{\"a\": 1}' WHERE id = 1")
        try add(harness)
        try database.execute("UPDATE products SET extra = 'no object' WHERE id = 2")
        try database.execute("UPDATE products SET name = 'after it' WHERE id = 3")
        try harness.caughtUp()
        #expect(try harness.source("3")?["name"] == "after it")
        try harness.wait("a letter") { try harness.status()["letters"] == 1 }
        let letters = try harness.trawl("sync", "letters", "shop")
        #expect(letters.hasPrefix("2  mapper_parsing_exception"), "\(letters)")
        #expect(letters.contains("1 letters"))
        try harness.restart()
        let found = try harness.trawl("sync", "verify", "shop", expecting: 4)
        #expect(found.contains("different 1: 2\n"), "\(found)")
        // Tried again it fails again; mended it does not.
        try harness.trawl("sync", "letters", "shop", "--replay")
        try harness.caughtUp()
        #expect(try harness.status()["letters"] == 1)
        try database.execute("UPDATE products SET extra = NULL WHERE id = 2")
        try harness.wait("no letter") { try harness.status()["letters"] == 0 }
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal"))
    }

    @Test("new columns become fields and the rows are copied anew, or following stops")
    func columns() throws {
        let harness = try SyncHarness()
        let database = try shop(harness, rows: 50)
        try add(harness)
        try database.execute("ALTER TABLE products ADD COLUMN stock INTEGER DEFAULT 7")
        try harness.wait("copied anew") { try harness.source("49")?["stock"] == 7 }
        try harness.caughtUp()
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal"))
        try harness.trawl("sync", "remove", "shop")
        try add(harness, "--on-schema-change", "stop", "--columns", "id,name:title")
        try database.execute("ALTER TABLE products RENAME COLUMN name TO label")
        try harness.wait("stopped") { try harness.status()["state"] == "stopped" }
        #expect(try harness.status()["reason"]?.stringValue?.contains("no column [name]") == true)
    }

    @Test("a rebuilt index takes the alias when it is proven equal; the old one stays")
    func rebuild() throws {
        let harness = try SyncHarness()
        let database = try shop(harness, rows: 3000)
        try add(harness)
        #expect(try harness.get("/_alias/products")["products-1"] != nil)
        _ = try harness.send(.put, "/products/_doc/7", ["name": "spoilt"])
        try harness.trawl("sync", "rebuild", "shop")
        for id in 0..<200 {
            try database.execute("UPDATE products SET name = 'during' WHERE id = \(id * 7)")
        }
        try harness.wait("switched") { try harness.get("/_alias/products")["products-2"] != nil }
        #expect(try harness.get("/_alias/products")["products-1"] == nil)
        try harness.caughtUp()
        #expect(try harness.source("7")?["name"] == "during")
        #expect(try harness.count() == 3000)
        #expect(try harness.count("products-1") == 3000)
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal"))
    }

    @Test("keys of several columns, renamed columns and a query's rows")
    func shapes() throws {
        let harness = try SyncHarness()
        let database = try harness.database()
        try database.execute("CREATE TABLE lines (o TEXT, n INT, a TEXT, PRIMARY KEY (o, n))")
        try database.execute("CREATE TABLE names (a TEXT PRIMARY KEY, title TEXT)")
        try database.execute("INSERT INTO names VALUES ('x', 'Lamp'), ('y', 'Net')")
        try database.execute("INSERT INTO lines VALUES ('a|b', 1, 'x'), ('a', 2, 'y')")
        let from = ["--from", "sqlite:shop.db", "--table", "lines", "--url", harness.node.url]
        for words in [
            ["sync", "add", "plain", "--index", "plain", "--columns", "o:order,n"] + from,
            [
                "sync", "add", "joined", "--index", "joined", "--sql",
                "SELECT o, n, title FROM lines JOIN names USING (a)",
            ] + from,
        ] {
            let result = try RealProgram.run(words + ["--wait"], in: harness.directory.path)
            try #require(result.status == 0, "\(result.error)")
        }
        try database.execute("UPDATE lines SET n = 3 WHERE o = 'a|b'")
        try harness.caughtUp("plain")
        try harness.caughtUp("joined")
        #expect(
            try harness.source("a%257Cb%7C3", in: "plain") == ["order": "a|b", "n": 3])
        #expect(
            try harness.source("a%7C2", in: "joined") == ["o": "a", "n": 2, "title": "Net"])
        #expect(try harness.count("joined") == 2)
        #expect(try harness.trawl("sync", "verify", "joined").contains("equal"))
        #expect(try harness.trawl("sync", "verify", "plain").contains("equal"))
    }

    @Test(
        "damage in the index directory is found, its documents are named, and just those repaired")
    func damage() throws {
        let harness = try SyncHarness()
        _ = try shop(harness, rows: 4000)
        try add(harness)
        #expect(try harness.restartPolitely() == 0)
        harness.node.kill()
        // A byte in the middle of the largest file of sources.
        let files = try RealProgram.shell(
            "ls -S $(find data/indices -name '*.stor') | head -1", in: harness.directory.path)
        let path =
            harness.directory.path + "/"
            + files.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: size / 2)
        let byte = try #require(try file.read(upToCount: 1))
        try file.seek(toOffset: size / 2)
        try file.write(contentsOf: Data([byte[0] ^ 0x10]))
        try file.close()
        try harness.restart()
        try harness.caughtUp()
        let found = try harness.trawl("sync", "verify", "shop", expecting: 4)
        #expect(found.contains("unreadable "), "\(found)")
        let repaired = try harness.trawl("sync", "verify", "shop", "--repair")
        #expect(repaired.contains("repaired at position"), "\(repaired)")
        let brought = repaired.firstMatch(of: /([0-9]+) brought anew/).flatMap { Int($0.1) } ?? 0
        // A block of sources, not everything.
        #expect((1...1500).contains(brought), "\(repaired)")
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal at position"))
        #expect(try harness.count() == 4000)
    }

    @Test("kill -9 of the node at random, while rows are copied and written: equal in the end")
    func kills() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let harness = try SyncHarness()
        let database = try shop(harness, rows: 20_000)
        // Several shards, each with its own part of the way.
        _ = try harness.send(.put, "/products", ["settings": ["number_of_shards": 3]])
        try harness.trawl(
            "sync", "add", "shop", "--index", "products", "--from",
            "sqlite:\(harness.directory.path)/shop.db", "--table", "products")
        for round in 0..<SyncHarness.rounds {
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                try database.transaction {
                    for _ in 0..<Int.random(in: 1...30, using: &random) {
                        let id = Int.random(in: 0..<25_000, using: &random)
                        switch Int.random(in: 0..<4, using: &random) {
                        case 0: try database.execute("DELETE FROM products WHERE id = \(id)")
                        case 1:
                            try database.execute(
                                "UPDATE OR IGNORE products SET id = id + 30000 WHERE id = \(id)")
                        default:
                            try database.execute(
                                "REPLACE INTO products(id, name, sku) VALUES (\(id), "
                                    + "'r\(round)', 's\(Int.random(in: 0..<9, using: &random))')")
                        }
                    }
                }
            }
            usleep(UInt32.random(in: 0...150_000, using: &random))
            try harness.restart()
        }
        try harness.caughtUp()
        let proof = try harness.trawl("sync", "verify", "shop")
        #expect(proof.contains("equal at position"), "seed \(seed): \(proof)")
        let rows = try database.first("SELECT count(*) FROM products")?[0].integer
        #expect(try harness.count() == rows.map(Int.init))
    }

    @Test("a restored database, a lost outbox and an unknown table say so, and what to do")
    func guards() throws {
        let harness = try SyncHarness()
        let database = try shop(harness, rows: 10, wal: false)
        let path = harness.directory.path + "/shop.db"
        let refused = try harness.trawl(
            "sync", "add", "bad", "--index", "products", "--from", "sqlite:\(path)", "--table",
            "produkts", expecting: 2)
        #expect(refused.contains("it has products"), "\(refused)")
        try add(harness)
        try FileManager.default.copyItem(atPath: path, toPath: path + ".old")
        try database.execute("UPDATE products SET name = 'later'")
        try harness.caughtUp()
        #expect(try harness.restartPolitely() == 0)
        try harness.trawl("sync", "pause", "shop")
        try harness.wait("paused") { try harness.status()["state"] == "paused" }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: path + ".old", toPath: path)
        try harness.trawl("sync", "resume", "shop")
        try harness.wait("stopped") { try harness.status()["state"] == "stopped" }
        #expect(try harness.status()["reason_code"] == "store_went_back")
        #expect(try harness.status()["reason"]?.stringValue?.contains("trawl sync resync") == true)
        let restored = try SQLiteConnection(path)
        try restored.execute("DELETE FROM products WHERE id = 3")
        try harness.trawl("sync", "resync", "shop")
        try harness.wait("proven") {
            try harness.status()["last_proof"]?["state"]?.stringValue == "repaired"
        }
        #expect(try harness.source("1")?["name"] == "product 1")
        #expect(try harness.source("3") == nil)
        try restored.execute("DROP TABLE trawl_shop_outbox")
        try harness.wait("stopped") { try harness.status()["state"] == "stopped" }
        try harness.trawl("sync", "remove", "shop")
    }
}
