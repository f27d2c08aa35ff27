package import TrawlJSON

/// What is followed, and what becomes of it: as `trawl sync add` and `PUT /_trawl/sync/NAME` take
/// it, and as it is kept.
package struct CaptureConfiguration: Sendable, Equatable {
    /// What a changed table does.
    package enum SchemaChange: String, Sendable {
        /// New columns become fields, and the rows are copied anew.
        case follow
        /// Following stops and says what changed.
        case stop
    }

    package enum Format: String, Sendable { case debezium, json }

    package var index: String
    /// `sqlite:PATH`, `postgres://…`, or `topic:NAME`.
    package var from: String
    /// Of PostgreSQL also `schema.table`.
    package var table: String?
    /// The columns that make the `_id`; empty for the primary key.
    package var key: [String] = []
    /// `column` or `column:field`; empty for all.
    package var columns: [String] = []
    /// A query whose rows are the documents, in place of the table's own.
    package var sql: String?
    package var onSchemaChange = SchemaChange.follow
    /// How often equality is proven by itself, in seconds; nil for only when asked.
    package var verifySeconds: Double?
    /// Rows a second that a verification reads at most; nil for as many as it can.
    package var verifyRate: Int?
    /// What a topic's records are.
    package var format = Format.json
    /// Distinguishes this following from an earlier one of the same name.
    package var life: String = ""

    private static let members: Set<String> = [
        "index", "from", "table", "key", "columns", "sql", "on_schema_change", "verify_seconds",
        "verify_rate", "format", "life",
    ]

    package init(json: JSONValue) throws(CaptureError) {
        guard let object = json.objectValue else {
            throw .invalid("a sync is described by a JSON object")
        }
        for key in object.keys where !Self.members.contains(key) {
            throw .invalid(
                "unknown member [\(key)], known are \(Self.members.subtracting(["life"]).sorted())"
            )
        }
        func text(_ key: String) throws(CaptureError) -> String? {
            guard let value = object[key], !value.isNull else { return nil }
            guard let text = value.stringValue, !text.isEmpty else {
                throw .invalid("[\(key)] takes a text")
            }
            return text
        }
        func list(_ key: String) throws(CaptureError) -> [String] {
            guard let value = object[key], !value.isNull else { return [] }
            if let text = value.stringValue {
                return text.split(separator: ",").map { $0.trimmed }
            }
            guard let array = value.arrayValue, array.allSatisfy({ $0.stringValue != nil }) else {
                throw .invalid("[\(key)] takes a list of names")
            }
            return array.compactMap(\.stringValue)
        }
        guard let index = try text("index") else { throw .invalid("[index] is missing") }
        guard let from = try text("from") else {
            throw .invalid("[from] is missing: sqlite:PATH, postgres://… or topic:NAME")
        }
        self.index = index
        self.from = from
        table = try text("table")
        key = try list("key")
        columns = try list("columns")
        sql = try text("sql")
        if let policy = try text("on_schema_change") {
            guard let policy = SchemaChange(rawValue: policy) else {
                throw .invalid("[on_schema_change] is follow or stop, not [\(policy)]")
            }
            onSchemaChange = policy
        }
        if let format = try text("format") {
            guard let format = Format(rawValue: format) else {
                throw .invalid("[format] is json or debezium, not [\(format)]")
            }
            self.format = format
        }
        if let value = object["verify_seconds"], !value.isNull {
            guard let seconds = value.doubleValue, seconds >= 1 else {
                throw .invalid("[verify_seconds] takes a number of at least 1")
            }
            verifySeconds = seconds
        }
        if let value = object["verify_rate"], !value.isNull {
            guard let rate = value.intValue, rate >= 1 else {
                throw .invalid("[verify_rate] takes a whole number of at least 1")
            }
            verifyRate = rate
        }
        life = try text("life") ?? ""
        _ = try store
        if case .topic = try store {
            if table != nil || sql != nil {
                throw .invalid("a topic has neither [table] nor [sql]")
            }
        } else if table == nil {
            throw .invalid("[table] is missing: whose changes are followed")
        }
        let fields = fieldNames
        if Set(fields.map(\.field)).count != fields.count {
            throw .invalid("[columns] names a field twice")
        }
    }

    /// - Parameter showsSecrets: Whether passwords stand in it.
    package func json(showsSecrets: Bool) -> JSONValue {
        var object: JSONObject = [
            "index": .string(index), "from": .string(showsSecrets ? from : shownFrom),
            "on_schema_change": .string(onSchemaChange.rawValue),
        ]
        object["table"] = table.map { .string($0) }
        if !key.isEmpty { object["key"] = .array(key.map { .string($0) }) }
        if !columns.isEmpty { object["columns"] = .array(columns.map { .string($0) }) }
        object["sql"] = sql.map { .string($0) }
        object["verify_seconds"] = verifySeconds.map { JSONValue($0) }
        object["verify_rate"] = verifyRate.map { JSONValue($0) }
        if from.hasPrefix("topic:") { object["format"] = .string(format.rawValue) }
        if showsSecrets, !life.isEmpty { object["life"] = .string(life) }
        return .object(object)
    }

    package enum Store: Sendable, Equatable {
        case sqlite(path: String)
        case postgres(url: String)
        case topic(String)
    }

    package var store: Store {
        get throws(CaptureError) {
            if from.hasPrefix("sqlite:") {
                let path = String(from.dropFirst("sqlite:".count))
                guard path.hasPrefix("/") else {
                    throw .invalid("[from] takes the whole path of a database: sqlite:/…")
                }
                return .sqlite(path: path)
            }
            if from.hasPrefix("postgres://") || from.hasPrefix("postgresql://") {
                return .postgres(url: from)
            }
            if from.hasPrefix("topic:") { return .topic(String(from.dropFirst("topic:".count))) }
            throw .invalid(
                "[from] is sqlite:PATH, postgres://… or topic:NAME, not [\(shownFrom)]")
        }
    }

    /// The source without its password.
    package var shownFrom: String {
        var shown = from
        if let scheme = shown.firstRange(of: "://"), let at = shown.lastIndex(of: "@"),
            scheme.upperBound < at,
            let colon = shown[scheme.upperBound..<at].firstIndex(of: ":")
        {
            shown.replaceSubrange(shown.index(after: colon)..<at, with: "…")
        }
        if let word = shown.firstRange(of: "password=") {
            let end = shown[word.upperBound...].firstIndex(of: "&") ?? shown.endIndex
            shown.replaceSubrange(word.upperBound..<end, with: "…")
        }
        return shown
    }

    /// The columns that were chosen, and the fields they become.
    package var fieldNames: [(column: String, field: String)] {
        columns.map { item in
            guard let colon = item.firstIndex(of: ":") else { return (item, item) }
            return (String(item[..<colon]), String(item[item.index(after: colon)...]))
        }
    }

    /// A name stands in the names of triggers, tables, publications and slots.
    package static func checkName(_ name: String) throws(CaptureError) {
        let isPlain = name.utf8.allSatisfy {
            $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5f
        }
        guard isPlain, let first = name.utf8.first, first &- 0x61 < 26, name.utf8.count <= 40
        else {
            throw .invalid(
                "a sync's name has 1 to 40 lower-case letters, digits and _, a letter first, "
                    + "not [\(name)]")
        }
    }
}

extension StringProtocol {
    var trimmed: String {
        var text = self[...]
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
