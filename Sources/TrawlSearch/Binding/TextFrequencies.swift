internal import TrawlBytes
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSegment

/// Documents gathered as bits, while it pays as a list.
struct DocUnion {
    private(set) var bits: FixedBitSet

    init(docCount: Int) { bits = FixedBitSet(bitCount: docCount) }

    mutating func add(_ list: PostingsList, _ clock: SearchClock) throws {
        var bits = self.bits
        self.bits = FixedBitSet(bitCount: 0)
        try unsafe list.forEachBlock { docs, _ in
            try clock.check(after: docs.count + 16)
            for i in docs.indices { unsafe bits.insert(Int(docs[i])) }
        }
        self.bits = bits
    }

    func matcher() -> Matcher { BitSetMatcher(bits) }
}

/// How often something stands in each document of a segment, for queries that the engine has no
/// kernel for.
enum TextFrequencies {
    /// The sum of the terms' frequencies, by document.
    static func any(
        of terms: [[UInt8]], _ field: SegmentField, _ segment: SegmentContext,
        _ clock: SearchClock
    ) throws -> [(doc: UInt32, Float)] {
        guard let postings = field.postings else { return [] }
        var sums: [UInt32: UInt32] = [:]
        for term in terms {
            guard let entry = try postings.find(term) else { continue }
            try unsafe postings.open(entry).forEachBlock { docs, frequencies in
                try clock.check(after: 4 * docs.count)
                for i in docs.indices {
                    unsafe sums[docs[i], default: 0] += frequencies[i]
                }
            }
        }
        return sums.sorted { $0.key < $1.key }.map { ($0.key, Float($0.value)) }
    }

    /// Phrases with slop, and those with several words at a place.
    static func phrase(
        _ phrase: AnalyzedPhrase, _ field: SegmentField, _ segment: SegmentContext,
        _ clock: SearchClock
    ) throws -> [(doc: UInt32, Float)] {
        guard let postings = field.postings else { return [] }
        var candidates: FixedBitSet?
        var lists: [[PostingsList]] = []
        for slot in phrase.slots {
            var union = DocUnion(docCount: segment.docCount)
            var own: [PostingsList] = []
            for term in slot.terms {
                guard let entry = try postings.find(term) else { continue }
                try union.add(postings.open(entry), clock)
                own.append(try postings.open(entry))
            }
            if own.isEmpty { return [] }
            lists.append(own)
            if candidates == nil {
                candidates = union.bits
            } else {
                candidates?.formIntersection(union.bits)
            }
        }
        guard let candidates else { return [] }
        let groups = groups(of: phrase)
        let hasAlternatives = phrase.slots.contains { $0.terms.count > 1 }
        var result: [(doc: UInt32, Float)] = []
        var next = candidates.next(from: 0)
        while let doc = next {
            // Positions of one document cost as much as a hundred documents without.
            try clock.check(after: 128)
            next = candidates.next(from: doc + 1)
            guard segment.view.isLive(doc) else { continue }
            let positions = lists.map { slot in
                slot.count == 1
                    ? slot[0].positions(in: UInt32(doc))
                    : Array(Set(slot.flatMap { $0.positions(in: UInt32(doc)) })).sorted()
            }
            let frequency: Float
            if phrase.slop == 0 {
                let sets = positions.map(Set.init)
                let first = phrase.slots[0].position
                frequency = Float(
                    positions[0].filter { start in
                        sets.indices.allSatisfy { i in
                            let place = Int(start) + phrase.slots[i].position - first
                            return place >= 0 && sets[i].contains(UInt32(place))
                        }
                    }.count)
            } else {
                var sloppy = SloppyPhrase(
                    slots: phrase.slots.indices.map {
                        (phrase.slots[$0].position, groups[$0], positions[$0])
                    }, slop: phrase.slop, alternatives: hasAlternatives)
                frequency = sloppy.frequency()
            }
            if frequency > 0 { result.append((UInt32(doc), frequency)) }
        }
        return result
    }

    /// Slots that share a term are of one group; -1 for those that share none.
    private static func groups(of phrase: AnalyzedPhrase) -> [Int] {
        var groups = [Int](repeating: -1, count: phrase.slots.count)
        var count = 0
        for i in phrase.slots.indices {
            let terms = Set(phrase.slots[i].terms)
            for j in phrase.slots.indices where j > i {
                guard !terms.isDisjoint(with: phrase.slots[j].terms) else { continue }
                if groups[i] < 0 {
                    groups[i] = count
                    count += 1
                }
                groups[j] = groups[i]
            }
        }
        return groups
    }

    /// Frequencies and lengths over several fields, by weight.
    static func combined(
        _ fields: [FieldBoost], _ terms: [[UInt8]], _ segment: SegmentContext,
        _ clock: SearchClock
    ) throws -> [(doc: UInt32, frequency: Float, norm: UInt8)] {
        var sums: [UInt32: Float] = [:]
        for entry in fields {
            guard let field = segment.view.field(entry.field) else { continue }
            for (doc, frequency) in try any(of: terms, field, segment, clock) {
                sums[doc, default: 0] += entry.boost * frequency
            }
        }
        let norms = fields.compactMap { entry in
            segment.view.field(entry.field)?.norms.map { ($0, entry.boost) }
        }
        return sums.sorted { $0.key < $1.key }.map { doc, frequency in
            var length: Float = 0
            for (reader, boost) in norms {
                let norm = reader.norm(of: Int(doc))
                if norm != 0 { length += boost * Float(BM25.length(ofNorm: norm)) }
            }
            return (doc, frequency, NormEncoding.encode(Int32(length.rounded())))
        }
    }
}
