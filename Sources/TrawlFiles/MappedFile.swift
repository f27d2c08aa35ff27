internal import Glibc

/// The content of a write-once file in memory, for as long as anyone refers to this.
///
/// Safe to share: the bytes never change. A file that another process cuts short kills the
/// process (SIGBUS), which is why directories are locked and lengths checked on opening.
@safe
package final class MappedFile: @unchecked Sendable {
    package let path: String
    /// Valid while this object lives.
    package let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    package var byteCount: Int { unsafe bytes.count }

    /// Takes over a mapping of the system.
    init(path: String, mapped: UnsafeRawBufferPointer) {
        self.path = path
        unsafe bytes = mapped
        isMapped = true
    }

    /// A copy in ordinary memory.
    package init(path: String, copying content: [UInt8]) {
        self.path = path
        // Sixteen-byte alignment, as a mapping would have at least.
        let copy = UnsafeMutableRawBufferPointer.allocate(
            byteCount: content.count, alignment: 16)
        unsafe copy.copyBytes(from: content)
        unsafe bytes = UnsafeRawBufferPointer(copy)
        isMapped = false
    }

    deinit {
        if !isMapped {
            unsafe bytes.deallocate()
        } else if let base = unsafe bytes.baseAddress {
            unsafe munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
        }
    }

    /// Where a read will jump about, the system should not read ahead.
    package func expectRandomReads() {
        guard isMapped, let base = unsafe bytes.baseAddress else { return }
        _ = unsafe madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, MADV_RANDOM)
    }
}
