package import TrawlFiles
internal import TrawlIndex
package import TrawlLog

extension Shard {
    /// Opens the copy in a directory, or begins one in an empty directory: the newest commit, and
    /// the log from there on. The caller has locked the directory.
    ///
    /// - Parameters:
    ///   - identity: Of a new index; made up by the caller so that tests can repeat it.
    ///   - syncer: Shared by all logs of a disk.
    package static func open(
        _ store: any FileStore, schema: any SchemaSource, options: Options = Options(),
        syncer: LogSyncer, identity: UInt64 = .random(in: 1 ... .max)
    ) throws -> Shard {
        let log = try LogPartition.open(
            try store.directory("log"), options: options.log, syncer: syncer)
        let letters = try LogPartition.open(
            try store.directory("letters"), options: options.log, syncer: syncer)
        let index = try IndexWriter(
            try store.directory("index"), options: options.index, identity: identity)
        var checkpoint = ShardCheckpoint()
        checkpoint.logID = log.logID
        let payload = index.committedPayload
        if !payload.isEmpty {
            checkpoint = try ShardCheckpoint(bytes: payload, file: index.store.path + "/manifest")
            guard checkpoint.logID == log.logID else {
                throw ShardError.foreignLog(path: store.path)
            }
        }
        guard checkpoint.applied <= log.endOffset else {
            throw ShardError.logLost(
                path: store.path, applied: checkpoint.applied, end: log.endOffset)
        }
        guard checkpoint.applied >= log.startOffset else {
            throw ShardError.logTooShort(
                path: store.path, applied: checkpoint.applied, start: log.startOffset)
        }
        let reader = DocumentReader(schema)
        let shard = Shard(
            path: store.path, options: options, log: log, index: index,
            letters: DeadLetters(letters), reader: reader,
            applier: ShardApplier(checkpoint: checkpoint, index: index, reader: reader))
        if !options.isReplicated { try shard.apply(through: log.endOffset) }
        try shard.refresh()
        return shard
    }
}
