/// Takes the bytes of a file from front to back.
package protocol ByteSink: AnyObject {
    /// - Throws: Whatever keeps the bytes from being written; nothing more is appended then.
    func append(_ bytes: UnsafeRawBufferPointer) throws
}

/// Keeps the bytes in memory.
package final class MemorySink: ByteSink {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package func append(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes.append(contentsOf: bytes)
    }
}
