package import TrawlJSON

/// Which of the objects that a `nested` clause found are shown beside the hit, and how.
package struct NestedInnerHits: Sendable, Hashable, Codable {
    /// As it was asked; what two of them are compared by.
    package var json: JSONValue
    /// Nil: by the path.
    package var name: String?
    /// Without its query, which is the clause's.
    package var request: SearchRequest

    package static let maxWindow = 100

    package static func == (left: Self, right: Self) -> Bool { left.json == right.json }

    package func hash(into hasher: inout Hasher) { hasher.combine(json) }
}

extension NestedQuery {
    package var innerHitsName: String { innerHits?.name ?? path }
}

extension Query {
    /// The nested clauses whose objects are shown: not those inside another nested clause, which
    /// are shown among its objects.
    package func innerHits() throws(QueryError) -> [NestedQuery] {
        var found: [NestedQuery] = []
        collectInnerHits(&found)
        var names: Set<String> = []
        for nested in found {
            let name = nested.innerHitsName
            guard names.insert(name).inserted else {
                throw .illegalArgument("[inner_hits] already contains an entry for key [\(name)]")
            }
            let request = nested.innerHits?.request ?? SearchRequest()
            let window = request.from + request.size
            guard window <= NestedInnerHits.maxWindow else {
                throw .illegalArgument(
                    "Inner result window is too large, the inner hit definition's [\(name)]'s from "
                        + "+ size must be less than or equal to: [\(NestedInnerHits.maxWindow)] but "
                        + "was [\(window)]. This limit can be set by changing the "
                        + "[index.max_inner_result_window] index level setting.")
            }
        }
        return found
    }

    private func collectInnerHits(_ found: inout [NestedQuery]) {
        switch kind {
        case .nested(let nested): if nested.innerHits != nil { found.append(nested) }
        case .bool(let bool):
            for query in bool.must + bool.filter + bool.should + bool.mustNot {
                query.collectInnerHits(&found)
            }
        case .boosting(let boosting):
            boosting.positive.collectInnerHits(&found)
            boosting.negative.collectInnerHits(&found)
        case .constantScore(let inner): inner.collectInnerHits(&found)
        case .disMax(let disMax): for query in disMax.queries { query.collectInnerHits(&found) }
        case .scriptScore(let score): score.query.collectInnerHits(&found)
        case .functionScore(let score):
            score.query.collectInnerHits(&found)
            for function in score.functions { function.filter?.collectInnerHits(&found) }
        default: break
        }
    }
}

extension RequestReader {
    mutating func nestedInnerHits(_ value: JSONValue) throws(QueryError) -> NestedInnerHits {
        try inside(.key("inner_hits")) { reader throws(QueryError) in
            let inner = try reader.innerHits(value, field: "")
            return NestedInnerHits(
                json: value, name: inner.name.isEmpty ? nil : inner.name, request: inner.request)
        }
    }

    /// The `nested` of a sort key.
    mutating func nestedSort(_ value: JSONValue) throws(QueryError) -> SortKey.Nested {
        var nested = SortKey.Nested(path: "")
        guard case .object(let object) = value else {
            throw fail(.parsing("Expected [START_OBJECT] but found [\(Self.token(value))]"))
        }
        for (key, value) in object {
            switch key {
            case "path": nested.path = try text(value, key)
            case "filter": nested.filter = try query(value, under: key)
            case "max_children": nested.maxChildren = try int(value, key)
            case "nested": nested.inner = [try nestedSort(value)]
            default:
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[nested] unknown field [\(key)]"
                            + Suggestion.forUnknown(
                                key, among: ["path", "filter", "max_children", "nested"])),
                    at: .key(key), atKey: true)
            }
        }
        if nested.path.isEmpty {
            throw fail(.illegalArgument("Required [path]"))
        }
        return nested
    }
}
