internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlQuery

/// `_rank_eval`: how well searches rank what people judged.
enum RankEvalRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .post], ["/_rank_eval", "/{index}/_rank_eval"],
            Route.indexOptions + "search_type", lane: .search, evaluate)
    ]

    private static func evaluate(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let body = try RankEvalBody(try request.bodyObject())
        let view = try services.coordinator.view(of: try SearchRoutes.targets(request, services))
        var details = JSONObject()
        var failures = JSONObject()
        var scores: [Double] = []
        for rated in body.requests {
            do {
                let outcome = try evaluate(rated, body.metric, view, request, services)
                details[rated.id] = outcome.json
                scores.append(outcome.score)
            } catch {
                failures[rated.id] = ["error": ErrorResponse.apiError(error).errorValue]
            }
        }
        let mean = scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count)
        return .value([
            "metric_score": JSONValue(mean), "details": .object(details),
            "failures": .object(failures),
        ])
    }

    private static func evaluate(
        _ rated: RankEvalBody.Request, _ metric: RankMetric, _ view: SearchView,
        _ request: APIRequest, _ services: Services
    ) throws -> (score: Double, json: JSONValue) {
        var search = try SearchBody.parse(text: JSONValue.object(rated.search).serialized())
        search.size = metric.k
        try SearchRoutes.check(search, view)
        let answer = try services.coordinator.search(
            search, in: view, until: SearchRoutes.deadline(search, request))
        if !answer.failures.isEmpty {
            throw SearchFailure.whole(answer.failures, services.node.id)
        }
        var hits: [JSONValue] = []
        var unrated: [JSONValue] = []
        var grades: [Int?] = []
        for placed in answer.hits {
            let key = RankEvalBody.Key(index: placed.index.name, id: placed.hit.id)
            let grade = rated.grades[key]
            grades.append(grade)
            var hit: JSONObject = ["_index": .string(key.index), "_id": .string(key.id)]
            if grade == nil { unrated.append(.object(hit)) }
            hit["_score"] = placed.hit.score.map { JSONValue(Double($0)) } ?? .null
            if !rated.summaryFields.isEmpty, let source = placed.hit.source {
                let whole = try JSONValue.parse(source).objectValue ?? [:]
                var chosen = JSONObject()
                for name in rated.summaryFields { chosen[name] = whole[name] }
                hit["_source"] = .object(chosen)
            }
            hits.append(["hit": .object(hit), "rating": grade.map { JSONValue($0) } ?? .null])
        }
        let (score, facts) = metric.evaluate(grades, all: Array(rated.grades.values))
        return (
            score,
            [
                "metric_score": JSONValue(score), "unrated_docs": .array(unrated),
                "hits": .array(hits), "metric_details": [metric.name: .object(facts)],
            ]
        )
    }
}

/// The body of `_rank_eval`.
struct RankEvalBody {
    struct Key: Hashable {
        var index: String
        var id: String
    }

    struct Request {
        var id: String
        var search: JSONObject
        var grades: [Key: Int] = [:]
        var summaryFields: [String] = []
    }

    var requests: [Request] = []
    var metric: RankMetric

    init(_ body: JSONObject) throws {
        for key in body.keys
        where !["requests", "metric", "templates", "max_concurrent_searches"].contains(key) {
            throw APIError.xContentParse("[rank_eval] unknown field [\(key)]")
        }
        guard let list = body["requests"]?.arrayValue, let metric = body["metric"] else {
            let missing = body["requests"]?.arrayValue == nil ? "requests" : "metric"
            throw APIError.illegalArgument("Required [\(missing)]")
        }
        self.metric = try RankMetric(metric)
        if list.isEmpty {
            throw APIError.illegalArgument(
                "Cannot evaluate ranking if no search requests with rated results are provided. "
                    + "Seen: []")
        }
        var templates: [String: JSONValue] = [:]
        for template in body["templates"]?.arrayValue ?? [] {
            guard let id = template["id"]?.stringValue,
                let source = template["template"]?["source"] ?? template["template"]?["inline"]
            else { throw APIError.illegalArgument("A template has an [id] and a [template]") }
            templates[id] = source
        }
        var ids: Set<String> = []
        for item in list {
            let request = try Self.request(item, templates)
            guard ids.insert(request.id).inserted else {
                throw APIError.illegalArgument("Found duplicate request id [\(request.id)].")
            }
            requests.append(request)
        }
    }

    private static func request(
        _ item: JSONValue, _ templates: [String: JSONValue]
    ) throws -> Request {
        let object = item.objectValue ?? [:]
        for key in object.keys
        where !["id", "request", "ratings", "template_id", "params", "summary_fields"]
            .contains(key)
        {
            throw APIError.xContentParse("[request] unknown field [\(key)]")
        }
        guard let id = object["id"]?.stringValue, !id.isEmpty else {
            throw APIError.illegalArgument("Required [id]")
        }
        var search: JSONObject
        if let given = object["request"]?.objectValue {
            if object["template_id"] != nil {
                throw APIError.illegalArgument(
                    "Ambiguous rated request: Set both, verbatim test request and test request "
                        + "template parameters.")
            }
            search = given
        } else if let name = object["template_id"]?.stringValue {
            guard let template = templates[name] else {
                throw APIError.illegalArgument("There is no template [\(name)]")
            }
            search = try filled(template, object["params"]?.objectValue ?? [:])
        } else {
            throw APIError.illegalArgument(
                "Need to set at least test request or test request template parameters.")
        }
        for (key, words) in [
            ("suggest", "a suggest section"), ("aggs", "aggregations"),
            ("aggregations", "aggregations"), ("highlight", "highlighter section"),
            ("explain", "explain"), ("profile", "profile"),
        ] where search[key] != nil && search[key] != false {
            throw APIError.illegalArgument(
                "Query in rated requests should not contain \(words).")
        }
        search["size"] = nil
        var request = Request(id: id, search: search)
        request.summaryFields =
            object["summary_fields"]?.arrayValue?.compactMap(\.stringValue) ?? []
        for rating in object["ratings"]?.arrayValue ?? [] {
            guard let index = rating["_index"]?.stringValue, let document = rating["_id"],
                let grade = rating["rating"]?.intValue
            else {
                throw APIError.illegalArgument(
                    "A rating has [_index], [_id] and a whole [rating]: \(rating)")
            }
            let key = Key(index: index, id: document.stringValue ?? document.description)
            guard request.grades.updateValue(grade, forKey: key) == nil else {
                throw APIError.illegalArgument(
                    "Found duplicate rated document key [{\"_index\":\"\(index)\",\"_id\":"
                        + "\"\(key.id)\"}] in evaluation request [\(id)]")
            }
        }
        return request
    }

    /// A search whose `{{name}}` are filled in.
    private static func filled(_ template: JSONValue, _ values: JSONObject) throws -> JSONObject {
        func fill(_ text: String) -> String {
            var text = text
            for (name, value) in values {
                let plain = value.stringValue ?? value.description
                text = text.replacing("{{\(name)}}", with: plain)
            }
            return text
        }
        func fill(_ value: JSONValue) -> JSONValue {
            switch value {
            case .string(let text): .string(fill(text))
            case .array(let items): .array(items.map { fill($0) })
            case .object(let members):
                .object(
                    members.reduce(into: JSONObject()) { result, member in
                        result[fill(member.key)] = fill(member.value)
                    })
            default: value
            }
        }
        if let text = template.stringValue {
            guard let search = try JSONValue.parse(fill(text)).objectValue else {
                throw APIError.illegalArgument("The template is no search: \(text)")
            }
            return search
        }
        return fill(template).objectValue ?? [:]
    }
}
