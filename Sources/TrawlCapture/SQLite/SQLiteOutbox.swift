/// The outbox: a table beside the application's, and triggers that write the key of every row that
/// changes into it, in the application's own transaction.
///
///      trawl_NAME_outbox   seq: grows for ever    at: milliseconds since 1970    k0, k1, …: the key
///      trawl_NAME_life     id: of this following, so that a restored or other database is noticed
///
/// Only keys are written: the row itself is read when the change is taken out, in the same moment
/// as the outbox, so a key that changed a hundred times is read once. A key too many does no harm.
///
/// `REPLACE` removes rows that have the same in another unique index without calling the triggers
/// of a delete; triggers before the insert and the update write down the keys of such rows.
struct SQLiteOutbox {
    let table: SQLiteTable
    let name: String
    var prefix: String { "trawl_\(name)_" }
    var outbox: String { SQLText.name(prefix + "outbox") }
    var life: String { SQLText.name(prefix + "life") }

    func install(_ connection: SQLiteConnection, life id: String) throws {
        try connection.transaction {
            for statement in statements(life: id) { try connection.execute(statement) }
        }
    }

    private func statements(life id: String) -> [String] {
        let target = SQLText.name(table.name)
        let keys = table.key.indices.map { "k\($0)" }
        let columns = table.key.map(SQLText.name)
        func put(_ row: String) -> String {
            "INSERT INTO \(outbox)(\(keys.joined(separator: ", "))) VALUES "
                + "(\(columns.map { "\(row).\($0)" }.joined(separator: ", ")));"
        }
        let differs = columns.map { "OLD.\($0) IS NOT NEW.\($0) COLLATE BINARY" }
            .joined(separator: " OR ")
        let replaced = table.otherUnique.map { unique in
            let same = unique.map { "\(SQLText.name($0)) = NEW.\(SQLText.name($0))" }
                .joined(separator: " AND ")
            return "INSERT INTO \(outbox)(\(keys.joined(separator: ", "))) SELECT "
                + "\(columns.joined(separator: ", ")) FROM \(target) WHERE \(same);"
        }
        var statements = [
            "CREATE TABLE IF NOT EXISTS \(outbox) (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER "
                + "NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)), "
                + keys.joined(separator: ", ") + ")",
            "CREATE TABLE IF NOT EXISTS \(life) (id TEXT NOT NULL)",
            "DELETE FROM \(life)",
            "INSERT INTO \(life) VALUES (\(SQLText.literal(id)))",
        ]
        func trigger(_ ending: String, _ moment: String, _ body: [String]) {
            let name = SQLText.name(prefix + ending)
            statements.append("DROP TRIGGER IF EXISTS \(name)")
            if body.isEmpty { return }
            statements.append(
                "CREATE TRIGGER \(name) \(moment) ON \(target) BEGIN "
                    + body.joined(separator: " ") + " END")
        }
        trigger("insert", "AFTER INSERT", [put("NEW")])
        trigger("update", "AFTER UPDATE", [put("NEW")])
        trigger("delete", "AFTER DELETE", [put("OLD")])
        statements.append("DROP TRIGGER IF EXISTS \(SQLText.name(prefix + "rekey"))")
        statements.append(
            "CREATE TRIGGER \(SQLText.name(prefix + "rekey")) AFTER UPDATE ON \(target) WHEN "
                + "\(differs) BEGIN \(put("OLD")) END")
        trigger("replace_insert", "BEFORE INSERT", replaced)
        trigger("replace_update", "BEFORE UPDATE", replaced)
        return statements
    }

    static func uninstall(_ connection: SQLiteConnection, name: String) throws {
        let prefix = "trawl_\(name)_"
        try connection.transaction {
            for ending in [
                "insert", "update", "delete", "rekey", "replace_insert", "replace_update",
            ] {
                try connection.execute("DROP TRIGGER IF EXISTS \(SQLText.name(prefix + ending))")
            }
            try connection.execute("DROP TABLE IF EXISTS \(SQLText.name(prefix + "outbox"))")
            try connection.execute("DROP TABLE IF EXISTS \(SQLText.name(prefix + "life"))")
        }
    }

    /// The number of the last event there ever was.
    func end(_ connection: SQLiteConnection) throws -> Int64 {
        try connection.first(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", [.text(prefix + "outbox")])?[0]
            .integer ?? 0
    }

    func isInstalled(_ connection: SQLiteConnection) throws -> Bool {
        try connection.first(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
            [.text(prefix + "outbox")]) != nil
    }

    /// What keeps the outbox complete; a table that was made anew has lost them.
    func triggerCount(_ connection: SQLiteConnection) throws -> Int64 {
        try connection.first(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? "
                + "COLLATE NOCASE AND name IN (?, ?, ?, ?)",
            [.text(table.name)]
                + ["insert", "update", "delete", "rekey"].map { .text(prefix + $0) })?[0].integer
            ?? 0
    }

    /// Removes events that are durable elsewhere, a bounded number of them.
    func clean(_ connection: SQLiteConnection, through seq: Int64, limit: Int64) throws {
        guard
            let first = try connection.first("SELECT min(seq) FROM \(outbox)")?[0].integer,
            first <= seq
        else { return }
        try connection.execute(
            "DELETE FROM \(outbox) WHERE seq <= \(min(seq, first + limit - 1))")
    }
}
