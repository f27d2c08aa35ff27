internal import Glibc
internal import TrawlFiles
internal import TrawlJSON
internal import TrawlLog

/// The logs of a data directory: the topics that people made, and the log and the dead letters of
/// every shard.
///
/// A log belongs to one process at a time, so the directory is locked while this lives.
final class LogDirectory {
    /// A partition and what it is called: `orders/0`, `books/3`, `books/3/letters`.
    struct Named {
        var name: String
        var kind: Kind
        var log: LogPartition
    }

    enum Kind: String {
        case topic, shard, letters
    }

    private let store: any FileStore
    private let lock: DirectoryLock
    private let syncer = LogSyncer()
    let topics: LogTopics

    /// - Throws: An error that names the holder when a node has the directory.
    init(_ path: String) throws {
        guard unsafe access(path, F_OK) == 0 else {
            throw UsageError("there is no data in \(path): --data names another directory")
        }
        store = try PosixFileStore(path)
        lock = try store.lock()
        topics = try LogTopics(try store.directory("topics"), syncer: syncer)
    }

    deinit { topics.close() }

    /// Every partition, in order of names.
    func all() throws -> [Named] {
        var found: [Named] = []
        for name in topics.names {
            for number in 0..<(try topics.options(of: name).partitionCount) {
                found.append(
                    Named(
                        name: "\(name)/\(number)", kind: .topic,
                        log: try topics.partition(number, of: name)))
            }
        }
        for (index, uuid) in try indices() {
            let directory = try store.directory("indices").directory(uuid)
            for shard in try directory.directories().compactMap({ Int($0) }).sorted() {
                found += try shardLogs(index, shard, try directory.directory(String(shard)))
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    private func shardLogs(
        _ index: String, _ shard: Int, _ directory: any FileStore
    ) throws -> [Named] {
        var found: [Named] = []
        for (name, kind) in [("log", Kind.shard), ("letters", Kind.letters)] {
            guard try directory.directories().contains(name) else { continue }
            let log = try LogPartition.open(try directory.directory(name), syncer: syncer)
            let suffix = kind == .letters ? "/letters" : ""
            found.append(Named(name: "\(index)/\(shard)\(suffix)", kind: kind, log: log))
        }
        return found
    }

    /// The partition of this name; a topic of one partition goes without its number.
    func named(_ name: String) throws -> Named {
        let all = try all()
        if let found = all.first(where: { $0.name == name || $0.name == name + "/0" }) {
            return found
        }
        throw UsageError(
            "there is no log \"\(name)\"",
            nearest: Suggestion.nearest(to: name, among: all.map(\.name) + topics.names),
            help: "trawl log topics")
    }

    /// Names and directories, as the catalogue has them.
    private func indices() throws -> [(name: String, uuid: String)] {
        guard store.exists("catalog.json") else { return [] }
        let catalog = try JSONValue.parse(try store.readAll("catalog.json"))
        return (catalog["indices"]?.arrayValue ?? []).compactMap { index in
            guard let name = index["name"]?.stringValue, let uuid = index["uuid"]?.stringValue
            else { return nil }
            return (name, uuid)
        }
    }
}
