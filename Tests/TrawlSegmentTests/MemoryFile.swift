import TrawlBytes
import TrawlFiles
import TrawlSegment

/// A file of a segment in memory, for tests of what lies inside one.
struct MemoryFile {
    let file: SegmentFile

    init(_ bytes: [UInt8], name: String = "test") {
        file = SegmentFile(name: name, mapping: MappedFile(path: name, copying: bytes))
    }

    /// Runs `body` with a writer; its result and the file.
    static func write<Place>(
        _ kind: SegmentFormat.Kind, _ body: (SegmentFileWriter) throws -> Place
    ) throws -> (place: Place, file: MemoryFile, bytes: [UInt8]) {
        let store = MemoryFileStore()
        let target = try store.create("test")
        let writer = SegmentFileWriter(name: "test", kind: kind, owner: 1, target: target)
        let place = try body(writer)
        let length = try writer.finish()
        try target.close()
        let bytes = try store.readAll("test")
        precondition(length == bytes.count)
        return (place, MemoryFile(bytes), bytes)
    }
}
