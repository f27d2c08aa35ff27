internal import TrawlBytes
internal import TrawlSegment

/// A segment as the writer has it: what lives in it changes with every delete.
struct SegmentState {
    /// What lives of some documents.
    private struct Living {
        let reader: SegmentReader
        /// Nil while all documents live.
        var bits: FixedBitSet?
        var liveCount: Int
        var statistics: [FieldStatistics]

        init(_ reader: SegmentReader, _ live: LiveDocs?) {
            self.reader = reader
            bits = live?.bits
            liveCount = live?.liveCount ?? reader.docCount
            statistics = live?.statistics ?? reader.fields.map(\.statistics)
        }

        /// The document dies: its lengths are taken out of the statistics at once.
        mutating func delete(_ doc: Int) {
            if bits == nil { bits = FixedBitSet(bitCount: reader.docCount, filled: true) }
            bits?.remove(doc)
            liveCount -= 1
            for field in reader.fields {
                guard let norms = field.norms else { continue }
                statistics[field.index].subtract(length: norms.length(of: doc))
            }
        }

        func docs(nested: LiveDocs?) -> LiveDocs? {
            bits.map { LiveDocs(bits: $0, statistics: statistics, nested: nested) }
        }
    }

    private var own: Living
    private var nested: Living?
    /// What they say, made when it is asked for.
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
        own = Living(reader, live)
        nested = reader.nested.map { Living($0, live?.nested) }
        view = SegmentView(reader, live: live)
        self.liveGeneration = liveGeneration
        hasUnsavedDeletes = live != nil && liveGeneration == 0
        self.unsynced = unsynced
    }

    var reader: SegmentReader { own.reader }
    /// Nil while all documents live.
    var bits: FixedBitSet? { own.bits }
    var liveCount: Int { own.liveCount }

    func isLive(_ doc: Int) -> Bool { own.bits?.contains(doc) ?? true }

    /// The document dies, and the objects of its nested fields with it.
    mutating func delete(_ doc: Int) {
        precondition(isLive(doc), "a document dies once")
        own.delete(doc)
        if nested != nil {
            for inner in reader.blocks.range(of: doc) { nested?.delete(inner) }
        }
        view = nil
        hasUnsavedDeletes = true
    }

    /// The living documents, when the state was just made.
    var currentLive: LiveDocs? { view?.live }

    mutating func currentView() -> SegmentView {
        if let view { return view }
        let made = SegmentView(reader, live: own.docs(nested: nested?.docs(nested: nil)))
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
