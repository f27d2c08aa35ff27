internal import CZstd
internal import TrawlBytes

/// A zstd compressor. Not shared between threads.
@safe
final class ZstdCompressor {
    private let context: OpaquePointer

    init(level: Int32) {
        guard let context = unsafe ZSTD_createCCtx() else { fatalError("out of memory") }
        unsafe self.context = unsafe context
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit { unsafe ZSTD_freeCCtx(context) }

    /// The compressed bytes, with a number before them.
    func compress(_ bytes: [UInt8], after prefix: UInt32) -> [UInt8] {
        let bound = ZSTD_compressBound(bytes.count)
        let packed = unsafe [UInt8](unsafeUninitializedCapacity: bound + 4) { target, count in
            for i in 0..<4 {
                unsafe target[i] = UInt8(truncatingIfNeeded: prefix >> (8 * UInt32(i)))
            }
            let written = unsafe bytes.withUnsafeBytes { bytes in
                // There is room for the bound of the input.
                unsafe ZSTD_compress2(
                    context, target.baseAddress! + 4, bound, bytes.baseAddress, bytes.count)
            }
            precondition(ZSTD_isError(written) == 0, "zstd refuses to compress")
            count = written + 4
        }
        // The room for the bound is more than half empty: keep only what is used.
        return unsafe packed.withUnsafeBufferPointer { unsafe Array($0) }
    }
}

/// A zstd decompressor. Not shared between threads.
@safe
final class ZstdDecompressor: @unchecked Sendable {
    // Sent from thread to thread, used by one at a time.
    private let context: OpaquePointer

    init() {
        guard let context = unsafe ZSTD_createDCtx() else { fatalError("out of memory") }
        unsafe self.context = unsafe context
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    /// The unpacked bytes; nil when they are not exactly `byteCount`, or damaged.
    func decompress(_ bytes: UnsafeRawBufferPointer, byteCount: Int) -> [UInt8]? {
        var isWhole = false
        let unpacked = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { target, count in
            let written = unsafe ZSTD_decompressDCtx(
                context, target.baseAddress, byteCount, bytes.baseAddress, bytes.count)
            isWhole = ZSTD_isError(written) == 0 && written == byteCount
            count = isWhole ? byteCount : 0
        }
        return isWhole ? unpacked : nil
    }
}
