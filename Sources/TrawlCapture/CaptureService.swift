internal import Synchronization
internal import TrawlErrors
package import TrawlFiles
internal import TrawlJSON
package import TrawlLog
internal import TrawlThreads

/// All stores that this node follows: a directory of its own for each, `sync/NAME`.
package final class CaptureService: Sendable {
    private let directory: any FileStore
    private let topics: LogTopics
    private let target: any CaptureTarget
    private let newLife: @Sendable () -> String
    private let report: @Sendable (String) -> Void
    private let pumps = Mutex<[String: CapturePump]>([:])
    /// Adding and removing, one at a time.
    private let changing = Mutex<Bool>(false)
    private let changed = Signal()

    package init(
        directory: any FileStore, topics: LogTopics, target: any CaptureTarget,
        newLife: @escaping @Sendable () -> String,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.directory = directory
        self.topics = topics
        self.target = target
        self.newLife = newLife
        self.report = report
    }

    // MARK: Life

    /// Goes on with everything that was followed before.
    package func start() throws {
        for name in try directory.directories() {
            let store = try directory.directory(name)
            guard store.exists(CapturePump.configurationFile) else {
                // Half of an addition that was cut short.
                try directory.removeDirectory(name)
                continue
            }
            do {
                let configuration = try CaptureConfiguration(
                    json: try JSONValue.parse(try store.readAll(CapturePump.configurationFile)))
                let state = try CaptureState(
                    json: try JSONValue.parse(try store.readAll(CapturePump.stateFile)))
                let pump = pump(name, configuration, state, store)
                pumps.withLock { $0[name] = pump }
                pump.start()
            } catch {
                // The node and the other stores do not wait for it.
                report("sync \(name) cannot go on: \(store.path): \(error)")
            }
        }
    }

    package func stop() {
        for pump in pumps.withLock({ Array($0.values) }) { pump.stop() }
    }

    private func pump(
        _ name: String, _ configuration: CaptureConfiguration, _ state: CaptureState,
        _ store: any FileStore
    ) -> CapturePump {
        CapturePump(
            name: name, configuration: configuration, state: state, store: store, target: target,
            makeSource: { [topics] in try Self.source(name, configuration, topics) },
            report: report)
    }

    private static func source(
        _ name: String, _ configuration: CaptureConfiguration, _ topics: LogTopics
    ) throws -> any ChangeSource {
        switch try configuration.store {
        case .sqlite(let path):
            SQLiteSource(path: path, name: name, configuration: configuration)
        case .postgres(let url):
            PostgresSource(url: url, name: name, configuration: configuration)
        case .topic(let topic): TopicSource(topic, of: topics, configuration: configuration)
        }
    }

    /// One change of the set of pumps after the other.
    private func alone<T>(_ body: () throws -> T) throws -> T {
        _ = changed.wait {
            changing.withLock { isBusy in
                if isBusy { return nil as Bool? }
                isBusy = true
                return true
            }
        }
        defer { changed.change { changing.withLock { $0 = false } } }
        return try body()
    }

    // MARK: Asked by others

    package var names: [String] { pumps.withLock { $0.keys.sorted() } }

    package func pump(_ name: String) throws -> CapturePump {
        let (pump, known) = pumps.withLock { ($0[name], $0.keys.sorted()) }
        guard let pump else { throw CaptureError.notFound(name, known) }
        return pump
    }

    package var all: [CapturePump] {
        pumps.withLock { pumps in pumps.keys.sorted().map { pumps[$0]! } }
    }

    /// Prepares the store, makes the index when there is none, and begins.
    package func add(_ name: String, _ wanted: CaptureConfiguration) throws {
        try CaptureConfiguration.checkName(name)
        try alone {
            if pumps.withLock({ $0[name] }) != nil {
                throw CaptureError(
                    .conflict, "sync_exists",
                    "there is a sync [\(name)] already: trawl sync remove \(name) ends it", .refuse)
            }
            var configuration = wanted
            configuration.life = newLife()
            let source = try Self.source(name, configuration, topics)
            var state = CaptureState()
            do {
                state.position = try source.install()
                state.columns = source.columns
                let index: String
                if let known = try target.concreteIndex(configuration.index) {
                    index = known
                    try target.extend(index, fields: source.fields)
                } else {
                    index = configuration.index + "-1"
                    try target.create(index, fields: source.fields, alias: configuration.index)
                }
                var copy = CaptureState.Copy(index: index)
                copy.isComplete = source.beginsEmpty
                state.copies = [copy]
            } catch {
                try? source.uninstall()
                throw Self.asked(error)
            }
            source.close()
            try begin(name, configuration, state)
        }
    }

    /// What stops a following refuses a request.
    private static func asked(_ error: any Error) -> any Error {
        guard var error = error as? CaptureError, error.remedy == .stop else { return error }
        error.kind = .invalidRequest
        return error
    }

    private func begin(
        _ name: String, _ configuration: CaptureConfiguration, _ state: CaptureState
    ) throws {
        let store = try directory.directory(name)
        try store.replaceAtomically(
            CapturePump.stateFile, with: state.json.serialized(pretty: true))
        // Last, because it says that all of it is there.
        try store.replaceAtomically(
            CapturePump.configurationFile,
            with: configuration.json(showsSecrets: true).serialized(pretty: true))
        let pump = pump(name, configuration, state, store)
        pumps.withLock { $0[name] = pump }
        pump.start()
    }

    /// Ends the following and takes away what it made in the store. The index stays.
    ///
    /// - Parameter isForced: Also when the store cannot be reached.
    package func remove(_ name: String, isForced: Bool) throws {
        try alone {
            let pump = try pump(name)
            pump.stop()
            do {
                try Self.source(name, pump.configuration, topics).uninstall()
            } catch {
                guard isForced else {
                    pump.start()
                    throw error
                }
            }
            pumps.withLock { $0[name] = nil }
            try directory.removeDirectory(name)
        }
    }

    /// Begins anew: a new outbox or slot, all rows copied again, and what the store no longer has
    /// removed.
    package func resync(_ name: String) throws {
        try alone {
            let pump = try pump(name)
            pump.stop()
            var configuration = pump.configuration
            configuration.life = newLife()
            let source = try Self.source(name, configuration, topics)
            var state = CaptureState()
            do {
                try source.uninstall()
                state.position = try source.install()
            } catch {
                pump.start()
                throw Self.asked(error)
            }
            state.columns = source.columns
            var index = pump.status.copies.first?.index ?? configuration.index
            if try target.concreteIndex(index) == nil {
                let isAlias = index != configuration.index
                index = isAlias ? index : index + "-1"
                try target.create(index, fields: source.fields, alias: configuration.index)
            }
            try target.extend(index, fields: source.fields)
            var copy = CaptureState.Copy(index: index)
            copy.needsSweep = true
            state.copies = [copy]
            source.close()
            try begin(name, configuration, state)
        }
    }
}
