package import TrawlJSON

/// Buckets of combined keys, all of them, page by page.
package struct CompositeAggregation: Sendable, Hashable, Codable {
    package static let defaultSize = 10

    package struct Source: Sendable, Hashable, Codable {
        package enum Kind: Sendable, Hashable, Codable {
            case terms
            case histogram(interval: Double)
            case dateHistogram(
                DateHistogramAggregation.Interval, offsetMilliseconds: Int64)
        }

        package enum MissingOrder: String, Sendable, Hashable, Codable {
            case first, last
            case standard = "default"
        }

        package var name: String
        package var kind: Kind
        package var values = ValuesSource()
        package var isAscending = true
        /// Documents without a value get a bucket of their own.
        package var takesMissing = false
        package var missingOrder = MissingOrder.standard
    }

    package var sources: [Source] = []
    package var size = defaultSize
    package var after: JSONObject?
}

// MARK: - Parsing

extension RequestReader {
    mutating func composite(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = CompositeAggregation()
        try members(object, of: "composite", known: ["sources", "size", "after"]) {
            r, key, value throws(QueryError) in
            switch key {
            case "size": result.size = try r.positive(value, key)
            case "after":
                guard case .object(let after) = value else {
                    throw r.fail(
                        .parsing(
                            "[composite] after doesn't support values of type: "
                                + Self.token(value)), at: .key(key))
                }
                result.after = after
            case "sources":
                try r.inside(.key(key)) { r throws(QueryError) in
                    try r.each(value) { r, element throws(QueryError) in
                        for (name, value) in element.objectValue ?? [:] {
                            let source = try r.inside(.key(name)) { r throws(QueryError) in
                                try r.compositeSource(name, value)
                            }
                            result.sources.append(source)
                        }
                    }
                }
            default: return false
            }
            return true
        }
        try check(result)
        return .composite(result)
    }

    private func check(_ composite: CompositeAggregation) throws(QueryError) {
        if composite.sources.isEmpty {
            throw fail(.illegalArgument("Composite [sources] cannot be null or empty"))
        }
        var names: Set<String> = []
        for source in composite.sources where !names.insert(source.name).inserted {
            throw fail(
                .illegalArgument(
                    "Composite source names must be unique, found duplicates: "
                        + "[\(source.name)]"))
        }
        guard let after = composite.after else { return }
        if after.count != composite.sources.count {
            throw fail(
                .illegalArgument(
                    "[after] has \(after.count) value(s) but [sources] has "
                        + "\(composite.sources.count)"))
        }
        for source in composite.sources {
            guard let value = after[source.name] else {
                throw fail(.illegalArgument("Missing value for [after.\(source.name)]"))
            }
            if !Self.isScalar(value) {
                throw fail(
                    .illegalArgument("Invalid value for [after.\(source.name)]"))
            }
        }
    }

    private mutating func compositeSource(
        _ name: String, _ value: JSONValue
    ) throws(QueryError) -> CompositeAggregation.Source {
        guard case .object(let object) = value, let (kind, body) = object.members.first else {
            throw fail(.parsing("Expected [START_OBJECT] but found [\(Self.token(value))]"))
        }
        guard case .object(let options) = body else {
            throw fail(.parsing("Expected [START_OBJECT] but found [\(Self.token(body))]"))
        }
        var source = CompositeAggregation.Source(name: name, kind: .terms)
        var interval: DateHistogramAggregation.Interval?
        var width: Double?
        var offset: Int64 = 0
        switch kind {
        case "terms", "histogram", "date_histogram": break
        default: throw fail(.parsing("invalid source type: \(kind)"), at: .key(kind))
        }
        path.append(.key(kind))
        try members(
            options, of: kind,
            known: Self.valueKeys + [
                "order", "missing_bucket", "missing_order", "interval", "calendar_interval",
                "fixed_interval", "offset",
            ]
        ) { r, key, value throws(QueryError) in
            // A missing value would be a bucket like any other: `missing_bucket` is for that.
            if key == "missing" { return false }
            if try r.valueMember(&source.values, key, value) { return true }
            switch key {
            case "order":
                let order = try r.text(value, key).lowercased()
                guard order == "asc" || order == "desc" else {
                    throw r.fail(
                        .illegalArgument("Unknown SortOrder [\(order)]"), at: .key(key))
                }
                source.isAscending = order == "asc"
            case "missing_bucket": source.takesMissing = try r.bool(value, key)
            case "missing_order":
                let order = try r.text(value, key).lowercased()
                guard let known = CompositeAggregation.Source.MissingOrder(rawValue: order) else {
                    throw r.fail(
                        .illegalArgument("Unknown MissingOrder [\(order)]"), at: .key(key))
                }
                source.missingOrder = known
            case "interval" where kind == "histogram": width = try r.double(value, key)
            case "interval" where kind == "date_histogram",
                "calendar_interval" where kind == "date_histogram",
                "fixed_interval" where kind == "date_histogram":
                interval = try r.dateInterval(value, key)
            case "offset" where kind == "date_histogram":
                if let whole = value.intValue {
                    offset = Int64(whole)
                } else {
                    offset = try r.timeSpan(value, key)
                }
            default: return false
            }
            return true
        }
        try requireField(source.values)
        switch kind {
        case "histogram":
            guard let width else {
                throw fail(
                    .illegalArgument("Required [interval]"))
            }
            guard width > 0 else {
                throw fail(
                    .illegalArgument(
                        "[interval] must be greater than 0 for [histogram] source"))
            }
            source.kind = .histogram(interval: width)
        case "date_histogram":
            guard let interval else {
                throw fail(
                    .illegalArgument("Invalid interval specified, must be non-null and non-empty"))
            }
            source.kind = .dateHistogram(interval, offsetMilliseconds: offset)
        default: break
        }
        path.removeLast()
        if !source.takesMissing, source.missingOrder != .standard {
            throw fail(
                .illegalArgument(
                    "[missing_order] can only be used when [missing_bucket] is true"))
        }
        return source
    }
}
