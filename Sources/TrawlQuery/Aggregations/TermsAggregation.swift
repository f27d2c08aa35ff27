package import TrawlJSON

/// One key of the order of buckets.
package enum BucketOrder: Sendable, Hashable, Codable {
    case count(ascending: Bool)
    case key(ascending: Bool)
    /// What aggregations of each bucket come to.
    case path(AggregationPath, ascending: Bool)
}

/// `a>b.property`, `a[property]`, `_count`: a value among results.
package struct AggregationPath: Sendable, Hashable, Codable {
    package struct Step: Sendable, Hashable, Codable {
        package var name: String
        /// In brackets: a bucket's key, or a property.
        package var key: String?
    }

    package var text: String
    package var steps: [Step]
    /// Behind the last step: `avg` of `stats.avg`.
    package var property: String?

    package init(_ text: String) {
        self.text = text
        var steps: [Step] = []
        for part in text.split(separator: ">", omittingEmptySubsequences: false) {
            var name = part.drop { $0 == " " }
            var key: String?
            if name.last == "]", let open = name.firstIndex(of: "[") {
                let inner = name[name.index(after: open)...].dropLast()
                let quoted = inner.count > 1 && inner.first == "'" && inner.last == "'"
                key = String(quoted ? inner.dropFirst().dropLast() : inner)
                name = name[..<open]
            }
            while name.last == " " { name.removeLast() }
            steps.append(Step(name: String(name), key: key))
        }
        if let last = steps.last, let dot = last.name.firstIndex(of: "."),
            dot > last.name.startIndex
        {
            property = String(last.name[last.name.index(after: dot)...])
            steps[steps.count - 1].name = String(last.name[..<dot])
        }
        self.steps = steps
    }
}

/// Which terms become buckets.
package struct TermsFilter: Sendable, Hashable, Codable {
    package enum Rule: Sendable, Hashable, Codable {
        case pattern(String)
        case values([JSONValue])
    }

    package var include: Rule?
    package var exclude: Rule?
    package var partition: (number: Int, count: Int)? {
        get { partitionCount == 0 ? nil : (partitionNumber, partitionCount) }
        set {
            partitionNumber = newValue?.number ?? 0
            partitionCount = newValue?.count ?? 0
        }
    }
    private var partitionNumber = 0
    private var partitionCount = 0

    package init() {}

    package var isEmpty: Bool { include == nil && exclude == nil && partition == nil }
    package var hasPattern: Bool {
        if case .pattern = include { return true }
        if case .pattern = exclude { return true }
        return false
    }
}

package struct TermsAggregation: Sendable, Hashable, Codable {
    package static let defaultSize = 10

    package var values = ValuesSource()
    package var size = defaultSize
    package var shardSize: Int?
    package var minDocCount = 1
    package var order: [BucketOrder] = [.count(ascending: false), .key(ascending: true)]
    package var filter = TermsFilter()
    package var showsCountError = false
}

package struct MultiTermsAggregation: Sendable, Hashable, Codable {
    package var sources: [ValuesSource] = []
    package var size = TermsAggregation.defaultSize
    package var shardSize: Int?
    package var minDocCount = 1
    package var order: [BucketOrder] = [.count(ascending: false), .key(ascending: true)]
    package var showsCountError = false
}

package struct RareTermsAggregation: Sendable, Hashable, Codable {
    package var values = ValuesSource()
    package var maxDocCount = 1
    package var filter = TermsFilter()
}

// MARK: - Parsing

extension RequestReader {
    static let termsKeys =
        valueKeys + [
            "size", "shard_size", "min_doc_count", "shard_min_doc_count", "order", "include",
            "exclude", "collect_mode", "execution_hint", "show_term_doc_count_error",
        ]

    mutating func termsAggregation(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var terms = TermsAggregation()
        try members(object, of: "terms", known: Self.termsKeys) {
            r, key, value throws(QueryError) in
            if try r.valueMember(&terms.values, key, value) { return true }
            switch key {
            case "size": terms.size = try r.positive(value, key)
            case "shard_size": terms.shardSize = try r.positive(value, key, acceptsAll: true)
            case "min_doc_count": terms.minDocCount = try r.notNegative(value, key)
            case "shard_min_doc_count": _ = try r.notNegative(value, "shardMinDocCount")
            case "order": terms.order = try r.bucketOrder(value)
            case "include", "exclude":
                try r.termsFilter(&terms.filter, key, value)
            case "collect_mode":
                let mode = try r.text(value, key)
                guard mode == "depth_first" || mode == "breadth_first" else {
                    throw r.fail(
                        .parsing("No CollectMode found for value [\(mode)]"), at: .key(key))
                }
            case "execution_hint": _ = try r.text(value, key)
            case "show_term_doc_count_error": terms.showsCountError = try r.bool(value, key)
            default: return false
            }
            return true
        }
        try requireField(terms.values)
        return .terms(terms)
    }

    mutating func rareTerms(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var terms = RareTermsAggregation()
        try members(
            object, of: "rare_terms",
            known: Self.valueKeys + ["max_doc_count", "include", "exclude", "precision"]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&terms.values, key, value) { return true }
            switch key {
            case "max_doc_count":
                terms.maxDocCount = try r.int(value, key)
                if terms.maxDocCount <= 0 {
                    throw r.fail(
                        .illegalArgument(
                            "[max_doc_count] must be greater than 0. Found "
                                + "[\(terms.maxDocCount)] in [\(r.aggregationName)]"),
                        at: .key(key))
                }
                if terms.maxDocCount > 100 {
                    throw r.fail(
                        .illegalArgument(
                            "[max_doc_count] must be smaller than or equal to 100. Found "
                                + "[\(terms.maxDocCount)] in [\(r.aggregationName)]"),
                        at: .key(key))
                }
            case "precision": _ = try r.double(value, key)
            case "include", "exclude": try r.termsFilter(&terms.filter, key, value)
            default: return false
            }
            return true
        }
        try requireField(terms.values)
        return .rareTerms(terms)
    }

    mutating func multiTerms(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var terms = MultiTermsAggregation()
        try members(
            object, of: "multi_terms",
            known: [
                "terms", "size", "shard_size", "min_doc_count", "shard_min_doc_count", "order",
                "collect_mode", "show_term_doc_count_error",
            ]
        ) { r, key, value throws(QueryError) in
            switch key {
            case "terms":
                try r.inside(.key(key)) { r throws(QueryError) in
                    try r.each(value) { r, element throws(QueryError) in
                        var source = ValuesSource()
                        try r.members(
                            element.objectValue ?? [:], of: "multi_terms", known: Self.valueKeys
                        ) { r, key, value throws(QueryError) in
                            try r.valueMember(&source, key, value)
                        }
                        try r.requireField(source)
                        terms.sources.append(source)
                    }
                }
            case "size": terms.size = try r.positive(value, key)
            case "shard_size": terms.shardSize = try r.positive(value, key, acceptsAll: true)
            case "min_doc_count": terms.minDocCount = try r.notNegative(value, key)
            case "shard_min_doc_count": _ = try r.notNegative(value, "shardMinDocCount")
            case "order": terms.order = try r.bucketOrder(value)
            case "collect_mode": _ = try r.text(value, key)
            case "show_term_doc_count_error": terms.showsCountError = try r.bool(value, key)
            default: return false
            }
            return true
        }
        if terms.sources.isEmpty {
            throw fail(
                .illegalArgument("Required one of fields [terms], but none were specified. "))
        }
        if terms.sources.count == 1 {
            throw fail(
                .illegalArgument(
                    "multi term aggregation must has at least 2 terms. Found [1] in "
                        + "[\(aggregationName)] Use terms aggregation for single term aggregation"))
        }
        return .multiTerms(terms)
    }

    func positive(
        _ value: JSONValue, _ key: String, acceptsAll: Bool = false
    ) throws(QueryError) -> Int {
        let number = try int(value, key)
        if acceptsAll, number == -1 { return Int(Int32.max) }
        if number <= 0 {
            throw fail(
                .illegalArgument(
                    "[\(key)] must be greater than 0. Found [\(number)] in "
                        + "[\(aggregationName)]"), at: .key(key))
        }
        return number
    }

    func notNegative(_ value: JSONValue, _ key: String) throws(QueryError) -> Int {
        let number = try int(value, key)
        if number < 0 {
            throw fail(
                .illegalArgument(
                    "[\(key)] must be greater than or equal to 0. Found [\(number)] in "
                        + "[\(aggregationName)]"))
        }
        return number
    }

    /// The order of buckets; ties always by key, ascending.
    mutating func bucketOrder(_ value: JSONValue) throws(QueryError) -> [BucketOrder] {
        var order: [BucketOrder] = []
        try inside(.key("order")) { r throws(QueryError) in
            try r.each(value) { r, element throws(QueryError) in
                guard case .object(let object) = element else {
                    throw r.fail(
                        .parsing(
                            "Unexpected token [\(Self.token(element))] for [order]"))
                }
                if object.count != 1 {
                    throw r.fail(
                        .parsing(
                            object.isEmpty
                                ? "Must specify at least one field for [order]"
                                : "Must specify exactly one field for [order]"))
                }
                for (key, value) in object {
                    let direction = try r.text(value, key).lowercased()
                    guard direction == "asc" || direction == "desc" else {
                        throw r.fail(
                            .parsing("Unknown order direction [\(direction)]"), at: .key(key))
                    }
                    let ascending = direction == "asc"
                    switch key {
                    case "_count": order.append(.count(ascending: ascending))
                    case "_key", "_term", "_time": order.append(.key(ascending: ascending))
                    default:
                        order.append(.path(AggregationPath(key), ascending: ascending))
                    }
                }
            }
        }
        let endsWithKey = order.contains { if case .key = $0 { true } else { false } }
        if !endsWithKey { order.append(.key(ascending: true)) }
        return order
    }

    func termsFilter(
        _ filter: inout TermsFilter, _ key: String, _ value: JSONValue
    ) throws(QueryError) {
        switch value {
        case .string(let pattern): set(&filter, key, .pattern(pattern))
        case .array(let values):
            for element in values where !Self.isScalar(element) {
                throw fail(
                    .parsing(
                        "Array elements in include/exclude clauses should be string values"),
                    at: .key(key))
            }
            set(&filter, key, .values(values))
        case .object(let object) where key == "include":
            for (option, value) in object {
                switch option {
                case "partition":
                    filter.partition = (
                        try int(value, option), filter.partition?.count ?? Int(Int32.max)
                    )
                case "num_partitions":
                    filter.partition = (filter.partition?.number ?? -1, try int(value, option))
                case "pattern": set(&filter, key, .pattern(try text(value, option)))
                default:
                    throw fail(
                        .parsing("Unknown parameter in Include/Exclude clause: \(option)"),
                        at: .key(key))
                }
            }
            if let partition = filter.partition {
                guard object.contains("partition") else {
                    throw fail(
                        .illegalArgument(
                            "Missing [partition] parameter for partition-based include"),
                        at: .key(key))
                }
                guard object.contains("num_partitions"), partition.count >= 2 else {
                    throw fail(
                        .illegalArgument(
                            "Missing [num_partitions] parameter for partition-based include"),
                        at: .key(key))
                }
                guard partition.number >= 0, partition.number < partition.count else {
                    throw fail(
                        .illegalArgument(
                            "Partition must be >=0 and < numPartition which is "
                                + "\(partition.count)"), at: .key(key))
                }
            }
        default:
            throw fail(
                .illegalArgument(
                    "unrecognized token [\(Self.token(value))] in [\(key)] clause"), at: .key(key))
        }
    }

    private func set(_ filter: inout TermsFilter, _ key: String, _ rule: TermsFilter.Rule) {
        if key == "include" { filter.include = rule } else { filter.exclude = rule }
    }
}
