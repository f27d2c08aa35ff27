internal import CZlib

/// Compressed bodies, in and out.
package enum Gzip {
    /// Inflates gzip or zlib bytes.
    ///
    /// - Throws: ``HTTPError`` when more than `limit` bytes come out (a bomb is stopped there, not
    ///   after it went off), or when the bytes are damaged or cut short.
    package static func inflate(
        _ bytes: [UInt8], limit: Int
    ) throws(HTTPError) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe czlib_inflate_any(&stream) == Z_OK else {
            throw HTTPError(problem: .badCompression, detail: "zlib does not start")
        }
        defer { unsafe inflateEnd(&stream) }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        var code = Z_OK
        var tooLarge = false
        var input = bytes
        // Pointers stay within the closures: zlib keeps none after the last call.
        unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe stream.next_in = input.baseAddress
            unsafe stream.avail_in = UInt32(input.count)
            while code == Z_OK {
                let produced = unsafe chunk.withUnsafeMutableBufferPointer { chunk in
                    unsafe stream.next_out = chunk.baseAddress
                    unsafe stream.avail_out = UInt32(chunk.count)
                    code = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
                    return unsafe chunk.count - Int(stream.avail_out)
                }
                if output.count + produced > limit {
                    tooLarge = true
                    break
                }
                output.append(contentsOf: chunk[..<produced])
            }
        }
        if tooLarge {
            throw HTTPError(problem: .bodyTooLarge(limit: limit), detail: "inflated")
        }
        guard code == Z_STREAM_END else {
            throw HTTPError(
                problem: .badCompression,
                detail: code == Z_BUF_ERROR ? "it is cut short" : "error \(code)")
        }
        return output
    }

    package static func deflate(_ bytes: [UInt8], level: Int32 = 3) -> [UInt8]? {
        var stream = unsafe z_stream()
        guard unsafe czlib_deflate_gzip(&stream, level) == Z_OK else { return nil }
        defer { unsafe deflateEnd(&stream) }
        var output = [UInt8](
            repeating: 0, count: unsafe Int(deflateBound(&stream, UInt(bytes.count))) + 32)
        var input = bytes
        let (code, produced) = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                let code = unsafe CZlib.deflate(&stream, Z_FINISH)
                return unsafe (code, output.count - Int(stream.avail_out))
            }
        }
        guard code == Z_STREAM_END else { return nil }
        output.removeLast(output.count - produced)
        return output
    }
}
