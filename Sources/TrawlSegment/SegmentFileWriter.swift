internal import TrawlBytes
package import TrawlFiles

/// Writes one file of a segment from front to back: envelope, bytes, envelope.
package final class SegmentFileWriter: ByteSink {
    package let name: String
    private let target: any FileWriter
    private var checksum = Checksum()
    private var pending: [UInt8] = []
    private var sunkByteCount = 0
    private static let chunkByteCount = 1 << 18

    /// - Parameter target: A new file. It stays open: who made it syncs and closes it.
    package init(
        name: String, kind: SegmentFormat.Kind, owner: UInt64, target: any FileWriter
    ) {
        self.name = name
        self.target = target
        pending = EnvelopeFormat.header(
            kind: kind.rawValue, version: SegmentFormat.version, owner: owner)
    }

    /// Where in the file the next byte goes.
    package var byteOffset: Int { sunkByteCount + pending.count }
    /// Whether anything but the header was written.
    package var isEmpty: Bool { byteOffset == EnvelopeFormat.headerByteCount }

    package func append(_ bytes: [UInt8]) throws {
        try unsafe bytes.withUnsafeBytes { try unsafe append($0) }
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws {
        if bytes.count >= Self.chunkByteCount {
            try drain()
            try unsafe put(bytes)
            return
        }
        unsafe pending.append(contentsOf: bytes)
        if pending.count >= Self.chunkByteCount { try drain() }
    }

    /// Zeros up to the next multiple of eight.
    package func align() throws {
        while byteOffset % 8 != 0 { pending.append(0) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        unsafe checksum.update(bytes)
        try unsafe target.append(bytes)
        sunkByteCount += bytes.count
    }

    private func drain() throws {
        guard !pending.isEmpty else { return }
        let full = pending
        pending.removeAll(keepingCapacity: true)
        try unsafe full.withUnsafeBytes { try unsafe put($0) }
    }

    /// Writes the footer; how long the file is.
    package func finish() throws -> Int {
        try drain()
        let footer = EnvelopeFormat.footer(byteCountBefore: sunkByteCount, checksum: checksum)
        try target.append(footer)
        return sunkByteCount + footer.count
    }
}
