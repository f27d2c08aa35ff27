internal import Synchronization
internal import TrawlBytes
internal import TrawlFiles
internal import TrawlSegment

/// The merges that an index writer has done.
package struct MergeFigures: Sendable, Equatable {
    package internal(set) var count = 0
    /// What went in, dead documents too.
    package internal(set) var docCount = 0
    package internal(set) var byteCount = 0
    package internal(set) var duration = Duration.zero
}

extension IndexWriter {
    package var mergeFigures: MergeFigures { state.withLock { $0.merges } }

    /// Does the next merge that the policy wants, in the calling thread. Applying changes and
    /// searching go on meanwhile; what dies in the sources meanwhile dies in the result.
    ///
    /// - Returns: Whether there was anything to do.
    @discardableResult
    package func mergeOnce() throws -> Bool {
        try merge { state in
            options.mergePolicy.merge(among: state.segments.map(\.candidate))
        }
    }

    /// Merges until the policy is content.
    package func mergeAll() throws {
        while try mergeOnce() {}
    }

    /// Joins segments until there are at most `count` of them, without dead documents.
    package func forceMerge(to count: Int = 1) throws {
        precondition(count > 0)
        while try merge({ state in Self.forced(state.segments, count) }) {}
        try expungeDeletes()
    }

    /// Rewrites every segment that has dead documents.
    package func expungeDeletes() throws {
        while try merge({ state in
            state.segments.firstIndex { $0.liveCount < $0.reader.docCount && !$0.isMerging }
                .map { $0..<$0 + 1 }
        }) {}
    }

    /// The neighbours to join next on the way to `count` segments: all that are too many, where
    /// they are smallest together.
    private static func forced(_ segments: [SegmentState], _ count: Int) -> Range<Int>? {
        guard segments.count > count else { return nil }
        let width = segments.count - count + 1
        let starts = 0...segments.count - width
        let best = starts.min { left, right in
            let sizes = [left, right].map { start in
                segments[start..<start + width].reduce(0) { $0 + $1.candidate.liveByteCount }
            }
            return sizes[0] < sizes[1]
        }
        return best.map { $0..<$0 + width }
    }

    /// Makes a running merge and all later ones stop.
    package func cancelMerges() { isCancelled.store(true, ordering: .relaxed) }
    package func resumeMerges() { isCancelled.store(false, ordering: .relaxed) }

    private struct Planned {
        var id: SegmentID
        var sources: [SegmentView]
    }

    private func merge(_ plan: (State) -> Range<Int>?) throws -> Bool {
        try mergeLock.withLock { _ in
            let planned = try state.withLock { state -> Planned? in
                try refuseIfFailed(state)
                guard let range = plan(state), !range.isEmpty else { return nil }
                var sources: [SegmentView] = []
                for index in range {
                    state.segments[index].isMerging = true
                    sources.append(state.segments[index].currentView())
                }
                let id = SegmentID(state.nextSegment)
                state.nextSegment += 1
                return Planned(id: id, sources: sources)
            }
            guard let planned else { return false }
            do { try run(planned) } catch {
                state.withLock { state in
                    for index in state.segments.indices { state.segments[index].isMerging = false }
                }
                throw error
            }
            return true
        }
    }

    private func run(_ planned: Planned) throws {
        if planned.sources.allSatisfy({ $0.liveCount == 0 }) {
            // The dead stay dead, so there is nothing to write.
            ledger.release(state.withLock { drop(planned.sources, in: &$0) })
            return
        }
        let began = ContinuousClock.now
        var pace = MergePace(bytesPerSecond: options.mergeBytesPerSecond)
        let merged = try SegmentMerger.merge(planned.sources, as: planned.id, in: store) {
            [self] byteCount in
            if isCancelled.load(ordering: .relaxed) { throw IndexError(store.path, .cancelled) }
            pace.wait(for: byteCount)
        }
        let reader: SegmentReader
        do {
            try merged.output.sync()
            reader = try SegmentReader(planned.id, in: store)
        } catch {
            merged.output.abandon()
            throw error
        }
        let released = state.withLock { state in
            state.merges.count += 1
            state.merges.docCount += planned.sources.reduce(0) { $0 + $1.docCount }
            state.merges.byteCount += planned.sources.reduce(0) { $0 + $1.reader.byteCount }
            state.merges.duration += ContinuousClock.now - began
            return replace(planned.sources, by: reader, maps: merged.maps, in: &state)
        }
        ledger.release(released)
    }

    private func place(of sources: [SegmentView], in state: State) -> Range<Int> {
        guard let start = state.segments.firstIndex(where: { $0.reader.id == sources[0].id })
        else { preconditionFailure("the sources of a merge stay until it is done") }
        let range = start..<start + sources.count
        precondition(
            state.segments[range].map(\.reader.id) == sources.map(\.id),
            "the sources of a merge stay side by side")
        return range
    }

    /// - Returns: The files of the sources, to be released.
    private func drop(_ sources: [SegmentView], in state: inout State) -> [String] {
        state.segments.removeSubrange(place(of: sources, in: state))
        state.isChanged = true
        state.hasUncommitted = true
        return sources.flatMap(\.reader.fileNames)
    }

    /// Puts the result in the place of its sources.
    ///
    /// - Returns: The files of the sources, to be released.
    private func replace(
        _ sources: [SegmentView], by reader: SegmentReader, maps: [SegmentMerger.DocMap],
        in state: inout State
    ) -> [String] {
        let range = place(of: sources, in: state)
        var result = SegmentState(reader, live: nil, liveGeneration: 0)
        for (index, (source, map)) in zip(range, zip(sources, maps)) {
            guard let bits = state.segments[index].bits, bits != source.live?.bits else { continue }
            for doc in 0..<source.docCount where source.isLive(doc) && !bits.contains(doc) {
                if let new = map.newNumber(of: doc) { result.delete(new) }
            }
        }
        ledger.hold(reader.fileNames)
        let released = sources.flatMap(\.reader.fileNames)
        state.segments.replaceSubrange(range, with: [result])
        state.isChanged = true
        state.hasUncommitted = true
        state.written.mergeCount += 1
        state.written.mergedByteCount += reader.byteCount
        return released
    }
}

/// Keeps a merge from writing faster than it may.
struct MergePace {
    private let bytesPerSecond: Int?
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var byteCount = 0

    init(bytesPerSecond: Int?) {
        self.bytesPerSecond = bytesPerSecond
        start = clock.now
    }

    /// Waits until that many more bytes fit the pace.
    mutating func wait(for more: Int) {
        guard let bytesPerSecond, bytesPerSecond > 0 else { return }
        byteCount += more
        let due = start + .milliseconds(byteCount * 1000 / bytesPerSecond)
        let early = due - clock.now
        if early > .milliseconds(1) { Pause.sleep(early) }
    }
}
