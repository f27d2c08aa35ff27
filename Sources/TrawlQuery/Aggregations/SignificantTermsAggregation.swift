internal import TrawlJSON

/// `significant_terms` and `significant_text`: terms more frequent here than elsewhere.
package struct SignificantTermsAggregation: Sendable, Hashable, Codable {
    /// What makes one number of four counts.
    package enum Heuristic: Sendable, Hashable, Codable {
        case jlh
        case percentage
        case mutualInformation(includesNegatives: Bool, backgroundIsSuperset: Bool)
        case chiSquare(includesNegatives: Bool, backgroundIsSuperset: Bool)
        case googleDistance(backgroundIsSuperset: Bool)
    }

    package var values = ValuesSource()
    package var size = TermsAggregation.defaultSize
    package var minDocCount = 3
    package var filter = TermsFilter()
    package var heuristic = Heuristic.jlh
    /// Nil: all documents of the index.
    package var background: Query?
    /// The words of a text, read anew from the sources.
    package var isText = false
    /// Of a text: the fields of the source it is made of; empty: its own.
    package var sourceFields: [String] = []
    /// Of a text: runs of words that an earlier document had do not count.
    package var filtersDuplicates = false
}

extension RequestReader {
    private static let heuristics = [
        "jlh", "percentage", "mutual_information", "chi_square", "gnd", "script_heuristic",
    ]

    mutating func significantTerms(
        _ object: JSONObject, isText: Bool
    ) throws(QueryError) -> Aggregation.Kind {
        var result = SignificantTermsAggregation()
        result.isText = isText
        let name = isText ? "significant_text" : "significant_terms"
        let own =
            isText
            ? ["field", "source_fields", "filter_duplicate_text"]
            : Self.valueKeys + ["execution_hint"]
        let shared = [
            "size", "shard_size", "min_doc_count", "shard_min_doc_count", "include", "exclude",
            "background_filter",
        ]
        try members(object, of: name, known: own + shared + Self.heuristics) {
            r, key, value throws(QueryError) in
            if isText {
                switch key {
                case "field":
                    result.values.field = try r.text(value, key)
                    return true
                case "source_fields":
                    try r.each(value) { r, element throws(QueryError) in
                        result.sourceFields.append(try r.text(element, key))
                    }
                    return true
                case "filter_duplicate_text":
                    result.filtersDuplicates = try r.bool(value, key)
                    return true
                default: break
                }
            } else if try r.valueMember(&result.values, key, value) {
                return true
            }
            return try r.significantMember(&result, key, value, isText: isText)
        }
        try requireField(result.values)
        return .significantTerms(result)
    }

    private mutating func significantMember(
        _ result: inout SignificantTermsAggregation, _ key: String, _ value: JSONValue,
        isText: Bool
    ) throws(QueryError) -> Bool {
        switch key {
        case "size": result.size = try positive(value, key)
        case "shard_size": _ = try positive(value, key, acceptsAll: true)
        case "min_doc_count": result.minDocCount = try notNegative(value, key)
        case "shard_min_doc_count": _ = try notNegative(value, "shardMinDocCount")
        case "execution_hint" where !isText: _ = try text(value, key)
        case "include", "exclude": try termsFilter(&result.filter, key, value)
        case "background_filter": result.background = try query(value, under: key)
        case "jlh":
            try members(value.objectValue ?? [:], of: key, known: []) {
                _, _, _ throws(QueryError) in false
            }
            result.heuristic = .jlh
        case "percentage":
            try members(value.objectValue ?? [:], of: key, known: []) {
                _, _, _ throws(QueryError) in false
            }
            result.heuristic = .percentage
        case "mutual_information", "chi_square", "gnd":
            result.heuristic = try heuristic(value, key)
        case "script_heuristic":
            throw fail(
                .illegalArgument("[script_heuristic] is not supported"), at: .key(key))
        default: return false
        }
        return true
    }

    private mutating func heuristic(
        _ value: JSONValue, _ name: String
    ) throws(QueryError) -> SignificantTermsAggregation.Heuristic {
        var includesNegatives = false
        var isSuperset = true
        try members(
            value.objectValue ?? [:], of: name,
            known: ["include_negatives", "background_is_superset"]
        ) { r, key, value throws(QueryError) in
            switch key {
            case "include_negatives" where name != "gnd":
                includesNegatives = try r.bool(value, key)
            case "background_is_superset": isSuperset = try r.bool(value, key)
            default: return false
            }
            return true
        }
        return switch name {
        case "gnd": .googleDistance(backgroundIsSuperset: isSuperset)
        case "chi_square":
            .chiSquare(includesNegatives: includesNegatives, backgroundIsSuperset: isSuperset)
        default:
            .mutualInformation(
                includesNegatives: includesNegatives, backgroundIsSuperset: isSuperset)
        }
    }
}
