package import TrawlJSON

/// The body of `_search`, with the errors of the API.
package enum SearchBody {
    package static func parse(_ value: JSONValue) throws(QueryError) -> SearchRequest {
        guard case .object(let object) = value else {
            throw .parsing("Expected [START_OBJECT] but found [\(RequestReader.token(value))]")
        }
        var reader = RequestReader()
        var request = SearchRequest()
        for (key, value) in object {
            try reader.bodyMember(&request, key, value)
        }
        try check(request)
        return request
    }

    package static func parse(text: [UInt8]) throws(QueryError) -> SearchRequest {
        if text.allSatisfy({ $0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }) {
            return SearchRequest()
        }
        let value: JSONValue
        do {
            value = try JSONValue.parse(text)
        } catch {
            var wrong = QueryError(type: "json_parse_exception", reason: error.reason)
            wrong.line = error.line
            wrong.column = error.column
            throw wrong
        }
        do { return try parse(value) } catch { throw RequestPlace.locate(error, in: text) }
    }

    /// What must hold whatever index is asked.
    package static func check(_ request: SearchRequest) throws(QueryError) {
        let window = request.from + request.size
        if window > SearchRequest.maxResultWindow {
            throw .illegalArgument(
                "Result window is too large, from + size must be less than or equal to: "
                    + "[\(SearchRequest.maxResultWindow)] but was [\(window)]. See the scroll api "
                    + "for a more efficient way to request large data sets. This limit can be set "
                    + "by changing the [index.max_result_window] index level setting.")
        }
        for rescore in request.rescore {
            if let size = rescore.windowSize, size > Rescore.maxWindow {
                throw .illegalArgument(
                    "Rescore window [\(size)] is too large. It must be less than "
                        + "[\(Rescore.maxWindow)]. This prevents allocating massive heaps for "
                        + "storing the results to be rescored. This limit can be set by changing "
                        + "the [index.max_rescore_window] index level setting.")
            }
        }
        if !request.rescore.isEmpty, request.sort.contains(where: { $0.by != .score }) {
            throw .illegalArgument("Cannot use [sort] option in conjunction with [rescore].")
        }
        if let after = request.searchAfter {
            if request.from > 0 {
                throw .illegalArgument(
                    "`from` parameter must be set to 0 when `search_after` is used.")
            }
            let keys = max(1, request.sort.count)
            if request.sort.isEmpty {
                throw .illegalArgument("Sort must contain at least one field.")
            }
            if after.count != keys {
                throw .illegalArgument(
                    "search_after has \(after.count) value(s) but sort has \(keys).")
            }
        }
        if let collapse = request.collapse {
            try check(collapse, in: request)
        }
        try checkStoredFields(request)
    }
}

extension SearchBody {
    private static func checkStoredFields(_ request: SearchRequest) throws(QueryError) {
        guard request.storedFields == ["_none_"] else { return }
        func refuse(_ what: String) -> QueryError {
            QueryError(
                type: "search_exception",
                reason: "`stored_fields` cannot be disabled if \(what) is requested")
        }
        if request.asksForSource { throw refuse("_source") }
        if request.version { throw refuse("version") }
        if !request.fields.isEmpty {
            throw QueryError(
                type: "search_exception",
                reason: "[stored_fields] cannot be disabled when using the [fields] option")
        }
    }

    private static func check(
        _ collapse: Collapse, in request: SearchRequest
    ) throws(QueryError) {
        if !request.rescore.isEmpty {
            throw .illegalArgument("cannot use `collapse` in conjunction with `rescore`")
        }
        guard request.searchAfter != nil else { return }
        if request.sort.count == 1, case .field(let key) = request.sort[0].by,
            key.name == collapse.field
        {
            return
        }
        throw .illegalArgument(
            "collapse field and sort field must be the same when use `collapse` in conjunction "
                + "with `search_after`")
    }
}

extension RequestReader {
    mutating func bodyMember(
        _ request: inout SearchRequest, _ key: String, _ value: JSONValue
    ) throws(QueryError) {
        if Self.isScalar(value) {
            if try scalarMember(&request, key, value) { return }
        } else if try structuredMember(&request, key, value) {
            return
        }
        throw fail(
            .parsing("Unknown key for a \(Self.token(value)) in [\(key)]."), at: .key(key))
    }

    private mutating func scalarMember(
        _ request: inout SearchRequest, _ key: String, _ value: JSONValue
    ) throws(QueryError) -> Bool {
        switch key {
        case "from":
            request.from = try int(value, key)
            if request.from < 0 {
                throw fail(
                    .illegalArgument("[from] parameter cannot be negative"), at: .key(key))
            }
        case "size":
            request.size = try int(value, key)
            if request.size < 0 {
                throw fail(
                    .illegalArgument(
                        "[size] parameter cannot be negative, found [\(request.size)]"),
                    at: .key(key))
            }
        case "timeout": request.timeoutMilliseconds = try milliseconds(value, key)
        case "terminate_after":
            request.terminateAfter = try int(value, key)
            if request.terminateAfter < 0 {
                throw fail(.illegalArgument("terminateAfter must be > 0"), at: .key(key))
            }
        case "min_score": request.minScore = try float(value, key)
        case "version": request.version = try bool(value, key)
        case "seq_no_primary_term": request.sequenceAndTerm = try bool(value, key)
        case "explain": request.explain = try bool(value, key)
        case "track_scores": request.trackScores = try bool(value, key)
        case "include_named_queries_score":
            request.includeNamedQueriesScore = try bool(value, key)
        case "track_total_hits": request.trackTotalHits = try totalHits(value, key)
        case "_source":
            request.source = try sourceFilter(value, key)
            request.asksForSource = request.source.isEnabled
        case "stored_fields": request.storedFields = [try text(value, key)]
        case "sort":
            request.sort = try inside(.key(key)) { r throws(QueryError) in try r.sort(value) }
        case "profile": request.profile = try bool(value, key)
        case "search_pipeline", "verbose_pipeline", "phase_took": break
        case "query", "post_filter", "aggs", "aggregations", "highlight":
            return false
        default: return false
        }
        return true
    }

    private mutating func structuredMember(
        _ request: inout SearchRequest, _ key: String, _ value: JSONValue
    ) throws(QueryError) -> Bool {
        let isObject = value.objectValue != nil
        switch key {
        case "query" where isObject: request.query = try query(value, under: key)
        case "post_filter" where isObject: request.postFilter = try query(value, under: key)
        case "_source":
            request.source = try sourceFilter(value, key)
            request.asksForSource = request.source.isEnabled
        case "aggs" where isObject, "aggregations" where isObject:
            request.aggregations = try aggregations(value, under: key)
            try AggregationRules.checkPipelines(request.aggregations, within: nil)
        case "highlight" where isObject:
            request.highlight = try inside(.key(key)) { r throws(QueryError) in
                try r.highlight(value)
            }
        case "suggest" where isObject:
            request.suggest = try inside(.key(key)) { r throws(QueryError) in
                try r.suggest(value)
            }
        case "script_fields" where isObject:
            request.scriptFields = try inside(.key(key)) { r throws(QueryError) in
                try r.scriptFields(value)
            }
        case "runtime_mappings" where isObject: request.runtimeMappings = value
        case "sort":
            request.sort = try inside(.key(key)) { r throws(QueryError) in try r.sort(value) }
        case "rescore":
            try inside(.key(key)) { reader throws(QueryError) in
                try reader.each(value) { reader, element throws(QueryError) in
                    request.rescore.append(try reader.rescore(element))
                }
            }
        case "collapse" where isObject: request.collapse = try collapse(value, key)
        case "slice" where isObject: request.slice = try slice(value, key)
        case "pit" where isObject:
            request.pointInTime = PointInTime(
                id: try text(value["id"] ?? .null, "id"),
                keepAlive: value["keep_alive"]?.stringValue)
        case "indices_boost": try indicesBoost(&request, value, key)
        case "stored_fields" where !isObject:
            var names: [String] = []
            for element in value.arrayValue ?? [] { names.append(try text(element, key)) }
            request.storedFields = names
        case "docvalue_fields" where !isObject:
            request.docvalueFields = try fieldsAndFormats(value, key)
        case "fields" where !isObject: request.fields = try fieldsAndFormats(value, key)
        case "search_after" where !isObject: request.searchAfter = try searchAfter(value, key)
        case "stats" where !isObject:
            request.stats = value.arrayValue?.compactMap(\.stringValue) ?? []
        case "ext" where isObject, "derived" where isObject,
            "search_pipeline" where isObject:
            break
        default: return false
        }
        return true
    }

    // MARK: Pieces of the body

    package func totalHits(
        _ value: JSONValue, _ key: String
    ) throws(QueryError) -> SearchRequest.TotalHits {
        switch value {
        case .bool(true), .string("true"): return .exact
        case .bool(false), .string("false"): return .none
        default:
            let limit = try int(value, key)
            if limit == -1 { return .none }
            guard limit >= 0 else {
                throw fail(
                    .illegalArgument(
                        "[track_total_hits] parameter must be positive or equals to -1, got "
                            + "\(limit)"), at: .key(key))
            }
            return limit == Int(Int32.max) ? .exact : .upTo(limit)
        }
    }

    package func sourceFilter(
        _ value: JSONValue, _ key: String
    ) throws(QueryError) -> SourceSelection {
        func names(_ value: JSONValue, _ inner: String) throws(QueryError) -> [String] {
            var all: [String] = []
            for element in value.arrayValue ?? [value] {
                guard case .string(let name) = element else {
                    throw fail(
                        .parsing(
                            "Unknown key for a \(Self.token(element)) in [\(inner)]."),
                        at: .key(key))
                }
                all.append(name)
            }
            return all
        }
        switch value {
        case .bool(let isEnabled): return isEnabled ? .all : .none
        case .string(let name): return SourceSelection(includes: [name])
        case .array: return SourceSelection(includes: try names(value, key))
        case .object(let object):
            var filter = SourceSelection()
            for (inner, value) in object {
                switch inner {
                case "includes", "include": filter.includes = try names(value, inner)
                case "excludes", "exclude": filter.excludes = try names(value, inner)
                default:
                    throw fail(
                        .parsing("Unknown key for a \(Self.token(value)) in [\(inner)]."),
                        at: .key(key), .key(inner))
                }
            }
            return filter
        default:
            throw fail(
                .parsing(
                    "Expected one of [VALUE_BOOLEAN, START_OBJECT] but found "
                        + "[\(Self.token(value))]"), at: .key(key))
        }
    }

    mutating func fieldsAndFormats(
        _ value: JSONValue, _ key: String
    ) throws(QueryError) -> [FieldAndFormat] {
        var all: [FieldAndFormat] = []
        try inside(.key(key)) { reader throws(QueryError) in
            try reader.each(value) { reader, element throws(QueryError) in
                guard case .object(let object) = element else {
                    all.append(.init(field: try reader.text(element, key)))
                    return
                }
                var field = FieldAndFormat(field: "")
                for (option, value) in object {
                    switch option {
                    case "field": field.field = try reader.text(value, option)
                    case "format":
                        field.format = value == .null ? nil : try reader.text(value, option)
                    case "include_unmapped":
                        field.includeUnmapped = try reader.bool(value, option)
                    default:
                        throw reader.fail(
                            QueryError(
                                type: "x_content_parse_exception",
                                reason: "[\(key)] unknown field [\(option)]"),
                            at: .key(option), atKey: true)
                    }
                }
                if field.field.isEmpty {
                    throw reader.fail(.illegalArgument("Required [field]"))
                }
                all.append(field)
            }
        }
        return all
    }

    func searchAfter(_ value: JSONValue, _ key: String) throws(QueryError) -> [JSONValue] {
        let values = value.arrayValue ?? []
        if values.isEmpty {
            throw fail(
                .illegalArgument("Values must contains at least one value."), at: .key(key))
        }
        for (i, element) in values.enumerated() where !Self.isScalar(element) {
            throw fail(
                .parsing(
                    "Expected [VALUE_STRING] or [VALUE_NUMBER] or [VALUE_BOOLEAN] or [VALUE_NULL] "
                        + "but found [\(Self.token(element))] inside search_after."),
                at: .key(key), .index(i))
        }
        return values
    }

    private mutating func rescore(_ value: JSONValue) throws(QueryError) -> Rescore {
        var rescore: Rescore?
        var window: Int?
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "window_size": window = try int(value, key)
            case "query":
                rescore = try inside(.key(key)) { r throws(QueryError) in
                    try r.queryRescore(value)
                }
            default:
                let hint = Suggestion.forUnknown(key, among: ["query"])
                throw fail(
                    QueryError.parsing("Unknown RescorerBuilder [\(key)]\(hint)"), at: .key(key))
            }
        }
        guard var rescore else { throw fail(.parsing("missing rescore type")) }
        rescore.windowSize = window
        return rescore
    }

    private mutating func queryRescore(_ value: JSONValue) throws(QueryError) -> Rescore {
        var inner: Query?
        var rescore = Rescore(query: Query(.matchAll))
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "rescore_query": inner = try query(value, under: key)
            case "query_weight": rescore.queryWeight = try float(value, key)
            case "rescore_query_weight": rescore.rescoreWeight = try float(value, key)
            case "score_mode":
                let text = try text(value, key)
                guard let mode = Rescore.ScoreMode(rawValue: text.lowercased()) else {
                    throw fail(
                        .illegalArgument("illegal score_mode value [\(text)]"), at: .key(key))
                }
                rescore.scoreMode = mode
            default:
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[query] unknown field [\(key)]"), at: .key(key), atKey: true)
            }
        }
        guard let inner else { throw fail(.illegalArgument("rescore_query cannot be null")) }
        rescore.query = inner
        return rescore
    }

    private mutating func collapse(
        _ value: JSONValue, _ name: String
    ) throws(QueryError) -> Collapse {
        var collapse = Collapse(field: "")
        var innerHits: JSONValue?
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "field": collapse.field = try text(value, key)
            case "inner_hits": innerHits = value
            case "max_concurrent_group_searches":
                let count = try int(value, key)
                if count < 1 {
                    throw fail(
                        .illegalArgument(
                            "maxConcurrentGroupRequests` must be positive"), at: .key(key))
                }
                collapse.maxConcurrentGroupSearches = count
            default:
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[collapse] unknown field [\(key)]"),
                    at: .key(name), .key(key), atKey: true)
            }
        }
        if collapse.field.isEmpty {
            throw fail(.illegalArgument("Required [field]"), at: .key(name))
        }
        guard let innerHits else { return collapse }
        try inside(.key(name)) { reader throws(QueryError) in
            try reader.inside(.key("inner_hits")) { reader throws(QueryError) in
                try reader.each(innerHits) { reader, element throws(QueryError) in
                    collapse.innerHits.append(
                        try reader.innerHits(element, field: collapse.field))
                }
            }
        }
        if Set(collapse.innerHits.map(\.name)).count < collapse.innerHits.count {
            throw fail(
                .illegalArgument("inner_hits must have a name of its own each"), at: .key(name))
        }
        return collapse
    }

    /// The options of `_search` that make sense for a few hits of a group.
    private static let innerHitsOptions: Set<String> = [
        "from", "size", "sort", "_source", "stored_fields", "docvalue_fields", "fields",
        "highlight", "explain", "version", "seq_no_primary_term", "script_fields",
        "track_scores", "collapse",
    ]

    mutating func innerHits(
        _ value: JSONValue, field: String
    ) throws(QueryError) -> Collapse.InnerHits {
        var inner = Collapse.InnerHits(name: field, request: SearchRequest())
        inner.request.size = Collapse.InnerHits.defaultSize
        guard case .object(let object) = value else {
            throw fail(.parsing("Expected [START_OBJECT] but found [\(Self.token(value))]"))
        }
        for (key, value) in object {
            switch key {
            case "name": inner.name = try text(value, key)
            case "ignore_unmapped": _ = try bool(value, key)
            case _ where Self.innerHitsOptions.contains(key):
                try bodyMember(&inner.request, key, value)
            default:
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[inner_hits] unknown field [\(key)]"
                            + Suggestion.forUnknown(
                                key, among: Self.innerHitsOptions.sorted() + ["name"])),
                    at: .key(key), atKey: true)
            }
        }
        return inner
    }

    private func slice(_ value: JSONValue, _ name: String) throws(QueryError) -> Slice {
        let slice = Slice(
            id: try int(value["id"] ?? -1, "id"), max: try int(value["max"] ?? -1, "max"),
            field: value["field"]?.stringValue)
        if slice.id < 0 {
            throw fail(
                .illegalArgument("id must be greater than or equal to 0"), at: .key(name))
        }
        if slice.max <= 1 {
            throw fail(.illegalArgument("max must be greater than 1"), at: .key(name))
        }
        if slice.id >= slice.max {
            throw fail(.illegalArgument("max must be greater than id"), at: .key(name))
        }
        return slice
    }

    private func indicesBoost(
        _ request: inout SearchRequest, _ value: JSONValue, _ key: String
    ) throws(QueryError) {
        for element in value.arrayValue ?? [value] {
            for (index, boost) in element.objectValue ?? [:] {
                request.indicesBoost.append(
                    IndexBoost(index: index, boost: try float(boost, key)))
            }
        }
    }
}
