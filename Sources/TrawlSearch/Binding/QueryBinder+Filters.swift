internal import TrawlBytes
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// Filters that are not made of other queries: ranges, sets, places, ids.
extension QueryBinder {
    func plainMatcher(_ query: AnalyzedQuery, _ segment: SegmentContext) throws -> Matcher {
        switch query {
        case .numbers(let name, let range):
            return try numbers(name, segment) { points in
                points.docs(from: range.lowerBound, through: range.upperBound)
            } value: {
                range.contains($0)
            }
        case .numberSet(let name, let values):
            let set = Set(values)
            return try numbers(name, segment) { points in
                var bits = FixedBitSet(bitCount: segment.docCount)
                for value in values {
                    points.forEachDoc(in: points.places(from: value, through: value)) {
                        bits.insert($0)
                    }
                }
                return bits
            } value: {
                set.contains($0)
            }
        case .termSet(let name, let terms):
            guard let postings = segment.view.field(name)?.postings else { return NoneMatcher() }
            var union = DocUnion(docCount: segment.docCount)
            for term in terms {
                try clock.check(after: 32)
                if let entry = try postings.find(term) {
                    try union.add(postings.open(entry), clock)
                }
            }
            return union.matcher()
        case .byteRange(let name, let lower, let includesLower, let upper, let includesUpper):
            return try byteRange(
                name,
                .range(
                    lower: lower, includesLower: includesLower, upper: upper,
                    includesUpper: includesUpper), segment)
        case .intervals(let name, let relation, let first, let last):
            return try intervals(name, relation, first, last, segment)
        case .script(let script): return try scriptMatcher(script, segment)
        case .exists(let name, let kind): return try exists(name, kind, segment)
        case .ids(let ids):
            var docs: Set<UInt32> = []
            for id in ids {
                let hash = StableHash.hash64(id)
                if let roots = segment.roots {
                    // A nested document has the id of its root.
                    guard let doc = roots.view.doc(id: id, hash: hash) else { continue }
                    docs.formUnion(roots.view.reader.blocks.range(of: doc).map { UInt32($0) })
                } else if let doc = segment.view.doc(id: id, hash: hash) {
                    docs.insert(UInt32(doc))
                }
            }
            return DocListMatcher(docs.sorted())
        case .geoDistance(let name, let center, let meters):
            let origin = TrawlSchema.GeoPoint(
                latitude: center.latitude, longitude: center.longitude)
            return try numbers(name, segment) { $0.distance(to: origin) <= meters }
        case .geoBox(let box):
            return try numbers(box.field, segment) { point in
                guard point.latitude <= box.top, point.latitude >= box.bottom else { return false }
                return box.left <= box.right
                    ? point.longitude >= box.left && point.longitude <= box.right
                    : point.longitude >= box.left || point.longitude <= box.right
            }
        default: preconditionFailure("\(query.text()) is no plain filter")
        }
    }

    private func numbers(
        _ name: String, _ segment: SegmentContext, points: (PointsReader) -> FixedBitSet,
        value matches: (Int64) -> Bool
    ) throws -> Matcher {
        guard let field = segment.view.field(name) else { return NoneMatcher() }
        if let reader = field.points { return BitSetMatcher(points(reader)) }
        guard let column = field.numbers else { return NoneMatcher() }
        var bits = FixedBitSet(bitCount: segment.docCount)
        try column.forEach { doc, range in
            try clock.check(after: range.count)
            for i in range where matches(column.numbers.value(at: i)) {
                bits.insert(doc)
                break
            }
        }
        return BitSetMatcher(bits)
    }

    private func numbers(
        _ name: String, _ segment: SegmentContext, _ matches: (TrawlSchema.GeoPoint) -> Bool
    ) throws -> Matcher {
        guard let column = segment.view.field(name)?.numbers else { return NoneMatcher() }
        var bits = FixedBitSet(bitCount: segment.docCount)
        try column.forEach { doc, range in
            // A distance costs a handful of trigonometry.
            try clock.check(after: 8 * range.count)
            for i in range
            where matches(TrawlSchema.GeoPoint(encoded: column.numbers.value(at: i))) {
                bits.insert(doc)
                break
            }
        }
        return BitSetMatcher(bits)
    }

    private func byteRange(
        _ name: String, _ pattern: TermExpansion.Pattern, _ segment: SegmentContext
    ) throws -> Matcher {
        guard let field = segment.view.field(name) else { return NoneMatcher() }
        if let postings = field.postings {
            var union = DocUnion(docCount: segment.docCount)
            let expansion = TermExpansion(
                field: name, pattern: pattern, rewrite: .constantScore)
            try TermWalker(expansion, clock).forEachTerm(of: postings) { _, entry, _ in
                try union.add(postings.open(entry), clock)
                return true
            }
            return union.matcher()
        }
        guard let column = field.bytes,
            case .range(let lower, let includesLower, let upper, let includesUpper) = pattern
        else { return NoneMatcher() }
        let wanted = SortedOrdinals(column).range(
            lower, includesLower: includesLower, upper, includesUpper: includesUpper)
        var bits = FixedBitSet(bitCount: segment.docCount)
        try column.ordinals.forEach { doc, range in
            try clock.check(after: range.count)
            for i in range where wanted.contains(column.ordinal(at: i)) {
                bits.insert(doc)
                break
            }
        }
        return BitSetMatcher(bits)
    }

    private func intervals(
        _ name: String, _ relation: RangeRelation, _ first: [UInt8], _ last: [UInt8],
        _ segment: SegmentContext
    ) throws -> Matcher {
        guard let column = segment.view.field(name)?.bytes else { return NoneMatcher() }
        var wanted = FixedBitSet(bitCount: column.dictionary.count)
        let width = first.count
        column.dictionary.forEach { ordinal, bytes in
            if bytes.count == 2 * width,
                relation.holds(bytes[..<width], bytes[width...], first, last)
            {
                wanted.insert(ordinal)
            }
            return true
        }
        var bits = FixedBitSet(bitCount: segment.docCount)
        try column.ordinals.forEach { doc, range in
            try clock.check(after: range.count)
            for i in range where wanted.contains(column.ordinal(at: i)) {
                bits.insert(doc)
                break
            }
        }
        return BitSetMatcher(bits)
    }

    private func exists(
        _ name: String, _ kind: ExistenceKind, _ segment: SegmentContext
    ) throws -> Matcher {
        switch kind {
        case .always: return AllMatcher(docLimit: segment.docCount)
        case .column, .norms:
            guard let bits = segment.view.field(name)?.documents else { return NoneMatcher() }
            return BitSetMatcher(bits)
        case .fieldNames:
            guard let postings = segment.view.field("_field_names")?.postings,
                let entry = try postings.find(Array(name.utf8))
            else { return NoneMatcher() }
            var union = DocUnion(docCount: segment.docCount)
            try union.add(postings.open(entry), clock)
            return union.matcher()
        }
    }
}

/// Looks up strings in the dictionary of a bytes column.
struct SortedOrdinals {
    private let column: BytesColumn

    init(_ column: BytesColumn) { self.column = column }

    /// The first ordinal whose string is not below `bytes`.
    func lowerBound(_ bytes: [UInt8]) -> Int {
        var low = 0
        var high = column.dictionary.count
        while low < high {
            let middle = (low + high) / 2
            if column.bytes(at: middle).lexicographicallyPrecedes(bytes) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    func ordinal(of bytes: [UInt8]) -> Int? {
        let place = lowerBound(bytes)
        return place < column.dictionary.count && column.bytes(at: place) == bytes ? place : nil
    }

    func range(
        _ lower: [UInt8]?, includesLower: Bool, _ upper: [UInt8]?, includesUpper: Bool
    ) -> Range<Int> {
        var start = lower.map(lowerBound) ?? 0
        if let lower, !includesLower, ordinal(of: lower) != nil { start += 1 }
        var end = upper.map(lowerBound) ?? column.dictionary.count
        if let upper, includesUpper, ordinal(of: upper) != nil { end += 1 }
        return start..<max(start, end)
    }
}
