internal import TrawlBytes
internal import TrawlFiles

/// One file of a partition: batches one after the other, from `baseOffset` on.
///
/// A file that is full is sealed; beside it stands an `.index` file, written once:
///
///      envelope, kind "lidx", owner: the log's id
///      length of the .log file, end offset, latest time: u64 each
///      count, then as many entries: offset, byte offset, latest time so far: zigzag varints,
///          each as the difference to the entry before
///      count of producers, each: id, epoch, count of batches, each: sequence, record count, offset
///
/// The index is derived: when it is missing or damaged, the file is read to make it again.
struct LogFile: Sendable {
    struct Entry: Sendable, Equatable {
        var offset: Int64
        var byteOffset: Int
        /// The latest time of all batches before this entry's.
        var timeBefore: Int64
    }

    static let indexInterval = 4096

    let baseOffset: Int64
    /// The offset after the last record.
    var endOffset: Int64
    /// What is valid; the file may hold a torn batch after it until that is cut.
    var byteCount = 0
    var latestTime: Int64 = -1
    var entries: [Entry] = []
    var handle: (any GrowingFile)?

    init(baseOffset: Int64) {
        self.baseOffset = baseOffset
        endOffset = baseOffset
    }

    static func stem(_ baseOffset: Int64) -> String {
        let digits = String(baseOffset)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    var logName: String { Self.stem(baseOffset) + ".log" }
    var indexName: String { Self.stem(baseOffset) + ".index" }

    /// Notes a batch that stands at the end of the file.
    mutating func note(_ header: RecordBatch.Header) {
        if entries.isEmpty
            || byteCount - entries[entries.count - 1].byteOffset
                >= Self.indexInterval
        {
            entries.append(
                Entry(offset: header.baseOffset, byteOffset: byteCount, timeBefore: latestTime))
        }
        byteCount += header.byteCount
        endOffset = header.lastOffset + 1
        latestTime = max(latestTime, header.maxTimestamp)
    }

    /// Where to begin reading to find the offset.
    func byteOffset(before offset: Int64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].offset <= offset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? 0 : entries[low - 1].byteOffset
    }

    /// An offset at or before the first record that is as late as `time`.
    func offset(before time: Int64) -> Int64 {
        entries.last { $0.timeBefore < time }?.offset ?? baseOffset
    }

    // MARK: The index file

    static let kind = "lidx"
    static let versions: ClosedRange<UInt16> = 1...1

    func indexBytes(producers: ProducerTable, owner: UInt64) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt64(byteCount))
        writer.write(UInt64(endOffset))
        writer.write(latestTime)
        writer.writeVarint(entries.count)
        var last = Entry(offset: 0, byteOffset: 0, timeBefore: 0)
        for entry in entries {
            writer.writeZigzag(entry.offset - last.offset)
            writer.writeZigzag(Int64(entry.byteOffset - last.byteOffset))
            writer.writeZigzag(entry.timeBefore - last.timeBefore)
            last = entry
        }
        producers.write(to: &writer)
        return EnvelopeFormat.wrap(
            writer.bytes, kind: Self.kind, version: Self.versions.upperBound, owner: owner)
    }

    static func read(
        index bytes: [UInt8], name: String, baseOffset: Int64, owner: UInt64
    ) throws(CorruptionError) -> (LogFile, ProducerTable) {
        let payload = try EnvelopeFormat.unwrap(
            bytes, file: name, kind: kind, versions: versions, owner: owner
        ).payload
        var reader = ByteReader(payload, file: name)
        var file = LogFile(baseOffset: baseOffset)
        file.byteCount = Int(try reader.read(UInt64.self))
        file.endOffset = Int64(try reader.read(UInt64.self))
        file.latestTime = try reader.read(Int64.self)
        var last = Entry(offset: 0, byteOffset: 0, timeBefore: 0)
        for _ in 0..<(try reader.readCount()) {
            last.offset += try reader.readZigzag()
            last.byteOffset += Int(try reader.readZigzag())
            last.timeBefore += try reader.readZigzag()
            file.entries.append(last)
        }
        let producers = try ProducerTable(from: &reader)
        return (file, producers)
    }
}
