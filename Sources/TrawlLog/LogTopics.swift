internal import Synchronization
internal import TrawlBytes
package import TrawlFiles

/// How a topic is kept. A partition's directory says the rest.
package struct TopicOptions: Sendable, Equatable {
    package var partitionCount = 1
    package var retention = LogRetention()

    package init() {}
}

/// All topics of a node: each a directory with its partitions and its consumers' offsets.
///
/// A topic costs nothing but its directory until it is used: opening the whole lists names, and a
/// partition is opened by whoever first asks for it.
package final class LogTopics: Sendable {
    private struct Topic: Sendable {
        var options: TopicOptions?
        var partitions: [Int: LogPartition] = [:]
        var letters: [Int: DeadLetters] = [:]
        var groups: ConsumerGroups?
    }

    let store: any FileStore
    private let options: LogOptions
    private let syncer: LogSyncer
    private let topics: Mutex<[String: Topic]>

    package init(
        _ store: any FileStore, options: LogOptions = LogOptions(), syncer: LogSyncer
    ) throws(LogError) {
        self.store = store
        self.options = options
        self.syncer = syncer
        let names: [String]
        do throws(FileError) { names = try store.directories() } catch { throw .file(error) }
        topics = Mutex(Dictionary(uniqueKeysWithValues: names.map { ($0, Topic()) }))
    }

    package var names: [String] { topics.withLock { $0.keys.sorted() } }

    // MARK: Topics

    /// Letters, digits, `.`, `_` and `-`, as in Kafka.
    private static func check(_ name: String) throws(LogError) {
        let isPlain = name.utf8.allSatisfy { byte in
            byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || [0x2d, 0x2e, 0x5f].contains(byte)
        }
        guard isPlain, !name.isEmpty, name.utf8.count <= 249, name != ".", name != ".." else {
            throw .invalidTopic(
                name, reason: "a name has 1 to 249 letters, digits, dots, dashes and underscores")
        }
    }

    package func create(_ name: String, _ wanted: TopicOptions = TopicOptions()) throws(LogError) {
        try Self.check(name)
        guard (1...1024).contains(wanted.partitionCount) else {
            throw .invalidTopic(name, reason: "it has 1 to 1024 partitions")
        }
        try changing { topics throws(LogError) in
            guard topics[name] == nil else { throw .topicExists(name) }
            do throws(FileError) {
                let directory = try store.directory(name)
                try directory.replaceAtomically(
                    TopicFormat.fileName, with: TopicFormat.encode(wanted))
            } catch {
                throw .file(error)
            }
            topics[name] = Topic(options: wanted)
        }
    }

    package func remove(_ name: String) throws(LogError) {
        try changing { topics throws(LogError) in
            guard let topic = topics[name] else { throw .unknownTopic(name) }
            for partition in topic.partitions.values { partition.close() }
            for letters in topic.letters.values { letters.close() }
            do throws(FileError) { try store.removeDirectory(name) } catch { throw .file(error) }
            topics[name] = nil
        }
    }

    package func options(of name: String) throws(LogError) -> TopicOptions {
        try changing { topics throws(LogError) in
            guard var topic = topics[name] else { throw .unknownTopic(name) }
            let options = try load(name, &topic)
            topics[name] = topic
            return options
        }
    }

    private func load(_ name: String, _ topic: inout Topic) throws(LogError) -> TopicOptions {
        if let options = topic.options { return options }
        let found: Result<TopicOptions, CorruptionError>
        do throws(FileError) {
            let directory = try store.directory(name)
            let bytes = try directory.readAll(TopicFormat.fileName)
            found = Result { () throws(CorruptionError) in
                try TopicFormat.decode(bytes, file: directory.path + "/" + TopicFormat.fileName)
            }
        } catch {
            throw .file(error)
        }
        do throws(CorruptionError) {
            let options = try found.get()
            topic.options = options
            return options
        } catch {
            throw .damaged(error)
        }
    }

    /// Opens the partition when it is not open.
    package func partition(_ number: Int = 0, of name: String) throws(LogError) -> LogPartition {
        try changing { topics throws(LogError) in
            guard var topic = topics[name] else { throw .unknownTopic(name) }
            if let open = topic.partitions[number] { return open }
            let count = try load(name, &topic).partitionCount
            guard (0..<count).contains(number) else {
                throw .invalidTopic(name, reason: "it has the partitions 0 to \(count - 1)")
            }
            let directory: any FileStore
            do throws(FileError) {
                directory = try store.directory(name).directory(String(number))
            } catch {
                throw .file(error)
            }
            let partition = try LogPartition.open(directory, options: options, syncer: syncer)
            topic.partitions[number] = partition
            topics[name] = topic
            return partition
        }
    }

    /// What could not be delivered of a partition's records.
    ///
    /// - Parameter makes: Whether there shall be one where nothing was ever refused.
    package func letters(
        _ number: Int = 0, of name: String, makes: Bool = false
    ) throws(LogError) -> DeadLetters? {
        try changing { topics throws(LogError) in
            guard var topic = topics[name] else { throw .unknownTopic(name) }
            if let open = topic.letters[number] { return open }
            let count = try load(name, &topic).partitionCount
            guard (0..<count).contains(number) else {
                throw .invalidTopic(name, reason: "it has the partitions 0 to \(count - 1)")
            }
            let folder = "letters.\(number)"
            let directory: any FileStore
            do throws(FileError) {
                let parent = try store.directory(name)
                if !makes, !(try parent.directories()).contains(folder) { return nil }
                directory = try parent.directory(folder)
            } catch {
                throw .file(error)
            }
            let letters = DeadLetters(
                try LogPartition.open(directory, options: options, syncer: syncer))
            topic.letters[number] = letters
            topics[name] = topic
            return letters
        }
    }

    /// The partitions that are open, of all topics.
    package var openPartitions: [(topic: String, number: Int)] {
        topics.withLock { topics in
            topics.flatMap { name, topic in topic.partitions.keys.map { (name, $0) } }
                .sorted { $0 < $1 }
        }
    }

    private func changing<T: Sendable>(
        _ body: (inout [String: Topic]) throws(LogError) -> T
    ) throws(LogError) -> T {
        let result: Result<T, LogError> = topics.withLock { topics in
            Result { () throws(LogError) in try body(&topics) }
        }
        return try result.get()
    }

    // MARK: Consumers

    /// Which offset each consumer group goes on with, by partition.
    package func committed(_ group: String, of name: String) throws(LogError) -> [Int: Int64] {
        try groups(of: name) { groups throws(LogError) in groups.offsets[group] ?? [:] }
    }

    package func groups(of name: String) throws(LogError) -> [String] {
        try groups(of: name) { groups throws(LogError) in groups.offsets.keys.sorted() }
    }

    /// Notes, durably, how far a group has come.
    package func commit(
        _ offset: Int64, partition: Int, group: String, of name: String
    ) throws(LogError) {
        let log = try self.partition(partition, of: name)
        guard offset >= 0, offset <= log.endOffset else {
            throw .offsetOutOfRange(offset: offset, start: log.startOffset, end: log.endOffset)
        }
        try groups(of: name) { groups throws(LogError) in
            var changed = groups
            changed.offsets[group, default: [:]][partition] = offset
            do throws(FileError) {
                try store.directory(name).replaceAtomically(
                    ConsumerGroups.fileName, with: changed.bytes())
            } catch {
                throw .file(error)
            }
            groups = changed
        }
    }

    /// Forgets a group: what it had still to read no longer holds back the retention.
    package func forget(_ group: String, of name: String) throws(LogError) {
        try groups(of: name) { groups throws(LogError) in
            guard groups.offsets[group] != nil else { return }
            var changed = groups
            changed.offsets[group] = nil
            do throws(FileError) {
                try store.directory(name).replaceAtomically(
                    ConsumerGroups.fileName, with: changed.bytes())
            } catch {
                throw .file(error)
            }
            groups = changed
        }
    }

    /// How many records a group has not yet done, by partition.
    package func lag(_ group: String, of name: String) throws(LogError) -> [Int: Int64] {
        let offsets = try committed(group, of: name)
        var lag: [Int: Int64] = [:]
        for number in 0..<(try options(of: name).partitionCount) {
            let log = try partition(number, of: name)
            lag[number] = log.endOffset - max(offsets[number] ?? 0, log.startOffset)
        }
        return lag
    }

    /// Lets go of what the topic's retention no longer keeps, but of nothing that a group with a
    /// committed offset has still to read.
    package func retain(_ name: String, now: Int64) throws(LogError) {
        let options = try options(of: name)
        let all = try groups(of: name) { groups throws(LogError) in groups.offsets }
        for number in 0..<options.partitionCount {
            let log = try partition(number, of: name)
            try log.retain(
                options.retention, now: now, slowest: all.values.compactMap { $0[number] }.min())
            if options.retention.keepsNewestOfKey { _ = try log.compact() }
        }
    }

    private func groups<T: Sendable>(
        of name: String, _ body: (inout ConsumerGroups) throws(LogError) -> T
    ) throws(LogError) -> T {
        try changing { topics throws(LogError) in
            guard var topic = topics[name] else { throw .unknownTopic(name) }
            if topic.groups == nil { topic.groups = try loadGroups(name) }
            var groups = topic.groups ?? ConsumerGroups()
            let value = try body(&groups)
            topic.groups = groups
            topics[name] = topic
            return value
        }
    }

    private func loadGroups(_ name: String) throws(LogError) -> ConsumerGroups {
        let bytes: [UInt8]
        let path: String
        do throws(FileError) {
            let directory = try store.directory(name)
            path = directory.path + "/" + ConsumerGroups.fileName
            guard directory.exists(ConsumerGroups.fileName) else { return ConsumerGroups() }
            bytes = try directory.readAll(ConsumerGroups.fileName)
        } catch {
            throw .file(error)
        }
        do throws(CorruptionError) {
            return try ConsumerGroups(bytes: bytes, file: path)
        } catch {
            throw .damaged(error)
        }
    }

    /// Lets go of all files.
    package func close() {
        let (open, letters) = topics.withLock { topics in
            (
                topics.values.flatMap(\.partitions.values),
                topics.values.flatMap(\.letters.values)
            )
        }
        for partition in open { partition.close() }
        for book in letters { book.close() }
    }
}

/// The file `topic`: envelope, kind "ltop"; count of partitions, then time in milliseconds and
/// bytes of the retention (0 for none) and whether only the newest of a key is kept.
enum TopicFormat {
    static let fileName = "topic"
    static let kind = "ltop"
    static let versions: ClosedRange<UInt16> = 1...1

    static func encode(_ options: TopicOptions) -> [UInt8] {
        var writer = ByteWriter()
        writer.writeVarint(options.partitionCount)
        let time = options.retention.time.map { Int64($0 / .milliseconds(1)) } ?? 0
        writer.writeZigzag(time)
        writer.writeVarint(options.retention.byteCount ?? 0)
        writer.write(options.retention.keepsNewestOfKey)
        return EnvelopeFormat.wrap(
            writer.bytes, kind: kind, version: versions.upperBound, owner: 0)
    }

    static func decode(_ bytes: [UInt8], file: String) throws(CorruptionError) -> TopicOptions {
        let payload = try EnvelopeFormat.unwrap(
            bytes, file: file, kind: kind, versions: versions, owner: nil
        ).payload
        var reader = ByteReader(payload, file: file)
        var options = TopicOptions()
        options.partitionCount = try reader.readCount()
        let time = try reader.readZigzag()
        if time > 0 { options.retention.time = .milliseconds(time) }
        let byteCount = try reader.readCount()
        if byteCount > 0 { options.retention.byteCount = byteCount }
        options.retention.keepsNewestOfKey = try reader.readBool()
        return options
    }
}

/// The file `groups` of a topic: envelope, kind "lgrp"; count of groups, each: name, count of
/// partitions, each: number and the offset to go on with.
struct ConsumerGroups: Sendable, Equatable {
    static let fileName = "groups"
    static let kind = "lgrp"
    static let versions: ClosedRange<UInt16> = 1...1

    var offsets: [String: [Int: Int64]] = [:]

    init() {}

    func bytes() -> [UInt8] {
        var writer = ByteWriter()
        writer.writeVarint(offsets.count)
        for (group, partitions) in offsets.sorted(by: { $0.key < $1.key }) {
            writer.write(group)
            writer.writeVarint(partitions.count)
            for (number, offset) in partitions.sorted(by: { $0.key < $1.key }) {
                writer.writeVarint(number)
                writer.writeZigzag(offset)
            }
        }
        return EnvelopeFormat.wrap(
            writer.bytes, kind: Self.kind, version: Self.versions.upperBound, owner: 0)
    }

    init(bytes: [UInt8], file: String) throws(CorruptionError) {
        let payload = try EnvelopeFormat.unwrap(
            bytes, file: file, kind: Self.kind, versions: Self.versions, owner: nil
        ).payload
        var reader = ByteReader(payload, file: file)
        for _ in 0..<(try reader.readCount()) {
            let group = try reader.readString()
            var partitions: [Int: Int64] = [:]
            for _ in 0..<(try reader.readCount()) {
                let number = try reader.readCount()
                partitions[number] = try reader.readZigzag()
            }
            offsets[group] = partitions
        }
    }
}
