internal import Synchronization
internal import TrawlErrors
internal import TrawlFiles
internal import TrawlJSON
internal import TrawlThreads

/// Follows one store into one index: one thread that reads changes, has them written, and then
/// tells the store.
///
/// What it does at any time follows from its state: copies that are not complete are copied a
/// piece at a time, in between and afterwards the stream is applied. A piece is read at a point
/// that the stream has just come to, so that a row never overwrites a newer change. Keys that have
/// to be brought anew are read at such a point, too, and so is the store for a verification.
package final class CapturePump: Sendable {
    /// What others ask of the pump, and what it says of itself. Guarded by `signal`.
    private final class Shared: @unchecked Sendable {
        var isStopping = false
        var isPaused = false
        /// Wakes the pump when it waits.
        var nudge = 0
        var status: CaptureStatus
        var letters = Letters()
        var proofs: [Proof] = []
        var nextProof = 1
        var wantsRebuild = false
        var wantsReplay = false
        /// What the verification that runs came to.
        var finished: Result<Verification.Outcome, any Error>?
        var isVerifying = false

        init(status: CaptureStatus) { self.status = status }
    }

    /// What only the pump's thread touches.
    private final class Work: @unchecked Sendable {
        var state: CaptureState
        var letters: Letters
        var source: (any ChangeSource)?
        var isDirty = false
        var areLettersDirty = false
        var lastSave = ContinuousClock.now
        var lastStatus = ContinuousClock.now - .seconds(10)
        var lastProofAt: ContinuousClock.Instant?
        var backOff = BackOff()
        var rate = Rate()
        var verifier: SystemThread?
        /// The proof that runs, and how it goes on.
        var proof: Proof?
        var proofBegan = ContinuousClock.now
        var batchLimit = 2000

        init(state: CaptureState, letters: Letters) {
            self.state = state
            self.letters = letters
        }
    }

    static let configurationFile = "sync.json"
    static let stateFile = "state.json"
    static let lettersFile = "letters.json"
    static let proofsFile = "proofs.json"
    static let proofLimit = 100
    private static let chunkLength = 5000
    private static let chunkTime = Duration.seconds(2)
    private static let batchLimits = 2000...20_000

    package let name: String
    package let configuration: CaptureConfiguration
    private let store: any FileStore
    private let target: any CaptureTarget
    private let makeSource: @Sendable () throws -> any ChangeSource
    private let report: @Sendable (String) -> Void
    private let signal = Signal()
    private let shared: Shared
    private let work: Work
    private let thread = Mutex<SystemThread?>(nil)

    init(
        name: String, configuration: CaptureConfiguration, state: CaptureState,
        store: any FileStore, target: any CaptureTarget,
        makeSource: @escaping @Sendable () throws -> any ChangeSource,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.name = name
        self.configuration = configuration
        self.store = store
        self.target = target
        self.makeSource = makeSource
        self.report = report
        let letters =
            (try? store.readAll(Self.lettersFile)).flatMap { try? JSONValue.parse($0) }
            .map { Letters(json: $0) } ?? Letters()
        work = Work(state: state, letters: letters)
        var status = CaptureStatus(
            name: name, index: configuration.index, source: configuration.shownFrom)
        status.position = state.position
        status.eventCount = state.eventCount
        status.copies = state.copies
        status.letterCount = letters.count
        status.asOf = state.asOf
        if state.isPaused { status.phase = .paused }
        shared = Shared(status: status)
        shared.isPaused = state.isPaused
        shared.letters = letters
        let history = (try? store.readAll(Self.proofsFile)).flatMap { try? JSONValue.parse($0) }
        for entry in history?.arrayValue ?? [] {
            if let proof = Proof(json: entry) { shared.proofs.append(proof) }
        }
        shared.nextProof = (shared.proofs.last?.number ?? 0) + 1
        shared.status.lastProof = shared.proofs.last
        shared.status.lastEqual = shared.proofs.last {
            $0.state == .equal || $0.state == .repaired
        }
    }

    // MARK: Asked by others

    package var status: CaptureStatus {
        signal.change {
            var status = shared.status
            if status.phase == .following, let asOf = status.asOf {
                status.lagSeconds = max(0, (target.now - asOf) / 1000)
            }
            return status
        }
    }

    package var letters: Letters { signal.change { shared.letters } }
    package var proofs: [Proof] { signal.change { shared.proofs } }

    func start() {
        thread.withLock { thread in
            guard thread == nil else { return }
            thread = SystemThread(name: "sync-\(name)") { self.run() }
        }
    }

    /// Ends the thread; what was applied is written down.
    func stop() {
        signal.change { shared.isStopping = true }
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    package func pause() {
        signal.change {
            shared.isPaused = true
            shared.nudge += 1
        }
    }

    /// Goes on: after a pause, after a stop, or at once when it waits.
    package func resume() {
        signal.change {
            shared.isPaused = false
            shared.nudge += 1
        }
    }

    /// Asks for a comparison with the store.
    ///
    /// - Returns: Its number.
    package func verify(repairs: Bool) -> Int {
        signal.change {
            let proof = Proof(
                number: shared.nextProof, index: shared.status.copies.first?.index ?? "",
                repairs: repairs, startedAt: target.now)
            shared.nextProof += 1
            shared.proofs.append(proof)
            return proof.number
        }
    }

    package func replayLetters() {
        signal.change { shared.wantsReplay = true }
    }

    package func rebuild() throws {
        let index = status.copies.first?.index ?? configuration.index
        guard index != configuration.index else {
            throw CaptureError.invalid(
                "[\(index)] is an index and not an alias: a rebuild switches an alias. Name an "
                    + "alias when the sync is added")
        }
        try signal.change {
            Result {
                if shared.status.copies.count > 1 || shared.wantsRebuild {
                    throw CaptureError(
                        .conflict, "rebuild_runs", "[\(name)] is being rebuilt already", .refuse)
                }
                shared.wantsRebuild = true
            }
        }.get()
    }

    // MARK: The thread

    private var isInterrupted: Bool {
        signal.change { shared.isStopping || shared.isPaused }
    }

    private func run() {
        while true {
            let (isStopping, isPaused) = signal.change { (shared.isStopping, shared.isPaused) }
            if isStopping { break }
            if isPaused {
                rest(.paused)
                continue
            }
            do {
                try follow()
            } catch {
                failed(error)
            }
        }
        leave()
    }

    /// Writes down how far it is, and lets go of the store.
    private func leave() {
        cancelVerification()
        try? save(force: true)
        work.source?.close()
        work.source = nil
    }

    private func rest(_ phase: CaptureStatus.Phase) {
        leave()
        if work.state.isPaused != true {
            work.state.isPaused = true
            work.isDirty = true
            try? save(force: true)
        }
        publish(phase)
        _ = signal.wait(timeout: .seconds(1)) {
            shared.isStopping || !shared.isPaused ? true : nil
        }
    }

    private func failed(_ error: any Error) {
        cancelVerification()
        try? save(force: true)
        work.source?.close()
        work.source = nil
        let known = error as? CaptureError
        if known?.remedy == .stop || known?.remedy == .refuse {
            report("sync \(name) stopped: \(error)")
            publish(.stopped, reason: "\(error)", code: known?.code)
            let nudge = signal.change { shared.nudge }
            _ = signal.wait { shared.isStopping || shared.nudge != nudge ? true : nil }
            return
        }
        let pause = work.backOff.failed(chance: .random(in: 0...1))
        if work.backOff.failureCount == 1 { report("sync \(name) waits: \(error)") }
        publish(.waiting, reason: "\(error)", code: known?.code ?? "failed")
        let nudge = signal.change { shared.nudge }
        _ = signal.wait(timeout: pause) {
            shared.isStopping || shared.isPaused || shared.nudge != nudge ? true : nil
        }
    }

    /// Connects and follows until something fails or somebody asks for an end.
    private func follow() throws {
        publish(.starting)
        work.state.isPaused = false
        let source = try makeSource()
        try source.open(at: work.state.position, columns: work.state.columns)
        work.source = source
        try adoptColumns(source)
        while !isInterrupted {
            try step(source)
            work.backOff.succeeded()
        }
    }

    private func step(_ source: any ChangeSource) throws {
        try beginRebuild(source)
        if let place = work.state.copies.firstIndex(where: { !$0.isComplete }) {
            publish(.copying)
            try copy(place, source)
            return
        }
        try finishVerification(source)
        try beginVerification(source)
        try replay(source)
        try batch(source, until: nil, timeout: .milliseconds(100))
        if source.columns != work.state.columns { try adoptColumns(source) }
    }

    // MARK: Stream

    /// Applies the next batch.
    ///
    /// - Returns: Whether the point is reached.
    @discardableResult
    private func batch(
        _ source: any ChangeSource, until point: (any StorePoint)?, timeout: Duration
    ) throws -> Bool {
        let live = work.state.copies[0].index
        let batch = try source.next(limit: work.batchLimit, timeout: timeout, until: point) {
            // What is kept aside is older in the index than in the stream.
            work.letters.has($0) ? nil : try target.source(of: $0, in: live)
        }
        if source.columns != work.state.columns { try adoptColumns(source) }
        if batch.emptiesAll { try empty() }
        for copy in work.state.copies {
            try write(batch.changes, to: copy.index, at: batch.position, counts: copy.index == live)
        }
        for (id, reason) in batch.refused { addLetter(id, reason, at: batch.position) }
        if batch.position != work.state.position || batch.eventCount > 0 {
            work.state.position = batch.position
            work.state.eventCount += batch.eventCount
            work.isDirty = true
        }
        if let asOf = batch.asOf {
            // Also when the clock was set back.
            work.state.asOf = asOf
        } else if let madeAt = batch.madeAt {
            work.state.asOf = max(work.state.asOf ?? madeAt, madeAt)
        }
        work.rate.add(batch.eventCount)
        // A backlog is taken in larger pieces.
        work.batchLimit =
            batch.hasMore
            ? min(work.batchLimit * 2, Self.batchLimits.upperBound) : Self.batchLimits.lowerBound
        try save(force: false)
        if work.state.copies.allSatisfy(\.isComplete) { publish(.following) }
        return batch.isAtPoint
    }

    /// Applies everything before a point.
    ///
    /// - Returns: Whether the point can be used. Not when the columns changed on the way: its rows
    ///   are as the table was, and everything is copied anew.
    private func reach(_ point: any StorePoint, _ source: any ChangeSource) throws -> Bool {
        if source.columns != work.state.columns {
            try adoptColumns(source)
            return false
        }
        let columns = work.state.columns
        while !isInterrupted {
            if try batch(source, until: point, timeout: .milliseconds(100)) {
                return work.state.columns == columns
            }
            if work.state.columns != columns { return false }
        }
        return false
    }

    /// - Parameter isForced: Written even when the index seems to hold the same already.
    private func write(
        _ changes: [CapturedChange], to index: String, at position: String, counts: Bool,
        isForced: Bool = false
    ) throws {
        if changes.isEmpty { return }
        let origin = isForced ? nil : "\(name)/\(configuration.life)"
        let reasons = try target.write(changes, to: index, origin: origin)
        guard counts else { return }
        for (change, reason) in zip(changes, reasons) {
            if let reason {
                addLetter(change.id, reason, at: position)
            } else if work.letters.count > 0, work.letters.remove(change.id) {
                work.areLettersDirty = true
            }
        }
        if work.letters.count > Letters.limit {
            throw CaptureError.stopped(
                "too_many_letters",
                "more than \(Letters.limit) rows could not become documents, the last because: "
                    + "\(work.letters.all.last?.reason ?? ""). Change the mapping or the columns, "
                    + "then trawl sync resume \(name)")
        }
    }

    /// All that was in the table is gone. Rows that came since are in the stream, but a stream that
    /// is read again after a crash would not bring them again: they are copied. That is written
    /// down first.
    private func empty() throws {
        copyAnew()
        try save(force: true)
        for copy in work.state.copies { try target.empty(copy.index) }
        work.letters.removeAll()
        work.areLettersDirty = true
    }

    private func copyAnew() {
        for place in work.state.copies.indices {
            work.state.copies[place].frontier = nil
            work.state.copies[place].isComplete = false
            work.state.copies[place].rowCount = 0
        }
        work.isDirty = true
    }

    private func addLetter(_ id: String, _ reason: String, at position: String) {
        work.letters.add(
            Letters.Letter(id: id, reason: reason, at: target.now, position: position))
        work.areLettersDirty = true
    }

    // MARK: Copying

    /// Copies a piece of the rows at a point of their own.
    private func copy(_ place: Int, _ source: any ChangeSource) throws {
        let point = try source.makePoint { isInterrupted }
        defer { point.close() }
        guard try reach(point, source) else { return }
        let began = ContinuousClock.now
        repeat {
            let copy = work.state.copies[place]
            let page = try point.rows(after: copy.frontier, limit: Self.chunkLength)
            try write(page.rows, to: copy.index, at: point.position, counts: true)
            for (id, reason) in page.refused { addLetter(id, reason, at: point.position) }
            work.state.copies[place].rowCount += page.rows.count
            if let frontier = page.frontier {
                work.state.copies[place].frontier = frontier
            } else {
                work.state.copies[place].isComplete = true
                work.state.asOf = target.now
            }
            work.rate.add(page.rows.count)
            work.isDirty = true
            try save(force: false)
            publish(.copying)
        } while !work.state.copies[place].isComplete && !isInterrupted
            && ContinuousClock.now - began < Self.chunkTime
        guard work.state.copies[place].isComplete else { return }
        try save(force: true)
        report("sync \(name): \(work.state.copies[place].rowCount) rows copied")
        if work.state.copies[place].needsSweep, place == 0 {
            work.state.copies[place].needsSweep = false
            _ = verify(repairs: true)
        }
    }

    /// A table that has other columns than before.
    private func adoptColumns(_ source: any ChangeSource) throws {
        let columns = source.columns
        guard columns != work.state.columns else { return }
        let isFirst = work.state.columns.isEmpty
        if !isFirst, configuration.onSchemaChange == .stop {
            throw CaptureError.stopped(
                "columns_changed",
                "the columns changed from [\(work.state.columns)] to [\(columns)], and "
                    + "on_schema_change is stop. To go on with the new ones: trawl sync resync "
                    + name)
        }
        for copy in work.state.copies { try target.extend(copy.index, fields: source.fields) }
        work.state.columns = columns
        work.isDirty = true
        if isFirst { return }
        report("sync \(name): the columns are now \(columns); the rows are copied anew")
        copyAnew()
    }

    // MARK: Keys brought anew

    private func bring(_ ids: [String], _ source: any ChangeSource) throws -> Bool {
        let point = try source.makePoint { isInterrupted }
        defer { point.close() }
        guard try reach(point, source) else { return false }
        for start in stride(from: 0, to: ids.count, by: 1000) {
            let rows = try point.rows(of: Array(ids[start..<min(start + 1000, ids.count)]))
            for copy in work.state.copies {
                try write(
                    rows, to: copy.index, at: point.position,
                    counts: copy.index == work.state.copies[0].index, isForced: true)
            }
        }
        return true
    }

    private func replay(_ source: any ChangeSource) throws {
        guard signal.change({ shared.wantsReplay }) else { return }
        guard try bring(work.letters.ids, source) else { return }
        signal.change { shared.wantsReplay = false }
        try save(force: true)
        publish(.following)
    }

    // MARK: Verifying

    private func beginVerification(_ source: any ChangeSource) throws {
        guard work.verifier == nil else { return }
        if work.proof == nil { work.proof = nextProof() }
        guard var proof = work.proof else { return }
        let point = try source.makePoint { isInterrupted }
        guard try reach(point, source) else {
            point.close()
            return
        }
        // A rebuilt index is proven before it takes the place of the old one.
        let index = work.state.copies.last?.index ?? ""
        let view = try target.view(of: index)
        proof.index = index
        proof.position = point.position
        proof.state = .running
        proof.rounds += 1
        if proof.rounds == 1 { work.proofBegan = .now }
        work.proof = proof
        publish(proof)
        signal.change {
            shared.finished = nil
            shared.isVerifying = true
        }
        let rate = configuration.verifyRate
        work.verifier = SystemThread(name: "verify-\(name)") { [signal, shared] in
            let began = ContinuousClock.now
            var rows = 0
            let result = Result {
                try Verification.run(point: point, view: view) { count in
                    rows += count
                    let isOver = signal.change { shared.isStopping || !shared.isVerifying }
                    if isOver { throw CaptureError.unreachable("the verification was ended") }
                    guard let rate else { return }
                    let due = Duration.seconds(Double(rows) / Double(rate))
                    let pause = due - (ContinuousClock.now - began)
                    if pause > .zero {
                        _ = signal.wait(timeout: pause) {
                            shared.isStopping || !shared.isVerifying ? true : nil
                        }
                    }
                }
            }
            point.close()
            signal.change { shared.finished = result }
        }
    }

    private func nextProof() -> Proof? {
        if work.state.copies.count > 1 {
            // The rebuild's own.
            let number = signal.change {
                shared.proofs.first { $0.state == .waiting }?.number
            }
            if number == nil { _ = verify(repairs: true) }
        } else if let seconds = configuration.verifySeconds {
            let last = work.lastProofAt ?? ContinuousClock.now - .seconds(seconds)
            if ContinuousClock.now - last >= .seconds(seconds) { _ = verify(repairs: false) }
        }
        return signal.change { shared.proofs.first { $0.state == .waiting } }
    }

    private func finishVerification(_ source: any ChangeSource) throws {
        guard work.verifier != nil,
            let result = signal.change({ shared.finished }), var proof = work.proof
        else { return }
        work.verifier?.join()
        work.verifier = nil
        signal.change { shared.isVerifying = false }
        work.lastProofAt = .now
        proof.seconds = (ContinuousClock.now - work.proofBegan) / .seconds(1)
        do {
            let outcome = try result.get()
            if !outcome.isEqual, proof.repairs, proof.rounds == 1 {
                proof.outcome = outcome
                work.proof = proof
                guard try bring(outcome.keys, source) else { return }
                proof.repairedCount = outcome.keys.count
                // Compared once more, on the same proof.
                work.proof = proof
                return
            }
            if outcome.isEqual {
                proof.state = proof.repairedCount > 0 ? .repaired : .equal
                // What was wrong stays named.
                let found = proof.outcome
                proof.outcome = outcome
                if proof.repairedCount > 0 {
                    proof.outcome.missing = found.missing
                    proof.outcome.surplus = found.surplus
                    proof.outcome.different = found.different
                    proof.outcome.unreadable = found.unreadable
                }
            } else {
                proof.state = .different
                proof.outcome = outcome
            }
        } catch {
            proof.state = .failed
            proof.reason = "\(error)"
        }
        work.proof = nil
        publish(proof)
        try? keepProofs()
        report(
            "sync \(name): proof \(proof.number) at \(proof.position): \(proof.state.rawValue)"
                + (proof.outcome.isEqual ? "" : ", \(proof.outcome.keys.count) keys"))
        if work.state.copies.count > 1 { try finishRebuild(proof) }
    }

    private func cancelVerification() {
        guard let verifier = work.verifier else { return }
        signal.change { shared.isVerifying = false }
        verifier.join()
        work.verifier = nil
        // Asked again when the store is followed again.
        if var proof = work.proof {
            proof.state = .waiting
            proof.rounds = 0
            publish(proof)
        }
        work.proof = nil
    }

    // MARK: Rebuilding

    private func beginRebuild(_ source: any ChangeSource) throws {
        guard signal.change({ shared.wantsRebuild }), work.state.copies.count == 1,
            work.state.copies[0].isComplete
        else { return }
        let index = Self.nextName(after: work.state.copies[0].index, of: configuration.index)
        if try target.concreteIndex(index) != nil { try target.remove(index) }
        try target.create(index, fields: source.fields, alias: nil)
        work.state.copies.append(CaptureState.Copy(index: index))
        signal.change { shared.wantsRebuild = false }
        work.isDirty = true
        try save(force: true)
        report("sync \(name): builds \(index) beside \(work.state.copies[0].index)")
    }

    private func finishRebuild(_ proof: Proof) throws {
        let (old, new) = (work.state.copies[0].index, work.state.copies[1].index)
        guard proof.state == .equal || proof.state == .repaired else {
            if proof.state == .failed { return }
            report("sync \(name): \(new) does not equal the store; \(old) stays")
            work.state.copies.removeLast()
            work.isDirty = true
            try save(force: true)
            return
        }
        try target.moveAlias(configuration.index, from: old, to: new)
        work.state.copies.removeFirst()
        work.isDirty = true
        try save(force: true)
        report("sync \(name): \(configuration.index) is now \(new); \(old) is kept")
    }

    /// `products-2` after `products-1`.
    package static func nextName(after index: String, of alias: String) -> String {
        let number =
            index.hasPrefix(alias + "-") ? Int(index.dropFirst(alias.count + 1)) ?? 1 : 1
        return "\(alias)-\(number + 1)"
    }

    // MARK: Writing down

    private static let saveInterval = Duration.milliseconds(250)

    /// What is written down is durable in the log already; only then the store is told.
    private func save(force: Bool) throws {
        guard force || ContinuousClock.now - work.lastSave >= Self.saveInterval else { return }
        if work.areLettersDirty {
            try store.replaceAtomically(Self.lettersFile, with: work.letters.json.serialized())
            work.areLettersDirty = false
        }
        if work.isDirty {
            try store.replaceAtomically(
                Self.stateFile, with: work.state.json.serialized(pretty: true))
            work.isDirty = false
        }
        work.lastSave = .now
        try work.source?.acknowledge(work.state.position)
    }

    private func keepProofs() throws {
        let kept = signal.change {
            let over = shared.proofs.count - Self.proofLimit
            if over > 0 {
                var rest = over
                shared.proofs.removeAll {
                    guard rest > 0, $0.state.isOver else { return false }
                    rest -= 1
                    return true
                }
            }
            return shared.proofs.filter(\.state.isOver)
        }
        try store.replaceAtomically(
            Self.proofsFile, with: JSONValue.array(kept.map(\.json)).serialized(pretty: true))
    }

    private func publish(_ proof: Proof) {
        signal.change {
            if let place = shared.proofs.firstIndex(where: { $0.number == proof.number }) {
                shared.proofs[place] = proof
            }
            if proof.state.isOver {
                shared.status.lastProof = proof
                if proof.state == .equal || proof.state == .repaired {
                    shared.status.lastEqual = proof
                }
            }
        }
    }

    private func publish(
        _ phase: CaptureStatus.Phase, reason: String? = nil, code: String? = nil
    ) {
        let isCalm = phase == .following || phase == .copying
        let isDue = ContinuousClock.now - work.lastStatus >= .milliseconds(100)
        let before = signal.change { shared.status.phase }
        guard !isCalm || isDue || before != phase else { return }
        work.lastStatus = .now
        let lag = isCalm ? (try? work.source?.lag()) ?? nil : nil
        let (state, letters, rate) = (work.state, work.letters, work.rate.value)
        signal.change {
            shared.status.phase = phase
            shared.status.reason = reason
            shared.status.reasonCode = code
            shared.status.position = state.position
            shared.status.eventCount = state.eventCount
            shared.status.copies = state.copies
            shared.status.asOf = state.asOf
            if let lag { shared.status.lag = lag }
            shared.status.rate = isCalm ? rate : 0
            shared.status.letterCount = letters.count
            shared.letters = letters
        }
    }
}

/// Events a second over the last few seconds.
struct Rate {
    private var counts: [(at: ContinuousClock.Instant, count: Int)] = []
    private static let window = Duration.seconds(5)

    mutating func add(_ count: Int) {
        if count == 0 { return }
        counts.append((.now, count))
        trim()
    }

    private mutating func trim() {
        let start = ContinuousClock.now - Self.window
        if let first = counts.firstIndex(where: { $0.at >= start }) {
            counts.removeFirst(first)
        } else {
            counts = []
        }
    }

    var value: Double {
        let start = ContinuousClock.now - Self.window
        let sum = counts.filter { $0.at >= start }.reduce(0) { $0 + $1.count }
        return Double(sum) / (Self.window / .seconds(1))
    }
}
