internal import TrawlBytes
internal import TrawlJSON
internal import TrawlLog

/// A record of a log, for people and for machines.
struct RecordText {
    let record: LogRecord

    /// Headers whose bytes are a number and not text.
    private static let binaryHeaders: Set<String> = ["stamp"]

    var json: JSONValue {
        var headers = JSONObject()
        for header in record.headers where !Self.binaryHeaders.contains(header.key) {
            headers[header.key] = header.value.map { .string(Self.text($0)) } ?? .null
        }
        return [
            "offset": JSONValue(record.offset), "timestamp": JSONValue(record.timestamp),
            "key": record.key.map { .string(Self.text($0)) } ?? .null,
            "headers": .object(headers),
            "value": record.value.map(Self.value) ?? .null,
        ]
    }

    /// One line: offset, what is done (of a change), key, value.
    func line(width: Int) -> String {
        let op = record.header("op").map(Self.text) ?? ""
        let key = record.key.map(Self.text) ?? "-"
        let value = record.value.map { Self.text($0).onOneLine } ?? "-"
        let head =
            "\(record.offset)".leftPadded(to: 8) + "  " + op.padded(to: 7)
            + key.clipped(to: 24).padded(to: 24) + "  "
        return (head + value).clipped(to: width)
    }

    /// A record as the API tells it.
    init(json: JSONValue) {
        var record = LogRecord(
            key: json["key"]?.stringValue.map { Array($0.utf8) },
            value: json["value"]?.stringValue.map { Array($0.utf8) },
            timestamp: Int64(json["timestamp"]?.intValue ?? 0),
            offset: Int64(json["offset"]?.intValue ?? -1))
        if let text = json["value_base64"]?.stringValue {
            record.value = Array("base64:\(text)".utf8)
        }
        for (name, value) in json["headers"]?.objectValue ?? [:] {
            record.headers.append(.init(name, value.stringValue.map { Array($0.utf8) }))
        }
        self.record = record
    }

    init(record: LogRecord) { self.record = record }

    private static func value(_ bytes: [UInt8]) -> JSONValue {
        (try? JSONValue.parse(bytes)) ?? .string(text(bytes))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
