internal import TrawlBytes
internal import TrawlSegment

/// A segment as the writer has it: what lives in it changes with every delete.
struct SegmentState {
    let reader: SegmentReader
    /// Nil while all documents live.
    private(set) var bits: FixedBitSet?
    private(set) var liveCount: Int
    private(set) var statistics: [FieldStatistics]
    /// What `bits` and `statistics` say, made when it is asked for.
    private var view: SegmentView?
    /// The generation that the last commit wrote, and whether anything died since.
    private(set) var liveGeneration: UInt64
    private(set) var hasUnsavedDeletes: Bool
    /// Its files until they are synced.
    var unsynced: SegmentOutput?
    var isMerging = false

    init(
        _ reader: SegmentReader, live: LiveDocs?, liveGeneration: UInt64,
        unsynced: SegmentOutput? = nil
    ) {
        self.reader = reader
        bits = live?.bits
        liveCount = live?.liveCount ?? reader.docCount
        statistics = live?.statistics ?? reader.fields.map(\.statistics)
        view = SegmentView(reader, live: live)
        self.liveGeneration = liveGeneration
        hasUnsavedDeletes = live != nil && liveGeneration == 0
        self.unsynced = unsynced
    }

    func isLive(_ doc: Int) -> Bool { bits?.contains(doc) ?? true }

    /// The document dies: its lengths are taken out of the statistics at once.
    mutating func delete(_ doc: Int) {
        precondition(isLive(doc), "a document dies once")
        if bits == nil { bits = FixedBitSet(bitCount: reader.docCount, filled: true) }
        bits?.remove(doc)
        liveCount -= 1
        for field in reader.fields {
            guard let norms = field.norms else { continue }
            statistics[field.index].subtract(length: norms.length(of: doc))
        }
        view = nil
        hasUnsavedDeletes = true
    }

    /// The living documents, when the state was just made.
    var currentLive: LiveDocs? { view?.live }

    mutating func currentView() -> SegmentView {
        if let view { return view }
        let made = SegmentView(
            reader, live: bits.map { LiveDocs(bits: $0, statistics: statistics) })
        view = made
        return made
    }

    mutating func savedDeletes(generation: UInt64) {
        liveGeneration = generation
        hasUnsavedDeletes = false
    }

    /// The file of the last generation did not come about.
    mutating func forgetSavedDeletes() { hasUnsavedDeletes = true }

    var candidate: MergeCandidate {
        MergeCandidate(
            byteCount: reader.byteCount, docCount: reader.docCount, liveCount: liveCount,
            isBusy: isMerging)
    }
}
