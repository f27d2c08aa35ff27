import Foundation
import Testing
import TrawlCapture
import TrawlHTTP
import TrawlJSON
import TrawlTestKit

@Suite("trawl sync from PostgreSQL, the program", .serialized)
struct PostgresSyncTests {
    /// A server, a node, and a table; nil when there is no PostgreSQL.
    private struct Shop {
        let server: PostgresServer
        let harness: SyncHarness
        let database: PgConnection

        init?(_ options: String = "") throws {
            guard PostgresServer.binaries() != nil else { return nil }
            server = try PostgresServer(options)
            harness = try SyncHarness()
            database = try server.connect()
            try database.query("CREATE TYPE mood AS ENUM ('calm', 'rough')")
            try database.query(
                """
                CREATE TABLE products (id bigint PRIMARY KEY, name text, price numeric(10,2),
                  made timestamptz, tags text[], extra jsonb, picture bytea, sea mood, active boolean,
                  large text, twice bigint GENERATED ALWAYS AS (id * 2) STORED)
                """)
            // Large values lie outside of the row, as they are.
            try database.query("ALTER TABLE products ALTER large SET STORAGE EXTERNAL")
        }

        func add(_ more: String..., wait: Bool = true) throws {
            let words =
                [
                    "sync", "add", "shop", "--index", "products", "--from", server.url(),
                    "--table", "products", "--url", harness.node.url,
                ] + (wait ? ["--wait"] : []) + more
            let result = try RealProgram.run(words, in: harness.directory.path)
            try #require(result.status == 0, "\(result.output)\(result.error)")
        }

        func count() throws -> Int? {
            try database.text("SELECT count(*) FROM products").flatMap { Int($0) }
        }
    }

    @Test("rows are copied, changes follow, types become what is documented")
    func follow() throws {
        guard let shop = try Shop() else { return }
        let (harness, database) = (shop.harness, shop.database)
        let large = String(repeating: "herring ", count: 2000)
        try database.query(
            """
            INSERT INTO products VALUES (1, 'naïve "lamp"', 12.50, '2026-01-31 10:00:00+02',
              '{"a,b",NULL}', '{"k": [1, 2.50]}', '\\x00ff', 'rough', true, '\(large)')
            """)
        try database.query(
            "INSERT INTO products(id, name) SELECT i, 'p' || i FROM generate_series(2, 7000) i")
        try shop.add()
        #expect(try harness.count() == 7000)
        let first: JSONValue = [
            "id": 1, "name": "naïve \"lamp\"", "price": .number(JSONNumber(literal: "12.50")!),
            "made": "2026-01-31T08:00:00Z", "tags": ["a,b", nil],
            "extra": ["k": [1, .number(JSONNumber(literal: "2.50")!)]], "picture": "AP8=",
            "sea": "rough", "active": true, "large": .string(large),
        ]
        #expect(try harness.source("1") == first)
        // The large value does not come with an update of something else.
        try database.query("UPDATE products SET price = 13 WHERE id = 1")
        try database.query("UPDATE products SET id = 8000 WHERE id = 2")
        try database.query("DELETE FROM products WHERE id = 3")
        try database.query("BEGIN; UPDATE products SET name = 'x' WHERE id = 4; ROLLBACK")
        try database.query(
            "BEGIN; UPDATE products SET name = 'a' WHERE id = 5; UPDATE products SET name = 'b', "
                + "id = 9000 WHERE id = 5; UPDATE products SET name = 'c' WHERE id = 9000; COMMIT")
        try harness.caughtUp()
        #expect(try harness.source("1")?["large"]?.stringValue == large)
        #expect(try harness.source("1")?["price"]?.description == "13.00")
        #expect(try harness.source("2") == nil && harness.source("8000")?["name"] == "p2")
        #expect(try harness.source("3") == nil && harness.source("5") == nil)
        #expect(try harness.source("4")?["name"] == "p4")
        #expect(try harness.source("9000")?["name"] == "c")
        let proof = try harness.trawl("sync", "verify", "shop")
        #expect(proof.contains("equal at position"), "\(proof)")
        #expect(proof.contains("6999 documents in the store, 6999 in the index"), "\(proof)")
        // Wrong keys are named and repaired, one that cannot be a key among them.
        _ = try harness.send(.put, "/products/_doc/stray", ["name": "surplus"])
        _ = try harness.send(.delete, "/products/_doc/9000", .null)
        let found = try harness.trawl("sync", "verify", "shop", expecting: 4)
        #expect(found.contains("missing 1: 9000\nsurplus 1: stray\n"), "\(found)")
        #expect(try harness.trawl("sync", "verify", "shop", "--repair").contains("repaired"))
        // A truncated table, and what comes after it in the same transaction.
        try database.query(
            "BEGIN; INSERT INTO products(id) VALUES (77777); TRUNCATE products; "
                + "INSERT INTO products(id, name) VALUES (1, 'after'); COMMIT")
        try harness.wait("emptied") { try harness.count() == 1 }
        #expect(try harness.source("1") == ["id": 1, "name": "after"])
        // A new column with a default changes every row without an event.
        try database.query("ALTER TABLE products ADD COLUMN stock int DEFAULT 7")
        try database.query("INSERT INTO products(id, name) VALUES (2, 'new')")
        try harness.wait("copied anew") { try harness.source("1")?["stock"] == 7 }
        try harness.caughtUp()
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal"))
        // An idle table does not make the server keep its log.
        try database.query("CREATE TABLE other (t text)")
        try database.query(
            "INSERT INTO other SELECT repeat('x', 1000) FROM generate_series(1, 2000)")
        try harness.wait("acknowledged") {
            try database.text(
                "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) < 10000 "
                    + "FROM pg_replication_slots WHERE slot_name = 'trawl_shop'") == "t"
        }
        try harness.trawl("sync", "remove", "shop")
        #expect(try database.text("SELECT count(*) FROM pg_replication_slots") == "0")
        #expect(try database.text("SELECT count(*) FROM pg_publication") == "0")
    }

    @Test(
        "kill -9 of node and server at random, while rows are copied and written: equal in the end")
    func kills() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        guard let shop = try Shop() else { return }
        let harness = shop.harness
        try shop.database.query(
            "INSERT INTO products(id, name) SELECT i, 'p' || i FROM generate_series(0, 19999) i")
        try shop.add(wait: false)
        var database = shop.database
        for round in 0..<SyncHarness.rounds {
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                var sql = "BEGIN;"
                for _ in 0..<Int.random(in: 1...20, using: &random) {
                    let id = Int.random(in: 0..<25_000, using: &random)
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: sql += "DELETE FROM products WHERE id = \(id);"
                    case 1:
                        sql +=
                            "UPDATE products SET id = id + \(30_000 * (round + 1)) WHERE id = \(id);"
                    case 2:
                        sql +=
                            "UPDATE products SET name = name || 'x' WHERE id BETWEEN \(id) AND "
                            + "\(id + 200);"
                    default:
                        sql +=
                            "INSERT INTO products(id, name, large) VALUES (\(id), 'r\(round)', "
                            + "repeat('y', 3000)) ON CONFLICT (id) DO UPDATE SET name = 'u\(round)';"
                    }
                }
                try database.query(sql + "COMMIT")
            }
            usleep(UInt32.random(in: 0...200_000, using: &random))
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                try shop.server.stop("immediate")
                usleep(UInt32.random(in: 0...300_000, using: &random))
                try shop.server.start()
                database = try shop.server.connect()
            default: try harness.restart()
            }
        }
        try harness.caughtUp()
        let proof = try harness.trawl("sync", "verify", "shop")
        #expect(proof.contains("equal at position"), "seed \(seed): \(proof)")
        let rows = try database.text("SELECT count(*) FROM products")
        #expect(try harness.count() == rows.flatMap { Int($0) })
    }

    @Test("a slot over its keep size, another timeline and another server stop with the way out")
    func otherServers() throws {
        guard
            let shop = try Shop(
                "max_slot_wal_keep_size = 16MB\nmin_wal_size = 32MB\nmax_wal_size = 32MB")
        else { return }
        let harness = shop.harness
        var database = shop.database
        try database.query("INSERT INTO products(id, name) VALUES (1, 'one')")
        try shop.add()
        func stopped(_ code: String) throws {
            try harness.wait(code) { try harness.status()["state"] == "stopped" }
            let status = try harness.status()
            #expect(status["reason_code"]?.stringValue == code, "\(status)")
            #expect(status["reason"]?.stringValue?.contains("trawl sync resync shop") == true)
        }
        func resync() throws {
            try harness.trawl("sync", "resync", "shop")
            try harness.wait("following") {
                try harness.status()["state"] == "following"
                    && harness.status()["last_proof"]?["index"] != nil
            }
            try harness.caughtUp()
            #expect(try harness.trawl("sync", "verify", "shop").contains("equal at position"))
        }
        try harness.trawl("sync", "pause", "shop")
        try harness.wait("paused") { try harness.status()["state"] == "paused" }
        try database.query("CREATE TABLE noise (t text)")
        for _ in 0..<6 {
            try database.query(
                "INSERT INTO noise SELECT repeat(md5(i::text), 30) FROM generate_series(1, 16000) i"
            )
            try database.query("CHECKPOINT")
        }
        try harness.trawl("sync", "resume", "shop")
        try stopped("slot_invalidated")
        try resync()
        try shop.server.promote()
        try stopped("other_timeline")
        database = try shop.server.connect()
        try database.query("UPDATE products SET name = 'after the promotion'")
        try resync()
        #expect(try harness.source("1")?["name"] == "after the promotion")
        try shop.server.replace()
        try stopped("other_system")
        database = try shop.server.connect()
        try database.query("CREATE TABLE products (id bigint PRIMARY KEY, name text)")
        try database.query("INSERT INTO products VALUES (2, 'of another server')")
        try resync()
        #expect(try harness.source("1") == nil)
        #expect(try harness.source("2")?["name"] == "of another server")
    }

    @Test(
        "a large value that an update does not send is never taken from a document that was refused"
    )
    func refusedLarge() throws {
        guard let shop = try Shop() else { return }
        let (harness, database) = (shop.harness, shop.database)
        func large(_ letter: String) -> String { String(repeating: letter, count: 9000) }
        try database.query(
            "INSERT INTO products(id, large, extra) VALUES (1, '\(large("a"))', '{\"k\": 1}')")
        try shop.add()
        // Refused by the mapping of extra.k, which is a number.
        try database.query(
            "UPDATE products SET large = '\(large("b"))', extra = '{\"k\": {\"no\": 1}}'")
        try harness.wait("a letter") { try harness.status()["letters"] == 1 }
        try database.query("UPDATE products SET extra = '{\"k\": 2}'")
        try harness.wait("no letter") { try harness.status()["letters"] == 0 }
        #expect(try harness.source("1")?["large"]?.stringValue == large("b"))
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal at position"))
    }

    @Test("a lost or new slot, a missing right and a missing identity say so, and what to do")
    func guards() throws {
        guard let shop = try Shop() else { return }
        let (harness, database) = (shop.harness, shop.database)
        try database.query("CREATE TABLE loose (id int UNIQUE NOT NULL, t text)")
        let url = shop.server.url()
        let loose = try harness.trawl(
            "sync", "add", "loose", "--index", "loose", "--from", url, "--table", "loose", "--key",
            "id", expecting: 2)
        #expect(loose.contains("REPLICA IDENTITY FULL"), "\(loose)")
        try database.query("CREATE ROLE reader LOGIN")
        try database.query("GRANT SELECT ON products TO reader")
        let unpublished = try harness.trawl(
            "sync", "add", "shop", "--index", "products", "--from",
            shop.server.url(user: "reader"), "--table", "products", expecting: 2)
        #expect(unpublished.contains("CREATE PUBLICATION"), "\(unpublished)")
        // Reading and replicating is enough when the publication is there.
        try database.query("ALTER ROLE reader REPLICATION")
        try database.query("CREATE PUBLICATION trawl_shop FOR TABLE products")
        try database.query("INSERT INTO products(id, name) VALUES (1, 'one')")
        let added = try RealProgram.run(
            [
                "sync", "add", "shop", "--index", "products", "--from",
                shop.server.url(user: "reader"), "--table", "products", "--wait", "--url",
                harness.node.url,
            ], in: harness.directory.path)
        try #require(added.status == 0, "\(added.error)")
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal"))
        // An outage is waited for.
        try shop.server.stop("fast")
        try harness.wait("waiting") { try harness.status()["state"] == "waiting" }
        try shop.server.start()
        let again = try shop.server.connect()
        try harness.wait("following") { try harness.status()["state"] == "following" }
        // A slot that was made anew misses what came between.
        try harness.trawl("sync", "pause", "shop")
        try harness.wait("paused") { try harness.status()["state"] == "paused" }
        try harness.wait("the slot is free") {
            try again.text("SELECT active FROM pg_replication_slots") == "f"
        }
        try again.query("SELECT pg_drop_replication_slot('trawl_shop')")
        try again.query("INSERT INTO products(id, name) VALUES (2, 'missed')")
        try again.query("DELETE FROM products WHERE id = 1")
        try again.query("SELECT pg_create_logical_replication_slot('trawl_shop', 'pgoutput')")
        try harness.trawl("sync", "resume", "shop")
        try harness.wait("stopped") { try harness.status()["state"] == "stopped" }
        #expect(try harness.status()["reason_code"] == "slot_recreated")
        try harness.trawl("sync", "resync", "shop")
        try harness.wait("proven") {
            try harness.status()["last_proof"]?["state"] == "repaired"
        }
        #expect(try harness.source("1") == nil)
        #expect(try harness.source("2")?["name"] == "missed")
    }
}
