internal import Glibc
internal import TrawlDocument
internal import TrawlJSON

/// Follows a table of a PostgreSQL server: `pgoutput` through a replication slot.
///
/// A transaction whose commit stands before a point is in what the point shows; one whose commit
/// stands at the point or after it is not. So the stream is applied up to the first transaction that
/// does not end before the point, and rows of the point go on from just there.
final class PostgresSource: ChangeSource {
    private let url: String
    private let name: String
    private let configuration: CaptureConfiguration
    /// For questions.
    private var connection: PgConnection?
    /// The stream.
    private var stream: PgConnection?
    private var table: PgTable?
    private var server = ServerPosition(position: LogPosition(0), system: "", timeline: "")
    private var durable = LogPosition(0)
    private var lastStatus = ContinuousClock.now
    private var shapes: [UInt32: PgRowShape] = [:]
    /// The transaction that is being received.
    private var transaction: Transaction?
    /// Taken out of the stream and not yet looked at.
    private var pending: PgOutputMessage?
    private var mark: (position: LogPosition, at: Double)?
    private var lastMark = ContinuousClock.now - .seconds(1)
    private var lastBeat = ContinuousClock.now
    private var lastLag = (at: ContinuousClock.now - .seconds(10), byteCount: 0)
    private var pointCount = 0

    private struct Transaction {
        var position: LogPosition
        var time: Double
        var index: UInt64 = 0
    }

    init(url: String, name: String, configuration: CaptureConfiguration) {
        self.url = url
        self.name = name
        self.configuration = configuration
    }

    private var slot: String { "trawl_\(name)" }
    private var shown: String { configuration.shownFrom }

    var columns: String { table?.signature ?? "" }
    var fields: [SourceField] { table?.fields ?? [] }

    // MARK: In the server

    func install() throws -> String {
        guard configuration.sql == nil else {
            throw CaptureError.invalid(
                "PostgreSQL's stream has rows of tables: --sql is for SQLite only")
        }
        let connection = try PgConnection(url: url, shown: shown)
        guard try connection.text("SHOW wal_level") == "logical" else {
            throw CaptureError.stopped(
                "wal_level",
                "\(shown) does not log what following needs: set wal_level = logical in "
                    + "postgresql.conf and restart the server")
        }
        let table = try PgTable(connection, configuration)
        self.table = table
        let known = try connection.text(
            "SELECT 1 FROM pg_publication_tables WHERE pubname = $1 AND schemaname = $2 "
                + "AND tablename = $3", [slot, table.schema, table.name])
        if known == nil {
            let sql =
                "CREATE PUBLICATION \(SQLText.name(slot)) FOR TABLE \(table.sqlName) "
                + "WITH (publish_via_partition_root = true)"
            do {
                try connection.query("DROP PUBLICATION IF EXISTS \(SQLText.name(slot))")
                try connection.query(sql)
            } catch let error as CaptureError where error.code == "not_allowed" {
                throw CaptureError.stopped(
                    "not_allowed",
                    "the account may not publish the table; whoever owns it may: \(sql)")
            }
        }
        try dropSlot(connection)
        let position: String?
        do {
            position = try connection.text(
                "SELECT lsn FROM pg_create_logical_replication_slot($1, 'pgoutput')", [slot])
        } catch let error as CaptureError where error.code == "not_allowed" {
            throw CaptureError.stopped(
                "not_allowed",
                "the account may not follow: ALTER ROLE … REPLICATION gives it the right")
        }
        guard let position = position.flatMap({ LogPosition($0) }) else {
            throw CaptureError.stopped("no_slot", "\(shown) made no replication slot")
        }
        let (system, timeline) = try identity(
            PgConnection(
                url: url, shown: shown, forReplication: true))
        return ServerPosition(position: position, system: system, timeline: timeline).description
    }

    private func identity(
        _ connection: PgConnection
    ) throws -> (system: String, timeline: String) {
        let row = try connection.query("IDENTIFY_SYSTEM").first ?? []
        let texts = row.map { String(decoding: $0 ?? [], as: UTF8.self) }
        guard texts.count >= 2 else {
            throw CaptureError.stopped("no_identity", "\(shown) does not say which server it is")
        }
        return (texts[0], texts[1])
    }

    private func dropSlot(_ connection: PgConnection) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let found = try connection.query(
                "SELECT active FROM pg_replication_slots WHERE slot_name = $1", [slot])
            guard let row = found.first else { return }
            if row[0] == Array("f".utf8) {
                try connection.query("SELECT pg_drop_replication_slot($1)", [slot])
                return
            }
            guard ContinuousClock.now < deadline else {
                throw CaptureError.unreachable("the slot \(slot) of \(shown) is in use")
            }
            usleep(100_000)
        }
    }

    func uninstall() throws {
        close()
        let connection = try PgConnection(url: url, shown: shown)
        try dropSlot(connection)
        do {
            try connection.query("DROP PUBLICATION IF EXISTS \(SQLText.name(slot))")
        } catch let error as CaptureError where error.code == "not_allowed" {
            // It was made by somebody else.
        }
    }

    // MARK: Connecting

    func open(at position: String, columns: String) throws {
        close()
        guard let known = ServerPosition(position) else {
            throw CaptureError.stopped(
                "bad_position", "\"\(position)\" is no position of PostgreSQL")
        }
        server = known
        durable = known.position
        let connection = try PgConnection(url: url, shown: shown)
        let stream = try PgConnection(url: url, shown: shown, forReplication: true)
        try check(connection, try identity(stream))
        table = try PgTable(connection, configuration)
        try stream.query(
            "START_REPLICATION SLOT \(SQLText.name(slot)) LOGICAL \(known.position) "
                + "(proto_version '2', publication_names '\(SQLText.name(slot))', messages 'true')")
        self.connection = connection
        self.stream = stream
        shapes = [:]
        transaction = nil
        pending = nil
        mark = nil
        lastStatus = .now
    }

    /// That it is the server that was followed, and that nothing was missed.
    private func check(
        _ connection: PgConnection, _ found: (system: String, timeline: String)
    ) throws {
        let wayOut =
            "Changes may have been missed: trawl sync resync \(name) makes a new slot, copies the "
            + "table anew and repairs the rest"
        guard try connection.text("SELECT pg_is_in_recovery()") == "f" else {
            throw CaptureError.unreachable(
                "\(shown) recovers or is a standby: a primary is followed")
        }
        guard found.system == server.system else {
            throw CaptureError.stopped(
                "other_system",
                "\(shown) is another server than the one that was followed (system "
                    + "\(found.system), not \(server.system)). \(wayOut)")
        }
        guard found.timeline == server.timeline else {
            throw CaptureError.stopped(
                "other_timeline",
                "\(shown) went on from another past: timeline \(found.timeline), not "
                    + "\(server.timeline); it was promoted or restored. \(wayOut)")
        }
        let row = try connection.query(
            "SELECT plugin, wal_status, confirmed_flush_lsn, active_pid FROM pg_replication_slots "
                + "WHERE slot_name = $1", [slot]
        ).first
        guard let row else {
            throw CaptureError.stopped(
                "slot_lost", "the slot \(slot) is not on \(shown) any more. \(wayOut)")
        }
        let texts = row.map { String(decoding: $0 ?? [], as: UTF8.self) }
        guard texts[1] != "lost" else {
            throw CaptureError.stopped(
                "slot_invalidated",
                "the slot \(slot) fell further behind than max_slot_wal_keep_size, and \(shown) "
                    + "removed what it needed. \(wayOut)")
        }
        guard texts[0] == "pgoutput", let confirmed = LogPosition(texts[2]),
            confirmed <= server.position
        else {
            throw CaptureError.stopped(
                "slot_recreated",
                "the slot \(slot) of \(shown) was made anew or read by somebody else: it begins at "
                    + "\(texts[2]), what was applied ends at \(server.position). \(wayOut)")
        }
        guard texts[3].isEmpty else {
            throw CaptureError.unreachable(
                "the slot \(slot) of \(shown) is in use by the server's process \(texts[3]): "
                    + "another follower, or one that is just ending")
        }
        if let end = try connection.text("SELECT pg_current_wal_flush_lsn()").flatMap({
            LogPosition($0)
        }), end < server.position {
            throw CaptureError.stopped(
                "store_went_back",
                "\(shown) went back in time: its log ends at \(end), what was applied at "
                    + "\(server.position). \(wayOut)")
        }
        guard
            try connection.text("SELECT 1 FROM pg_publication WHERE pubname = $1", [slot]) != nil
        else {
            throw CaptureError.stopped(
                "publication_lost", "the publication \(slot) is not on \(shown) any more. \(wayOut)"
            )
        }
    }

    func close() {
        stream = nil
        connection = nil
    }

    private func opened() throws -> (connection: PgConnection, stream: PgConnection, table: PgTable)
    {
        guard let connection, let stream, let table else {
            throw CaptureError.unreachable("\(shown) is not connected")
        }
        return (connection, stream, table)
    }

    // MARK: Stream

    func next(
        limit: Int, timeout: Duration, until point: (any StorePoint)?,
        old: (String) throws -> [UInt8]?
    ) throws -> SourceBatch {
        let (_, stream, _) = try opened()
        let point = point as? PostgresPoint
        var gathering = Gathering(batch: SourceBatch(position: server.description))
        let deadline = ContinuousClock.now + timeout
        while true {
            if let point, transaction == nil, gathering.isEmpty || gathering.isWhole,
                server.position >= point.consistent
            {
                gathering.batch.isAtPoint = true
                break
            }
            if gathering.batch.eventCount >= limit {
                gathering.batch.hasMore = true
                break
            }
            if pending == nil {
                // What was gathered is not held back by a quiet stream, but a busy one may fill
                // the batch: writing costs by the batch.
                let rest = (deadline - ContinuousClock.now) / .milliseconds(1)
                let wait: Int32 =
                    !gathering.isEmpty && transaction == nil
                    ? (gathering.batch.eventCount >= Self.busyFrom ? Self.busyWait : 0)
                    : max(1, Int32(min(rest, point == nil ? 50 : 20)))
                if let bytes = try stream.receive(milliseconds: wait) {
                    try take(bytes)
                } else {
                    if !gathering.isEmpty, transaction == nil { break }
                    if ContinuousClock.now >= deadline { break }
                    try beat(wantsAnswer: point != nil)
                    continue
                }
            }
            guard let message = pending else {
                if !gathering.isEmpty, transaction == nil, ContinuousClock.now >= deadline { break }
                continue
            }
            if let point, case .begin(let position, _, _) = message, position >= point.consistent {
                gathering.batch.isAtPoint = true
                break
            }
            if case .truncate = message, !gathering.isEmpty {
                gathering.batch.hasMore = true
                break
            }
            pending = nil
            try apply(message, &gathering, old)
        }
        gathering.batch.position = server.description
        if let mark, transaction == nil, server.position >= mark.position {
            gathering.batch.asOf = mark.at
            self.mark = nil
        }
        try beat(wantsAnswer: false)
        return gathering.batch
    }

    /// A batch of so many events is one of many.
    private static let busyFrom = 200
    private static let busyWait: Int32 = 5

    private struct Gathering {
        var batch: SourceBatch
        /// The newest change of each document in the batch.
        var last: [String: Int] = [:]
        /// Whether a transaction ended last.
        var isWhole = false

        var isEmpty: Bool { batch.changes.isEmpty && !batch.emptiesAll && batch.eventCount == 0 }
    }

    private func take(_ bytes: [UInt8]) throws {
        do throws(PgOutputError) {
            switch try PgCopyData.decode(bytes) {
            case .data(_, let message): pending = try PgOutputDecoder.decode(message)
            case .keepalive(let end, let wantsAnswer):
                // Everything before it was sent; between transactions nothing is on its way.
                if transaction == nil { server.position = max(server.position, end) }
                if wantsAnswer { lastStatus = .now - .seconds(60) }
            }
        } catch {
            throw CaptureError.stopped(
                "not_understood", "\(shown) sent what is not understood: \(error)")
        }
    }

    private func apply(
        _ message: PgOutputMessage, _ gathering: inout Gathering,
        _ old: (String) throws -> [UInt8]?
    ) throws {
        switch message {
        case .begin(let position, let time, _):
            transaction = Transaction(position: position, time: Self.milliseconds(time))
            gathering.isWhole = false
        case .commit(_, let end, let time):
            transaction = nil
            server.position = max(server.position, end)
            gathering.batch.madeAt = Self.milliseconds(time)
            gathering.isWhole = true
        case .relation(let relation): try learn(relation)
        case .insert(let table, let new):
            guard let shape = shapes[table] else { return }
            gathering.batch.eventCount += 1
            try put(new, before: nil, shape, &gathering, old)
        case .update(let table, let before, let new):
            guard let shape = shapes[table] else { return }
            gathering.batch.eventCount += 1
            try put(new, before: before, shape, &gathering, old)
        case .delete(let table, let before):
            guard let shape = shapes[table] else { return }
            gathering.batch.eventCount += 1
            guard let key = shape.key({ before.fields[$0] }) else { return }
            add(RowKey.id(of: key), nil, &gathering)
        case .truncate(let tables):
            guard tables.contains(where: { shapes[$0] != nil || $0 == table?.table }) else {
                return
            }
            gathering.batch.emptiesAll = true
            gathering.batch.eventCount += 1
        case .origin, .type, .message: break
        }
    }

    /// PostgreSQL counts microseconds from 2000.
    private static func milliseconds(_ time: Int64) -> Double {
        Double(time) / 1000 + 946_684_800_000
    }

    private func learn(_ relation: PgRelation) throws {
        guard var table else { return }
        // The stream is behind the catalogue: only names that it does not know are news.
        let known = Set(table.columns.map(\.name))
        let isOfTable =
            relation.table == table.table
            || (relation.schema == table.schema && relation.name == table.name)
        guard isOfTable else {
            shapes[relation.table] = nil
            return
        }
        let names = relation.columns.map(\.name)
        if !known.isSuperset(of: names), let connection {
            table = try PgTable(connection, configuration)
            self.table = table
        }
        shapes[relation.table] = table.shape(of: names)
    }

    private func put(
        _ new: [PgField], before: PgOldRow?, _ shape: PgRowShape,
        _ gathering: inout Gathering, _ old: (String) throws -> [UInt8]?
    ) throws {
        guard let key = shape.key({ new[$0] }) else { return }
        let id = RowKey.id(of: key)
        let beforeID = before.flatMap { row in
            shape.key { row.fields[$0] }.map { RowKey.id(of: $0) }
        }
        var members: [(key: String, value: JSONSlice)]??
        let document = try shape.document({ new[$0] }) { field in
            if case .full(let row)? = before,
                let known = shape.fields.first(where: { $0.name == field }),
                let place = known.place, case .text(let text) = row[place]
            {
                var writer = JSONWriter()
                writer.startObject()
                known.kind.write(text, as: field, to: &writer)
                writer.endObject()
                return try JSONSlice(parsing: writer.bytes)[field]?.bytes
            }
            if members == nil {
                members = .some(
                    try previous(beforeID ?? id, key, gathering, old).flatMap {
                        try JSONSlice(parsing: $0).members()
                    })
            }
            return members??.first { $0.key == field }?.value.bytes
        }
        if let beforeID, beforeID != id { add(beforeID, nil, &gathering) }
        add(id, document, &gathering)
    }

    /// The document before a change that did not send all of it: of this batch, of the index, or as
    /// the row is now.
    private func previous(
        _ id: String, _ key: [String], _ gathering: Gathering, _ old: (String) throws -> [UInt8]?
    ) throws -> [UInt8]? {
        if let place = gathering.last[id] { return gathering.batch.changes[place].source }
        if let source = try old(id) { return source }
        let (connection, _, table) = try opened()
        return try PgRows(connection, table).row(key)
    }

    private func add(_ id: String, _ source: [UInt8]?, _ gathering: inout Gathering) {
        guard transaction != nil else { return }
        let place = ChangeOrigin.Place(
            position: transaction!.position.value, index: transaction!.index)
        transaction!.index += 1
        gathering.last[id] = gathering.batch.changes.count
        gathering.batch.changes.append(CapturedChange(id: id, source: source, place: place))
    }

    // MARK: Telling the server

    private static let statusInterval = Duration.seconds(5)
    private static let markInterval = Duration.milliseconds(100)
    private static let heartbeatInterval = Duration.seconds(10)

    /// Says how far it is when that is due, and asks how far the server is.
    private func beat(wantsAnswer: Bool) throws {
        let (connection, stream, _) = try opened()
        let now = ContinuousClock.now
        var asks = wantsAnswer
        if mark == nil, transaction == nil, now - lastMark >= Self.markInterval {
            lastMark = now
            let at = WallClock.now
            if let end = try connection.text("SELECT pg_current_wal_flush_lsn()").flatMap({
                LogPosition($0)
            }) {
                mark = (end, at)
                lastLag = (now, Int(clamping: end.value &- min(end, server.position).value))
                asks = asks || server.position < end
            }
        } else if mark != nil, now - lastMark > Self.heartbeatInterval,
            now - lastBeat > Self.heartbeatInterval
        {
            // The server has nothing to send that comes by the mark: something of our own does.
            lastBeat = now
            _ = try? connection.query("SELECT pg_logical_emit_message(true, 'trawl', '')")
        }
        guard asks || now - lastStatus >= Self.statusInterval else { return }
        if asks, now - lastStatus < .milliseconds(20) { return }
        lastStatus = now
        try stream.send(
            PgCopyData.status(
                received: server.position, durable: durable,
                time: Int64((WallClock.now - 946_684_800_000) * 1000), wantsAnswer: asks))
    }

    func acknowledge(_ position: String) throws {
        guard let stream, let known = ServerPosition(position) else { return }
        let isNews = known.position > durable
        durable = max(durable, known.position)
        guard isNews || ContinuousClock.now - lastStatus >= Self.statusInterval else { return }
        lastStatus = .now
        try stream.send(
            PgCopyData.status(
                received: max(server.position, durable), durable: durable,
                time: Int64((WallClock.now - 946_684_800_000) * 1000), wantsAnswer: false))
    }

    func lag() throws -> SourceLag {
        if ContinuousClock.now - lastLag.at > .milliseconds(500), let connection,
            let end = try connection.text("SELECT pg_current_wal_flush_lsn()").flatMap({
                LogPosition($0)
            })
        {
            lastLag = (.now, Int(clamping: end.value &- min(end, server.position).value))
        }
        return SourceLag(byteCount: lastLag.byteCount)
    }

    // MARK: Points

    func makePoint(isInterrupted: () -> Bool) throws -> any StorePoint {
        let known = try opened().table
        pointCount += 1
        // The slot goes with the connection; what it exported stays with whoever took it.
        let exporter = try PgConnection(url: url, shown: shown, forReplication: true)
        let row = try exporter.query(
            "CREATE_REPLICATION_SLOT \(SQLText.name("\(slot)_point_\(getpid())_\(pointCount)")) "
                + "TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')"
        ) {
            // It waits for transactions that are open; meanwhile the stream is kept alive.
            if isInterrupted() { throw CaptureError.unreachable("the following was ended") }
            try self.beat(wantsAnswer: false)
        }.first
        let texts = (row ?? []).map { String(decoding: $0 ?? [], as: UTF8.self) }
        guard texts.count >= 3, let consistent = LogPosition(texts[1]) else {
            throw CaptureError.stopped("no_point", "\(shown) exports no snapshot")
        }
        let reader = try PgConnection(url: url, shown: shown)
        try reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try reader.query("SET TRANSACTION SNAPSHOT \(SQLText.literal(texts[2]))")
        // The columns of just that moment.
        let table = try PgTable(reader, configuration)
        if table.signature != known.signature { self.table = table }
        return PostgresPoint(consistent: consistent, rows: PgRows(reader, table))
    }
}

/// Reads rows of a table by their keys.
struct PgRows {
    let connection: PgConnection
    private let table: PgTable
    private let shape: PgRowShape

    init(_ connection: PgConnection, _ table: PgTable) {
        self.connection = connection
        self.table = table
        shape = table.shape
    }

    private func change(_ row: [[UInt8]?]) -> CapturedChange? {
        let field: (Int) -> PgField = { row[$0].map { .text($0) } ?? .null }
        guard let key = shape.key(field) else { return nil }
        return CapturedChange(
            id: RowKey.id(of: key), source: shape.document(field) { _ in nil })
    }

    private var keyList: String { table.key.map(SQLText.name).joined(separator: ", ") }
    private var places: String {
        table.key.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    }

    /// Nil when there is no such row.
    func row(_ key: [String]) throws -> [UInt8]? {
        let id = RowKey.id(of: key)
        let rows = try connection.query(
            "SELECT \(table.selection) FROM \(table.sqlName) WHERE (\(keyList)) = (\(places))", key)
        // `05` asks for the row 5, which is another document.
        return rows.lazy.compactMap(change).first { $0.id == id }?.source
    }

    func page(after frontier: [String]?, limit: Int) throws -> [(CapturedChange, key: [String])] {
        let isWhole = table.key.map { "\(SQLText.name($0)) IS NOT NULL" }
            .joined(separator: " AND ")
        let rows = try connection.query(
            "SELECT \(table.selection) FROM \(table.sqlName) WHERE \(isWhole)"
                + (frontier == nil ? "" : " AND (\(keyList)) > (\(places))")
                + " ORDER BY \(keyList) LIMIT \(limit)", frontier ?? [])
        return rows.compactMap { row in
            guard let change = change(row),
                let key = shape.key({ place in row[place].map { .text($0) } ?? .null })
            else { return nil }
            return (change, key)
        }
    }

    func keyParts(of id: String) -> [String]? { RowKey.parts(of: id, count: table.key.count) }
}

/// One moment of a PostgreSQL server: a snapshot that a slot exported, in a transaction.
///
/// `@unchecked`: used by one thread at a time, see ``StorePoint``.
final class PostgresPoint: StorePoint, @unchecked Sendable {
    /// Transactions that committed before it are in the snapshot, no others.
    let consistent: LogPosition
    private let rows: PgRows

    init(consistent: LogPosition, rows: PgRows) {
        self.consistent = consistent
        self.rows = rows
    }

    var position: String { consistent.description }

    func rows(
        after frontier: String?, limit: Int
    ) throws -> (
        rows: [CapturedChange], frontier: String?, refused: [(id: String, reason: String)]
    ) {
        var last: [String]?
        if let frontier {
            last = (try? JSONValue.parse(frontier))?.arrayValue?.compactMap(\.stringValue)
        }
        let page = try rows.page(after: last, limit: limit)
        let next = page.count < limit ? nil : page.last?.key
        return (
            page.map(\.0),
            next.map {
                String(
                    decoding: JSONValue.array($0.map { .string($0) }).serialized(), as: UTF8.self)
            }, []
        )
    }

    func rows(of ids: [String]) throws -> [CapturedChange] {
        try ids.map { id in
            guard let key = rows.keyParts(of: id) else {
                return CapturedChange(id: id, source: nil)
            }
            // An id that its key's type cannot be fails the query, and would end the transaction.
            try rows.connection.query("SAVEPOINT row")
            do {
                let source = try rows.row(key)
                try rows.connection.query("RELEASE SAVEPOINT row")
                return CapturedChange(id: id, source: source)
            } catch let error as CaptureError where error.code.hasPrefix("sql_22") {
                try rows.connection.query("ROLLBACK TO SAVEPOINT row")
                return CapturedChange(id: id, source: nil)
            }
        }
    }

    /// The transaction ends with its connection.
    func close() {}
}
