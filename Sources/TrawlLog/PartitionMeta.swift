internal import TrawlBytes

/// What a partition must know besides its records: the file `partition`, replaced atomically.
///
///      envelope, kind "lprt", owner: the log's id
///      start offset: u64
///      count, then as many epochs: epoch, the offset it began at: u64 each
struct PartitionMeta: Sendable, Equatable {
    struct Epoch: Sendable, Equatable {
        var epoch: Int64
        var startOffset: Int64
    }

    static let fileName = "partition"
    static let kind = "lprt"
    static let versions: ClosedRange<UInt16> = 1...1

    var logID: UInt64
    var startOffset: Int64 = 0
    var epochs: [Epoch] = [Epoch(epoch: 1, startOffset: 0)]

    func bytes() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt64(startOffset))
        writer.writeVarint(epochs.count)
        for epoch in epochs {
            writer.write(UInt64(epoch.epoch))
            writer.write(UInt64(epoch.startOffset))
        }
        return EnvelopeFormat.wrap(
            writer.bytes, kind: Self.kind, version: Self.versions.upperBound, owner: logID)
    }

    init(logID: UInt64) { self.logID = logID }

    init(bytes: [UInt8], file: String) throws(CorruptionError) {
        let (header, payload) = try EnvelopeFormat.unwrap(
            bytes, file: file, kind: Self.kind, versions: Self.versions, owner: nil)
        var reader = ByteReader(payload, file: file)
        logID = header.owner
        startOffset = Int64(clamping: try reader.read(UInt64.self))
        epochs = []
        for _ in 0..<(try reader.readCount()) {
            epochs.append(
                Epoch(
                    epoch: Int64(clamping: try reader.read(UInt64.self)),
                    startOffset: Int64(clamping: try reader.read(UInt64.self))))
        }
    }
}
