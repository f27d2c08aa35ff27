internal import TrawlJSON

extension RequestReader {
    mutating func intervals(_ object: JSONObject) throws(QueryError) -> Query {
        guard let (field, value) = object.members.first.map({ ($0.key, $0.value) }) else {
            throw fail(.parsing("Expected [FIELD_NAME] but got [END_OBJECT]"))
        }
        if object.count > 1 {
            throw fail(
                .parsing("Expected [END_OBJECT] but got [FIELD_NAME]"),
                at: .key(object.members[1].key), atKey: true)
        }
        guard case .object(let body) = value else {
            throw fail(
                .parsing("Expected [START_OBJECT] but got [\(Self.token(value))]"), at: .key(field))
        }
        var common = CommonOptions()
        var found: (name: String, rule: IntervalRule)?
        try inside(.key(field)) { reader throws(QueryError) in
            for (key, value) in body {
                switch key {
                case "boost": common.boost = try reader.boost(value, of: "intervals")
                case "_name": common.name = try reader.text(value, key)
                default:
                    if let found {
                        throw reader.fail(
                            .parsing(
                                "Only one interval rule can be specified, found [\(found.name)] "
                                    + "and [\(key)]"), at: .key(key), atKey: true)
                    }
                    found = (key, try reader.intervalRule(key, value))
                }
            }
        }
        guard let found else {
            throw fail(
                .parsing("Missing intervals from interval query definition"), at: .key(field))
        }
        return Query(
            .intervals(IntervalsQuery(field: field, rule: found.rule)), boost: common.boost,
            name: common.name)
    }

    private mutating func intervalRule(
        _ name: String, _ value: JSONValue
    ) throws(QueryError) -> IntervalRule {
        guard ["match", "any_of", "all_of", "prefix", "wildcard", "regexp", "fuzzy"].contains(name)
        else {
            throw fail(
                .parsing(
                    "Unknown interval type [\(name)], expecting one of [match, any_of, all_of, "
                        + "prefix, wildcard, regexp]"), at: .key(name), atKey: true)
        }
        guard case .object(let body) = value else {
            throw fail(
                .parsing("Expected [START_OBJECT] but got [\(Self.token(value))]"), at: .key(name))
        }
        depth += 1
        guard depth <= QueryDSL.maxNestedDepth else {
            throw fail(.illegalArgument("intervals are nested too deep"), at: .key(name))
        }
        defer { depth -= 1 }
        return try inside(.key(name)) { reader throws(QueryError) in
            switch name {
            case "match": return try reader.intervalMatch(body)
            case "all_of", "any_of": return try reader.intervalGroup(name, body)
            default: return try reader.intervalTerms(name, body)
            }
        }
    }

    private func unknownInterval(_ name: String, _ key: String) -> QueryError {
        fail(
            QueryError(
                type: "x_content_parse_exception", reason: "[\(name)] unknown field [\(key)]"),
            at: .key(key), atKey: true)
    }

    /// `mode`, `ordered` or `max_gaps`; false for anything else.
    private func combine(
        _ combination: inout IntervalRule.Combination, _ key: String, _ value: JSONValue
    ) throws(QueryError) -> Bool {
        switch key {
        case "max_gaps":
            let gaps = try int(value, key)
            combination.maxGaps = gaps < 0 ? nil : gaps
        case "ordered": combination.mode = try bool(value, key) ? .ordered : .unordered
        case "mode":
            let text = try text(value, key)
            guard let mode = IntervalRule.Combination.Mode(rawValue: text.lowercased()) else {
                throw fail(
                    .illegalArgument(
                        "no mode found for [\(text)], expecting one of [ordered, unordered, "
                            + "unordered_no_overlap]"), at: .key(key))
            }
            combination.mode = mode
        default: return false
        }
        return true
    }

    private mutating func intervalMatch(
        _ body: JSONObject
    ) throws(QueryError) -> IntervalRule {
        var match: IntervalRule.Match?
        var rest = IntervalRule.Match(text: "")
        for (key, value) in body {
            switch key {
            case "query": match = IntervalRule.Match(text: try text(value, key))
            case "analyzer": rest.analyzer = try text(value, key)
            case "use_field": rest.useField = try text(value, key)
            case "filter": rest.filter = try intervalFilter(value)
            default:
                if try !combine(&rest.combination, key, value) {
                    throw unknownInterval("match", key)
                }
            }
        }
        guard let match else { throw fail(.illegalArgument("Required [query]")) }
        rest.text = match.text
        return .match(rest)
    }

    private mutating func intervalGroup(
        _ name: String, _ body: JSONObject
    ) throws(QueryError) -> IntervalRule {
        var combination = IntervalRule.Combination()
        var rules: [IntervalRule]?
        var filter: IntervalFilter?
        for (key, value) in body {
            switch key {
            case "intervals":
                var found: [IntervalRule] = []
                try inside(.key(key)) { reader throws(QueryError) in
                    try reader.each(value) { reader, element throws(QueryError) in
                        guard case .object(let rule) = element, rule.count == 1,
                            let (name, value) = rule.members.first.map({ ($0.key, $0.value) })
                        else {
                            throw reader.fail(
                                .parsing(
                                    "Expected [FIELD_NAME] but got [\(Self.token(element))]"))
                        }
                        found.append(try reader.intervalRule(name, value))
                    }
                }
                rules = found
            case "filter": filter = try intervalFilter(value)
            default:
                if name == "all_of", try combine(&combination, key, value) { continue }
                throw unknownInterval(name, key)
            }
        }
        guard let rules else { throw fail(.illegalArgument("Required [intervals]")) }
        return name == "all_of"
            ? .allOf(rules, combination, filter) : .anyOf(rules, filter)
    }

    private mutating func intervalTerms(
        _ name: String, _ body: JSONObject
    ) throws(QueryError) -> IntervalRule {
        let textKey = ["prefix": "prefix", "fuzzy": "term"][name] ?? "pattern"
        var terms: IntervalRule.Terms?
        var rest = IntervalRule.Terms(text: "")
        var fuzzy = FuzzyOptions()
        var flags = RegexpFlags.all
        var caseInsensitive = false
        fuzzy.fuzziness = .automatic
        for (key, value) in body {
            switch key {
            case textKey: terms = IntervalRule.Terms(text: try text(value, key))
            case "analyzer" where name != "regexp": rest.analyzer = try text(value, key)
            case "use_field": rest.useField = try text(value, key)
            case "max_expansions" where name == "wildcard" || name == "regexp":
                rest.maxExpansions = try int(value, key)
                guard (1...QueryDSL.maxClauseCount).contains(rest.maxExpansions) else {
                    throw fail(
                        .illegalArgument(
                            "maxExpansions [\(rest.maxExpansions)] cannot be greater than max "
                                + "clause count [\(QueryDSL.maxClauseCount)]"), at: .key(key))
                }
            case "flags" where name == "regexp":
                let text = try text(value, key)
                flags = try at(key) { () throws(QueryError) in try RegexpFlags(parsing: text) }
            case "flags_value" where name == "regexp":
                let bits = try int(value, key)
                flags = bits < 0 ? .all : RegexpFlags(rawValue: bits)
            case "case_insensitive" where name == "regexp":
                caseInsensitive = try bool(value, key)
            default:
                let isKnown = name == "fuzzy" && key != "max_expansions"
                guard isKnown, try fuzzyOption(&fuzzy, key, value) else {
                    throw unknownInterval(name, key)
                }
            }
        }
        guard let terms else { throw fail(.illegalArgument("Required [\(textKey)]")) }
        rest.text = terms.text
        switch name {
        case "prefix": return .prefix(rest)
        case "wildcard": return .wildcard(rest)
        case "regexp": return .regexp(rest, flags: flags, caseInsensitive: caseInsensitive)
        default: return .fuzzy(rest, fuzzy)
        }
    }

    private mutating func intervalFilter(
        _ value: JSONValue
    ) throws(QueryError) -> IntervalFilter {
        guard case .object(let body) = value, body.count == 1,
            let (name, inner) = body.members.first.map({ ($0.key, $0.value) })
        else {
            throw fail(
                .parsing("Expected [FIELD_NAME] but got [\(Self.token(value))]"), at: .key("filter")
            )
        }
        if name == "script" {
            throw fail(
                .illegalArgument("[script] filters of intervals are not supported"),
                at: .key("filter"))
        }
        guard let relation = IntervalFilter.Relation(rawValue: name) else {
            throw fail(.parsing("Unknown filter type [\(name)]"), at: .key("filter"))
        }
        guard case .object(let rule) = inner, rule.count == 1,
            let (kind, options) = rule.members.first.map({ ($0.key, $0.value) })
        else {
            throw fail(
                .parsing("Expected [FIELD_NAME] but got [\(Self.token(inner))]"), at: .key("filter")
            )
        }
        return try inside(.key("filter")) { reader throws(QueryError) in
            try reader.inside(.key(name)) { reader throws(QueryError) in
                IntervalFilter(relation: relation, rule: try reader.intervalRule(kind, options))
            }
        }
    }
}
