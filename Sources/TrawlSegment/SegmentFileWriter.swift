internal import TrawlBytes

/// Writes one file of a segment from front to back: envelope, bytes, envelope.
package struct SegmentFileWriter {
    package let name: String
    private let sink: (UnsafeRawBufferPointer) throws -> Void
    private var checksum = Checksum()
    private var pending: [UInt8] = []
    private var sunkByteCount = 0
    private static let chunkByteCount = 1 << 18

    /// - Parameter sink: Takes the file's bytes, in order.
    package init(
        name: String, kind: SegmentFormat.Kind, owner: SegmentID,
        sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) {
        self.name = name
        unsafe self.sink = unsafe sink
        pending = EnvelopeFormat.header(
            kind: kind.rawValue, version: SegmentFormat.version, owner: owner.number)
    }

    /// Where in the file the next byte goes.
    package var byteOffset: Int { sunkByteCount + pending.count }
    /// Whether anything but the header was written.
    package var isEmpty: Bool { byteOffset == EnvelopeFormat.headerByteCount }

    package mutating func append(_ bytes: [UInt8]) throws {
        try unsafe bytes.withUnsafeBytes { try unsafe append($0) }
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
        if bytes.count >= Self.chunkByteCount {
            try drain()
            try unsafe put(bytes)
            return
        }
        unsafe pending.append(contentsOf: bytes)
        if pending.count >= Self.chunkByteCount { try drain() }
    }

    /// Zeros up to the next multiple of eight.
    package mutating func align() throws {
        while byteOffset % 8 != 0 { pending.append(0) }
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) throws {
        unsafe checksum.update(bytes)
        try unsafe sink(bytes)
        sunkByteCount += bytes.count
    }

    private mutating func drain() throws {
        guard !pending.isEmpty else { return }
        let full = pending
        pending.removeAll(keepingCapacity: true)
        try unsafe full.withUnsafeBytes { try unsafe put($0) }
    }

    /// Writes the footer; how long the file is.
    package mutating func finish() throws -> Int {
        try drain()
        let footer = EnvelopeFormat.footer(byteCountBefore: sunkByteCount, checksum: checksum)
        try unsafe footer.withUnsafeBytes { try unsafe sink($0) }
        return sunkByteCount + footer.count
    }
}
