internal import CPostgres
internal import Glibc
internal import TrawlErrors

/// A connection to a PostgreSQL server.
///
/// `@unchecked`: used by one thread at a time.
@safe package final class PgConnection: @unchecked Sendable {
    private let connection: OpaquePointer
    /// The server, for messages.
    private let place: String

    /// How values are written as text, so that a row reads the same in a query and in the stream.
    private static let options =
        "-c datestyle=ISO -c timezone=UTC -c intervalstyle=iso_8601 -c extra_float_digits=1 "
        + "-c bytea_output=hex -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"

    package init(url: String, shown: String, forReplication: Bool = false) throws(CaptureError) {
        var settings: [(String, String)] = [
            ("dbname", url), ("options", Self.options), ("client_encoding", "UTF8"),
            ("application_name", "trawl"), ("connect_timeout", "10"), ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "30000"),
        ]
        if forReplication { settings.append(("replication", "database")) }
        let (keys, values) = (CTexts(settings.map(\.0)), CTexts(settings.map(\.1)))
        place = shown
        let opened = unsafe withExtendedLifetime((keys, values)) {
            unsafe PQconnectdbParams(keys.pointers, values.pointers, 1)
        }
        guard let opened = unsafe opened else {
            throw .unreachable("\(shown): no memory for a connection")
        }
        unsafe connection = opened
        guard unsafe PQstatus(opened) == CONNECTION_OK else {
            let reason = unsafe String(cString: PQerrorMessage(opened)).trimmedLines
            throw .unreachable("cannot connect to \(shown): \(reason)")
        }
    }

    deinit { unsafe PQfinish(connection) }

    /// What the server said last.
    private var message: String {
        unsafe String(cString: PQerrorMessage(connection)).trimmedLines
    }

    private var isLost: Bool { unsafe PQstatus(connection) != CONNECTION_OK }

    // MARK: Queries

    /// Rows of texts; NULL is nil.
    package typealias Rows = [[[UInt8]?]]

    /// - Parameter tick: Called at least every second while the server works; may throw to give up.
    @discardableResult
    package func query(
        _ sql: String, _ values: [String] = [], tick: () throws -> Void = {}
    ) throws -> Rows {
        var sent: Int32
        if values.isEmpty {
            unsafe sent = PQsendQuery(connection, sql)
        } else {
            let texts = CTexts(values)
            sent = withExtendedLifetime(texts) {
                unsafe PQsendQueryParams(
                    connection, sql, Int32(values.count), nil, texts.pointers, nil, nil, 0)
            }
        }
        guard sent == 1 else { throw failure(nil, sql) }
        var rows: Rows = []
        var failed: CaptureError?
        while true {
            while unsafe PQisBusy(connection) == 1 {
                if try !waitForInput(milliseconds: 1000) { try tick() }
                guard unsafe PQconsumeInput(connection) == 1 else { throw failure(nil, sql) }
            }
            guard let result = unsafe PQgetResult(connection) else { break }
            defer { unsafe PQclear(result) }
            switch unsafe PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE: unsafe rows += Self.rows(result)
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
            case PGRES_COPY_BOTH: return []
            default:
                if failed == nil {
                    let state = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "C")))
                    failed = failure(unsafe state.map { unsafe String(cString: $0) }, sql)
                }
            }
        }
        if let failed { throw failed }
        return rows
    }

    private static func rows(_ result: OpaquePointer) -> Rows {
        let columnCount = unsafe PQnfields(result)
        return (0..<(unsafe PQntuples(result))).map { row in
            (0..<columnCount).map { column in
                if unsafe PQgetisnull(result, row, column) == 1 { return nil }
                let count = Int(unsafe PQgetlength(result, row, column))
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: PQgetvalue(result, row, column), count: count)
                return unsafe Array(bytes)
            }
        }
    }

    /// The first value of the first row as text.
    package func text(_ sql: String, _ values: [String] = []) throws -> String? {
        try query(sql, values).first?.first?.map { String(decoding: $0, as: UTF8.self) }
    }

    /// - Parameter state: The SQLSTATE.
    private func failure(_ state: String?, _ sql: String) -> CaptureError {
        let reason = message
        guard let state, !isLost else {
            return .unreachable("\(place): the connection is lost: \(reason)")
        }
        let what = "\(place) refuses \"\(sql.prefix(160))\": \(reason)"
        switch state {
        case "42501":
            return .stopped("not_allowed", what + " (the account lacks the right)")
        // 55000: a server that recovers, among others.
        case "53400", "53300", "55000", "55006", "57P01", "57P02", "57P03", "40001", "40P01",
            "55P03":
            return CaptureError(.unavailable, "sql_" + state, what, .wait)
        default:
            // Classes of the connection, of resources, of an operator's hand, of the system.
            let passing = ["08", "53", "57", "58"].contains { state.hasPrefix($0) }
            return passing
                ? CaptureError(.unavailable, "sql_" + state, what, .wait)
                : .stopped("sql_" + state, what)
        }
    }

    /// - Returns: Whether there is something to read.
    private func waitForInput(milliseconds: Int32) throws -> Bool {
        var descriptor = unsafe pollfd(
            fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        guard descriptor.fd >= 0 else {
            throw CaptureError.unreachable("\(place): the connection is lost")
        }
        return unsafe poll(&descriptor, 1, milliseconds) > 0
    }

    // MARK: Replication

    /// The next piece of a stream; nil when none comes within the time.
    func receive(milliseconds: Int32) throws -> [UInt8]? {
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let count = unsafe PQgetCopyData(connection, &buffer, 1)
            if count > 0, let buffer = unsafe buffer {
                defer { unsafe PQfreemem(buffer) }
                return unsafe Array(UnsafeRawBufferPointer(start: buffer, count: Int(count)))
            }
            if count == 0 {
                guard try waitForInput(milliseconds: milliseconds) else { return nil }
                guard unsafe PQconsumeInput(connection) == 1 else {
                    throw CaptureError.unreachable("\(place): the stream broke off: \(message)")
                }
                continue
            }
            // The end of the stream: the result says why.
            var reason = message
            if let result = unsafe PQgetResult(connection) {
                unsafe reason = String(cString: PQresultErrorMessage(result)).trimmedLines
                unsafe PQclear(result)
            }
            throw CaptureError.unreachable("\(place): the server ended the stream: \(reason)")
        }
    }

    func send(_ bytes: [UInt8]) throws {
        let isSent = unsafe bytes.withUnsafeBytes { raw in
            unsafe PQputCopyData(
                connection, raw.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(raw.count)) == 1
        }
        guard isSent, unsafe PQflush(connection) >= 0 else {
            throw CaptureError.unreachable("\(place): the stream broke off: \(message)")
        }
    }
}

/// Texts as C wants them: pointers, and a null pointer after the last. They live as long as this.
@safe private final class CTexts {
    let pointers: [UnsafePointer<CChar>?]

    init(_ texts: [String]) {
        unsafe pointers = texts.map { unsafe UnsafePointer(strdup($0)) } + [nil]
    }

    deinit {
        for place in unsafe pointers.indices {
            unsafe free(UnsafeMutablePointer(mutating: pointers[place]))
        }
    }
}

extension String {
    /// On one line.
    fileprivate var trimmedLines: String {
        split(whereSeparator: \.isNewline).map(\.trimmed).joined(separator: "; ")
    }
}
