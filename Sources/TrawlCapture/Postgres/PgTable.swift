internal import TrawlJSON

/// The table that is followed, as the server's catalogue describes it, and how its rows become
/// documents.
struct PgTable: Equatable {
    struct Column: Equatable {
        var name: String
        var kind: PgKind
    }

    let schema: String
    let name: String
    let table: UInt32
    /// In the order of the table; generated ones are not in the stream and so not here.
    let columns: [Column]
    let key: [String]
    /// What the rows become: in this order.
    private let chosen: [(column: String, field: String)]

    static func == (left: Self, right: Self) -> Bool {
        left.signature == right.signature && left.table == right.table
    }

    var sqlName: String { SQLText.name(schema) + "." + SQLText.name(name) }

    init(_ connection: PgConnection, _ configuration: CaptureConfiguration) throws {
        let wanted = configuration.table ?? ""
        // As SQL reads a name: quoted, or lower-cased.
        let quoted = wanted.split(separator: ".").map { part in
            part.hasPrefix("\"") ? String(part) : SQLText.name(String(part))
        }.joined(separator: ".")
        guard
            let found = try connection.query(
                """
                SELECT c.oid::int8, n.nspname, c.relname, c.relreplident, c.relkind
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.oid = to_regclass($1)
                """, [quoted]
            ).first
        else {
            throw CaptureError.stopped("no_table", "there is no table [\(wanted)]")
        }
        let texts = found.map { String(decoding: $0 ?? [], as: UTF8.self) }
        guard texts[4] == "r" || texts[4] == "p" else {
            throw CaptureError.stopped(
                "no_table", "[\(wanted)] is no table: only tables have changes to follow")
        }
        table = UInt32(texts[0]) ?? 0
        schema = texts[1]
        name = texts[2]
        columns = try Self.columns(connection, texts[0])
        let indices = try Self.uniqueIndices(connection, texts[0])
        let primary = indices.first { $0.isPrimary }
        let own = configuration.key.isEmpty ? primary?.columns ?? [] : configuration.key
        guard !own.isEmpty else {
            throw CaptureError.stopped(
                "no_key", "[\(wanted)] has no primary key: name the columns of one by --key")
        }
        for column in own where !columns.contains(where: { $0.name == column }) {
            throw CaptureError.stopped("no_column", "[\(wanted)] has no column [\(column)]")
        }
        guard indices.contains(where: { Set($0.columns) == Set(own) }) else {
            throw CaptureError.stopped(
                "key_not_unique",
                "[\(own.joined(separator: ", "))] of [\(wanted)] is neither its primary key nor "
                    + "unique: two rows would be one document")
        }
        key = own
        let identity: [String]? =
            switch texts[3] {
            case "d": primary?.columns ?? []
            case "i": indices.first { $0.isIdentity }?.columns ?? []
            case "f": nil
            default: []
            }
        if let identity, !Set(own).isSubset(of: identity) {
            throw CaptureError.stopped(
                "replica_identity",
                "changes of [\(wanted)] do not say which row they are of: its replica identity has "
                    + "[\(identity.joined(separator: ", "))], the key is "
                    + "[\(own.joined(separator: ", "))]. Run ALTER TABLE \(wanted) REPLICA IDENTITY "
                    + "FULL, or name the primary key by --key")
        }
        let given = configuration.fieldNames
        for (column, _) in given where !columns.contains(where: { $0.name == column }) {
            throw CaptureError.stopped(
                "no_column",
                "[\(wanted)] has no column [\(column)]; it has "
                    + columns.map(\.name).joined(separator: ", "))
        }
        chosen = given.isEmpty ? columns.map { ($0.name, $0.name) } : given
    }

    private static func columns(_ connection: PgConnection, _ table: String) throws -> [Column] {
        try connection.query(
            """
            SELECT a.attname, b.oid::int8, b.typcategory, e.oid::int8
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
            LEFT JOIN pg_type e ON e.oid = b.typelem AND b.typcategory = 'A'
            WHERE a.attrelid = $1::int8::oid AND a.attnum > 0 AND NOT a.attisdropped
              AND a.attgenerated = '' ORDER BY a.attnum
            """, [table]
        ).map { row in
            let texts = row.map { $0.map { String(decoding: $0, as: UTF8.self) } }
            let type = texts[1].flatMap { UInt32($0) } ?? 0
            let kind: PgKind =
                if texts[2] == "A", let element = texts[3].flatMap({ UInt32($0) }) {
                    .array(of: PgKind(type: element))
                } else {
                    PgKind(type: type)
                }
            return Column(name: texts[0] ?? "", kind: kind)
        }
    }

    private static func uniqueIndices(
        _ connection: PgConnection, _ table: String
    ) throws -> [(columns: [String], isPrimary: Bool, isIdentity: Bool)] {
        let rows = try connection.query(
            """
            SELECT i.indexrelid::int8, i.indisprimary, i.indisreplident, a.attname
            FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
              AND a.attnum = ANY (i.indkey::int2[])
            WHERE i.indrelid = $1::int8::oid AND i.indisunique AND i.indisvalid
              AND i.indpred IS NULL AND i.indexprs IS NULL
            ORDER BY i.indexrelid, array_position(i.indkey::int2[], a.attnum)
            """, [table])
        var indices: [(id: String, columns: [String], isPrimary: Bool, isIdentity: Bool)] = []
        for row in rows {
            let texts = row.map { String(decoding: $0 ?? [], as: UTF8.self) }
            if indices.last?.id == texts[0] {
                indices[indices.count - 1].columns.append(texts[3])
            } else {
                indices.append((texts[0], [texts[3]], texts[1] == "t", texts[2] == "t"))
            }
        }
        return indices.map { ($0.columns, $0.isPrimary, $0.isIdentity) }
    }

    private func kind(of column: String) -> PgKind {
        columns.first { $0.name == column }?.kind ?? .word
    }

    var fields: [SourceField] {
        chosen.map { SourceField($0.field, kind(of: $0.column).fieldKind) }
    }

    var signature: String {
        chosen.map { "\($0.column):\($0.field):\(kind(of: $0.column).name)" }
            .joined(separator: ",")
    }

    // MARK: Rows of queries

    /// The columns that `document` and `key` read, in this order.
    var selection: String { columns.map { SQLText.name($0.name) }.joined(separator: ", ") }

    /// How the values of a row are found, whoever sent it.
    func shape(of names: [String]) -> PgRowShape {
        func place(_ name: String) -> Int? { names.firstIndex(of: name) }
        return PgRowShape(
            fields: chosen.map {
                (name: $0.field, kind: kind(of: $0.column), place: place($0.column))
            }, key: key.map(place))
    }

    var shape: PgRowShape { shape(of: columns.map(\.name)) }
}

/// Which value of a row becomes which field.
struct PgRowShape {
    var fields: [(name: String, kind: PgKind, place: Int?)]
    var key: [Int?]

    /// The texts of the key; nil when one is NULL or was not sent.
    func key(_ value: (Int) -> PgField) -> [String]? {
        var parts: [String] = []
        for place in key {
            guard let place, case .text(let text) = value(place) else { return nil }
            parts.append(String(decoding: text, as: UTF8.self))
        }
        return parts
    }

    /// - Parameter unchanged: The JSON text of a field that was not sent; nil leaves it out.
    func document(
        _ value: (Int) -> PgField, unchanged: (String) throws -> ArraySlice<UInt8>?
    ) rethrows -> [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.startObject()
        for (name, kind, place) in fields {
            guard let place else { continue }
            switch value(place) {
            case .null: break
            case .text(let text): kind.write(text, as: name, to: &writer)
            case .unchanged:
                guard let text = try unchanged(name) else { break }
                writer.key(name)
                writer.raw(text)
            }
        }
        writer.endObject()
        return writer.bytes
    }
}
