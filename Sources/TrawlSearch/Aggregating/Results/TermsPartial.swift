internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// Buckets of terms: of `terms`, `multi_terms` and `rare_terms`.
struct TermsPartial: PartialAggregation {
    /// Nil where the mapping has no such field.
    var kind: ValueKind?
    /// One for each part of a tuple.
    var display: [ValueDisplay]
    var tupleKinds: [ValueKind]
    var found = PartialBuckets()
    /// Documents of terms that were left out.
    var otherCount = 0
    /// How many documents a term may have more than is known; -1 when nobody knows.
    var countError = 0

    init(kind: ValueKind?, display: [ValueDisplay], tupleKinds: [ValueKind]) {
        self.kind = kind
        self.display = display
        self.tupleKinds = tupleKinds
    }

    var isUnmapped: Bool { kind == nil }

    mutating func merge(_ other: TermsPartial, _ reduction: Reduction) throws {
        var other = other
        guard let kind, let otherKind = other.kind else { return }
        if kind != otherKind {
            guard kind.isNumber, otherKind.isNumber, tupleKinds.isEmpty else {
                throw QueryError(
                    type: "aggregation_execution_exception",
                    reason: "Merging/Reducing the aggregations failed when computing the "
                        + "aggregation because the field you gave in the aggregation query "
                        + "existed as two different types in two different indices")
            }
            if kind == .double || otherKind == .double || kind == .unsigned
                || otherKind == .unsigned
            {
                toDoubles()
                other.toDoubles()
            }
        }
        if tupleKinds != other.tupleKinds {
            throw QueryError.illegalArgument(
                "the terms of [multi_terms] are of different types in different indices")
        }
        try found.merge(other.found, reduction)
        otherCount += other.otherCount
        countError = countError < 0 || other.countError < 0 ? -1 : countError + other.countError
    }

    private mutating func toDoubles() {
        guard let kind, kind != .double else { return }
        for place in found.buckets.indices {
            if case .number(let key) = found.buckets[place].key {
                found.buckets[place].key = .number(SortableNumber.encode(kind.double(of: key)))
            }
        }
        self.kind = .double
        if display == [.boolean] { display = [.raw] }
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        switch request.kind {
        case .terms(let terms):
            let options = TermsOptions(
                size: terms.size, minDocCount: terms.minDocCount, order: terms.order,
                showsCountError: terms.showsCountError)
            return AggregationResult(typeName, .buckets(try content(request, options, reduction)))
        case .multiTerms(let terms):
            let options = TermsOptions(
                size: terms.size, minDocCount: terms.minDocCount, order: terms.order,
                showsCountError: terms.showsCountError)
            return AggregationResult(
                kind == nil ? "umterms" : "multi_terms",
                .buckets(try content(request, options, reduction)))
        case .rareTerms(let terms): return try rare(request, terms, reduction)
        default: preconditionFailure("[\(request.name)] wants no terms")
        }
    }

    private var typeName: String {
        switch kind {
        case nil: "umterms"
        case .text, .ip: "sterms"
        case .long, .boolean, .date: "lterms"
        case .unsigned: "ulterms"
        case .double: "dterms"
        }
    }

    private func content(
        _ request: Aggregation, _ options: TermsOptions, _ reduction: Reduction
    ) throws -> BucketsContent {
        let kept = found.buckets.filter { $0.docCount >= options.minDocCount }
        var all = kept.reduce(otherCount) { $0 + $1.docCount }
        var shown: [BucketResult]
        let ordering = try BucketOrdering(options.order, request.children)
        if BucketOrdering.isPlain(options.order) {
            // Only what will be shown is worked out.
            shown = kept.map { bucket in result(bucket) }
            let places = shown.indices.map { $0 }
            for place in places { shown[place].position = Double(place) }
            ordering.sort(&shown)
            if shown.count > options.size { shown.removeLast(shown.count - options.size) }
            try reduction.count(shown.count)
            for place in shown.indices {
                let source = kept[Int(shown[place].position ?? 0)]
                shown[place].position = nil
                shown[place].children = try reduction.results(
                    of: request.children, source.children)
            }
        } else {
            let unlimited = Reduction(.none)
            shown = try kept.map { bucket in
                var made = result(bucket)
                made.children = try unlimited.results(of: request.children, bucket.children)
                return made
            }
            ordering.sort(&shown)
            if shown.count > options.size { shown.removeLast(shown.count - options.size) }
            try reduction.count(shown.reduce(shown.count) { $0 + $1.children.bucketCount })
        }
        for bucket in shown { all -= bucket.docCount }
        if options.showsCountError {
            for place in shown.indices {
                shown[place].trailer["doc_count_error_upper_bound"] = JSONValue(countError)
            }
        }
        var content = BucketsContent(buckets: shown)
        content.head = [
            "doc_count_error_upper_bound": JSONValue(countError),
            "sum_other_doc_count": JSONValue(all),
        ]
        return content
    }

    private func rare(
        _ request: Aggregation, _ terms: RareTermsAggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        let kept = found.buckets.filter { $0.docCount <= terms.maxDocCount }.sorted {
            $0.docCount == $1.docCount
                ? BucketKey.compare($0.key, $1.key) < 0 : $0.docCount < $1.docCount
        }
        try reduction.count(kept.count)
        let shown = try kept.map { bucket in
            var made = result(bucket)
            made.children = try reduction.results(of: request.children, bucket.children)
            return made
        }
        let name =
            switch kind {
            case nil: "umrareterms"
            case .text, .ip: "srareterms"
            case .double: "drareterms"
            default: "lrareterms"
            }
        return AggregationResult(name, .buckets(BucketsContent(buckets: shown)))
    }

    private func result(_ bucket: PartialBucket) -> BucketResult {
        var fields = JSONObject()
        let label: String
        if case .tuple(let parts) = bucket.key {
            let shown = parts.indices.map { place in
                KeyDisplay.formatted(parts[place], tupleKinds[place], display[place])
            }
            fields["key"] = .array(shown)
            label = shown.map { KeyDisplay.text($0) }.joined(separator: "|")
            fields["key_as_string"] = .string(label)
        } else {
            let kind = kind ?? .text
            fields["key"] = KeyDisplay.json(bucket.key, kind)
            let text = KeyDisplay.asString(bucket.key, kind, display[0])
            fields["key_as_string"] = text.map { .string($0) }
            label = text ?? KeyDisplay.text(KeyDisplay.json(bucket.key, kind))
        }
        return BucketResult(
            key: bucket.key, label: label, fields: fields, docCount: bucket.docCount,
            children: NamedResults())
    }
}

/// Keys of buckets as the API shows them.
enum KeyDisplay {
    static func json(_ key: BucketKey, _ kind: ValueKind) -> JSONValue {
        switch key {
        case .missing: .null
        case .bytes(let bytes):
            kind == .ip && bytes.count == 16
                ? .string(IPAddress(bytes: bytes).string)
                : .string(String(decoding: bytes, as: UTF8.self))
        case .number(let number):
            switch kind {
            case .double: JSONValue(number: SortableNumber.decodeDouble(number))
            case .unsigned: JSONValue(SortableNumber.decodeUnsigned(number))
            default: JSONValue(number)
            }
        case .tuple(let parts): .array(parts.map { json($0, kind) })
        }
    }

    /// Nil where the key shows itself.
    static func asString(_ key: BucketKey, _ kind: ValueKind, _ display: ValueDisplay) -> String? {
        guard case .number(let number) = key else { return nil }
        return display.text(key: number, kind)
    }

    /// A part of a tuple: in its format, where it has one.
    static func formatted(
        _ key: BucketKey, _ kind: ValueKind, _ display: ValueDisplay
    ) -> JSONValue {
        if kind == .boolean, case .number(let number) = key { return .bool(number != 0) }
        return asString(key, kind, display).map { .string($0) } ?? json(key, kind)
    }

    static func text(_ value: JSONValue) -> String {
        if let number = value.numberValue, !number.isInteger {
            return JavaNumber.text(number.double)
        }
        return value.queryText
    }
}

extension AggregationLimits {
    /// For results that may be thrown away.
    static let none: AggregationLimits = {
        var limits = AggregationLimits()
        limits.maxBuckets = .max
        return limits
    }()
}

extension NamedResults {
    /// Buckets at all depths.
    var bucketCount: Int {
        members.reduce(0) { sum, member in
            switch member.result.content {
            case .values, .hits: return sum
            case .single(_, let children): return sum + children.bucketCount
            case .buckets(let content):
                return content.buckets.reduce(sum + content.buckets.count) {
                    $0 + $1.children.bucketCount
                }
            }
        }
    }
}
