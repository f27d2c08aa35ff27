internal import TrawlAnalysis
internal import TrawlBytes
internal import TrawlJSON
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// `significant_terms` and `significant_text`: counts terms of the documents that it is given, and
/// at the end the same terms among all documents.
final class SignificantTermsAggregator: KeyedAggregator {
    private enum Source {
        case numbers(BoundValues)
        case strings(BoundValues)
        case text(TextTerms)
        case nothing
    }

    /// Counts of this many terms travel to be added to those of other shards, met there or not:
    /// then the answer is that of one shard. Beyond, only the counts of terms that were met do,
    /// as in Elasticsearch.
    private static let sharedTerms = 1 << 16

    private let wanted: SignificantTermsAggregation
    private let source: Source
    private let filter: TermsFilterCheck
    private let background: (any BoundQuery)?
    private var numbers = SegmentNumbers.none
    private var ordinals = SegmentOrdinals.none
    /// Those that were begun, in order: all there are.
    private var segments: [SegmentContext] = []
    /// Every string by number: the key of its bucket.
    private var strings = BytesInterner()
    private var known: [Int32] = []
    /// How many documents each bucket around had.
    private var sizes: [Int] = []
    /// Of all documents: how many there are, and how many have each key.
    private var all: (size: Int, counts: [Int64: Int])?

    init(
        _ request: Aggregation, _ wanted: SignificantTermsAggregation,
        _ context: AggregationContext, children: [Aggregator]
    ) throws {
        self.wanted = wanted
        background = try wanted.background.map { try context.filter($0) }
        var bound = BoundValues(kind: .text)
        if wanted.isText {
            let terms = try TextTerms(wanted, context)
            source = terms.map { .text($0) } ?? .nothing
        } else {
            bound = try context.values.bind(
                wanted.values, for: request.typeName, fallback: .text)
            source =
                bound.isUnmapped
                ? .nothing : bound.kind.isNumber ? .numbers(bound) : .strings(bound)
        }
        filter = try TermsFilterCheck(wanted.filter, bound, context.values, name: request.name)
        super.init(request, context, children: children)
    }

    /// Documents of a shard without any here count among all documents, too.
    override var seesEverySegment: Bool { true }

    override func begin(_ segment: SegmentContext) throws {
        segments.append(segment)
        switch source {
        case .numbers(let values): numbers = values.numbers(in: segment)
        case .strings(let values):
            ordinals = values.ordinals(in: segment)
            known = [Int32](repeating: Self.unknown, count: ordinals.count)
        case .text, .nothing: break
        }
        try super.begin(segment)
    }

    private static let unknown: Int32 = -1
    private static let refused: Int32 = -2

    private func intern(_ bytes: [UInt8]) -> Int32 {
        guard filter.isEmpty || filter.accepts(bytes) else { return Self.refused }
        return Int32(unsafe bytes.withUnsafeBufferPointer { unsafe strings.intern($0) })
    }

    private func number(of ordinal: Int) -> Int32 {
        if known[ordinal] == Self.unknown { known[ordinal] = intern(ordinals.bytes(at: ordinal)) }
        return known[ordinal]
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        while sizes.count < bucketCount { sizes.append(0) }
        for place in block.places { sizes[block.bucket(place)] += 1 }
        var found: [(place: Int, number: Int32)] = []
        if case .text(let terms) = source, let segment = segments.last {
            for place in block.places {
                for term in try terms.terms(of: block.doc(place), segment) {
                    let number = intern(term)
                    if number >= 0 { found.append((place, number)) }
                }
            }
        }
        try sort(block, besides: strings.memoryByteCount) { sorter in
            switch source {
            case .numbers:
                var last: (place: Int, key: Int64) = (-1, 0)
                numbers.forEach(block) { place, key in
                    if last.place == place, last.key == key { return }
                    last = (place, key)
                    guard filter.isEmpty || filter.accepts(key) else { return }
                    sorter.put(block, place, key: key)
                }
            case .strings:
                ordinals.forEach(block) { place, ordinal in
                    let number = number(of: ordinal)
                    if number >= 0 { sorter.put(block, place, key: Int64(number)) }
                }
            case .text:
                for (place, number) in found { sorter.put(block, place, key: Int64(number)) }
            case .nothing: break
            }
        }
    }

    // MARK: All documents

    private func countAll() throws -> (size: Int, counts: [Int64: Int]) {
        if let all { return all }
        var size = 0
        var counts: [Int64: Int] = [:]
        for segment in segments {
            let docs = try background(of: segment)
            size += docs.count
            switch source {
            case .numbers(let values):
                let numbers = values.numbers(in: segment)
                for doc in 0..<segment.docCount where docs.contains(doc) {
                    var last: Int64?
                    for key in numbers.keys(of: doc) where key != last {
                        last = key
                        if filter.isEmpty || filter.accepts(key) { counts[key, default: 0] += 1 }
                    }
                }
            case .strings(let values):
                ordinals = values.ordinals(in: segment)
                known = [Int32](repeating: Self.unknown, count: ordinals.count)
                var own = [Int](repeating: 0, count: ordinals.count)
                for doc in 0..<segment.docCount where docs.contains(doc) {
                    for ordinal in ordinals.ordinals(of: doc) { own[ordinal] += 1 }
                }
                for ordinal in own.indices where own[ordinal] > 0 {
                    let number = number(of: ordinal)
                    if number >= 0 { counts[Int64(number), default: 0] += own[ordinal] }
                }
            case .text(let terms):
                try terms.forEachCount(
                    in: segment, among: docs, met: strings,
                    limit: context.isOnlyShard ? 0 : Self.sharedTerms
                ) { term, count in
                    let number = intern(term)
                    if number >= 0 { counts[Int64(number), default: 0] += count }
                }
            case .nothing: break
            }
        }
        try account(sorter.memoryByteCount + strings.memoryByteCount + counts.count * 40)
        all = (size, counts)
        return (size, counts)
    }

    /// Living documents that the background has.
    private func background(of segment: SegmentContext) throws -> FixedBitSet {
        var docs = FixedBitSet(bitCount: segment.docCount)
        let matcher: Matcher =
            try background?.matcher(in: segment) ?? AllMatcher(docLimit: segment.docCount)
        let room = WindowRoom()
        var next: DocNumber = 0
        while next < DocNumber(segment.docCount) {
            let window = DocWindow(
                base: next, end: min(DocNumber(segment.docCount), next + DocWindow.capacity))
            room.clearBits()
            unsafe matcher.match(window, room.bits)
            for doc in Int(window.base)..<Int(window.end) {
                let bit = doc - Int(window.base)
                let isMatched = unsafe room.bits[bit >> 6] & (1 << UInt64(bit & 63)) != 0
                if isMatched, segment.view.isLive(doc) { docs.insert(doc) }
            }
            next += DocWindow.capacity
        }
        try matcher.check()
        return docs
    }

    // MARK: Results

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        var partial = SignificantTermsPartial(kind: .text, display: .raw, isUnmapped: false)
        let all = try countAll()
        partial.superset = all.size
        partial.subset = bucket >= 0 && bucket < sizes.count ? sizes[bucket] : 0
        switch source {
        case .numbers(let values), .strings(let values):
            partial.kind = values.kind
            partial.display = values.display
        case .text: break
        case .nothing: partial.isUnmapped = true
        }
        let own = buckets(of: bucket).map { Int($0) }
        partial.found = try partials(own) { name(of: key(at: $0)) }
        if context.isOnlyShard || all.counts.count > Self.sharedTerms {
            for bucket in own {
                let key = key(at: bucket)
                partial.frequencies[name(of: key)] = all.counts[key] ?? 0
            }
        } else {
            for (key, count) in all.counts { partial.frequencies[name(of: key)] = count }
        }
        return partial
    }

    private func name(of key: Int64) -> BucketKey {
        if case .numbers = source { return .number(key) }
        return .bytes(Array(strings.bytes(at: Int(key))))
    }
}

/// The words of a text field: of a document by its source, of all documents by the inverted list.
private final class TextTerms {
    /// Runs of this many words that came before are left out.
    private static let runLength = 6

    private let field: String
    private let sources: [String]
    private let analyzer: Analyzer
    private let filtersDuplicates: Bool
    private var runs: Set<Int> = []

    /// Nil when the mapping has no such field.
    init?(_ wanted: SignificantTermsAggregation, _ context: AggregationContext) throws {
        guard let name = wanted.values.field,
            let field = context.values.mapping.field(name), !field.isMetadata
        else { return nil }
        guard let analyzer = field.type.indexAnalyzer?.analyzer else {
            throw QueryError.illegalArgument(
                "Field [\(name)] has no analyzer, but SignificantText requires an analyzed field")
        }
        self.field = field.path
        self.analyzer = try context.analyzer.asking { () throws(SchemaError) in
            try context.analyzer.catalog.analyzer(forMapping: analyzer)
        }
        let own = field.parent.map { context.values.mapping[$0].path } ?? field.path
        sources = wanted.sourceFields.isEmpty ? [own] : wanted.sourceFields
        filtersDuplicates = wanted.filtersDuplicates
    }

    /// Each word once.
    func terms(of doc: Int, _ segment: SegmentContext) throws -> [[UInt8]] {
        let reader = (segment.roots?.view ?? segment.view).reader
        let bytes = try reader.source(of: segment.root(of: doc))
        guard !bytes.isEmpty, case .object(let object) = try JSONValue.parse(bytes) else {
            return []
        }
        var words: Set<[UInt8]> = []
        for path in sources {
            for value in SourceValues.values(at: path, in: object) {
                var tokens = TokenBuffer()
                analyzer.analyze(Array(value.queryText.utf8), into: &tokens)
                var all = tokens.tokens.map { token -> [UInt8] in
                    let start = Int(token.termStart)
                    return Array(tokens.arena[start..<start + Int(token.termByteCount)])
                }
                if filtersDuplicates { all = withoutKnownRuns(all) }
                words.formUnion(all)
            }
        }
        return Array(words)
    }

    private func withoutKnownRuns(_ words: [[UInt8]]) -> [[UInt8]] {
        guard words.count >= Self.runLength else { return words }
        var isKnown = [Bool](repeating: false, count: words.count)
        var met: [Int] = []
        for start in 0...(words.count - Self.runLength) {
            var hash = 0
            for word in words[start..<start + Self.runLength] {
                let own = unsafe word.withUnsafeBytes { unsafe StableHash.hash64($0) }
                hash = (hash &* 31) &+ Int(truncatingIfNeeded: own)
            }
            if runs.contains(hash) {
                for place in start..<start + Self.runLength { isKnown[place] = true }
            }
            met.append(hash)
        }
        runs.formUnion(met)
        return words.indices.filter { !isKnown[$0] }.map { words[$0] }
    }

    /// How many of the documents have each term that was met, and each other one when the
    /// dictionary is no longer than `limit`.
    func forEachCount(
        in segment: SegmentContext, among docs: FixedBitSet, met: BytesInterner, limit: Int,
        _ body: ([UInt8], Int) -> Void
    ) throws {
        guard let postings = segment.view.field(field)?.postings else { return }
        func count(_ entry: TermEntry) throws -> Int {
            var count = 0
            try unsafe postings.open(entry).forEachBlock { block, _ in
                for place in block.indices where unsafe docs.contains(Int(block[place])) {
                    count += 1
                }
            }
            return count
        }
        var others: [([UInt8], TermEntry)] = []
        if limit > 0 {
            var cursor = TermsCursor(postings)
            while others.count <= limit, try cursor.advance() {
                others.append((Array(cursor.term), cursor.entry))
            }
        }
        if limit > 0, others.count <= limit {
            for (term, entry) in others { body(term, try count(entry)) }
            return
        }
        for number in 0..<met.count {
            let term = Array(met.bytes(at: number))
            if let entry = try postings.find(term) { body(term, try count(entry)) }
        }
    }
}

struct SignificantTermsPartial: PartialAggregation {
    var kind: ValueKind
    var display: ValueDisplay
    var isUnmapped: Bool
    /// Documents here, and documents at all.
    var subset = 0
    var superset = 0
    var found = PartialBuckets()
    /// How many of all documents have each term.
    var frequencies: [BucketKey: Int] = [:]

    init(kind: ValueKind, display: ValueDisplay, isUnmapped: Bool) {
        self.kind = kind
        self.display = display
        self.isUnmapped = isUnmapped
    }

    mutating func merge(_ other: SignificantTermsPartial, _ reduction: Reduction) throws {
        subset += other.subset
        superset += other.superset
        try found.merge(other.found, reduction)
        frequencies.merge(other.frequencies) { $0 + $1 }
    }

    func result(of request: Aggregation, _ reduction: Reduction) throws -> AggregationResult {
        guard case .significantTerms(let wanted) = request.kind else {
            preconditionFailure("[\(request.name)] wants no significant terms")
        }
        var scored: [(bucket: PartialBucket, score: Double, frequency: Int)] = []
        for bucket in found.buckets where bucket.docCount >= wanted.minDocCount {
            let frequency = frequencies[bucket.key] ?? 0
            let score = wanted.heuristic.score(
                TermCounts(
                    subset: bucket.docCount, subsetSize: subset, superset: frequency,
                    supersetSize: superset))
            if score > 0 { scored.append((bucket, score, frequency)) }
        }
        scored.sort {
            $0.score == $1.score
                ? BucketKey.compare($0.bucket.key, $1.bucket.key) < 0 : $0.score > $1.score
        }
        let kept = scored.prefix(wanted.size)
        try reduction.count(kept.count)
        let shown = try kept.map { bucket, score, frequency in
            var fields: JSONObject = ["key": KeyDisplay.json(bucket.key, kind)]
            let text = KeyDisplay.asString(bucket.key, kind, display)
            fields["key_as_string"] = text.map { .string($0) }
            var made = BucketResult(
                key: bucket.key, label: text ?? KeyDisplay.text(fields["key"] ?? .null),
                fields: fields, docCount: bucket.docCount,
                children: try reduction.results(of: request.children, bucket.children))
            made.trailer = [
                "score": JSONValue(number: score), "bg_count": JSONValue(frequency),
            ]
            return made
        }
        var content = BucketsContent(buckets: Array(shown))
        content.head = ["doc_count": JSONValue(subset), "bg_count": JSONValue(superset)]
        let name = isUnmapped ? "umsigterms" : kind.isNumber ? "siglterms" : "sigsterms"
        return AggregationResult(name, .buckets(content))
    }
}
