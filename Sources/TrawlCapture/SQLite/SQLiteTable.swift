internal import TrawlJSON

/// The table that is followed, as the database describes it now, and how its rows become
/// documents.
///
/// SQLite gives every value a type of its own; the declared type of the column says how it is
/// meant:
///
///      declared                 value              in the document
///      BOOLEAN, BOOL            0 or 1             false or true
///      JSON, JSONB              text               nested, when it is JSON
///      DATE, DATETIME, TIME…    text               with a T between date and time
///      anything                 integer, real      a number, exactly
///      anything                 text               a text; what is no UTF-8 is mended
///      anything                 blob               base64
///      anything                 NULL, NaN, ∞       left out
struct SQLiteTable {
    struct Column: Equatable {
        var name: String
        var field: String
        var kind: SourceField.Kind
    }

    let name: String
    let sql: String?
    /// The columns of a row as they are selected: those of the document, then those of the key.
    let columns: [Column]
    let key: [String]
    /// Unique sets of columns besides the key: a `REPLACE` may remove the rows that have the same.
    let otherUnique: [[String]]

    init(
        _ connection: SQLiteConnection, _ configuration: CaptureConfiguration
    ) throws(CaptureError) {
        let table = configuration.table ?? ""
        let info = try connection.all("PRAGMA table_info(\(SQLText.name(table)))")
        let kind = try connection.first(
            "SELECT type FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')",
            [.text(table)])
        guard !info.isEmpty, kind?[0].text == "table" else {
            let tables = try connection.all(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                    + "AND name NOT LIKE 'trawl_%' ORDER BY name")
            throw .stopped(
                "no_table",
                "there is no table [\(table)] in \(connection.path); it has "
                    + tables.compactMap(\.first?.text).joined(separator: ", "))
        }
        let types = Dictionary(
            info.map { (($0[1].text ?? "").lowercased(), $0[2].text ?? "") },
            uniquingKeysWith: { first, _ in first })
        var key = configuration.key
        if key.isEmpty {
            key = info.filter { ($0[5].integer ?? 0) > 0 }
                .sorted { $0[5].integer! < $1[5].integer! }.compactMap { $0[1].text }
        }
        guard !key.isEmpty else {
            throw .stopped(
                "no_key",
                "the table [\(table)] has no primary key: name the columns of one by --key")
        }
        for column in key where types[column.lowercased()] == nil {
            throw .stopped("no_column", "the table [\(table)] has no column [\(column)]")
        }
        var unique: [[String]] = []
        for index in try connection.all("PRAGMA index_list(\(SQLText.name(table)))")
        where index[2].integer == 1 && index[4].integer == 0 {
            let parts = try connection.all(
                "PRAGMA index_info(\(SQLText.name(index[1].text ?? "")))")
            let names = parts.compactMap { $0[2].text }
            if names.count == parts.count { unique.append(names) }
        }
        let primary = info.filter { ($0[5].integer ?? 0) > 0 }.compactMap { $0[1].text }
        if !primary.isEmpty { unique.append(primary) }
        let own = Set(key.map { $0.lowercased() })
        guard unique.contains(where: { Set($0.map { $0.lowercased() }) == own }) else {
            throw .stopped(
                "key_not_unique",
                "[\(key.joined(separator: ", "))] of [\(table)] is neither its primary key nor "
                    + "unique: two rows would be one document. Add a unique index over it")
        }
        otherUnique = unique.filter { Set($0.map { $0.lowercased() }) != own }
        name = table
        self.key = key
        sql = configuration.sql
        // A query's columns, and what they were declared as, are known when it is prepared.
        let probe = try connection.prepare(
            "SELECT * FROM \(sql.map { "(\($0))" } ?? SQLText.name(table)) AS t LIMIT 0")
        var found: [(name: String, type: String)] = []
        for column in 0..<probe.columnCount {
            found.append((probe.name(column), probe.declaredType(column) ?? ""))
        }
        let wanted = configuration.fieldNames
        if wanted.isEmpty {
            columns = found.map { Column(name: $0.name, field: $0.name, kind: Self.kind($0.type)) }
        } else {
            var chosen: [Column] = []
            for (column, field) in wanted {
                guard
                    let at = found.first(where: { $0.name.lowercased() == column.lowercased() })
                else {
                    throw .stopped(
                        "no_column",
                        "[\(table)] has no column [\(column)]; it has "
                            + found.map(\.name).joined(separator: ", "))
                }
                chosen.append(Column(name: at.name, field: field, kind: Self.kind(at.type)))
            }
            columns = chosen
        }
        for column in key
        where !found.contains(where: { $0.name.lowercased() == column.lowercased() }) {
            throw .stopped("no_column", "the query has no column [\(column)], which is the key")
        }
    }

    /// By the rules of SQLite's own affinities, and by the names that people give.
    static func kind(_ declared: String) -> SourceField.Kind {
        let type = declared.uppercased()
        if type.contains("BOOL") { return .boolean }
        if type.contains("JSON") { return .json }
        if type.contains("DATE") || type.contains("TIMESTAMP") { return .date }
        if type.contains("INT") { return .long }
        if type.contains("CHAR") || type.contains("CLOB") || type.contains("TEXT") { return .text }
        if type.contains("BLOB") { return .binary }
        if type.contains("REAL") || type.contains("FLOA") || type.contains("DOUB")
            || type.contains("DEC") || type.contains("NUMERIC")
        {
            return .double
        }
        return .keyword
    }

    var fields: [SourceField] { columns.map { SourceField($0.field, $0.kind) } }

    /// To be compared with what it was.
    var signature: String {
        columns.map { "\($0.name):\($0.field):\($0.kind.rawValue)" }.joined(separator: ",")
    }

    // MARK: Selecting

    /// What rows are selected from, as `t`.
    var from: String { (sql.map { "(\($0))" } ?? SQLText.name(name)) + " AS t" }

    /// The columns of the document, then those of the key.
    var selection: String {
        (columns.map { "t." + SQLText.name($0.name) } + key.map { "t." + SQLText.name($0) })
            .joined(separator: ", ")
    }

    /// The key of the row a statement stands on; nil when a part is NULL.
    func key(of row: SQLiteStatement, from first: Int) -> [SQLiteValue]? {
        var values: [SQLiteValue] = []
        for place in key.indices {
            let value = row.value(first + place)
            if value == .null { return nil }
            values.append(value)
        }
        return values
    }

    static func id(of key: [SQLiteValue]) -> String {
        RowKey.id(of: key.map { $0.keyText ?? "" })
    }

    /// What a key may be in the database, by its id.
    func keys(of id: String) -> [[SQLiteValue]] {
        guard let parts = RowKey.parts(of: id, count: key.count) else { return [] }
        let texts = parts.map { SQLiteValue.text($0) }
        let plain = parts.map { part -> SQLiteValue in
            if let value = Int64(part) { return .integer(value) }
            if let value = Double(part), part != "nan", part != "inf" { return .real(value) }
            if let bytes = Base64.bytes(part), !bytes.isEmpty { return .blob(bytes) }
            return .text(part)
        }
        return plain == texts ? [texts] : [plain, texts]
    }

    // MARK: Documents

    /// The document of the row a statement stands on.
    ///
    /// - Parameter first: The place of the first of the document's columns.
    func document(of row: SQLiteStatement, from first: Int, _ writer: inout JSONWriter) -> [UInt8] {
        writer.removeAll()
        writer.startObject()
        for (place, column) in columns.enumerated() {
            write(row, first + place, column, &writer)
        }
        writer.endObject()
        return writer.bytes
    }

    private func write(
        _ row: SQLiteStatement, _ place: Int, _ column: Column, _ writer: inout JSONWriter
    ) {
        let value = row.isNull(place) ? .null : column.kind == .text ? nil : row.value(place)
        switch (value, column.kind) {
        case (.null?, _): return
        case (.integer(let number)?, .boolean) where number == 0 || number == 1:
            writer.key(column.field)
            writer.value(number == 1)
        case (.integer(let number)?, _):
            writer.key(column.field)
            writer.value(number)
        case (.real(let number)?, _):
            guard number.isFinite else { return }
            writer.key(column.field)
            writer.value(number)
        case (.blob(let bytes)?, _):
            writer.key(column.field)
            writer.value(Base64.text(bytes))
        case (.text(let text)?, .json):
            writer.key(column.field)
            if (try? JSONValue.parse(text)) != nil {
                writer.raw(text.utf8)
            } else {
                writer.value(text)
            }
        case (.text(let text)?, .date):
            writer.key(column.field)
            writer.value(Self.date(text))
        case (.text(let text)?, _):
            writer.key(column.field)
            writer.value(text)
        case (nil, _):
            writeText(row, place, column, &writer)
        }
    }

    /// The way of most columns: bytes go through as they are.
    private func writeText(
        _ row: SQLiteStatement, _ place: Int, _ column: Column, _ writer: inout JSONWriter
    ) {
        guard row.isText(place) else {
            let plain = Column(name: column.name, field: column.field, kind: .keyword)
            return write(row, place, plain, &writer)
        }
        writer.key(column.field)
        unsafe row.withText(place) { bytes in
            if unsafe bytes.allSatisfy({ $0 < 0x80 }) {
                unsafe writer.string(utf8: bytes)
            } else {
                // Mends what is no UTF-8.
                writer.value(unsafe String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    /// `2026-01-31 10:00:00` is a date to SQLite; to others it has a `T`.
    static func date(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.count >= 16, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[10] == 0x20,
            bytes[13] == 0x3a
        else { return text }
        var changed = bytes
        changed[10] = UInt8(ascii: "T")
        return String(decoding: changed, as: UTF8.self)
    }
}

/// Names and texts within SQL.
enum SQLText {
    static func name(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    static func literal(_ text: String) -> String {
        "'" + text.replacing("'", with: "''") + "'"
    }
}
