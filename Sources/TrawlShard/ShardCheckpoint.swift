internal import TrawlBytes
internal import TrawlDocument

/// What a commit carries besides the segments: how far the log was applied, and what later
/// changes are decided by. The payload of the index's manifest.
///
///      format version: u8 (2)
///      applied offset (the next to apply), log id, schema version: u64 each
///      digest of all documents: low, high: u64 each
///      last stamp: u64
///      tombstones: count, each: id, version, offset
///      answered requests: count, each: key low, high, offset, epoch, outcome
///      origins: count, each: source, position: u64, index: u64
///
/// Version 1 ended before the origins.
struct ShardCheckpoint: Sendable, Equatable {
    static let formatVersion: UInt8 = 2

    var applied: Int64 = 0
    var logID: UInt64 = 0
    var schemaVersion: Int64 = 0
    /// The sum of the digests of all living documents: two copies that hold the same have it equal.
    var digest = StableHash.Hash128.zero
    var lastStamp: UInt64 = 0
    var tombstones = Tombstones()
    var requests = RequestWindow()
    /// How far the stream of each primary store was applied.
    var origins: [String: ChangeOrigin.Place] = [:]

    func bytes() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.formatVersion)
        writer.write(UInt64(applied))
        writer.write(logID)
        writer.write(UInt64(schemaVersion))
        writer.write(digest.low)
        writer.write(digest.high)
        writer.write(lastStamp)
        tombstones.write(to: &writer)
        requests.write(to: &writer)
        writer.writeVarint(origins.count)
        for (source, place) in origins.sorted(by: { $0.key < $1.key }) {
            writer.write(source)
            writer.write(place.position)
            writer.write(place.index)
        }
        return writer.bytes
    }

    init() {}

    init(bytes: [UInt8], file: String) throws(CorruptionError) {
        var reader = ByteReader(bytes, file: file)
        let version = try reader.read(UInt8.self)
        guard (1...Self.formatVersion).contains(version) else {
            throw reader.damaged("a checkpoint of version \(version)")
        }
        applied = Int64(clamping: try reader.read(UInt64.self))
        logID = try reader.read()
        schemaVersion = Int64(clamping: try reader.read(UInt64.self))
        digest = StableHash.Hash128(low: try reader.read(), high: try reader.read())
        lastStamp = try reader.read()
        tombstones = try Tombstones(from: &reader)
        requests = try RequestWindow(from: &reader)
        if version >= 2 {
            for _ in 0..<(try reader.readCount()) {
                let source = try reader.readString()
                let position: UInt64 = try reader.read()
                let index: UInt64 = try reader.read()
                origins[source] = ChangeOrigin.Place(position: position, index: index)
            }
        }
        guard reader.isAtEnd else { throw reader.damaged("\(reader.remaining) bytes too many") }
    }
}

/// The versions of documents that were deleted lately, so that a document that comes back goes on
/// counting and an old external version does not win.
///
/// Bounded by count and not by time: every copy must forget the same ones.
struct Tombstones: Sendable, Equatable {
    struct Tombstone: Sendable, Equatable {
        var version: Int64
        var offset: Int64
    }

    static let limit = 1000

    private var byID: [String: Tombstone] = [:]
    /// In order of deletion; entries that were replaced since are left in it.
    private var order: [(id: String, offset: Int64)] = []

    static func == (left: Self, right: Self) -> Bool { left.byID == right.byID }

    subscript(id: String) -> Tombstone? { byID[id] }

    mutating func insert(_ id: String, version: Int64, offset: Int64) {
        byID[id] = Tombstone(version: version, offset: offset)
        order.append((id, offset))
        while byID.count > Self.limit { dropOldest() }
        if order.count > Self.limit * 4 {
            order.removeAll { byID[$0.id]?.offset != $0.offset }
        }
    }

    private mutating func dropOldest() {
        let oldest = order.removeFirst()
        if byID[oldest.id]?.offset == oldest.offset { byID[oldest.id] = nil }
    }

    mutating func remove(_ id: String) { byID[id] = nil }

    init() {}

    func write(to writer: inout ByteWriter) {
        let living = byID.sorted { $0.value.offset < $1.value.offset }
        writer.writeVarint(living.count)
        for (id, tombstone) in living {
            writer.write(id)
            writer.writeZigzag(tombstone.version)
            writer.writeZigzag(tombstone.offset)
        }
    }

    init(from reader: inout ByteReader) throws(CorruptionError) {
        for _ in 0..<(try reader.readCount()) {
            let id = try reader.readString()
            let version = try reader.readZigzag()
            insert(id, version: version, offset: try reader.readZigzag())
        }
    }
}

/// What was answered to requests with an id, so that one that comes again gets the same answer and
/// changes nothing.
struct RequestWindow: Sendable, Equatable {
    static let limit = 10_000

    private var answers: [StableHash.Hash128: AppliedChange] = [:]
    private var order: [StableHash.Hash128] = []

    static func key(_ requestID: String, _ id: DocumentID) -> StableHash.Hash128 {
        StableHash.hash128(requestID + "\u{0}" + id.string)
    }

    subscript(key: StableHash.Hash128) -> AppliedChange? { answers[key] }

    mutating func insert(_ key: StableHash.Hash128, _ answer: AppliedChange) {
        if answers.updateValue(answer, forKey: key) == nil { order.append(key) }
        if order.count > Self.limit {
            // Cut in larger pieces: removing at the front moves the rest.
            for old in order.prefix(Self.limit / 10) { answers[old] = nil }
            order.removeFirst(Self.limit / 10)
        }
    }

    init() {}

    func write(to writer: inout ByteWriter) {
        writer.writeVarint(order.count)
        for key in order {
            guard let answer = answers[key] else { continue }
            writer.write(key.low)
            writer.write(key.high)
            answer.write(to: &writer)
        }
    }

    init(from reader: inout ByteReader) throws(CorruptionError) {
        for _ in 0..<(try reader.readCount()) {
            let key = StableHash.Hash128(low: try reader.read(), high: try reader.read())
            insert(key, try AppliedChange(from: &reader))
        }
    }
}
