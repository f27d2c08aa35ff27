internal import Glibc
internal import TrawlEval

/// Files of collections, read and written whole.
enum EvalFiles {
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Nil when there is no such file or it cannot be read.
    static func read(_ path: String) -> [UInt8]? {
        guard !isDirectory(path), let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe fread($0.baseAddress, 1, $0.count, file)
            }
            if count == 0 { return unsafe ferror(file) == 0 ? bytes : nil }
            bytes += chunk[..<count]
        }
    }

    static func require(_ path: String) throws(EvalError) -> [UInt8] {
        guard let bytes = read(path) else {
            throw EvalError(.missing("cannot be read: is the path right?"), file: path)
        }
        return bytes
    }

    static func write(_ bytes: [UInt8], to path: String) throws(EvalError) {
        guard let file = unsafe fopen(path, "wb") else {
            throw EvalError(.missing("cannot be written: does its folder exist?"), file: path)
        }
        let written = unsafe bytes.withUnsafeBytes {
            unsafe fwrite($0.baseAddress, 1, $0.count, file)
        }
        guard unsafe fclose(file) == 0, written == bytes.count else {
            throw EvalError(.malformed("could not be written whole: is the disk full?"), file: path)
        }
    }

    static func subfolders(_ path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if !name.hasPrefix("."), isDirectory(path + "/" + name) { names.append(name) }
        }
        return names.sorted()
    }

    /// The folders of collections that a name stands for: the path itself, one in `corpora` or in
    /// `shared/corpora` of this folder or one above; a folder of folders stands for all in it.
    static func collections(named name: String) throws(EvalError) -> [String] {
        var candidates = [name]
        var above = "."
        for _ in 0..<6 {
            candidates += ["\(above)/corpora/\(name)", "\(above)/shared/corpora/\(name)"]
            above = above == "." ? ".." : above + "/.."
        }
        for path in candidates where isDirectory(path) {
            let found = inside(path)
            if !found.isEmpty { return found }
        }
        throw EvalError(
            .missing("no collection of this name is here, in ./corpora or in ../shared/corpora"),
            file: name)
    }

    private static func inside(_ path: String) -> [String] {
        if Collection.Layout.of({ read(path + "/" + $0) != nil }) != nil { return [path] }
        return subfolders(path).flatMap { inside(path + "/" + $0) }
    }

    /// The last parts of a path, those after `corpora`: the name of a collection.
    static func name(of path: String) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." && $0 != ".." }
        guard let place = parts.lastIndex(of: "corpora"), place + 1 < parts.count else {
            return parts.last.map(String.init) ?? path
        }
        return parts[(place + 1)...].joined(separator: "/")
    }

    /// Today, for the history of a baseline.
    static var today: String {
        var now = time(nil)
        var parts = unsafe tm()
        unsafe gmtime_r(&now, &parts)
        let (year, month, day) = unsafe (parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(year)-\(two(month))-\(two(day))"
    }
}
