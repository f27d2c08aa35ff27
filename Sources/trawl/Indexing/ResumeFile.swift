internal import Glibc
internal import TrawlIngest
internal import TrawlJSON

/// How far a run came, kept beside the data so that `--resume` goes on from there: for each input
/// the line up to which everything is acknowledged.
struct ResumeFile {
    private let path: String
    private(set) var lines: [String: Int] = [:]

    /// - Parameter index: Runs into different indices do not know of each other.
    init(index: String, resumes: Bool) {
        let name = index.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" }
        path = ".trawl-resume-\(String(name)).json"
        guard resumes, let text = try? TextFile.read(path), let value = try? JSONValue.parse(text),
            let object = value.objectValue
        else { return }
        for member in object { lines[member.key] = member.value.intValue }
    }

    mutating func note(_ file: String, line: Int) {
        lines[file] = max(line, lines[file] ?? 0)
    }

    func save() {
        var object = JSONObject()
        for (file, line) in lines.sorted(by: { $0.key < $1.key }) { object[file] = JSONValue(line) }
        let text = JSONValue.object(object).serialized(pretty: true)
        RejectsFile.write(text, to: path)
    }

    func remove() { unsafe _ = unlink(path) }

    var name: String { path }
}

/// Documents that were refused, one JSON object a line: where from, why, and what.
struct RejectsFile {
    private let path: String
    private var isStarted = false

    init(path: String) { self.path = path }

    mutating func append(file: String, line: Int, reason: String, source: [UInt8]) {
        var writer = JSONWriter()
        writer.startObject()
        writer.key("file")
        writer.value(file)
        writer.key("line")
        writer.value(line)
        writer.key("reason")
        writer.value(reason)
        writer.key("document")
        if (try? JSONSlice(parsing: source)) != nil {
            writer.raw(source)
        } else {
            writer.value(String(decoding: source, as: UTF8.self))
        }
        writer.endObject()
        Self.write(writer.bytes + [UInt8(ascii: "\n")], to: path, appends: isStarted)
        isStarted = true
    }

    /// Writes a small file beside the engine's own; nothing of the engine depends on it.
    static func write(_ bytes: [UInt8], to path: String, appends: Bool = false) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (appends ? O_APPEND : O_TRUNC)
        let descriptor = unsafe open(path, flags, 0o644)
        guard descriptor >= 0 else {
            Output.error("cannot write \(path): \(unsafe String(cString: strerror(errno)))")
            return
        }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            // The buffer lives through the call and is as long as said.
            let count = unsafe rest.withUnsafeBytes { raw in
                unsafe Glibc.write(descriptor, raw.baseAddress, raw.count)
            }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
    }
}
