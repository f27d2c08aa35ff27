internal import Glibc
internal import TrawlJSON

/// Follows a table of a SQLite database through its outbox.
///
/// A batch is read in one transaction: the keys that changed, and the rows that are there under
/// them at the same moment. So what a batch says is the state of the store as of one moment, and
/// reading it again later says something newer, never something older.
final class SQLiteSource: ChangeSource {
    private let path: String
    private let name: String
    private let configuration: CaptureConfiguration
    private var connection: SQLiteConnection?
    private var outbox: SQLiteOutbox?
    private var position: Int64 = 0
    private var dataVersion: Int64 = -1
    private var hasMore = true
    private var lastClean = ContinuousClock.now
    private var writer = JSONWriter()

    init(path: String, name: String, configuration: CaptureConfiguration) {
        self.path = path
        self.name = name
        self.configuration = configuration
    }

    var columns: String { outbox?.table.signature ?? "" }
    var fields: [SourceField] { outbox?.table.fields ?? [] }

    func install() throws -> String {
        let connection = try SQLiteConnection(path)
        let table = try SQLiteTable(connection, configuration)
        let outbox = SQLiteOutbox(table: table, name: name)
        try outbox.install(connection, life: configuration.life)
        self.outbox = outbox
        return String(try outbox.end(connection))
    }

    func uninstall() throws {
        close()
        let connection: SQLiteConnection
        do throws(CaptureError) {
            connection = try SQLiteConnection(path)
        } catch {
            // A database that is gone has no triggers either.
            if unsafe access(path, F_OK) != 0 { return }
            throw error
        }
        try SQLiteOutbox.uninstall(connection, name: name)
    }

    func open(at position: String, columns: String) throws {
        close()
        guard let position = Int64(position) else {
            throw CaptureError.stopped("bad_position", "\"\(position)\" is no position of SQLite")
        }
        let connection = try SQLiteConnection(path)
        let outbox = SQLiteOutbox(
            table: try SQLiteTable(connection, configuration), name: name)
        try check(outbox, connection, position)
        self.position = position
        self.connection = connection
        self.outbox = outbox
        dataVersion = -1
        hasMore = true
    }

    private func check(
        _ outbox: SQLiteOutbox, _ connection: SQLiteConnection, _ position: Int64
    ) throws {
        let wayOut = "Run trawl sync resync \(name): it copies the table anew and repairs the rest"
        guard try outbox.isInstalled(connection) else {
            throw CaptureError.stopped(
                "outbox_lost",
                "the outbox of [\(name)] is not in \(path) any more: changes were missed. \(wayOut)"
            )
        }
        let life = try connection.first("SELECT id FROM \(outbox.life)")?[0].text
        guard life == configuration.life else {
            throw CaptureError.stopped(
                "other_store",
                "\(path) is not the database that was followed: its outbox belongs to another "
                    + "sync. \(wayOut)")
        }
        guard try outbox.end(connection) >= position else {
            throw CaptureError.stopped(
                "store_went_back",
                "\(path) went back in time, it was probably restored: event \(position) was taken "
                    + "from it, its last is \(try outbox.end(connection)). \(wayOut)")
        }
        guard try outbox.triggerCount(connection) == 4 else {
            throw CaptureError.stopped(
                "triggers_lost",
                "the triggers of [\(name)] are not on the table any more, as when it was dropped "
                    + "and made anew: changes were missed. \(wayOut)")
        }
    }

    func close() {
        connection = nil
    }

    private func opened() throws -> (SQLiteConnection, SQLiteOutbox) {
        guard let connection, let outbox else {
            throw CaptureError.unreachable("the database \(path) is not open")
        }
        return (connection, outbox)
    }

    // MARK: Stream

    /// How often it is asked whether there is something new: a look at a number in shared memory.
    private static let pollMicroseconds: UInt32 = 5_000

    func next(
        limit: Int, timeout: Duration, until point: (any StorePoint)?,
        old: (String) throws -> [UInt8]?
    ) throws -> SourceBatch {
        let (own, outbox) = try opened()
        if let point = point as? SQLitePoint {
            // All of it at the point's moment, so that the last batch leaves just that state.
            let batch = try read(point.connection, outbox, limit: limit, through: point.seq)
            hasMore = true
            return batch
        }
        let deadline = ContinuousClock.now + timeout
        while true {
            var asked = WallClock.now
            let isNew = try changed(own)
            if hasMore || isNew {
                asked = WallClock.now
                var batch = try own.transaction("BEGIN") {
                    try read(own, outbox, limit: limit, through: .max)
                }
                hasMore = batch.hasMore
                if !hasMore { batch.asOf = asked }
                if batch.eventCount > 0 { return batch }
                try checkTable(own)
            }
            if ContinuousClock.now >= deadline {
                var batch = SourceBatch(position: String(position))
                batch.asOf = asked
                return batch
            }
            usleep(Self.pollMicroseconds)
        }
    }

    /// Whether another connection has written anything.
    private func changed(_ connection: SQLiteConnection) throws -> Bool {
        let version = try connection.first("PRAGMA data_version")?[0].integer ?? 0
        defer { dataVersion = version }
        return version != dataVersion
    }

    /// A table that changed its columns is found here as well when no row changed with it.
    private func checkTable(_ connection: SQLiteConnection) throws {
        guard let outbox else { return }
        let table = try SQLiteTable(connection, configuration)
        if table.signature != outbox.table.signature {
            self.outbox = SQLiteOutbox(table: table, name: name)
        }
        guard try outbox.triggerCount(connection) == 4 else {
            try check(outbox, connection, position)
            return
        }
    }

    private func read(
        _ connection: SQLiteConnection, _ outbox: SQLiteOutbox, limit: Int, through end: Int64
    ) throws -> SourceBatch {
        var table = outbox.table
        let keys = table.key.indices.map { "o.k\($0)" }
        let events = try connection.prepare(
            "SELECT o.seq, o.at, \(keys.joined(separator: ", ")) FROM \(outbox.outbox) AS o "
                + "WHERE o.seq > ? AND o.seq <= ? ORDER BY o.seq LIMIT \(limit)")
        try events.bind([.integer(position), .integer(end)])
        var batch = SourceBatch(position: String(position))
        var order: [[SQLiteValue]] = []
        var seen: Set<[SQLiteValue]> = []
        while try events.step() {
            batch.eventCount += 1
            if case .integer(let seq) = events.value(0) { position = seq }
            if case .integer(let at) = events.value(1) { batch.madeAt = Double(at) }
            guard let key = table.key(of: events, from: 2) else { continue }
            if seen.insert(key).inserted { order.append(key) }
        }
        events.reset()
        batch.position = String(position)
        batch.hasMore = batch.eventCount == limit
        batch.isAtPoint = end != .max && !batch.hasMore
        if order.isEmpty { return batch }
        // The columns as they are at this moment.
        let now = try SQLiteTable(connection, configuration)
        if now.signature != table.signature {
            table = now
            self.outbox = SQLiteOutbox(table: now, name: name)
        }
        let reader = try SQLiteRowReader(connection, table)
        for key in order {
            let id = SQLiteTable.id(of: key)
            batch.changes.append(CapturedChange(id: id, source: try reader.document(key, as: id)))
        }
        return batch
    }

    // MARK: Points

    func makePoint(isInterrupted: () -> Bool) throws -> any StorePoint {
        let (_, outbox) = try opened()
        let point = try SQLitePoint(path: path, outbox: outbox, configuration: configuration)
        if point.table.signature != outbox.table.signature {
            self.outbox = SQLiteOutbox(table: point.table, name: name)
        }
        return point
    }

    func acknowledge(_ position: String) throws {
        // Now and then, and a bounded piece: the application waits while it is done.
        guard let seq = Int64(position), ContinuousClock.now - lastClean > .milliseconds(500)
        else { return }
        lastClean = .now
        let (connection, outbox) = try opened()
        do throws(CaptureError) {
            try cleaning(connection, outbox, seq)
        } catch {
            // The application is at it: next time.
            guard error.remedy == .wait else { throw error }
        }
        // What was written just now is our own.
        dataVersion = -1
    }

    private func cleaning(
        _ connection: SQLiteConnection, _ outbox: SQLiteOutbox, _ seq: Int64
    ) throws(CaptureError) {
        do {
            try outbox.clean(connection, through: seq, limit: 20_000)
        } catch let error as CaptureError {
            throw error
        } catch {
            throw .unreachable("\(error)")
        }
    }

    func lag() throws -> SourceLag {
        let (connection, outbox) = try opened()
        return SourceLag(events: Int(max(0, try outbox.end(connection) - position)))
    }
}

/// Looks rows up by their keys.
private struct SQLiteRowReader {
    private let statement: SQLiteStatement
    private let table: SQLiteTable

    init(_ connection: SQLiteConnection, _ table: SQLiteTable) throws {
        self.table = table
        // A key that compares equal is not yet the same: collations may ignore case.
        let same = table.key.enumerated().map { place, name in
            "t.\(SQLText.name(name)) = ?\(place + 1) AND "
                + "t.\(SQLText.name(name)) = ?\(place + 1) COLLATE BINARY"
        }.joined(separator: " AND ")
        statement = try connection.prepare(
            "SELECT \(table.selection) FROM \(table.from) WHERE \(same)")
    }

    /// Nil when there is no such row, or it is another document: `05` finds the row 5.
    func document(_ key: [SQLiteValue], as id: String) throws -> [UInt8]? {
        try statement.bind(key)
        defer { statement.reset() }
        guard try statement.step(),
            let found = table.key(of: statement, from: table.columns.count),
            SQLiteTable.id(of: found) == id
        else { return nil }
        var writer = JSONWriter(reserving: 256)
        return table.document(of: statement, from: 0, &writer)
    }
}

/// One moment of a SQLite database: a transaction that only reads.
///
/// `@unchecked`: used by one thread at a time, see ``StorePoint``.
final class SQLitePoint: StorePoint, @unchecked Sendable {
    let connection: SQLiteConnection
    /// The last event at this moment.
    let seq: Int64
    let table: SQLiteTable
    private var isOpen = true

    init(path: String, outbox: SQLiteOutbox, configuration: CaptureConfiguration) throws {
        connection = try SQLiteConnection(path)
        try connection.execute("BEGIN")
        seq = try outbox.end(connection)
        table = try SQLiteTable(connection, configuration)
    }

    var position: String { String(seq) }

    func rows(
        after frontier: String?, limit: Int
    ) throws -> (
        rows: [CapturedChange], frontier: String?, refused: [(id: String, reason: String)]
    ) {
        let names = table.key.map { "t." + SQLText.name($0) }
        let list = names.joined(separator: ", ")
        var values: [SQLiteValue] = []
        if let frontier {
            for part in (try? JSONValue.parse(frontier))?.arrayValue ?? [] {
                guard let value = part.stringValue.flatMap({ SQLiteValue(typedText: $0) }) else {
                    throw CaptureError.stopped(
                        "bad_position", "\"\(frontier)\" is no place in the table")
                }
                values.append(value)
            }
        }
        let places = names.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        let isWhole = names.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
        let statement = try connection.prepare(
            "SELECT \(table.selection) FROM \(table.from) WHERE \(isWhole)"
                + (values.isEmpty ? "" : " AND (\(list)) > (\(places))")
                + " ORDER BY \(list) LIMIT \(limit)")
        try statement.bind(values)
        var rows: [CapturedChange] = []
        rows.reserveCapacity(limit)
        var last: [SQLiteValue]?
        var writer = JSONWriter(reserving: 512)
        while try statement.step() {
            guard let key = table.key(of: statement, from: table.columns.count) else { continue }
            last = key
            rows.append(
                CapturedChange(
                    id: SQLiteTable.id(of: key),
                    source: table.document(of: statement, from: 0, &writer)))
        }
        let isEnd = rows.count < limit
        let next = last.map { key in
            String(
                decoding: JSONValue.array(key.map { .string($0.typedText) }).serialized(),
                as: UTF8.self)
        }
        return (rows, isEnd ? nil : next, [])
    }

    func rows(of ids: [String]) throws -> [CapturedChange] {
        let reader = try SQLiteRowReader(connection, table)
        return try ids.map { id in
            for key in table.keys(of: id) {
                if let source = try reader.document(key, as: id) {
                    return CapturedChange(id: id, source: source)
                }
            }
            return CapturedChange(id: id, source: nil)
        }
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        try? connection.execute("ROLLBACK")
    }

    deinit { close() }
}
