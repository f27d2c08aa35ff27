internal import TrawlJSON

extension RequestReader {
    mutating func matchAll(_ object: JSONObject) throws(QueryError) -> Query {
        let common = try strictOptions(object, of: "match_all", known: []) { _, _, _ in false }
        return Query(.matchAll, boost: common.boost, name: common.name)
    }

    mutating func matchNone(_ object: JSONObject) throws(QueryError) -> Query {
        let common = try options(object, of: "match_none") { _, _, _ in false }
        return Query(.matchNone, boost: common.boost, name: common.name)
    }

    /// Reads `{"field": value}` and `{"field": {"value": …}}`.
    mutating func fieldAndValue(
        _ object: JSONObject, of name: String, valueKeys: [String],
        _ take: (inout Self, String, JSONValue) throws(QueryError) -> Bool
    ) throws(QueryError) -> (String, JSONValue, CommonOptions) {
        // `boost` and `_name` may stand beside the field in the short form.
        var outer = CommonOptions()
        var rest = object
        for key in ["boost", "_name"] where object.count > 1 {
            guard let value = object[key], Self.isScalar(value) else { continue }
            if key == "boost" {
                outer.boost = try boost(value, of: name)
            } else {
                outer.name = try text(value, key)
            }
            rest.removeValue(forKey: key)
        }
        if rest.members.contains(where: { if case .array = $0.value { true } else { false } }) {
            throw fail(.parsing("[\(name)] query does not support array of values"))
        }
        let (field, value) = try singleField(rest, of: name)
        guard case .object(let body) = value else {
            if value == .null { throw fail(.illegalArgument("value cannot be null")) }
            return (field, value, outer)
        }
        var inner: JSONValue?
        let common = try inside(.key(field)) { reader throws(QueryError) in
            try reader.options(body, of: name) { reader, key, value throws(QueryError) in
                if valueKeys.contains(key) {
                    if case .array = value {
                        throw reader.fail(
                            .parsing("[\(name)] query does not support array of values"),
                            at: .key(key))
                    }
                    guard Self.isScalar(value) else { return false }
                    inner = value
                    return true
                }
                return try take(&reader, key, value)
            }
        }
        guard let inner, inner != .null else {
            throw fail(.illegalArgument("value cannot be null"))
        }
        return (field, inner, common)
    }

    mutating func term(_ object: JSONObject) throws(QueryError) -> Query {
        var isInsensitive = false
        let (field, value, common) = try fieldAndValue(
            object, of: "term", valueKeys: ["value", "term"]
        ) { reader, key, value throws(QueryError) in
            guard key == "case_insensitive" else { return false }
            isInsensitive = try reader.bool(value, key)
            return true
        }
        let term = TermQuery(field: field, value: value, caseInsensitive: isInsensitive)
        return Query(.term(term), boost: common.boost, name: common.name)
    }

    mutating func terms(_ object: JSONObject) throws(QueryError) -> Query {
        var terms: TermsQuery?
        let common = try options(object, of: "terms") { reader, key, value throws(QueryError) in
            if Self.isScalar(value) { return false }
            if terms != nil {
                throw reader.fail(
                    .parsing("[terms] query does not support multiple fields"), at: .key(key))
            }
            if case .array(let values) = value {
                for (i, element) in values.enumerated() where !Self.isScalar(element) {
                    throw reader.fail(
                        .parsing("[terms] query does not support [\(Self.token(element))]"),
                        at: .key(key), .index(i))
                }
                if values.contains(.null) {
                    throw reader.fail(
                        .illegalArgument("No value specified for terms query"), at: .key(key))
                }
                terms = TermsQuery(field: key, values: values)
            } else if case .object(let body) = value {
                let lookUp = try reader.inside(.key(key)) { reader throws(QueryError) in
                    try reader.lookUp(body)
                }
                terms = TermsQuery(field: key, values: [], lookUp: lookUp)
            }
            return true
        }
        guard let terms else {
            throw fail(
                .parsing(
                    "[terms] query requires a field name, followed by array of terms or a "
                        + "document lookup specification"))
        }
        return Query(.terms(terms), boost: common.boost, name: common.name)
    }

    private mutating func lookUp(_ object: JSONObject) throws(QueryError) -> TermsQuery.LookUp {
        var parts: [String: String] = [:]
        var finding: Query?
        for (key, value) in object {
            if key == "query" {
                finding = try query(value, under: key)
                continue
            }
            guard ["index", "id", "path", "routing", "store"].contains(key) else {
                throw fail(
                    .parsing("[terms_lookup] unknown field [\(key)]"), at: .key(key))
            }
            parts[key] = try text(value, key)
        }
        if finding != nil, parts["id"] == nil { parts["id"] = "" }
        guard let index = parts["index"], let id = parts["id"], let path = parts["path"] else {
            throw fail(
                .illegalArgument(
                    "[terms] query lookup element requires specifying the "
                        + "\(parts["index"] == nil ? "index" : parts["id"] == nil ? "id" : "path")."
                ))
        }
        var lookUp = TermsQuery.LookUp(
            index: index, id: id, path: path, routing: parts["routing"])
        lookUp.query = finding
        return lookUp
    }

    mutating func termsSet(_ object: JSONObject) throws(QueryError) -> Query {
        let (field, value) = try singleField(object, of: "terms_set")
        guard case .object(let body) = value else {
            throw fail(
                .parsing("[terms_set] unknown token [\(Self.token(value))] after [\(field)]"),
                at: .key(field))
        }
        var set = TermsSetQuery(field: field, values: [])
        let common = try inside(.key(field)) { reader throws(QueryError) in
            try reader.options(body, of: "terms_set") { reader, key, value throws(QueryError) in
                switch key {
                case "terms": set.values = value.arrayValue ?? [value]
                case "minimum_should_match_field": set.minimumField = try reader.text(value, key)
                case "minimum_should_match_script":
                    set.minimumScript = try reader.script(value, key)
                case "minimum_should_match": set.minimum = try reader.minimum(value, key)
                default: return false
                }
                return true
            }
        }
        guard set.minimumField != nil || set.minimum != nil || set.minimumScript != nil else {
            throw fail(.illegalArgument("No minimum should match has been specified"))
        }
        return Query(.termsSet(set), boost: common.boost, name: common.name)
    }

    mutating func range(_ object: JSONObject) throws(QueryError) -> Query {
        var range: RangeQuery?
        var common = CommonOptions()
        for (key, value) in object {
            if case .object(let body) = value {
                if let range {
                    throw fail(
                        .parsing(
                            "[range] query doesn't support multiple fields, found "
                                + "[\(range.field)] and [\(key)]"), at: .key(key))
                }
                var found = RangeQuery(field: key)
                let inner = try inside(.key(key)) { reader throws(QueryError) in
                    try reader.options(body, of: "range") { reader, key, value throws(QueryError) in
                        guard Self.isScalar(value) else { return false }
                        return try reader.rangeOption(&found, key, value)
                    }
                }
                common.boost = inner.boost
                common.name = common.name ?? inner.name
                range = found
            } else if key == "_name" {
                common.name = try text(value, key)
            } else {
                throw fail(.parsing("[range] query does not support [\(key)]"), at: .key(key))
            }
        }
        guard let range else { throw fail(.illegalArgument("field name is null or empty")) }
        return Query(.range(range), boost: common.boost, name: common.name)
    }

    private func rangeOption(
        _ range: inout RangeQuery, _ key: String, _ value: JSONValue
    ) throws(QueryError) -> Bool {
        let bound = value == .null ? nil : value
        switch key {
        case "from": range.lower = bound
        case "to": range.upper = bound
        case "include_lower": range.includesLower = try bool(value, key)
        case "include_upper": range.includesUpper = try bool(value, key)
        case "gt": (range.lower, range.includesLower) = (bound, false)
        case "gte", "ge": (range.lower, range.includesLower) = (bound, true)
        case "lt": (range.upper, range.includesUpper) = (bound, false)
        case "lte", "le": (range.upper, range.includesUpper) = (bound, true)
        case "format": range.format = try text(value, key)
        case "time_zone": range.timeZone = try text(value, key)
        case "relation":
            let text = try text(value, key)
            guard let relation = RangeQuery.Relation(rawValue: text.lowercased()) else {
                throw fail(
                    .illegalArgument("\(text) is not a valid relation"), at: .key(key))
            }
            range.relation = relation
        default: return false
        }
        return true
    }

    mutating func exists(_ object: JSONObject) throws(QueryError) -> Query {
        var field: String?
        let common = try options(object, of: "exists") { reader, key, value throws(QueryError) in
            guard key == "field", Self.isScalar(value) else { return false }
            field = try reader.text(value, key)
            return true
        }
        guard let field else {
            throw fail(.parsing("[exists] must be provided with a [field]"))
        }
        if field.isEmpty { throw fail(.illegalArgument("field name is null or empty")) }
        return Query(.exists(field: field), boost: common.boost, name: common.name)
    }

    mutating func pattern(_ object: JSONObject, name: String) throws(QueryError) -> Query {
        var query = PatternQuery(field: "", pattern: "")
        let keys = name == "wildcard" ? ["value", "wildcard"] : ["value", name]
        let (field, value, common) = try fieldAndValue(object, of: name, valueKeys: keys) {
            reader, key, value throws(QueryError) in
            guard Self.isScalar(value) else { return false }
            switch key {
            case "case_insensitive": query.caseInsensitive = try reader.bool(value, key)
            case "rewrite":
                if value == .null { return true }
                let text = try reader.text(value, key)
                query.rewrite = try reader.at(key) { () throws(QueryError) in
                    try TermsRewrite(parsing: text)
                }
            case "flags" where name == "regexp":
                let text = try reader.text(value, key)
                query.flags = try reader.at(key) { () throws(QueryError) in
                    try RegexpFlags(parsing: text)
                }
            case "flags_value" where name == "regexp":
                query.flags = RegexpFlags(rawValue: try reader.int(value, key))
            case "max_determinized_states" where name == "regexp":
                query.maxDeterminizedStates = try reader.int(value, key)
            default: return false
            }
            return true
        }
        query.field = field
        query.pattern = try text(value, field)
        switch name {
        case "prefix": return Query(.prefix(query), boost: common.boost, name: common.name)
        case "wildcard": return Query(.wildcard(query), boost: common.boost, name: common.name)
        default: return Query(.regexp(query), boost: common.boost, name: common.name)
        }
    }

    mutating func fuzzy(_ object: JSONObject) throws(QueryError) -> Query {
        var options = FuzzyOptions()
        let (field, value, common) = try fieldAndValue(
            object, of: "fuzzy", valueKeys: ["value", "term"]
        ) { reader, key, value throws(QueryError) in
            guard Self.isScalar(value) else { return false }
            if key == "rewrite" {
                let text = try reader.text(value, key)
                options.rewrite = try reader.at(key) { () throws(QueryError) in
                    try TermsRewrite(parsing: text)
                }
                return true
            }
            if key == "fuzzy_transpositions" || key == "fuzzy_rewrite" { return false }
            return try reader.fuzzyOption(&options, key, value)
        }
        let query = FuzzyQuery(field: field, value: value, options: options)
        return Query(.fuzzy(query), boost: common.boost, name: common.name)
    }

    mutating func ids(_ object: JSONObject) throws(QueryError) -> Query {
        var ids: [String] = []
        let common = try strictOptions(object, of: "ids", known: ["type", "values"]) {
            reader, key, value throws(QueryError) in
            switch key {
            case "values":
                for element in value.arrayValue ?? [value] {
                    ids.append(try reader.text(element, key))
                }
            case "type": break
            default: return false
            }
            return true
        }
        return Query(.ids(ids), boost: common.boost, name: common.name)
    }
}
