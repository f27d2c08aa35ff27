internal import CZlib
internal import CZstd

/// Packed bytes in, plain bytes out, piece by piece.
protocol Unpacker: AnyObject {
    /// Whether the packed data so far ends where it may.
    var isComplete: Bool { get }
    func unpack(_ bytes: [UInt8]) throws(UnpackError) -> [UInt8]
}

struct UnpackError: Error {
    var reason: String
}

/// gzip, also several one after another.
@safe final class GzipUnpacker: Unpacker {
    /// Owned: made in `init`, ended in `deinit`, never handed out.
    private var stream = unsafe z_stream()
    private(set) var isComplete = false

    init() {
        // Can only fail for want of memory.
        let status = unsafe czlib_inflate_any(&stream)
        precondition(status == Z_OK, "zlib has no memory")
    }

    deinit { unsafe inflateEnd(&stream) }

    func unpack(_ bytes: [UInt8]) throws(UnpackError) -> [UInt8] {
        var input = bytes
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        var status: Int32 = Z_OK
        var left = input.count
        while left > 0 {
            if isComplete {
                unsafe inflateReset(&stream)
                isComplete = false
            }
            let used = input.count - left
            // zlib reads `avail_in` bytes from `next_in` and writes `avail_out` to `next_out`;
            // both buffers live through the call.
            let made: Int = unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe piece.withUnsafeMutableBufferPointer { target in
                    unsafe stream.next_in = source.baseAddress! + used
                    unsafe stream.avail_in = UInt32(left)
                    unsafe stream.next_out = target.baseAddress!
                    unsafe stream.avail_out = UInt32(target.count)
                    status = unsafe inflate(&stream, Z_NO_FLUSH)
                    return target.count - Int(unsafe stream.avail_out)
                }
            }
            left = Int(unsafe stream.avail_in)
            output += piece[..<made]
            switch status {
            case Z_OK: break
            case Z_STREAM_END: isComplete = true
            case Z_BUF_ERROR: return output
            default: throw UnpackError(reason: "its gzip data is broken")
            }
        }
        return output
    }
}

@safe final class ZstdUnpacker: Unpacker {
    /// Owned: made in `init`, freed in `deinit`, never handed out.
    private let stream: OpaquePointer
    private(set) var isComplete = false

    init() {
        guard let made = unsafe ZSTD_createDStream() else {
            preconditionFailure("zstd has no memory")
        }
        unsafe stream = made
    }

    deinit { unsafe ZSTD_freeDStream(stream) }

    func unpack(_ bytes: [UInt8]) throws(UnpackError) -> [UInt8] {
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        var position = 0
        while position < bytes.count {
            // zstd reads and writes within the sizes given; both buffers live through the call.
            let (status, made): (Int, Int) = unsafe bytes.withUnsafeBytes { source in
                unsafe piece.withUnsafeMutableBytes { target in
                    var input = unsafe ZSTD_inBuffer(
                        src: source.baseAddress, size: source.count, pos: position)
                    var result = unsafe ZSTD_outBuffer(
                        dst: target.baseAddress, size: target.count, pos: 0)
                    let status = unsafe ZSTD_decompressStream(stream, &result, &input)
                    position = unsafe input.pos
                    return (status, unsafe result.pos)
                }
            }
            if ZSTD_isError(status) != 0 {
                throw UnpackError(reason: "its zstd data is broken")
            }
            output += piece[..<made]
            isComplete = status == 0
        }
        return output
    }
}
