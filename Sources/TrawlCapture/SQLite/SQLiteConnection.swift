internal import CSQLite

/// A connection to a SQLite database.
///
/// `@unchecked`: used by one thread at a time, and opened so that SQLite guards itself besides.
@safe package final class SQLiteConnection: @unchecked Sendable {
    package let path: String
    private let database: OpaquePointer

    /// - Parameter creates: Whether a database that is not there is made. Following never does.
    package init(
        _ path: String, creates: Bool = false, busyMilliseconds: Int32 = 10_000
    ) throws(CaptureError) {
        self.path = path
        var database: OpaquePointer?
        let flags =
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | (creates ? SQLITE_OPEN_CREATE : 0)
        let code = unsafe sqlite3_open_v2(path, &database, flags, nil)
        guard code == SQLITE_OK, let database = unsafe database else {
            let reason = unsafe database.map { unsafe String(cString: sqlite3_errmsg($0)) }
            unsafe sqlite3_close_v2(database)
            throw .unreachable("cannot open the database \(path): \(reason ?? "error \(code)")")
        }
        unsafe self.database = database
        unsafe sqlite3_busy_timeout(database, busyMilliseconds)
    }

    deinit { unsafe sqlite3_close_v2(database) }

    func prepare(_ sql: String) throws(CaptureError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let code = unsafe sqlite3_prepare_v2(database, sql, -1, &statement, nil)
        guard code == SQLITE_OK, let statement = unsafe statement else { throw failure(code, sql) }
        return unsafe SQLiteStatement(statement, of: self, sql)
    }

    package func execute(_ sql: String) throws(CaptureError) {
        let code = unsafe sqlite3_exec(database, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, sql) }
    }

    /// The values of the first row; nil when there is none.
    package func first(
        _ sql: String, _ values: [SQLiteValue] = []
    ) throws(CaptureError) -> [SQLiteValue]? {
        let statement = try prepare(sql)
        try statement.bind(values)
        guard try statement.step() else { return nil }
        return (0..<statement.columnCount).map { statement.value($0) }
    }

    package func all(_ sql: String, _ values: [SQLiteValue] = []) throws(CaptureError)
        -> [[SQLiteValue]]
    {
        let statement = try prepare(sql)
        try statement.bind(values)
        var rows: [[SQLiteValue]] = []
        while try statement.step() {
            rows.append((0..<statement.columnCount).map { statement.value($0) })
        }
        return rows
    }

    /// All or nothing. The body runs with the right to write.
    package func transaction<T>(
        _ begin: String = "BEGIN IMMEDIATE", _ body: () throws -> T
    ) throws -> T {
        try execute(begin)
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            try? execute("ROLLBACK")
            throw error
        }
    }

    func failure(_ code: Int32, _ sql: String) -> CaptureError {
        let reason = unsafe String(cString: sqlite3_errmsg(database))
        switch code & 255 {
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            return .stopped(
                "store_corrupted",
                "the database \(path) is damaged: \(reason). Restore it, then trawl sync resync")
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN,
            SQLITE_READONLY, SQLITE_INTERRUPT, SQLITE_PROTOCOL:
            return .unreachable("the database \(path) does not answer: \(reason)")
        default:
            return .stopped(
                "store_refused",
                "the database \(path) refuses \"\(sql.prefix(200))\": \(reason)")
        }
    }
}

package enum SQLiteValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// As a part of an id; nil for NULL.
    var keyText: String? {
        switch self {
        case .null: nil
        case .integer(let value): String(value)
        case .real(let value): value.description
        case .text(let text): text
        case .blob(let bytes): Base64.text(bytes)
        }
    }

    /// With its type, so that a comparison goes on where it was.
    var typedText: String {
        switch self {
        case .null: "n"
        case .integer(let value): "i\(value)"
        case .real(let value): "r\(value)"
        case .text(let text): "t" + text
        case .blob(let bytes): "b" + Base64.text(bytes)
        }
    }

    init?(typedText: String) {
        let rest = String(typedText.dropFirst())
        switch typedText.first {
        case "n": self = .null
        case "i":
            guard let value = Int64(rest) else { return nil }
            self = .integer(value)
        case "r":
            guard let value = Double(rest) else { return nil }
            self = .real(value)
        case "t": self = .text(rest)
        case "b":
            guard let bytes = Base64.bytes(rest) else { return nil }
            self = .blob(bytes)
        default: return nil
        }
    }

    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var text: String? { if case .text(let text) = self { text } else { nil } }
}

/// A prepared statement, and the row it stands on.
@safe final class SQLiteStatement {
    fileprivate let statement: OpaquePointer
    private let connection: SQLiteConnection
    private let sql: String

    init(_ statement: OpaquePointer, of connection: SQLiteConnection, _ sql: String) {
        unsafe self.statement = statement
        self.connection = connection
        self.sql = sql
    }

    deinit { unsafe sqlite3_finalize(statement) }

    /// Begins anew with these values.
    func bind(_ values: [SQLiteValue]) throws(CaptureError) {
        unsafe sqlite3_reset(statement)
        for (place, value) in values.enumerated() {
            let place = Int32(place + 1)
            let code: Int32
            switch value {
            case .null: code = unsafe sqlite3_bind_null(statement, place)
            case .integer(let value): code = unsafe sqlite3_bind_int64(statement, place, value)
            case .real(let value): code = unsafe sqlite3_bind_double(statement, place, value)
            case .text(let text):
                code = unsafe trawl_sqlite_bind_text(
                    statement, place, text, Int32(text.utf8.count))
            case .blob(let bytes):
                code = unsafe bytes.withUnsafeBytes { raw in
                    unsafe trawl_sqlite_bind_blob(
                        statement, place, raw.baseAddress, Int32(raw.count))
                }
            }
            guard code == SQLITE_OK else { throw connection.failure(code, sql) }
        }
    }

    /// Goes to the next row; false at the end.
    func step() throws(CaptureError) -> Bool {
        switch unsafe sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let error = connection.failure(code, sql)
            unsafe sqlite3_reset(statement)
            throw error
        }
    }

    /// Lets go of the row, and of what it keeps locked.
    func reset() { unsafe sqlite3_reset(statement) }

    var columnCount: Int { Int(unsafe sqlite3_column_count(statement)) }

    func name(_ column: Int) -> String {
        unsafe String(cString: sqlite3_column_name(statement, Int32(column)))
    }

    /// As the table declares it; nil for what is no column of a table.
    func declaredType(_ column: Int) -> String? {
        unsafe sqlite3_column_decltype(statement, Int32(column)).map { unsafe String(cString: $0) }
    }

    func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
    }

    func value(_ column: Int) -> SQLiteValue {
        let place = Int32(column)
        switch unsafe sqlite3_column_type(statement, place) {
        case SQLITE_INTEGER: return .integer(unsafe sqlite3_column_int64(statement, place))
        case SQLITE_FLOAT: return .real(unsafe sqlite3_column_double(statement, place))
        case SQLITE_TEXT:
            return .text(unsafe withText(column) { unsafe String(decoding: $0, as: UTF8.self) })
        case SQLITE_BLOB:
            return .blob(unsafe withBlob(column) { unsafe Array($0) })
        default: return .null
        }
    }

    /// The bytes are valid within the body only.
    func withText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> T) -> T {
        let place = Int32(column)
        let text = unsafe sqlite3_column_text(statement, place)
        let count = Int(unsafe sqlite3_column_bytes(statement, place))
        return unsafe body(UnsafeBufferPointer(start: text, count: text == nil ? 0 : count))
    }

    func withBlob<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> T) -> T {
        let place = Int32(column)
        let bytes = unsafe sqlite3_column_blob(statement, place)
        let count = Int(unsafe sqlite3_column_bytes(statement, place))
        return unsafe body(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    }
}

extension SQLiteStatement {
    func isText(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(statement, Int32(column)) == SQLITE_TEXT
    }
}
