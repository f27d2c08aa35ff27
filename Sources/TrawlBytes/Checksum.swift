internal import CKernels

/// CRC-32C, the checksum of every file, record and frame of the engine.
///
/// Behaves as the bitwise definition (reflected polynomial 0x82f63b78, start and end inverted);
/// runs on the processor's instruction where there is one.
package struct Checksum: Sendable {
    /// The checksum of everything added so far.
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        // The kernel reads exactly `bytes.count` bytes from `base`.
        value = unsafe trawl_crc32c(value, base, bytes.count)
    }

    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = Checksum()
        unsafe checksum.update(bytes)
        return checksum.value
    }

    package static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let fast = bytes.withContiguousStorageIfAvailable {
            unsafe Checksum.of(UnsafeRawBufferPointer($0))
        }
        return fast ?? Checksum.of(Array(bytes))
    }
}
