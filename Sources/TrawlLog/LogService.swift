internal import Synchronization
internal import TrawlBytes
internal import TrawlDocument
package import TrawlFiles
internal import TrawlThreads

/// The topics of a node, the routes that bring their records into indices, and the dead letters of
/// both.
package final class LogService: Sendable {
    private struct State: Sendable {
        var table: RouteTable
        var pumps: [RouteTable.Pair: RoutePump] = [:]
        var isRunning = false
    }

    package let topics: LogTopics
    private let directory: any FileStore
    private let target: any DeliveryTarget
    private let report: @Sendable (String) -> Void
    private let state: Mutex<State>
    /// One change of the routes at a time. Taken before `state`, never inside it.
    private let changing = Mutex(())
    private let arrivals = Arrivals()
    private let end = Signal()
    private let isStopped = Atomic(false)

    /// How often what retention lets go is looked for.
    private static let retentionInterval = Duration.seconds(300)

    package init(
        _ directory: any FileStore, options: LogOptions = LogOptions(), syncer: LogSyncer,
        target: any DeliveryTarget, report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.directory = directory
        self.target = target
        self.report = report
        topics = try LogTopics(directory, options: options, syncer: syncer)
        var table = RouteTable()
        if directory.exists(RouteTable.fileName) {
            table = try RouteTable(
                bytes: try directory.readAll(RouteTable.fileName),
                file: directory.path + "/" + RouteTable.fileName)
        }
        state = Mutex(State(table: table))
    }

    /// Begins to deliver.
    package func start() {
        changing.withLock { _ in
            let pumps = state.withLock { state in
                state.isRunning = true
                for pair in state.table.connections.keys { connect(pair, &state) }
                return Array(state.pumps.values)
            }
            for pump in pumps { pump.start() }
        }
        _ = SystemThread(name: "trawl-retention") { [weak self, end] in
            while true {
                let isOver: Bool? = end.wait(timeout: Self.retentionInterval) {
                    (self?.isStopped.load(ordering: .relaxed) ?? true) ? true : nil
                }
                guard isOver == nil, let self else { return }
                self.retainAll()
            }
        }
    }

    /// Finishes the batches under way and lets go of the files.
    package func stop() {
        end.change { isStopped.store(true, ordering: .relaxed) }
        changing.withLock { _ in
            let pumps = state.withLock { state in
                state.isRunning = false
                defer { state.pumps = [:] }
                return Array(state.pumps.values)
            }
            for pump in pumps { pump.stop() }
        }
        topics.close()
    }

    /// Lets go of what the retention of the topics that are in use no longer keeps.
    private func retainAll() {
        for name in Set(topics.openPartitions.map(\.topic)).sorted() {
            do throws(LogError) {
                try topics.retain(name, now: target.now)
            } catch {
                report("the retention of the topic \(name) failed: \(error)")
            }
        }
    }

    // MARK: Records

    /// Appends records, each to the partition given or to that of its key. Durable when it returns.
    ///
    /// - Parameter producer: Makes sending a batch again harmless; the partition must be given.
    package func append(
        _ records: [LogRecord], to topic: String, partition: Int?, producer: ProducerStamp?
    ) throws(LogError) -> [(partition: Int, offsets: Range<Int64>)] {
        var batches: [Int: [LogRecord]] = [:]
        if let partition {
            batches[partition] = records
        } else {
            let count = try topics.options(of: topic).partitionCount
            guard producer == nil || count == 1 else {
                throw .invalidTopic(
                    topic, reason: "a producer's batch names the partition it is for")
            }
            for record in records {
                let number = Int(StableHash.hash128(record.key ?? []).low % UInt64(count))
                batches[number, default: []].append(record)
            }
        }
        var written: [(partition: Int, offsets: Range<Int64>)] = []
        defer { arrivals.announce() }
        for (number, batch) in batches.sorted(by: { $0.key < $1.key }) where !batch.isEmpty {
            let log = try topics.partition(number, of: topic)
            written.append((number, try log.append(batch, producer: producer)))
        }
        return written
    }

    package func removeTopic(_ name: String) throws(LogError) {
        if let route = routes.first(where: { $0.topic == name }) {
            throw .invalidTopic(
                name, reason: "the route \"\(route.name)\" reads it; remove it first")
        }
        try topics.remove(name)
    }

    // MARK: Routes

    package var routes: [TopicRoute] {
        state.withLock { $0.table.routes.values.sorted { $0.name < $1.name } }
    }

    /// How far a topic was delivered to an index.
    package struct Delivery: Sendable {
        package var index: String
        /// Records that are still to be looked at.
        package var lag: Int64
        /// Why it does not go on at the moment.
        package var problem: String?
    }

    package func deliveries(of route: TopicRoute) throws(LogError) -> [Delivery] {
        let pumps = state.withLock { $0.pumps }
        var deliveries: [Delivery] = []
        for index in route.indices {
            let lag = try topics.lag(RoutePump.group(index), of: route.topic)
            deliveries.append(
                Delivery(
                    index: index, lag: lag.values.reduce(0, +),
                    problem: pumps[.init(topic: route.topic, index: index)]?.problem))
        }
        return deliveries
    }

    /// Adds a route, or puts it in place of the one of its name.
    ///
    /// - Parameter fromStart: Whether an index that the topic did not reach before gets the records
    ///   that are there already, and not only those to come.
    package func put(_ route: TopicRoute, fromStart: Bool) throws(LogError) {
        try route.check()
        let partitionCount = try topics.options(of: route.topic).partitionCount
        try change { table throws(LogError) in
            table.routes[route.name] = route
            for pair in table.wantedPairs.subtracting(table.connections.keys).sorted() {
                for number in 0..<partitionCount {
                    let log = try topics.partition(number, of: pair.topic)
                    try topics.commit(
                        fromStart ? log.startOffset : log.endOffset, partition: number,
                        group: RoutePump.group(pair.index), of: pair.topic)
                }
                table.connections[pair] = .random(in: 1 ... .max)
            }
        }
    }

    package func removeRoute(_ name: String) throws(LogError) {
        try change { table throws(LogError) in
            guard table.routes.removeValue(forKey: name) != nil else { throw .unknownRoute(name) }
        }
    }

    /// Changes the table, durably, and connects and disconnects what the change asks for.
    private func change(_ body: (inout RouteTable) throws(LogError) -> Void) throws(LogError) {
        let result: Result<Void, LogError> = changing.withLock { _ in
            Result { () throws(LogError) in
                var table = state.withLock { $0.table }
                try body(&table)
                let wanted = table.wantedPairs
                let gone = table.connections.keys.filter { !wanted.contains($0) }.sorted()
                for pair in gone { table.connections[pair] = nil }
                do throws(FileError) {
                    try directory.replaceAtomically(RouteTable.fileName, with: table.bytes())
                } catch {
                    throw .file(error)
                }
                let (begun, ended) = state.withLock { state in
                    let known = Set(state.pumps.keys)
                    state.table = table
                    let ended = gone.compactMap { state.pumps.removeValue(forKey: $0) }
                    if state.isRunning {
                        for pair in table.connections.keys { connect(pair, &state) }
                    }
                    let begun = state.pumps.filter { !known.contains($0.key) }.map(\.value)
                    return (begun, ended)
                }
                for pump in ended { pump.stop() }
                for pump in begun { pump.start() }
                for pair in gone {
                    try topics.forget(RoutePump.group(pair.index), of: pair.topic)
                }
            }
        }
        try result.get()
    }

    private func connect(_ pair: RouteTable.Pair, _ state: inout State) {
        guard state.pumps[pair] == nil, let identity = state.table.connections[pair] else {
            return
        }
        state.pumps[pair] = RoutePump(
            pair, identity: identity, topics: topics, target: target, arrivals: arrivals,
            routes: { [weak self] in self?.routes(to: pair) ?? [] })
    }

    private func routes(to pair: RouteTable.Pair) -> [TopicRoute] {
        state.withLock { state in
            state.table.routes.values.filter {
                $0.topic == pair.topic && $0.indices.contains(pair.index)
            }
        }
    }

    // MARK: Dead letters

    package typealias AddressedLetter = (address: LetterAddress, letter: DeadLetters.Letter)

    private struct Book {
        var source: String
        var part: Int
        var book: DeadLetters
    }

    /// - Parameter source: An index or a topic; nil for all.
    private func books(of source: String?) throws(LogError) -> [Book] {
        var books: [Book] = []
        var isKnown = source == nil
        for shard in target.letterBooks() where source == nil || source == shard.index {
            isKnown = true
            books.append(Book(source: shard.index, part: shard.shard, book: shard.book))
        }
        for topic in topics.names {
            let name = LetterAddress.topicPrefix + topic
            guard source == nil || source == name else { continue }
            isKnown = true
            for number in 0..<(try topics.options(of: topic).partitionCount) {
                guard let book = try topics.letters(number, of: topic) else { continue }
                books.append(Book(source: name, part: number, book: book))
            }
        }
        guard isKnown else { throw .unknownTopic(source ?? "") }
        return books.sorted { ($0.source, $0.part) < ($1.source, $1.part) }
    }

    private func book(_ address: LetterAddress) throws(LogError) -> DeadLetters {
        let found = try books(of: address.source).first { $0.part == address.part }
        guard let found else { throw .unknownLetter(address.number) }
        return found.book
    }

    package func letters(
        of source: String?, limit: Int, onlyOpen: Bool
    ) throws(LogError) -> [AddressedLetter] {
        var letters: [AddressedLetter] = []
        for book in try books(of: source) where letters.count < limit {
            for letter in try book.book.list(limit: limit - letters.count, onlyOpen: onlyOpen) {
                let address = LetterAddress(
                    source: book.source, part: book.part, number: letter.number)
                letters.append((address, letter))
            }
        }
        return letters
    }

    package func letter(_ address: LetterAddress) throws(LogError) -> DeadLetters.Letter {
        try book(address).letter(address.number)
    }

    package func mend(_ address: LetterAddress, with record: LogRecord) throws(LogError) {
        try book(address).mend(address.number, with: record)
    }

    package func discard(_ address: LetterAddress) throws(LogError) {
        try book(address).discard(address.number)
    }

    /// Sends a letter again, mended or as it came. When that succeeds it is closed.
    ///
    /// It is a new change, which comes after everything that happened since. Sent under an id of
    /// its own, so after a crash it may be sent again and is still applied once.
    package func replay(_ address: LetterAddress) throws(LogError) -> DeliveryResult {
        let book = try book(address)
        let letter = try book.letter(address.number)
        guard letter.status == .open else {
            throw .letterClosed(address.number, status: letter.status.word)
        }
        var record = letter.mended ?? letter.record
        record.offset = letter.offset
        let isTopic = address.source.hasPrefix(LetterAddress.topicPrefix)
        let topic = String(address.source.dropFirst(LetterAddress.topicPrefix.count))
        let result: DeliveryResult
        do throws(CodecFailure) {
            var change =
                try isTopic
                ? RoutePump.change(of: record, topic: topic, partition: address.part)
                : ChangeCodec.change(of: record)
            change.origin = nil
            change.requestID = letter.requestID
            result =
                target.deliver([change], to: letter.target ?? address.source).first
                ?? .postponed(reason: "no answer")
        } catch {
            result = .refused(type: "not_a_change", reason: error.reason)
        }
        switch result {
        case .done(_, let offset), .failedLater(_, let offset):
            try book.noteReplay(address.number, offset: offset)
        case .refused(_, let reason), .conflict(let reason):
            try book.noteFailedTry(address.number, reason: reason)
        case .postponed: break
        }
        return result
    }
}
