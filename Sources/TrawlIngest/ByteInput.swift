internal import Glibc

/// The bytes of a file or of standard input, from front to back, as UTF-8: unpacked when they are
/// gzip or zstd, converted when a byte order mark says UTF-16.
///
/// Memory is bounded by the longest line that is asked for.
package final class ByteInput {
    /// No line is longer; what is longer is reported and skipped.
    package static let maxLineByteCount = 100 << 20

    package enum Line: Equatable {
        /// Without its line end.
        case line(ArraySlice<UInt8>)
        case tooLong(byteCount: Int)
    }

    package let name: String
    private let descriptor: Int32
    private var unpacker: (any Unpacker)?
    private var utf16: UTF16Decoder?
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private var hasStarted = false
    /// How many bytes of the file were read, packed as they are: for progress.
    package private(set) var readByteCount = 0
    /// The number of the line that comes next, from 1.
    package private(set) var lineNumber = 1

    /// - Parameter path: `-` is standard input.
    package init(path: String) throws(IngestError) {
        name = path == "-" ? "standard input" : path
        if path == "-" {
            descriptor = STDIN_FILENO
            return
        }
        descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { throw IngestError(.notFound, in: path) }
            throw IngestError(
                .notReadable(unsafe String(cString: strerror(errno))), in: path)
        }
    }

    /// Bytes that are there already, for tests and for text given on the command line.
    package init(bytes: [UInt8], name: String) {
        self.name = name
        descriptor = -1
        buffer = bytes
    }

    deinit { if descriptor > STDERR_FILENO { Glibc.close(descriptor) } }

    /// At least `count` bytes without taking them, fewer only at the end.
    package func peek(_ count: Int) throws(IngestError) -> ArraySlice<UInt8> {
        while buffer.count - start < count, try fill() {}
        return buffer[start..<min(buffer.count, start + count)]
    }

    package var isFinished: Bool {
        get throws(IngestError) { try peek(1).isEmpty }
    }

    /// The next line; nil at the end. A last line without a line end is a line.
    package func nextLine(
        maxByteCount: Int = ByteInput.maxLineByteCount
    ) throws(IngestError) -> Line? {
        var searched = start
        while true {
            if let end = lineEnd(from: searched) {
                defer {
                    start = end + 1
                    lineNumber += 1
                }
                if end - start > maxByteCount { return .tooLong(byteCount: end - start) }
                let hasReturn = end > start && buffer[end - 1] == UInt8(ascii: "\r")
                return .line(buffer[start..<(hasReturn ? end - 1 : end)])
            }
            if buffer.count - start > maxByteCount { return try skipLongLine() }
            let done = buffer.count - start
            let more = try fill()
            searched = start + done
            if !more {
                if start == buffer.count { return nil }
                defer {
                    start = buffer.count
                    lineNumber += 1
                }
                return .line(buffer[start...])
            }
        }
    }

    private func lineEnd(from place: Int) -> Int? {
        unsafe buffer.withUnsafeBytes { bytes in
            guard place < bytes.count, let base = bytes.baseAddress else { return nil }
            // In bounds: looks at the bytes from `place` to the end.
            let found = unsafe memchr(base + place, 0x0a, bytes.count - place)
            return unsafe found.map { unsafe UnsafeRawPointer($0) - base }
        }
    }

    private func skipLongLine() throws(IngestError) -> Line {
        var count = 0
        while true {
            if let end = lineEnd(from: start) {
                count += end - start
                start = end + 1
                break
            }
            count += buffer.count - start
            start = buffer.count
            if try !fill() { break }
        }
        lineNumber += 1
        return .tooLong(byteCount: count)
    }

    /// Takes bytes that were peeked at. Line ends among them are counted.
    package func skip(_ count: Int) {
        precondition(start + count <= buffer.count, "only bytes that were seen are skipped")
        for i in start..<start + count where buffer[i] == UInt8(ascii: "\n") { lineNumber += 1 }
        start += count
    }

    /// Everything that is left, up to a limit.
    package func readAll(maxByteCount: Int) throws(IngestError) -> [UInt8] {
        while try fill() {
            if buffer.count - start > maxByteCount {
                throw IngestError(
                    .malformed("larger than \(maxByteCount) bytes as one document"), in: name)
            }
        }
        defer { start = buffer.count }
        return Array(buffer[start...])
    }

    /// Gets more bytes behind those that are there; false at the end.
    private func fill() throws(IngestError) -> Bool {
        if isAtEnd { return false }
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        if !hasStarted {
            hasStarted = true
            try findEncoding()
            if !buffer.isEmpty { return true }
        }
        guard let raw = try readRaw() else {
            isAtEnd = true
            if let unpacker, !unpacker.isComplete {
                throw IngestError(.damaged("it ends in the middle of its packed data"), in: name)
            }
            return false
        }
        try take(raw)
        return true
    }

    private func findEncoding() throws(IngestError) {
        var head = buffer
        buffer = []
        while head.count < 4, let more = try readRaw() { head += more }
        if head.starts(with: [0x1f, 0x8b]) {
            unpacker = GzipUnpacker()
        } else if head.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
            unpacker = ZstdUnpacker()
        } else {
            head = startText(head)
        }
        try take(head)
    }

    /// Looks at the first bytes of text; without the byte order mark.
    private func startText(_ head: [UInt8]) -> [UInt8] {
        if head.starts(with: [0xff, 0xfe]) {
            utf16 = UTF16Decoder(isBigEndian: false)
            return Array(head.dropFirst(2))
        }
        if head.starts(with: [0xfe, 0xff]) {
            utf16 = UTF16Decoder(isBigEndian: true)
            return Array(head.dropFirst(2))
        }
        return head.starts(with: [0xef, 0xbb, 0xbf]) ? Array(head.dropFirst(3)) : head
    }

    private var isFirstText = true

    private func take(_ raw: [UInt8]) throws(IngestError) {
        var text = raw
        if let unpacker {
            do {
                text = try unpacker.unpack(raw)
            } catch {
                throw IngestError(.damaged(error.reason), in: name)
            }
            if isFirstText, !text.isEmpty { text = startText(text) }
        }
        if !text.isEmpty { isFirstText = false }
        buffer += utf16?.decode(text) ?? text
    }

    private func readRaw() throws(IngestError) -> [UInt8]? {
        guard descriptor >= 0 else { return nil }
        let size = 1 << 18
        while true {
            var failure: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { space, count in
                // The system writes at most `size` bytes into the space.
                let got = unsafe Glibc.read(descriptor, space.baseAddress, size)
                failure = got < 0 ? errno : 0
                count = max(0, got)
            }
            if failure == EINTR { continue }
            if failure != 0 {
                throw IngestError(
                    .notReadable(unsafe String(cString: strerror(failure))), in: name)
            }
            readByteCount += bytes.count
            return bytes.isEmpty ? nil : bytes
        }
    }
}

/// UTF-16 in pieces to UTF-8. A lone surrogate becomes U+FFFD.
private struct UTF16Decoder {
    let isBigEndian: Bool
    private var oddByte: UInt8?
    private var high: UInt16?

    init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

    mutating func decode(_ bytes: [UInt8]) -> [UInt8] {
        var text = ""
        for byte in bytes {
            guard let first = oddByte else {
                oddByte = byte
                continue
            }
            oddByte = nil
            let unit =
                isBigEndian
                ? UInt16(first) << 8 | UInt16(byte) : UInt16(byte) << 8 | UInt16(first)
            if let lead = high {
                high = nil
                if UTF16.isTrailSurrogate(unit) {
                    text.unicodeScalars.append(UTF16.decode(.init([lead, unit])))
                    continue
                }
                text.unicodeScalars.append("\u{fffd}")
            }
            if UTF16.isLeadSurrogate(unit) {
                high = unit
            } else {
                text.unicodeScalars.append(Unicode.Scalar(unit) ?? "\u{fffd}")
            }
        }
        return Array(text.utf8)
    }
}
