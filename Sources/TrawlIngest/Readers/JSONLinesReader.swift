internal import TrawlJSON

/// One JSON object a line. Empty lines are passed over.
struct JSONLinesReader: RecordReader {
    private let input: ByteInput
    private let idField: String?

    init(_ input: ByteInput, idField: String?) {
        self.input = input
        self.idField = idField
    }

    mutating func next() throws(IngestError) -> IngestRecord? {
        while true {
            let line = input.lineNumber
            switch try input.nextLine() {
            case nil: return nil
            case .tooLong(let byteCount):
                return .reject(
                    IngestReject(
                        line: line,
                        reason: "the line has \(byteCount) bytes, the limit is "
                            + "\(ByteInput.maxLineByteCount)", text: []))
            case .line(let text):
                if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
                return JSONDocument.record(Array(text), line: line, idField: idField)
            }
        }
    }
}

/// A JSON object as a document.
enum JSONDocument {
    static func record(_ text: [UInt8], line: Int, idField: String?) -> IngestRecord {
        do {
            let slice = try JSONSlice(parsing: text)
            guard let members = try slice.members() else {
                return .reject(
                    IngestReject(line: line, reason: "an object is expected", text: text))
            }
            var id: String?
            for name in idField.map({ [$0] }) ?? ["_id", "id"] {
                guard let found = members.first(where: { $0.key == name }) else { continue }
                id = try idText(found.value)
                if id != nil { break }
            }
            if let idField, id == nil {
                return .reject(
                    IngestReject(
                        line: line, reason: "the field [\(idField)] holds no id", text: text))
            }
            return .document(
                IngestDocument(id: id, source: source(slice, members), line: line))
        } catch {
            return .reject(IngestReject(line: line, reason: "\(error)", text: text))
        }
    }

    private static func idText(_ slice: JSONSlice) throws(JSONError) -> String? {
        switch try slice.value() {
        case .string(let text): text.isEmpty ? nil : text
        case .number(let number): number.literal
        default: nil
        }
    }

    /// The object without `_id`, which is no field of a document.
    private static func source(
        _ slice: JSONSlice, _ members: [(key: String, value: JSONSlice)]
    ) -> [UInt8] {
        guard members.contains(where: { $0.key == "_id" }) else { return slice.array }
        var writer = JSONWriter()
        writer.startObject()
        for member in members where member.key != "_id" {
            writer.key(member.key)
            writer.raw(member.value.bytes)
        }
        writer.endObject()
        return writer.bytes
    }
}
