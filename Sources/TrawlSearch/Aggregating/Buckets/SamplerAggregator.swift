internal import TrawlJSON
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSegment

/// `sampler` and `diversified_sampler`: keeps the best documents of the shard for each bucket
/// around, and hands them on once all have been seen.
///
/// What is kept is a matter of the shard, as in Elasticsearch: the one aggregation whose results
/// depend on how an index is cut.
final class SamplerAggregator: BucketAggregator {
    private struct Sample {
        var score: Float
        var segment: Int32
        var doc: Int32
        /// What it must not have in common with too many others.
        var value: Int64
    }

    private let limit: Int
    private let maxPerValue: Int
    private let diversity: BoundValues?
    private var numbers = SegmentNumbers.none
    private var ordinals = SegmentOrdinals.none
    private var strings = BytesInterner()
    /// By the bucket around.
    private var samples: [[Sample]] = []
    /// Those that were begun, in order.
    private var segments: [SegmentContext] = []
    private var isReplayed = false

    init(
        _ request: Aggregation, _ sampler: SamplerAggregation, _ context: AggregationContext,
        children: [Aggregator]
    ) throws {
        limit = sampler.shardSize
        maxPerValue = sampler.maxDocsPerValue
        diversity = try sampler.diversity.map {
            try context.values.bind($0, for: "diversified_sampler", fallback: .text)
        }
        super.init(request, context, children: children)
    }

    override var needsScores: Bool { true }

    override func begin(_ segment: SegmentContext) throws {
        segments.append(segment)
        guard let diversity else { return }
        numbers = diversity.numbers(in: segment)
        ordinals = diversity.ordinals(in: segment)
    }

    override func end(_ segment: SegmentContext) throws {}

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        while samples.count < bucketCount { samples.append([]) }
        for place in block.places {
            let doc = block.doc(place)
            let bucket = block.bucket(place)
            samples[bucket].append(
                Sample(
                    score: block.score(place), segment: Int32(segments.count - 1), doc: Int32(doc),
                    value: try value(of: doc)))
            // Sorted out now and then rather than each time.
            if samples[bucket].count >= 2 * limit + 1024 {
                samples[bucket] = best(of: samples[bucket])
            }
        }
        try account(samples.reduce(0) { $0 + $1.capacity * MemoryLayout<Sample>.stride })
    }

    private func value(of doc: Int) throws -> Int64 {
        guard let diversity else { return 0 }
        let found =
            diversity.kind.isNumber
            ? numbers.keys(of: doc)
            : ordinals.ordinals(of: doc).map { ordinal in
                let bytes = ordinals.bytes(at: ordinal)
                return Int64(
                    unsafe bytes.withUnsafeBufferPointer { unsafe strings.intern($0) })
            }
        if found.count > 1 {
            throw QueryError.illegalArgument(
                "Sample diversifying key must be a single valued-field")
        }
        return found.first ?? .min
    }

    /// By score; of equal ones the earlier document.
    private func best(of all: [Sample]) -> [Sample] {
        let sorted = all.sorted {
            if $0.score != $1.score { return $0.score > $1.score }
            return ($0.segment, $0.doc) < ($1.segment, $1.doc)
        }
        guard diversity != nil else { return Array(sorted.prefix(limit)) }
        var counts: [Int64: Int] = [:]
        var kept: [Sample] = []
        for sample in sorted where kept.count < limit {
            let count = counts[sample.value, default: 0]
            if count >= maxPerValue { continue }
            counts[sample.value] = count + 1
            kept.append(sample)
        }
        return kept
    }

    /// The aggregations inside see the samples as if they were all there is.
    private func replay() throws {
        if isReplayed { return }
        isReplayed = true
        var bySegment: [Int32: [(doc: Int32, bucket: Int, score: Float)]] = [:]
        for (bucket, all) in samples.enumerated() {
            let kept = best(of: all)
            if !kept.isEmpty { sorter.add(kept.count, to: bucket) }
            for sample in kept {
                bySegment[sample.segment, default: []].append((sample.doc, bucket, sample.score))
            }
        }
        if children.isEmpty { return }
        let capacity = Int32(DocWindow.capacity)
        for (number, segment) in segments.enumerated() {
            for child in children { try child.begin(segment) }
            let docs = (bySegment[Int32(number)] ?? []).sorted {
                ($0.doc, $0.bucket) < ($1.doc, $1.bucket)
            }
            var next = 0
            while next < docs.count {
                let base = docs[next].doc / capacity * capacity
                var block = DocBlock()
                block.window = DocWindow(
                    base: DocNumber(base),
                    end: DocNumber(min(Int(base + capacity), segment.docCount)))
                while next < docs.count, docs[next].doc < base + capacity {
                    block.append(
                        doc: Int(docs[next].doc), to: docs[next].bucket, score: docs[next].score)
                    next += 1
                }
                for child in children {
                    try child.collect(block, bucketCount: samples.count)
                }
            }
            for child in children { try child.end(segment) }
        }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        try replay()
        return SinglePartial(
            docCount: count(of: bucket), children: try childPartials(of: bucket))
    }
}
