internal import Synchronization
internal import TrawlDocument
internal import TrawlLog
internal import TrawlThreads

/// A stretch of the log whose documents are read by several threads, each a range of offsets, while
/// the stretch before it is applied.
///
/// Reading decides nothing: what brings new fields, or does not fit, is left to be read again in
/// its turn. So the content is the same, however many threads there were.
final class CatchUp: Sendable {
    /// Nothing is read ahead with no threads. Below so many records the threads cost more than they save.
    static let minimumCount = 200

    let records: [LogRecord]
    private let changes: [Result<Change, CodecFailure>]
    private let ready: Ready
    private let threads: [SystemThread]

    init(_ records: [LogRecord], reader: DocumentReader, threadCount: Int) {
        self.records = records
        let changes = records.map { record in
            Result { () throws(CodecFailure) in try ChangeCodec.change(of: record) }
        }
        self.changes = changes
        let count = records.count
        let ready = Ready(count)
        let share = threadCount == 0 ? 0 : (count + threadCount - 1) / threadCount
        let starts = share == 0 ? [] : Array(stride(from: 0, to: count, by: share))
        threads = starts.map { start in
            SystemThread(name: "trawl-catch-up") {
                let range = start..<min(start + share, count)
                let documents = range.map { place -> ReadyDocument? in
                    guard case .success(let change) = changes[place] else { return nil }
                    switch change.operation {
                    case .index(let source), .create(let source):
                        return try? reader.read(
                            id: change.id.string, routing: change.routing, source: source,
                            extends: false)
                    case .delete, .update: return nil
                    }
                }
                ready.put(documents, at: start)
            }
        }
        self.ready = ready
    }

    /// Filled by the threads, each its own range.
    private final class Ready: Sendable {
        let documents: Mutex<[ReadyDocument?]>

        init(_ count: Int) { documents = Mutex(Array(repeating: nil, count: count)) }

        func put(_ range: [ReadyDocument?], at start: Int) {
            documents.withLock { documents in
                for (place, document) in range.enumerated() { documents[start + place] = document }
            }
        }
    }

    /// Waits for the threads.
    func finish() -> [(change: Result<Change, CodecFailure>, ready: ReadyDocument?)] {
        for thread in threads { thread.join() }
        let documents = ready.documents.withLock { $0 }
        return zip(changes, documents).map { ($0, $1) }
    }
}
