/// What stands at the start and the end of every file, so that a file cut short, a file of
/// another kind and a file of another owner are told apart from a fault of ours.
///
///      0        4      8         10         12            20          24
///      +--------+------+---------+----------+-------------+-----------+----------+-----------+
///      | "TRWL" | kind | version | zero     | owner       | crc of    | payload  | footer    |
///      |        | 4 b  | u16     | u16      | u64         | 0 to 20   |          | 16 bytes  |
///      +--------+------+---------+----------+-------------+-----------+----------+-----------+
///
/// The footer:
///
///      +-----------------------+------------------------+--------+
///      | length of the file    | crc of everything from | "LRWT" |
///      | u64, footer included  | 0 to here, u32         |        |
///      +-----------------------+------------------------+--------+
///
/// - `kind` is four letters, such as `post`; each Format file names its own.
/// - `owner` is the number of the segment, the log or the shard that the file belongs to.
/// - Numbers are little-endian.
///
/// The header and the length are cheap and checked on every open; the checksum needs every byte
/// and is checked on open for small files, on merge and on `trawl check` for large ones.
package enum EnvelopeFormat {
    package static let headerByteCount = 24
    package static let footerByteCount = 16
    static let magic: [UInt8] = Array("TRWL".utf8)
    static let endMagic: [UInt8] = Array("LRWT".utf8)

    package static func header(kind: String, version: UInt16, owner: UInt64) -> [UInt8] {
        precondition(kind.utf8.count == 4, "a kind has four letters")
        var writer = ByteWriter(reserving: headerByteCount)
        writer.write(raw: magic)
        writer.write(raw: kind.utf8)
        writer.write(version)
        writer.write(UInt16(0))
        writer.write(owner)
        writer.write(Checksum.of(writer.bytes))
        return writer.bytes
    }

    /// The footer of a file whose header and payload have this checksum and length.
    package static func footer(byteCountBefore: Int, checksum: Checksum) -> [UInt8] {
        var writer = ByteWriter(reserving: footerByteCount)
        writer.write(UInt64(byteCountBefore + footerByteCount))
        var checksum = checksum
        unsafe writer.bytes.withUnsafeBytes { unsafe checksum.update($0) }
        writer.write(checksum.value)
        writer.write(raw: endMagic)
        return writer.bytes
    }

    /// A whole small file around its payload.
    package static func wrap(
        _ payload: [UInt8], kind: String, version: UInt16, owner: UInt64
    ) -> [UInt8] {
        var bytes = header(kind: kind, version: version, owner: owner)
        bytes.append(contentsOf: payload)
        var checksum = Checksum()
        unsafe bytes.withUnsafeBytes { unsafe checksum.update($0) }
        bytes.append(contentsOf: footer(byteCountBefore: bytes.count, checksum: checksum))
        return bytes
    }

    package struct Header: Equatable, Sendable {
        package var version: UInt16
        package var owner: UInt64
    }

    /// Checks the header and the length in the footer.
    ///
    /// - Parameters:
    ///   - versions: The versions that the caller can read.
    ///   - owner: Whose file it has to be; nil accepts any.
    package static func check(
        _ bytes: UnsafeRawBufferPointer, file: String, kind: String,
        versions: ClosedRange<UInt16>, owner: UInt64?
    ) throws(CorruptionError) -> Header {
        guard bytes.count >= headerByteCount + footerByteCount else {
            throw CorruptionError(
                file: file, byteOffset: bytes.count,
                reason: "the file ends before its envelope does (truncated?)")
        }
        let head = unsafe Array(bytes[0..<headerByteCount])
        var reader = ByteReader(head, file: file)
        guard Array(try reader.readRaw(4)) == magic else {
            throw CorruptionError(file: file, byteOffset: 0, reason: "not a file of Trawl")
        }
        let foundKind = String(decoding: try reader.readRaw(4), as: UTF8.self)
        let version = try reader.read(UInt16.self)
        _ = try reader.read(UInt16.self)
        let foundOwner = try reader.read(UInt64.self)
        guard try reader.read(UInt32.self) == Checksum.of(head[0..<20]) else {
            throw CorruptionError(
                file: file, byteOffset: 0, reason: "the header's checksum differs")
        }
        guard foundKind == kind else {
            throw CorruptionError(
                file: file, byteOffset: 4,
                reason: "a \"\(kind)\" file expected, \"\(foundKind)\" found")
        }
        guard versions.contains(version) else {
            throw CorruptionError(
                file: file, byteOffset: 8,
                reason: "format version \(version) found, this release reads "
                    + "\(versions.lowerBound) to \(versions.upperBound)")
        }
        if let owner, owner != foundOwner {
            throw CorruptionError(
                file: file, byteOffset: 12,
                reason: "it belongs to \(foundOwner), not to \(owner)")
        }
        let foot = unsafe Array(bytes[(bytes.count - footerByteCount)...])
        var end = ByteReader(foot, file: file)
        let length = try end.read(UInt64.self)
        _ = try end.read(UInt32.self)
        guard Array(try end.readRaw(4)) == endMagic, length == UInt64(bytes.count) else {
            throw CorruptionError(
                file: file, byteOffset: bytes.count - footerByteCount,
                reason: "the footer is missing or names another length (truncated?)")
        }
        return Header(version: version, owner: foundOwner)
    }

    /// Reads every byte and compares the checksum.
    package static func checkContent(
        _ bytes: UnsafeRawBufferPointer, file: String
    ) throws(CorruptionError) {
        let end = bytes.count - 8
        guard end >= headerByteCount else {
            throw CorruptionError(file: file, byteOffset: bytes.count, reason: "truncated")
        }
        let expected = UInt32(
            littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
        let found = unsafe Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[0..<end]))
        guard expected == found else {
            throw CorruptionError(
                file: file, byteOffset: end,
                reason: "checksum \(String(expected, radix: 16)) expected, "
                    + "\(String(found, radix: 16)) found")
        }
    }

    /// The bytes between header and footer.
    package static func payload(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            rebasing: bytes[headerByteCount..<(bytes.count - footerByteCount)])
    }

    /// A small file, checked whole; its payload.
    package static func unwrap(
        _ bytes: [UInt8], file: String, kind: String,
        versions: ClosedRange<UInt16>, owner: UInt64?
    ) throws(CorruptionError) -> (header: Header, payload: ArraySlice<UInt8>) {
        let checked: Result<Header, CorruptionError> = unsafe bytes.withUnsafeBytes { raw in
            Result { () throws(CorruptionError) in
                let header = try unsafe check(
                    raw, file: file, kind: kind, versions: versions, owner: owner)
                try unsafe checkContent(raw, file: file)
                return header
            }
        }
        return (try checked.get(), bytes[headerByteCount..<(bytes.count - footerByteCount)])
    }
}
