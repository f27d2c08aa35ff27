internal import Glibc
internal import TrawlDocument
internal import TrawlLog

/// Follows a topic of this node's log.
///
/// A topic has its stream from the first record on, so nothing is copied before. Its rows at a
/// moment are what its records up to then come to.
final class TopicSource: ChangeSource {
    private let topics: LogTopics
    private let topic: String
    private let configuration: CaptureConfiguration
    private let mapping: RecordMapping
    private var logs: [LogPartition] = []
    private var offsets: [Int64] = []

    init(_ topic: String, of topics: LogTopics, configuration: CaptureConfiguration) {
        self.topics = topics
        self.topic = topic
        self.configuration = configuration
        mapping = RecordMapping(configuration)
    }

    var columns: String { "" }
    var fields: [SourceField] { [] }
    var beginsEmpty: Bool { true }

    private static func text(_ offsets: [Int64]) -> String {
        offsets.map(String.init).joined(separator: ",")
    }

    private func partitions() throws -> [LogPartition] {
        guard topics.names.contains(topic) else {
            throw CaptureError.stopped(
                "no_topic",
                "there is no topic [\(topic)]: PUT /_trawl/log/\(topic) or trawl log create makes it"
            )
        }
        return try (0..<topics.options(of: topic).partitionCount).map {
            try topics.partition($0, of: topic)
        }
    }

    func install() throws -> String {
        // What was let go cannot be read; what is there is where the stream begins.
        Self.text(try partitions().map(\.startOffset))
    }

    func uninstall() {}

    func open(at position: String, columns: String) throws {
        logs = try partitions()
        let known = position.split(separator: ",").compactMap { Int64($0) }
        offsets = known + logs.dropFirst(known.count).map(\.startOffset)
        for (number, log) in logs.enumerated() {
            let wayOut = "trawl sync resync begins with what is there"
            guard offsets[number] >= log.startOffset else {
                throw CaptureError.stopped(
                    "records_lost",
                    "the topic [\(topic)] let records go that were not applied: partition "
                        + "\(number) begins at \(log.startOffset), applied was up to "
                        + "\(offsets[number]). \(wayOut)")
            }
            guard offsets[number] <= log.endOffset else {
                throw CaptureError.stopped(
                    "store_went_back",
                    "partition \(number) of [\(topic)] ends at \(log.endOffset), applied was up "
                        + "to \(offsets[number]). \(wayOut)")
            }
        }
    }

    func close() { logs = [] }

    func next(
        limit: Int, timeout: Duration, until point: (any StorePoint)?,
        old: (String) throws -> [UInt8]?
    ) throws -> SourceBatch {
        let ends = (point as? TopicPoint)?.ends
        var batch = SourceBatch(position: Self.text(offsets))
        let asked = WallClock.now
        var isFull = false
        for number in logs.indices where !isFull {
            let end = min(ends?[number] ?? .max, logs[number].endOffset)
            while offsets[number] < end, !isFull {
                let records = try logs[number].read(from: offsets[number], maxByteCount: 1 << 20)
                if records.isEmpty { break }
                for record in records where record.offset < end && !isFull {
                    isFull = !take(record, number, &batch) || batch.eventCount >= limit
                }
            }
        }
        batch.position = Self.text(offsets)
        let isAtEnd = logs.indices.allSatisfy { number in
            offsets[number] >= min(ends?[number] ?? .max, logs[number].endOffset)
        }
        batch.hasMore = !isAtEnd
        batch.isAtPoint = ends != nil && isAtEnd
        if isAtEnd, ends == nil { batch.asOf = asked }
        if batch.eventCount == 0, ends == nil {
            // One partition can be slept on; more are looked at again and again.
            if logs.count == 1 {
                _ = logs[0].wait(for: offsets[0], timeout: timeout)
            } else {
                usleep(20_000)
            }
        }
        return batch
    }

    /// - Returns: False when the record has to begin a batch of its own.
    private func take(
        _ record: LogRecord, _ number: Int, _ batch: inout SourceBatch
    ) -> Bool {
        let place = ChangeOrigin.Place(position: UInt64(record.offset), index: 0)
        do throws(RecordMapping.Refusal) {
            switch try mapping.event(key: record.key, value: record.value) {
            case .put(let id, let source):
                batch.changes.append(
                    CapturedChange(id: id, source: source, place: place, stream: number))
            case .delete(let id):
                batch.changes.append(
                    CapturedChange(id: id, source: nil, place: place, stream: number))
            case .deleteAll:
                guard batch.changes.isEmpty else { return false }
                batch.emptiesAll = true
            case .nothing: break
            }
        } catch {
            batch.refused.append(("\(topic)/\(number)@\(record.offset)", error.reason))
        }
        batch.eventCount += 1
        batch.madeAt = Double(record.timestamp)
        offsets[number] = record.offset + 1
        return true
    }

    func makePoint(isInterrupted: () -> Bool) throws -> any StorePoint {
        TopicPoint(logs, ends: logs.map(\.endOffset), mapping: mapping)
    }

    func acknowledge(_ position: String) {}

    func lag() -> SourceLag {
        SourceLag(
            events: zip(logs, offsets).reduce(0) { $0 + Int(max(0, $1.0.endOffset - $1.1)) })
    }
}

/// One moment of a topic: how far its records went.
///
/// `@unchecked`: used by one thread at a time, see ``StorePoint``.
final class TopicPoint: StorePoint, @unchecked Sendable {
    let ends: [Int64]
    private let logs: [LogPartition]
    private let mapping: RecordMapping
    private var folded: (rows: [String: [UInt8]], ids: [String])?

    init(_ logs: [LogPartition], ends: [Int64], mapping: RecordMapping) {
        self.logs = logs
        self.ends = ends
        self.mapping = mapping
    }

    var position: String { ends.map(String.init).joined(separator: ",") }

    /// What all records come to. In memory: a topic has no order by key.
    private func rows() throws -> (rows: [String: [UInt8]], ids: [String]) {
        if let folded { return folded }
        var rows: [String: [UInt8]] = [:]
        for (number, log) in logs.enumerated() {
            var next = log.startOffset
            while next < ends[number] {
                let records = try log.read(from: next, maxByteCount: 4 << 20)
                guard let last = records.last else { break }
                for record in records where record.offset < ends[number] {
                    switch try? mapping.event(key: record.key, value: record.value) {
                    case .put(let id, let source): rows[id] = source
                    case .delete(let id): rows[id] = nil
                    case .deleteAll: rows = [:]
                    case .nothing, nil: break
                    }
                }
                next = last.offset + 1
            }
        }
        let result = (rows: rows, ids: rows.keys.sorted())
        folded = result
        return result
    }

    func rows(
        after frontier: String?, limit: Int
    ) throws -> (
        rows: [CapturedChange], frontier: String?, refused: [(id: String, reason: String)]
    ) {
        let (rows, ids) = try rows()
        var first = 0
        if let frontier {
            // The first after it, by halves.
            var last = ids.count
            while first < last {
                let middle = (first + last) / 2
                if ids[middle] <= frontier { first = middle + 1 } else { last = middle }
            }
        }
        let page = ids[first..<min(first + limit, ids.count)]
        return (
            page.map { CapturedChange(id: $0, source: rows[$0]) },
            page.count < limit ? nil : page.last, []
        )
    }

    func rows(of ids: [String]) throws -> [CapturedChange] {
        let (rows, _) = try rows()
        return ids.map { CapturedChange(id: $0, source: rows[$0]) }
    }

    func close() {}
}
