internal import TrawlBytes
package import TrawlDocument

/// A `Change` as a record of the log, and back.
///
/// The key is the document's id, the value its source; a delete has none, so that compaction by
/// key and foreign readers see what they expect. The rest stands in headers, each only where it
/// says something:
///
///      op        index | create | delete | update
///      routing   text
///      if        seq:OFFSET:EPOCH | version:N | external:N | external_gte:N
///      request   text
///      stamp     u64, 8 bytes little-endian
///      schema    decimal
///      origin    text
package enum ChangeCodec {
    package static func record(of change: Change, timestamp: Int64) -> LogRecord {
        var headers: [LogRecord.Header] = []
        func add(_ key: String, _ text: String) {
            headers.append(LogRecord.Header(key, Array(text.utf8)))
        }
        let value: [UInt8]?
        switch change.operation {
        case .index(let source):
            add("op", "index")
            value = source
        case .create(let source):
            add("op", "create")
            value = source
        case .delete:
            add("op", "delete")
            value = nil
        case .update(let update):
            add("op", "update")
            value = update.body
        }
        if let routing = change.routing { add("routing", routing) }
        switch change.condition {
        case .none: break
        case .sequence(let offset, let epoch): add("if", "seq:\(offset):\(epoch)")
        case .version(let version): add("if", "version:\(version)")
        case .external(let version): add("if", "external:\(version)")
        case .externalOrEqual(let version): add("if", "external_gte:\(version)")
        }
        if let request = change.requestID { add("request", request) }
        if change.stamp != 0 {
            var writer = ByteWriter()
            writer.write(change.stamp)
            headers.append(LogRecord.Header("stamp", writer.bytes))
        }
        if change.schemaVersion != 0 { add("schema", String(change.schemaVersion)) }
        if let origin = change.origin { add("origin", origin) }
        return LogRecord(
            key: Array(change.id.string.utf8), value: value, headers: headers,
            timestamp: timestamp)
    }

    /// - Throws: `CodecFailure` when the record is no change; such a one goes to the dead letters.
    package static func change(of record: LogRecord) throws(CodecFailure) -> Change {
        func text(_ key: String) throws(CodecFailure) -> String? {
            guard let value = record.header(key) else { return nil }
            guard let text = String(validating: value, as: UTF8.self) else {
                throw CodecFailure(reason: "the header \"\(key)\" is not UTF-8")
            }
            return text
        }
        guard let key = record.key, let id = String(validating: key, as: UTF8.self), !id.isEmpty
        else { throw CodecFailure(reason: "the key is not a document's id") }
        let operation: Change.Operation
        let op = try text("op") ?? (record.value == nil ? "delete" : "index")
        switch (op, record.value) {
        case ("index", let source?): operation = .index(source: source)
        case ("create", let source?): operation = .create(source: source)
        case ("delete", _): operation = .delete
        case ("update", let body?): operation = .update(Change.Update(body: body))
        default: throw CodecFailure(reason: "operation \"\(op)\" without what it needs")
        }
        var stamp: UInt64 = 0
        if let bytes = record.header("stamp") {
            guard bytes.count == 8 else { throw CodecFailure(reason: "a stamp has 8 bytes") }
            for byte in bytes.reversed() { stamp = stamp << 8 | UInt64(byte) }
        }
        return Change(
            id: DocumentID(id), operation: operation, routing: try text("routing"),
            condition: try condition(try text("if")), requestID: try text("request"),
            stamp: stamp, schemaVersion: Int64(try text("schema") ?? "0") ?? 0,
            origin: try text("origin"))
    }

    private static func condition(_ text: String?) throws(CodecFailure) -> Change.Condition {
        guard let text else { return .none }
        let parts = text.split(separator: ":")
        let numbers = parts.dropFirst().compactMap { Int64($0) }
        switch (parts.first, numbers.count) {
        case ("seq", 2): return .sequence(offset: numbers[0], epoch: numbers[1])
        case ("version", 1): return .version(numbers[0])
        case ("external", 1): return .external(version: numbers[0])
        case ("external_gte", 1): return .externalOrEqual(version: numbers[0])
        default: throw CodecFailure(reason: "the condition \"\(text)\" is unknown")
        }
    }
}

/// A record is not a change.
package struct CodecFailure: Error, Equatable {
    package var reason: String
}
