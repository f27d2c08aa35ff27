internal import Glibc
internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlFiles
internal import TrawlJSON
internal import TrawlThreads
internal import TrawlTransport

/// The copies on this node: opened, closed and begun anew as the store says.
///
/// One thread reconciles what is here with what should be; another keeps the time of all copies.
final class ShardHosting: Sendable {
    private let surroundings: CopySurroundings
    private let shards: LocalShards
    private let catalog: IndexCatalog
    private let copies = Mutex<[ShardKey: HostedCopy]>([:])
    /// Why a copy that should be here could not be opened.
    private let refusals = Mutex<[ShardKey: String]>([:])
    private let wake = Signal()
    private let wanted = Mutex(false)
    private let isStopped = Atomic<Bool>(false)
    private let threads = Mutex<[SystemThread]>([])

    /// Stands in a copy's directory while its files are being copied: what lies there counts for
    /// nothing.
    private static let unfinishedName = "unfinished"
    private static let descriptionName = "copy.json"

    init(_ surroundings: CopySurroundings, shards: LocalShards, catalog: IndexCatalog) {
        self.surroundings = surroundings
        self.shards = shards
        self.catalog = catalog
    }

    func start() {
        threads.withLock {
            $0 = [
                SystemThread(name: "copies") { [self] in
                    while !isStopped.load(ordering: .relaxed) { reconcile() }
                },
                SystemThread(name: "copies-time") { [self] in
                    while !isStopped.load(ordering: .relaxed) {
                        usleep(50_000)
                        for copy in copies.withLock({ Array($0.values) }) { copy.tick() }
                    }
                },
            ]
        }
        surroundings.member.observe { [weak self] _ in self?.poke() }
    }

    private func poke() { wake.change { wanted.withLock { $0 = true } } }

    func copy(_ key: ShardKey) -> HostedCopy? { copies.withLock { $0[key] } }

    /// How long those wait who ask for a copy that is being opened.
    private static let openingPatience = Duration.seconds(5)

    /// The copy with the key, for those who were told that it is here. A node that has come back
    /// is among the others before all its copies are open.
    func require(_ key: ShardKey) throws -> HostedCopy {
        let deadline = ContinuousClock.now + Self.openingPatience
        while true {
            if let copy = copy(key) { return copy }
            guard isToBeOpened(key), ContinuousClock.now < deadline else { break }
            usleep(10_000)
        }
        throw CoordinatorError(
            .unavailable, "shard_not_here_exception",
            "\(key): this node has no copy of the shard"
                + (refusals.withLock { $0[key] }.map { ": \($0)" } ?? ""))
    }

    private func isToBeOpened(_ key: ShardKey) -> Bool {
        !isStopped.load(ordering: .relaxed) && refusals.withLock { $0[key] } == nil
            && surroundings.member.state.shards[key]?.inSync.contains(surroundings.node) == true
    }

    func refusal(_ key: ShardKey) -> String? {
        refusals.withLock { $0[key] } ?? copy(key)?.failure
    }

    // MARK: Reconciling

    private func reconcile() {
        _ = wake.wait(timeout: .seconds(1)) { wanted.withLock { $0 ? true : nil } }
        wanted.withLock { $0 = false }
        let state = surroundings.member.state
        guard state.revision > 0 else { return }
        for key in state.shards.keys.sorted() {
            guard let shard = state.shards[key], !isStopped.load(ordering: .relaxed) else { break }
            if shard.copies.contains(surroundings.node) {
                if let copy = copy(key) { copy.adopt(shard) } else { open(key, shard) }
            } else if copy(key) != nil {
                remove(key)
            }
        }
        for copy in copies.withLock({ Array($0.values) }) {
            if let index = index(copy.key) { copy.local.adopt(index) }
        }
        for key in copies.withLock({ $0.keys.sorted() }) where state.shards[key] == nil {
            // A shard without a state is gone only when its index is, too.
            if index(key) == nil { remove(key) }
        }
    }

    private func index(_ key: ShardKey) -> IndexMetadata? {
        catalog.snapshot.indices.values.first { $0.uuid == key.index }
    }

    private func open(_ key: ShardKey, _ state: ShardState) {
        // The catalogue comes with the same changes; without it the copy waits for the next ones.
        guard let index = index(key) else { return }
        do {
            let directory = try shards.directory(of: key)
            let known = state.incarnation(of: surroundings.node)
            if !isUsable(directory, incarnation: known) {
                guard try mayBeginEmpty(key, state) else { return }
                try wipe(key)
                try describe(try shards.directory(of: key), incarnation: known)
            }
            try hold(key, index: index, incarnation: known)
            refusals.withLock { $0[key] = nil }
            copy(key)?.adopt(state)
        } catch {
            refuse(key, state, error)
        }
    }

    private func hold(_ key: ShardKey, index: IndexMetadata, incarnation: Int64) throws {
        let local = try shards.openReplicated(index, number: key.number) { [weak self] in
            self?.copy(key)?.logFloor ?? 0
        }
        let made = HostedCopy(
            key, local: local, incarnation: incarnation, surroundings
        ) { [weak self] copy, renewal in
            self?.surroundings.dispatcher.run(.files) { [weak self] in
                self?.renew(copy, renewal)
            }
        }
        copies.withLock { $0[key] = made }
    }

    /// Whether what lies in the directory is this incarnation of the copy, whole.
    private func isUsable(_ directory: any FileStore, incarnation: Int64) -> Bool {
        guard !directory.exists(Self.unfinishedName) else { return false }
        if directory.exists(Self.descriptionName) {
            let bytes = try? directory.readAll(Self.descriptionName)
            let found = bytes.flatMap { try? JSONValue.parse($0) }?["incarnation"]?.intValue
            return found.map(Int64.init) == incarnation
        }
        // Of the time when this node was alone.
        return incarnation == 0 && ((try? directory.directories())?.contains("log") ?? false)
    }

    private func describe(_ directory: any FileStore, incarnation: Int64) throws {
        let value: JSONValue = ["incarnation": JSONValue(incarnation)]
        try directory.replaceAtomically(
            Self.descriptionName, with: value.serialized(pretty: true))
    }

    /// An empty copy must not stand for one that had something: it leaves the in-sync set first.
    ///
    /// - Returns: False when the state had to change; the new one comes by itself.
    private func mayBeginEmpty(_ key: ShardKey, _ state: ShardState) throws -> Bool {
        let node = surroundings.node
        guard state.inSync.contains(node) else { return true }
        // The shard's first leader begins with nothing.
        if state.inSync == [node], state.epoch <= 2 { return true }
        guard state.inSync != [node] else {
            throw CoordinatorError(
                .corrupted, "copy_lost_exception",
                "\(key): the only copy in sync was on this node, and its files are gone")
        }
        _ = try surroundings.member.change(key) { ShardController.retire(node, from: $0) }
        return false
    }

    private func refuse(_ key: ShardKey, _ state: ShardState, _ error: any Error) {
        let isNew = refusals.withLock { refusals in
            defer { refusals[key] = "\(error)" }
            return refusals[key] != "\(error)"
        }
        if isNew { surroundings.log("the copy of \(key) cannot be opened: \(error)") }
        // A damaged copy leaves the others in charge and begins anew from them.
        guard (error as? any TrawlError)?.kind == .corrupted, state.inSync != [surroundings.node]
        else { return }
        let node = surroundings.node
        _ = try? surroundings.member.change(key) { ShardController.retire(node, from: $0) }
    }

    private func wipe(_ key: ShardKey) throws { try shards.removeDirectory(of: key) }

    private func remove(_ key: ShardKey) {
        let copy = copies.withLock { $0.removeValue(forKey: key) }
        copy?.close()
        refusals.withLock { $0[key] = nil }
        do { try wipe(key) } catch {
            surroundings.log("the files of \(key) cannot be removed: \(error)")
        }
    }

    // MARK: Beginning anew

    private func renew(_ copy: HostedCopy, _ renewal: HostedCopy.Renewal) {
        let key = copy.key
        guard self.copy(key) === copy, let state = surroundings.member.state.shards[key] else {
            return
        }
        switch renewal {
        case .empty:
            copies.withLock { $0[key] = nil }
            copy.close()
            try? wipe(key)
            poke()
        case .fromFiles(let leader):
            let node = surroundings.node
            if state.inSync.contains(node) {
                // What it acknowledged cannot be kept, so it must not count any more.
                _ = try? surroundings.member.change(key) {
                    ShardController.retire(node, from: $0)
                }
                return
            }
            copies.withLock { $0[key] = nil }
            copy.close()
            do { try download(key, from: leader, incarnation: copy.incarnation) } catch {
                surroundings.log("\(key): copying from \(leader) did not succeed: \(error)")
                try? wipe(key)
                Pause.sleep(.milliseconds(500))
            }
            poke()
        }
    }

    private func download(_ key: ShardKey, from leader: NodeID, incarnation: Int64) throws {
        guard let client = surroundings.client(leader, .files) else {
            throw TransportError(.unreachable, peer: "\(leader)", "it is not in the cluster")
        }
        try wipe(key)
        let directory = try shards.directory(of: key)
        try directory.replaceAtomically(Self.unfinishedName, with: [])
        let limit =
            catalog.snapshot.setting("indices.recovery.max_bytes_per_sec")
            .flatMap { ByteSize.parse($0) } ?? 40 << 20
        let download = CopyDownload(shard: key, client: client, bytesPerSecond: limit)
        _ = try download.run(into: directory)
        try describe(directory, incarnation: incarnation)
        try directory.remove(Self.unfinishedName)
        try directory.syncDirectory()
    }

    // MARK: The end

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        poke()
        for thread in threads.withLock({ $0 }) { thread.join() }
        for copy in copies.withLock({ $0.values.sorted { $0.key < $1.key } }) { copy.close() }
    }
}

enum Pause {
    static func sleep(_ duration: Duration) {
        usleep(UInt32(clamping: Int64(max(.zero, duration) / .microseconds(1))))
    }
}

/// `40mb`, `1gb`, plain bytes.
enum ByteSize {
    static func parse(_ text: String) -> Int? {
        let text = text.lowercased().filter { $0 != " " }
        for (suffix, shift) in [
            ("kb", 10), ("mb", 20), ("gb", 30), ("k", 10), ("m", 20), ("g", 30),
        ]
        where text.hasSuffix(suffix) {
            return Double(text.dropLast(suffix.count)).map { Int($0 * Double(1 << shift)) }
        }
        return Int(text.hasSuffix("b") ? String(text.dropLast()) : text)
    }
}
