internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlErrors
internal import TrawlLog
internal import TrawlShard
internal import TrawlTransport

/// What this node does with its copies for all others, and for its own coordinator.
struct ShardService: Sendable {
    let hosting: ShardHosting
    /// How long a copy that was just opened may take until it can answer.
    static let patience = Duration.seconds(2)

    func serve(on dispatcher: PeerDispatcher) {
        dispatcher.on(ShardQuestions.Write.self, .writes) { question, _ in
            let writes = try write(question.changes, to: question.shard)
            return ShardQuestions.Write.Answer(
                results: writes.map {
                    .init(
                        outcome: $0.outcome, offset: $0.offset, epoch: $0.epoch,
                        error: $0.error.map(PeerErrors.failure))
                })
        }
        dispatcher.on(ShardQuestions.Get.self, .searches) { question, _ in
            try get(question.id, of: question.shard, inRealTime: question.inRealTime)
                .map { [$0] } ?? []
        }
        dispatcher.on(ShardQuestions.Refresh.self, .writes) { question, _ in
            try refresh(question.shard, through: question.through)
        }
        dispatcher.on(ShardQuestions.Maintain.self, .writes) { question, _ in
            try maintain(question.shard, question.work)
            return Nothing()
        }
        dispatcher.on(ShardQuestions.Figures.self, .searches) { question, _ in
            try hosting.require(question.shard).local.figures
        }
        dispatcher.onCall(ReplicaFetch.method, .replication) { call in
            guard let question = try? Wire.decode(ReplicaFetch.self, from: call.arguments) else {
                return
            }
            // Without a copy here there is no answer: the follower hears from the store who leads.
            hosting.copy(question.shard)?.answer(question.fetch, from: NodeID(call.peer), call)
        }
        dispatcher.on(TransferQuestions.Open.self, .files) { question, _ in
            try hosting.require(question.shard).openTransfer()
        }
        dispatcher.on(TransferQuestions.Read.self, .files) { question, _ in
            try hosting.require(question.shard).readTransfer(question)
        }
        dispatcher.on(TransferQuestions.Close.self, .files) { question, _ in
            hosting.copy(question.shard)?.closeTransfer(question.transfer)
            return Nothing()
        }
    }

    private func current(_ key: ShardKey) throws -> HostedCopy {
        let copy = try hosting.require(key)
        guard copy.waitCurrent(timeout: Self.patience) else {
            throw CoordinatorError(
                .unavailable, "no_shard_available_action_exception",
                "\(key): the copy on this node is not up to date yet")
        }
        return copy
    }

    private func leader(_ key: ShardKey) throws -> HostedCopy {
        let copy = try current(key)
        guard copy.isLeader else { throw HostedCopy.lost(key) }
        return copy
    }

    func write(_ changes: [Change], to key: ShardKey) throws -> [ShardWrite] {
        let copy = try leader(key)
        do {
            return try copy.local.write(changes, leading: try copy.leadership())
        } catch let error as LogError {
            // Another leader was elected in the moment before the append.
            if case .fenced = error { throw HostedCopy.lost(key) }
            throw error
        }
    }

    func get(_ id: DocumentID, of key: ShardKey, inRealTime: Bool) throws -> ShardDocument? {
        let copy = inRealTime ? try leader(key) : try current(key)
        return try copy.local.get(id, inRealTime: inRealTime)
    }

    /// - Returns: The end of what is visible.
    func refresh(_ key: ShardKey, through: Int64?) throws -> Int64 {
        let copy = through == nil ? try leader(key) : try current(key)
        if let through, copy.local.shard.visibleEnd >= through { return through }
        if let through, through > 0 {
            guard copy.local.shard.waitUntilApplied(through - 1, timeout: .seconds(10)) else {
                throw CoordinatorError(
                    .timedOut, "timeout_exception",
                    "\(key): the copy on this node does not keep up with its leader", status: 503)
            }
        }
        let end = copy.local.shard.appliedEnd
        try copy.local.refresh()
        return end
    }

    func maintain(_ key: ShardKey, _ work: ShardQuestions.Maintain.Work) throws {
        let local = try current(key).local
        switch work {
        case .flush: try local.flush()
        case .merge(let count, let onlyExpungesDeletes):
            try local.forceMerge(to: count, onlyExpungesDeletes: onlyExpungesDeletes)
        }
    }
}

extension HostedCopy {
    /// What a write waits for: that every copy in sync has it.
    func leadership() throws -> Shard.Leadership {
        let (isLeader, epoch) = state.withLock { ($0.core.isLeader, $0.core.epoch) }
        guard isLeader else { throw Self.lost(key) }
        return Shard.Leadership(epoch: epoch) { [self] end in
            try waitCommitted(end, epoch: epoch)
        }
    }
}
