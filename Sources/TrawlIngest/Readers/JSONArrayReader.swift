internal import TrawlJSON

/// One JSON array of objects, however large: an object at a time is cut out by its brackets and
/// then parsed. Also takes objects that follow each other without an array around them.
struct JSONArrayReader: RecordReader {
    private let input: ByteInput
    private let idField: String?
    private var isOpen = false
    private var isInArray = false

    init(_ input: ByteInput, idField: String?) {
        self.input = input
        self.idField = idField
    }

    mutating func next() throws(IngestError) -> IngestRecord? {
        while true {
            guard let byte = try input.peek(1).first else {
                if isInArray {
                    throw IngestError(.damaged("the array does not end"), in: input.name)
                }
                return nil
            }
            switch byte {
            case 0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: ","): input.skip(1)
            case UInt8(ascii: "[") where !isOpen:
                isOpen = true
                isInArray = true
                input.skip(1)
            case UInt8(ascii: "]") where isInArray:
                isInArray = false
                input.skip(1)
            case UInt8(ascii: "{"):
                isOpen = true
                return try object()
            default:
                throw IngestError(
                    .malformed(
                        "line \(input.lineNumber): an object is expected, "
                            + "\"\(Character(Unicode.Scalar(byte)))\" found"), in: input.name)
            }
        }
    }

    private func object() throws(IngestError) -> IngestRecord {
        let line = input.lineNumber
        var window = 1 << 16
        var depth = 0
        var isInString = false
        var isEscaped = false
        var seen = 0
        while true {
            let bytes = try input.peek(window)
            for byte in bytes.dropFirst(seen) {
                seen += 1
                if isEscaped {
                    isEscaped = false
                } else if isInString {
                    if byte == UInt8(ascii: "\\") { isEscaped = true }
                    if byte == UInt8(ascii: "\"") { isInString = false }
                } else {
                    switch byte {
                    case UInt8(ascii: "\""): isInString = true
                    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                    case UInt8(ascii: "}"), UInt8(ascii: "]"):
                        depth -= 1
                        if depth == 0 {
                            let text = Array(bytes.prefix(seen))
                            input.skip(seen)
                            return JSONDocument.record(text, line: line, idField: idField)
                        }
                    default: break
                    }
                }
            }
            guard bytes.count == window, window < ByteInput.maxLineByteCount else {
                throw IngestError(
                    .damaged("the object that begins in line \(line) does not end"),
                    in: input.name)
            }
            window *= 4
        }
    }
}
