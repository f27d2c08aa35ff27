internal import Synchronization
internal import TrawlBytes
internal import TrawlCluster
internal import TrawlFiles
internal import TrawlIndex
internal import TrawlLog
internal import TrawlShard
internal import TrawlTransport

/// The files of a commit, kept from being removed while another node copies them.
final class CopyTransfer: Sendable {
    let hold: IndexWriter.CommitHold
    let store: any FileStore
    let appliedEnd: Int64
    /// Given up when nothing was read for so long.
    private let usedAt = Mutex(ContinuousClock.now)
    static let patience = Duration.seconds(60)

    init(hold: IndexWriter.CommitHold, store: any FileStore, appliedEnd: Int64) {
        self.hold = hold
        self.store = store
        self.appliedEnd = appliedEnd
    }

    var isForgotten: Bool { ContinuousClock.now - usedAt.withLock { $0 } > Self.patience }

    func read(_ file: String, from offset: Int, count: Int) throws -> [UInt8] {
        usedAt.withLock { $0 = .now }
        guard hold.files.contains(file) else {
            throw FileError("copying", store.path + "/" + file, .notFound)
        }
        let mapped = try store.map(file)
        let end = min(offset + count, mapped.byteCount)
        guard offset >= 0, offset <= end else { return [] }
        return unsafe Array(mapped.bytes[offset..<end])
    }
}

/// What the leader is asked by a copy that begins with its files.
enum TransferQuestions {
    struct Open: PeerQuestion {
        struct File: Codable, Sendable {
            var name: String
            var byteCount: Int
        }

        struct Answer: Codable, Sendable {
            var transfer: Int64
            var files: [File]
            var manifest: [UInt8]
            var appliedEnd: Int64
            var logID: UInt64
            var epochs: [EpochHistory.Start]
        }

        static let method = "files.open"
        var shard: ShardKey
    }

    struct Read: PeerQuestion {
        typealias Answer = [UInt8]
        static let method = "files.read"
        var shard: ShardKey
        var transfer: Int64
        var file: String
        var offset: Int
        var count: Int
    }

    struct Close: PeerQuestion {
        typealias Answer = Nothing
        static let method = "files.close"
        var shard: ShardKey
        var transfer: Int64
    }
}

extension HostedCopy {
    /// Makes a commit and keeps its files for a follower.
    func openTransfer() throws -> TransferQuestions.Open.Answer {
        let (shard, isLeader) = state.withLock { ($0.local.shard, $0.core.isLeader) }
        guard isLeader else { throw Self.lost(key) }
        try shard.commit()
        let (hold, appliedEnd) = try shard.holdCommit()
        let transfer = CopyTransfer(hold: hold, store: shard.index.store, appliedEnd: appliedEnd)
        let number = Int64.random(in: 1 ... .max)
        state.withLock { state in
            state.transfers = state.transfers.filter { !$0.value.isForgotten }
            state.transfers[number] = transfer
        }
        return TransferQuestions.Open.Answer(
            transfer: number,
            files: try hold.files.map {
                .init(name: $0, byteCount: try shard.index.store.byteCount(of: $0))
            }, manifest: hold.manifest, appliedEnd: appliedEnd, logID: shard.log.logID,
            epochs: shard.log.epochStarts.filter { $0.offset < appliedEnd }.map {
                .init(epoch: $0.epoch, offset: $0.offset)
            })
    }

    func readTransfer(_ question: TransferQuestions.Read) throws -> [UInt8] {
        guard let transfer = state.withLock({ $0.transfers[question.transfer] }) else {
            throw Self.lost(key)
        }
        return try transfer.read(question.file, from: question.offset, count: question.count)
    }

    func closeTransfer(_ number: Int64) { state.withLock { $0.transfers[number] = nil } }
}

/// Copies the files of a leader's commit into an empty directory, as a copy that can be opened.
struct CopyDownload {
    let shard: ShardKey
    let client: PeerClient
    /// A ceiling on what one copy takes of the network and the disks.
    let bytesPerSecond: Int

    private static let pieceByteCount = 1 << 20
    private static let timeout = Duration.seconds(20)

    /// - Returns: The offset up to which the files hold everything.
    func run(into directory: any FileStore) throws -> Int64 {
        let offer = try client.ask(
            TransferQuestions.Open(shard: shard), timeout: Self.timeout)
        defer {
            _ = try? client.ask(
                TransferQuestions.Close(shard: shard, transfer: offer.transfer),
                timeout: .seconds(1))
        }
        let index = try directory.directory("index")
        let began = ContinuousClock.now
        var total = 0
        for file in offer.files {
            let writer = try index.create(file.name)
            while writer.byteCount < file.byteCount {
                let piece = try client.ask(
                    TransferQuestions.Read(
                        shard: shard, transfer: offer.transfer, file: file.name,
                        offset: writer.byteCount, count: Self.pieceByteCount),
                    timeout: Self.timeout)
                guard !piece.isEmpty else {
                    throw CorruptionError(
                        file: file.name, byteOffset: writer.byteCount,
                        reason: "the leader's file ends here, \(file.byteCount) bytes were offered")
                }
                try writer.append(piece)
                total += piece.count
                Self.rest(total, since: began, bytesPerSecond)
            }
            try writer.sync()
            try writer.close()
        }
        try index.syncDirectory()
        try index.replaceAtomically(ManifestFormat.fileName, with: offer.manifest)
        try check(index)
        try LogPartition.begin(
            in: try directory.directory("log"), logID: offer.logID, at: offer.appliedEnd,
            epochs: offer.epochs.map { ($0.epoch, $0.offset) })
        return offer.appliedEnd
    }

    private static func rest(
        _ total: Int, since began: ContinuousClock.Instant, _ bytesPerSecond: Int
    ) {
        let due = Duration.seconds(Double(total) / Double(max(1, bytesPerSecond)))
        let early = due - (ContinuousClock.now - began)
        if early > .milliseconds(5) { Pause.sleep(early) }
    }

    /// Every byte is read once before the copy counts: what lies here is what was written there.
    private func check(_ index: any FileStore) throws {
        let report = try IndexChecker(index).check()
        guard let problem = report.problems.first else { return }
        throw problem
    }
}
