import TrawlJSON

/// Aggregations the plain way: every document is asked again for every bucket. Its answers have
/// the shape of the engine's, without what only repeats a value in another form.
struct ReferenceAggregations {
    struct Document {
        var id: String
        /// Strings of `k`, ascending and each once; numbers of `n`, ascending.
        var words: [String] = []
        var numbers: [Int64] = []
        /// `d`: a multiple of an eighth, so that plain sums of it are exact.
        var real: Double?
        /// `on`: milliseconds since 1970.
        var time: Int64?
        /// `b`.
        var flag: Bool?

        var json: JSONValue {
            var json: JSONValue = [:]
            if !words.isEmpty { json["k"] = .array(words.map { .string($0) }) }
            if !numbers.isEmpty { json["n"] = .array(numbers.map { JSONValue($0) }) }
            json["d"] = real.map { JSONValue($0) }
            // Much the same, but not exactly a fraction of two.
            json["x"] = real.map { JSONValue($0 * 1.1 + 1e-3) }
            json["on"] = time.map { JSONValue($0) }
            json["b"] = flag.map { .bool($0) }
            return json
        }

        func values(_ field: String) -> [Value] {
            switch field {
            case "k": words.map { .text($0) }
            case "n": numbers.map { .number(Double($0)) }
            case "d": real.map { [.number($0)] } ?? []
            case "on": time.map { [.number(Double($0))] } ?? []
            default: flag.map { [.number($0 ? 1 : 0)] } ?? []
            }
        }
    }

    enum Value: Hashable, Comparable {
        case number(Double)
        case text(String)

        var json: JSONValue {
            switch self {
            case .number(let number): JSONValue(number)
            case .text(let text): .string(text)
            }
        }
    }

    /// Every living document, for `global`.
    var all: [Document]

    func results(_ requests: JSONObject, _ documents: [Document]) -> JSONValue {
        var result = JSONObject()
        for (name, request) in requests {
            let kind = request.objectValue!.keys.first { $0 != "aggs" }!
            let children = request["aggs"]?.objectValue ?? [:]
            result[name] = one(kind, request[kind]!, children, documents)
        }
        return .object(result)
    }

    private func bucket(
        _ key: JSONValue?, _ documents: [Document], _ children: JSONObject
    ) -> JSONValue {
        var bucket = JSONObject()
        if let key { bucket["key"] = key }
        bucket["doc_count"] = JSONValue(documents.count)
        for (name, value) in results(children, documents).objectValue! { bucket[name] = value }
        return .object(bucket)
    }

    private func one(
        _ kind: String, _ options: JSONValue, _ children: JSONObject, _ documents: [Document]
    ) -> JSONValue {
        let field = options["field"]?.stringValue ?? ""
        let values = documents.flatMap { $0.values(field) }
        let numbers = values.compactMap { value -> Double? in
            if case .number(let number) = value { number } else { nil }
        }
        switch kind {
        case "value_count": return ["value": JSONValue(values.count)]
        case "cardinality": return ["value": JSONValue(Set(values).count)]
        case "sum": return ["value": JSONValue(numbers.reduce(0, +))]
        case "avg":
            return [
                "value": numbers.isEmpty
                    ? nil : JSONValue(numbers.reduce(0, +) / Double(numbers.count))
            ]
        case "min": return ["value": numbers.min().map { JSONValue($0) } ?? nil]
        case "max": return ["value": numbers.max().map { JSONValue($0) } ?? nil]
        case "stats":
            let average = numbers.reduce(0, +) / Double(numbers.count)
            return [
                "count": JSONValue(numbers.count),
                "min": numbers.min().map { JSONValue($0) } ?? nil,
                "max": numbers.max().map { JSONValue($0) } ?? nil,
                "avg": numbers.isEmpty ? nil : JSONValue(average),
                "sum": JSONValue(numbers.reduce(0, +)),
            ]
        case "missing":
            return bucket(nil, documents.filter { $0.values(field).isEmpty }, children)
        case "global": return bucket(nil, all, children)
        case "filter": return bucket(nil, documents.filter { matches($0, options) }, children)
        case "filters":
            var buckets: [JSONValue] = []
            let queries = options["filters"]!.arrayValue!
            for query in queries {
                buckets.append(bucket(nil, documents.filter { matches($0, query) }, children))
            }
            if options["other_bucket"] == true {
                let rest = documents.filter { document in
                    !queries.contains { matches(document, $0) }
                }
                buckets.append(bucket(nil, rest, children))
            }
            return ["buckets": .array(buckets)]
        case "terms": return terms(field, options, children, documents)
        case "multi_terms": return multiTerms(options, children, documents)
        case "histogram": return histogram(field, options, children, documents)
        case "date_histogram": return dateHistogram(field, options, children, documents)
        case "range": return range(field, options, children, documents)
        case "composite": return composite(options, children, documents)
        case "top_hits": return topHits(options, documents)
        default: preconditionFailure("no reference for \(kind)")
        }
    }

    /// `term` and `range` queries, `gte` and `lt`.
    private func matches(_ document: Document, _ query: JSONValue) -> Bool {
        if let term = query["term"]?.objectValue, let (field, value) = term.members.first {
            return document.values(field).contains { found in
                switch found {
                case .text(let text): text == value.stringValue
                case .number(let number):
                    number == value.doubleValue ?? (value == true ? 1 : value == false ? 0 : .nan)
                }
            }
        }
        guard let range = query["range"]?.objectValue, let (field, bounds) = range.members.first
        else { preconditionFailure("no reference for \(query)") }
        return document.values(field).contains { found in
            guard case .number(let number) = found else { return false }
            return number >= bounds["gte"]?.doubleValue ?? -.infinity
                && number < bounds["lt"]?.doubleValue ?? .infinity
        }
    }

    // MARK: Terms

    private func terms(
        _ field: String, _ options: JSONValue, _ children: JSONObject, _ documents: [Document]
    ) -> JSONValue {
        let least = options["min_doc_count"]?.intValue ?? 1
        func own(_ document: Document) -> [Value] {
            var own = Array(Set(document.values(field)))
            if own.isEmpty, let missing = options["missing"] {
                own = [missing.stringValue.map { .text($0) } ?? .number(missing.doubleValue!)]
            }
            if let wanted = options["include"]?.arrayValue {
                own = own.filter { wanted.contains($0.json) }
            }
            if let unwanted = options["exclude"]?.arrayValue {
                own = own.filter { !unwanted.contains($0.json) }
            }
            return own
        }
        var groups: [Value: [Document]] = [:]
        if least == 0 { for document in all { for key in own(document) { groups[key] = [] } } }
        for document in documents {
            for key in own(document) { groups[key, default: []].append(document) }
        }
        return ordered(
            groups.map { (key: [$0.key], json: $0.key.json, documents: $0.value) }, options,
            children, least)
    }

    private func multiTerms(
        _ options: JSONValue, _ children: JSONObject, _ documents: [Document]
    ) -> JSONValue {
        let fields = options["terms"]!.arrayValue!.map { $0["field"]!.stringValue! }
        var groups: [[Value]: [Document]] = [:]
        for document in documents {
            for tuple in tuples(fields.map { Array(Set(document.values($0))) }) {
                groups[tuple, default: []].append(document)
            }
        }
        return ordered(
            groups.map { ($0.key, .array($0.key.map(\.json)), $0.value) }, options, children, 1)
    }

    private func tuples(_ parts: [[Value]]) -> [[Value]] {
        parts.reduce([[]]) { tuples, part in
            tuples.flatMap { tuple in part.map { tuple + [$0] } }
        }
    }

    private func ordered(
        _ groups: [(key: [Value], json: JSONValue, documents: [Document])], _ options: JSONValue,
        _ children: JSONObject, _ least: Int
    ) -> JSONValue {
        let size = options["size"]?.intValue ?? 10
        var buckets = groups.filter { $0.documents.count >= least }.map {
            (key: $0.key, json: bucket($0.json, $0.documents, children), count: $0.documents.count)
        }
        let (by, direction) = options["order"]?.objectValue?.members.first ?? ("_count", "desc")
        let sign = direction == "asc" ? 1.0 : -1.0
        func rank(_ bucket: (key: [Value], json: JSONValue, count: Int)) -> Double {
            if by == "_count" { return sign * Double(bucket.count) }
            return sign * (bucket.json[by]?["value"]?.doubleValue ?? .nan)
        }
        buckets.sort { left, right in
            if by == "_key" {
                return direction == "asc"
                    ? precedes(left.key, right.key) : precedes(right.key, left.key)
            }
            let (a, b) = (rank(left), rank(right))
            if a.isNaN != b.isNaN { return b.isNaN }
            return a == b || a.isNaN ? precedes(left.key, right.key) : a < b
        }
        let rest = buckets.dropFirst(size).reduce(0) { $0 + $1.count }
        return [
            "doc_count_error_upper_bound": 0, "sum_other_doc_count": JSONValue(rest),
            "buckets": .array(buckets.prefix(size).map(\.json)),
        ]
    }

    private func precedes(_ left: [Value], _ right: [Value]) -> Bool {
        left.lexicographicallyPrecedes(right)
    }

    // MARK: Axes

    private func histogram(
        _ field: String, _ options: JSONValue, _ children: JSONObject, _ documents: [Document]
    ) -> JSONValue {
        let interval = options["interval"]!.doubleValue!
        let offset = options["offset"]?.doubleValue ?? 0
        return row(documents, options, children) { document in
            document.values(field).map { value in
                guard case .number(let number) = value else { return 0 }
                return ((number - offset) / interval).rounded(.down) * interval + offset
            }
        } next: {
            $0 + interval
        }
    }

    private func dateHistogram(
        _ field: String, _ options: JSONValue, _ children: JSONObject, _ documents: [Document]
    ) -> JSONValue {
        let day = 86_400_000.0
        if let width = options["fixed_interval"]?.stringValue {
            let hours = Double(width.dropLast())! * 3_600_000
            return row(documents, options, children) { document in
                document.time.map { [(Double($0) / hours).rounded(.down) * hours] } ?? []
            } next: {
                $0 + hours
            }
        }
        let shift = options["time_zone"] == "+02:00" ? 7_200_000.0 : 0
        return row(documents, options, children) { document in
            document.time.map { [((Double($0) + shift) / day).rounded(.down) * day - shift] } ?? []
        } next: {
            $0 + day
        }
    }

    private func row(
        _ documents: [Document], _ options: JSONValue, _ children: JSONObject,
        key: (Document) -> [Double], next: (Double) -> Double
    ) -> JSONValue {
        let least = options["min_doc_count"]?.intValue ?? 0
        var groups: [Double: [Document]] = [:]
        for document in documents {
            for key in Set(key(document)) { groups[key, default: []].append(document) }
        }
        var buckets: [JSONValue] = []
        if let first = groups.keys.min(), let last = groups.keys.max() {
            var at = first
            while at <= last {
                let found = groups[at] ?? []
                if found.count >= least { buckets.append(bucket(JSONValue(at), found, children)) }
                at = next(at)
            }
        }
        return ["buckets": .array(buckets)]
    }

    private func range(
        _ field: String, _ options: JSONValue, _ children: JSONObject, _ documents: [Document]
    ) -> JSONValue {
        let ranges = options["ranges"]!.arrayValue!.map {
            (
                from: $0["from"]?.doubleValue ?? -.infinity, to: $0["to"]?.doubleValue ?? .infinity
            )
        }.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
        return [
            "buckets": .array(
                ranges.map { range in
                    let found = documents.filter { document in
                        document.values(field).contains { value in
                            guard case .number(let number) = value else { return false }
                            return number >= range.from && number < range.to
                        }
                    }
                    func name(_ bound: Double) -> String { bound.isFinite ? "\(bound)" : "*" }
                    var made = bucket(
                        .string("\(name(range.from))-\(name(range.to))"), found, children)
                    if range.from.isFinite { made["from"] = JSONValue(range.from) }
                    if range.to.isFinite { made["to"] = JSONValue(range.to) }
                    return made
                })
        ]
    }

    // MARK: Pages

    private func composite(
        _ options: JSONValue, _ children: JSONObject, _ documents: [Document]
    ) -> JSONValue {
        let sources = options["sources"]!.arrayValue!.map { source in
            let (name, body) = source.objectValue!.members[0]
            return (name: name, options: body["terms"]!)
        }
        var groups: [[Value?]: [Document]] = [:]
        for document in documents {
            let parts: [[Value?]] = sources.map { source in
                let own = Set(document.values(source.options["field"]!.stringValue!))
                if own.isEmpty, source.options["missing_bucket"] == true { return [nil] }
                return Array(own)
            }
            let tuples: [[Value?]] = parts.reduce([[]]) { tuples, part in
                tuples.flatMap { tuple in part.map { tuple + [$0] } }
            }
            for tuple in tuples { groups[tuple, default: []].append(document) }
        }
        func order(_ left: [Value?], _ right: [Value?]) -> Int {
            for (place, source) in sources.enumerated() where left[place] != right[place] {
                let sign = source.options["order"] == "desc" ? -1 : 1
                guard let a = left[place] else { return -sign }
                guard let b = right[place] else { return sign }
                return a < b ? -sign : sign
            }
            return 0
        }
        var keys = groups.keys.sorted { order($0, $1) < 0 }
        if let after = options["after"] {
            let last: [Value?] = sources.map { source in
                let value = after[source.name]!
                if value.isNull { return nil }
                return value.stringValue.map { .text($0) } ?? .number(value.doubleValue!)
            }
            keys = keys.filter { order($0, last) > 0 }
        }
        func shown(_ key: [Value?]) -> JSONValue {
            .object(
                JSONObject(
                    zip(sources, key).map { (key: $0.name, value: $1?.json ?? .null) }))
        }
        let page = keys.prefix(options["size"]?.intValue ?? 10)
        var result: JSONValue = [
            "buckets": .array(page.map { bucket(shown($0), groups[$0]!, children) })
        ]
        if let last = page.last { result["after_key"] = shown(last) }
        return result
    }

    /// Sorted by `d`, falling, then in the order of ingestion.
    private func topHits(_ options: JSONValue, _ documents: [Document]) -> JSONValue {
        let sorted = documents.enumerated().sorted { left, right in
            let (a, b) = (left.element.real, right.element.real)
            if a == b { return left.offset < right.offset }
            guard let a else { return false }
            guard let b else { return true }
            return a > b
        }
        let size = options["size"]?.intValue ?? 3
        return [
            "hits": [
                "total": JSONValue(documents.count),
                "ids": .array(sorted.prefix(size).map { .string($0.element.id) }),
            ]
        ]
    }
}
