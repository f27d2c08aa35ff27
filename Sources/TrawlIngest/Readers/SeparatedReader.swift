internal import TrawlJSON

/// CSV and TSV: a header line names the fields; quoted fields may hold separators, line ends and
/// doubled quotes (RFC 4180). A row of another length than the header is a reject.
///
/// A column's type is guessed by its first thousand rows: numbers and booleans stay such in the
/// documents only when all of them are.
struct SeparatedReader: RecordReader {
    static let sampleCount = 1000

    private enum Cell { case text, integer, number, boolean, empty }

    private struct Row {
        var cells: [[UInt8]]
        var line: Int
        var problem: String?
    }

    private let input: ByteInput
    private let separator: UInt8
    private let idField: String?
    private var header: [String] = []
    private var kinds: [Cell] = []
    private var sample: [Row] = []
    private var sampled = 0

    init(_ input: ByteInput, separator: UInt8, idField: String?) {
        self.input = input
        self.separator = separator
        self.idField = idField
    }

    mutating func next() throws(IngestError) -> IngestRecord? {
        if header.isEmpty {
            guard try start() else { return nil }
        }
        let row: Row
        if sampled < sample.count {
            row = sample[sampled]
            sampled += 1
        } else {
            guard let read = try readRow() else { return nil }
            row = read
        }
        return record(row)
    }

    private mutating func start() throws(IngestError) -> Bool {
        guard let first = try readRow() else { return false }
        if let problem = first.problem {
            throw IngestError(.malformed("line \(first.line): \(problem)"), in: input.name)
        }
        header = first.cells.enumerated().map { place, cell in
            let name = String(decoding: cell, as: UTF8.self).filter { $0 != "\r" }
            let trimmed = name.drop { $0 == " " }
            return trimmed.isEmpty ? "column\(place + 1)" : String(trimmed)
        }
        if let twice = header.first(where: { name in header.count { $0 == name } > 1 }) {
            throw IngestError(
                .malformed("the header names the column \"\(twice)\" twice"), in: input.name)
        }
        if let idField, !header.contains(idField) {
            throw IngestError(
                .malformed(
                    "there is no column \"\(idField)\" for --id; the header has "
                        + header.joined(separator: ", ")), in: input.name)
        }
        while sample.count < Self.sampleCount, let row = try readRow() { sample.append(row) }
        kinds = header.indices.map { column in
            sample.reduce(Cell.empty) { kind, row in
                guard row.problem == nil, column < row.cells.count else { return kind }
                return Self.join(kind, Self.kind(of: row.cells[column]))
            }
        }
        return true
    }

    private static func kind(of cell: [UInt8]) -> Cell {
        if cell.isEmpty { return .empty }
        if cell.elementsEqual("true".utf8) || cell.elementsEqual("false".utf8) { return .boolean }
        let text = String(decoding: cell, as: UTF8.self)
        // A number that JSON writes alike: no leading zeros, which telephone numbers have.
        guard let number = JSONNumber(literal: text), cell.count <= 18 else { return .text }
        return number.isInteger ? .integer : .number
    }

    private static func join(_ left: Cell, _ right: Cell) -> Cell {
        switch (left, right) {
        case (.empty, let kind), (let kind, .empty): kind
        case (.integer, .number), (.number, .integer): .number
        case (.integer, .integer): .integer
        case (.number, .number): .number
        case (.boolean, .boolean): .boolean
        default: .text
        }
    }

    private func record(_ row: Row) -> IngestRecord {
        func reject(_ reason: String) -> IngestRecord {
            let text = Array(row.cells.joined(separator: [separator]))
            return .reject(IngestReject(line: row.line, reason: reason, text: text))
        }
        if let problem = row.problem { return reject(problem) }
        guard row.cells.count == header.count else {
            return reject(
                "the row has \(row.cells.count) fields, the header \(header.count)")
        }
        var id: String?
        var writer = JSONWriter()
        writer.startObject()
        for (column, cell) in row.cells.enumerated() {
            guard let text = String(validating: cell, as: UTF8.self) else {
                return reject("the field \"\(header[column])\" is not UTF-8")
            }
            let name = header[column]
            if name == idField || (idField == nil && id == nil && (name == "_id" || name == "id")) {
                id = text.isEmpty ? nil : text
                if name == "_id" { continue }
            }
            if text.isEmpty { continue }
            writer.key(name)
            switch (kinds[column], Self.kind(of: cell)) {
            case (.integer, .integer), (.number, .integer), (.number, .number),
                (.boolean, .boolean):
                writer.raw(cell[...])
            default: writer.value(text)
            }
        }
        writer.endObject()
        if let idField, id == nil { return reject("the field \"\(idField)\" holds no id") }
        return .document(IngestDocument(id: id, source: writer.bytes, line: row.line))
    }

    /// The next row that is not an empty line; nil at the end.
    private func readRow() throws(IngestError) -> Row? {
        while true {
            let line = input.lineNumber
            switch try input.nextLine() {
            case nil: return nil
            case .tooLong(let byteCount):
                return Row(cells: [], line: line, problem: "the line has \(byteCount) bytes")
            case .line(let text):
                if text.isEmpty { continue }
                return try splitRow(Array(text), line: line)
            }
        }
    }

    private func splitRow(_ first: [UInt8], line: Int) throws(IngestError) -> Row {
        let quote = UInt8(ascii: "\"")
        var text = first
        var cells: [[UInt8]] = []
        var cell: [UInt8] = []
        var isQuoted = false
        var i = 0
        while true {
            if i == text.count {
                if !isQuoted {
                    cells.append(cell)
                    return Row(cells: cells, line: line)
                }
                // A quoted field goes on in the next line.
                guard case .line(let more) = try input.nextLine(), cell.count < 10 << 20 else {
                    cells.append(cell)
                    return Row(
                        cells: cells, line: line, problem: "a quoted field does not end")
                }
                cell.append(UInt8(ascii: "\n"))
                text = Array(more)
                i = 0
                continue
            }
            let byte = text[i]
            if isQuoted {
                if byte == quote {
                    if i + 1 < text.count, text[i + 1] == quote {
                        cell.append(quote)
                        i += 1
                    } else {
                        isQuoted = false
                    }
                } else {
                    cell.append(byte)
                }
            } else if byte == quote, cell.isEmpty {
                isQuoted = true
            } else if byte == separator {
                cells.append(cell)
                cell = []
            } else {
                cell.append(byte)
            }
            i += 1
        }
    }
}
