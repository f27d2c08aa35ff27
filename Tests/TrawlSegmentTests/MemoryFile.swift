import TrawlBytes
import TrawlSegment

/// A file of a segment in memory, for tests of what lies inside one.
@safe
final class MemoryFile {
    private let storage: UnsafeMutableRawBufferPointer
    let file: SegmentFile

    init(_ bytes: [UInt8], name: String = "test") {
        let storage = UnsafeMutableRawBufferPointer.allocate(
            byteCount: bytes.count, alignment: 16)
        unsafe storage.copyBytes(from: bytes)
        unsafe self.storage = unsafe storage
        unsafe file = unsafe SegmentFile(
            name: name, bytes: UnsafeRawBufferPointer(storage), owner: Token())
    }

    deinit { unsafe storage.deallocate() }

    private final class Token {}

    /// Runs `body` with a writer; its result and the file.
    static func write<Place>(
        _ kind: SegmentFormat.Kind, _ body: (inout SegmentFileWriter) throws -> Place
    ) throws -> (place: Place, file: MemoryFile, bytes: [UInt8]) {
        let box = Box()
        var writer = unsafe SegmentFileWriter(name: "test", kind: kind, owner: SegmentID(1)) {
            unsafe box.bytes.append(contentsOf: $0)
        }
        let place = try body(&writer)
        let length = try writer.finish()
        precondition(length == box.bytes.count)
        return (place, MemoryFile(box.bytes), box.bytes)
    }

    final class Box { var bytes: [UInt8] = [] }
}
