internal import TrawlBytes
package import TrawlFiles

/// The files of a segment while they are written, and until they are synced. Kept open for that:
/// a sync must go through the descriptor that wrote, or a lost write could go unnoticed.
///
/// Used by one thread at a time; who holds it sees to that.
package final class SegmentOutput: @unchecked Sendable {
    package let id: SegmentID
    private let store: any FileStore
    /// The files of nested documents, which share the fate of these.
    private var nested: SegmentOutput?
    private var writers: [any FileWriter] = []
    private var names: [String] = []
    package private(set) var byteCounts: [SegmentFormat.Kind: Int] = [:]
    /// Called with the count of bytes after each part; throws to stop the work.
    private let pace: (Int) throws -> Void

    package init(
        _ id: SegmentID, in store: any FileStore, pace: @escaping (Int) throws -> Void = { _ in }
    ) {
        self.id = id
        self.store = store
        self.pace = pace
    }

    /// Begins the files of the segment's nested documents.
    package func makeNested() -> SegmentOutput {
        let made = SegmentOutput(id.nested, in: store, pace: pace)
        nested = made
        return made
    }

    /// Throws when the work is to stop; otherwise waits as the budget for writing asks.
    package func checkpoint(byteCount: Int = 0) throws { try pace(byteCount) }

    package func create(_ name: String) throws -> any FileWriter {
        let writer = try store.create(name)
        writers.append(writer)
        names.append(name)
        return writer
    }

    /// Writes one file: `body` puts its content between the envelopes.
    package func write<Place>(
        _ kind: SegmentFormat.Kind, _ body: (SegmentFileWriter) throws -> Place
    ) throws -> Place {
        let file = try begin(kind)
        let place = try body(file)
        try finish(file, kind)
        return place
    }

    /// Begins a file that is written beside others.
    package func begin(_ kind: SegmentFormat.Kind) throws -> SegmentFileWriter {
        let name = SegmentFormat.fileName(id, kind)
        return SegmentFileWriter(
            name: name, kind: kind, owner: id.number, target: try create(name))
    }

    package func finish(_ file: SegmentFileWriter, _ kind: SegmentFormat.Kind) throws {
        let byteCount = try file.finish()
        byteCounts[kind] = byteCount
        try checkpoint(byteCount: byteCount)
    }

    /// Writes the segment's description, last.
    package func finish(_ info: SegmentInfo) throws -> SegmentInfo {
        var info = info
        info.files = byteCounts
        let file = try create(SegmentFormat.fileName(id, .info))
        try file.append(info.encoded())
        return info
    }

    /// Makes the content durable; the directory is the caller's.
    package func sync() throws {
        try nested?.sync()
        for writer in writers { try writer.sync() }
        close()
    }

    private func close() {
        // Everything is synced or given up: there is nothing left that closing could lose.
        for writer in writers { try? writer.close() }
        writers = []
    }

    /// Removes what was written.
    package func abandon() {
        nested?.abandon()
        close()
        // What cannot be removed now is a leftover that the next opening removes.
        for name in names { try? store.remove(name) }
        names = []
    }
}
