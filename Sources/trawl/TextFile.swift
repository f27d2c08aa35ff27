internal import Glibc
internal import TrawlHTTP
internal import TrawlIngest

/// Small files that are named on the command line, `-` for standard input.
enum TextFile {
    static func read(_ path: String, maxByteCount: Int = 100 << 20) throws(IngestError) -> [UInt8] {
        try ByteInput(path: path).readAll(maxByteCount: maxByteCount)
    }
}

/// Names within a request's path.
enum PathText {
    static func escaped(_ name: String) -> String { PercentCoding.encode(name) }
}

/// How large a file is, for progress.
enum FileSize {
    static func of(_ path: String) throws -> Int {
        var status = stat()
        // The system fills a stat, nothing beyond it.
        guard unsafe stat(path, &status) == 0 else { throw IngestError(.notFound, in: path) }
        return Int(status.st_size)
    }
}
