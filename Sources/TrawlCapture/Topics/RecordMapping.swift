internal import TrawlJSON

/// What a record of a topic says of a document.
///
///      json        key: the id    value: the document, or nothing: it is gone
///      debezium    key: an object, its members are the id's parts, or a plain value
///                  value: {op, before, after}, c, r and u put `after`, d takes `before` away, t
///                  takes all away; nothing: it is gone
///
/// Both parts of a Debezium record may stand in `{schema, payload}`, as its JSON converter writes
/// them. Columns that were named as the key are looked for in the key, then in the row.
package struct RecordMapping: Sendable {
    package enum Event: Sendable, Equatable {
        case put(id: String, source: [UInt8])
        case delete(id: String)
        case deleteAll
        /// Nothing of a row: a heartbeat, the bounds of a transaction.
        case nothing
    }

    package struct Refusal: Error, Equatable, CustomStringConvertible {
        package var reason: String
        package var description: String { reason }
    }

    private let format: CaptureConfiguration.Format
    private let key: [String]
    private let chosen: [(column: String, field: String)]

    package init(_ configuration: CaptureConfiguration) {
        format = configuration.format
        key = configuration.key
        chosen = configuration.fieldNames
    }

    package func event(key: [UInt8]?, value: [UInt8]?) throws(Refusal) -> Event {
        guard let value, !value.elementsEqual("null".utf8) else {
            guard let id = try id(of: key, row: nil) else {
                throw Refusal(reason: "a record has neither key nor value")
            }
            return .delete(id: id)
        }
        switch format {
        case .json:
            let row = try object(value, "the value").slice
            guard let id = try id(of: key, row: row) else {
                throw Refusal(reason: "the record has no key, and no columns are the key")
            }
            return .put(id: id, source: document(row))
        case .debezium: return try envelope(key, payload(object(value, "the value").members))
        }
    }

    // MARK: Envelopes

    private typealias Members = [(key: String, value: JSONSlice)]

    private func envelope(_ key: [UInt8]?, _ members: Members) throws(Refusal) -> Event {
        func member(_ name: String) -> JSONSlice? {
            members.first { $0.key == name }.flatMap {
                $0.value.bytes.elementsEqual("null".utf8) ? nil : $0.value
            }
        }
        guard let op = member("op").flatMap({ try? $0.value().stringValue }) else {
            // A transaction's bounds have a status, heartbeats a time.
            if member("status") != nil || member("ts_ms") != nil { return .nothing }
            throw Refusal(reason: "the value is no envelope: it has no \"op\"")
        }
        switch op {
        case "c", "r", "u":
            guard let after = member("after") else {
                throw Refusal(reason: "an envelope of operation \(op) has no \"after\"")
            }
            guard let id = try id(of: key, row: after) else {
                throw Refusal(reason: "the record has no key, and no columns are the key")
            }
            return .put(id: id, source: document(after))
        case "d":
            guard let id = try id(of: key, row: member("before")) else {
                throw Refusal(reason: "a deletion says not which document")
            }
            return .delete(id: id)
        case "t": return .deleteAll
        case "m": return .nothing
        default: throw Refusal(reason: "an envelope of the unknown operation \"\(op)\"")
        }
    }

    private func object(
        _ bytes: [UInt8], _ what: String
    ) throws(Refusal) -> (slice: JSONSlice, members: Members) {
        let slice: JSONSlice
        let members: Members?
        do throws(JSONError) {
            slice = try JSONSlice(parsing: bytes)
            members = try slice.members()
        } catch {
            throw Refusal(reason: "\(what) is no JSON: \(error.reason)")
        }
        guard let members else { throw Refusal(reason: "\(what) is no JSON object") }
        return (slice, members)
    }

    /// What is within `{schema, payload}`.
    private func payload(_ members: Members) -> Members {
        guard members.contains(where: { $0.key == "schema" }),
            let payload = members.first(where: { $0.key == "payload" })
        else { return members }
        return (try? payload.value.members()) ?? members
    }

    private func payload(_ slice: JSONSlice) -> JSONSlice {
        guard slice["schema"] != nil, let payload = slice["payload"] else { return slice }
        return payload
    }

    // MARK: Ids and documents

    /// Nil when nothing says it.
    private func id(of bytes: [UInt8]?, row: JSONSlice?) throws(Refusal) -> String? {
        var members: [(key: String, value: JSONSlice)] = []
        if let bytes, let slice = try? JSONSlice(parsing: bytes) {
            let plain = payload(slice)
            if let found = try? plain.members() {
                members = found
            } else if key.isEmpty, let text = Self.text(plain) {
                return text
            }
        } else if let bytes, key.isEmpty {
            // Any bytes may be a key; as a text they are the id.
            return String(decoding: bytes, as: UTF8.self)
        }
        if key.isEmpty {
            if members.isEmpty { return nil }
            return RowKey.id(of: try parts(members.map(\.value)))
        }
        var values: [JSONSlice] = []
        for name in key {
            guard let value = members.first(where: { $0.key == name })?.value ?? row?[name] else {
                return nil
            }
            values.append(value)
        }
        return RowKey.id(of: try parts(values))
    }

    private func parts(_ values: [JSONSlice]) throws(Refusal) -> [String] {
        var parts: [String] = []
        for value in values {
            guard let text = Self.text(value) else {
                throw Refusal(reason: "a part of the key is neither a text nor a number")
            }
            parts.append(text)
        }
        return parts
    }

    private static func text(_ slice: JSONSlice) -> String? {
        switch try? slice.value() {
        case .string(let text): text
        case .number(let number): number.literal
        case .bool(let value): value ? "true" : "false"
        default: nil
        }
    }

    private func document(_ row: JSONSlice) -> [UInt8] {
        if chosen.isEmpty { return row.array }
        let members = (try? row.members()) ?? []
        var writer = JSONWriter()
        writer.startObject()
        for (column, field) in chosen {
            guard let value = members.first(where: { $0.key == column })?.value else { continue }
            writer.key(field)
            writer.raw(value.bytes)
        }
        writer.endObject()
        return writer.bytes
    }
}
