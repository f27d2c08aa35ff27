package import TrawlJSON

extension Hit {
    /// The members of a hit as the API shows them, into an object that is open.
    package func writeMembers(
        to writer: inout JSONWriter, index: String, _ request: SearchRequest
    ) {
        writer.key("_index")
        writer.value(index)
        if request.storedFields != ["_none_"] {
            writer.key("_id")
            writer.value(id)
        }
        if !nested.isEmpty {
            writer.key("_nested")
            writer.value(Self.place(nested[...]))
        }
        if request.version, let version {
            writer.key("_version")
            writer.value(version)
        }
        if request.sequenceAndTerm, let sequence {
            writer.key("_seq_no")
            writer.value(sequence)
            writer.key("_primary_term")
            writer.value(term ?? 1)
        }
        writer.key("_score")
        if let score { writer.value(score) } else { writer.null() }
        if let routing {
            writer.key("_routing")
            writer.value(routing)
        }
        if !ignored.isEmpty {
            writer.key("_ignored")
            writer.value(.array(ignored.map { .string($0) }))
        }
        if let source {
            writer.key("_source")
            writer.raw(source)
        }
        if !fields.isEmpty {
            writer.key("fields")
            writer.value(fields)
        }
        if !highlight.isEmpty {
            writer.key("highlight")
            writer.value(highlight)
        }
        if !sort.isEmpty {
            writer.key("sort")
            writer.value(.array(sort.map(\.json)))
        }
        if !matchedQueries.isEmpty { writeMatchedQueries(to: &writer, request) }
        if let explanation {
            writer.key("_explanation")
            writer.value(explanation.json)
        }
    }

    private static func place(_ steps: ArraySlice<NestedStep>) -> JSONValue {
        var place: JSONObject = [:]
        if let first = steps.first {
            place["field"] = .string(first.field)
            place["offset"] = JSONValue(first.offset)
            if steps.count > 1 { place["_nested"] = Self.place(steps.dropFirst()) }
        }
        return .object(place)
    }

    /// The members of `inner_hits`.
    ///
    /// - Parameter clauses: The nested clauses that asked for them.
    package func writeInnerHits(
        to writer: inout JSONWriter, index: String, _ clauses: [NestedQuery], totalAsInt: Bool
    ) {
        for found in inner {
            guard let clause = clauses.first(where: { $0.innerHitsName == found.name }),
                let request = clause.innerHits?.request
            else { continue }
            writer.key(found.name)
            writer.startObject()
            writer.key("hits")
            writer.startObject()
            writer.key("total")
            let total = JSONValue(found.total)
            writer.value(totalAsInt ? total : ["value": total, "relation": "eq"])
            writer.key("max_score")
            if let score = found.maxScore { writer.value(score) } else { writer.null() }
            writer.key("hits")
            writer.startArray()
            for hit in found.hits {
                writer.startObject()
                hit.writeMembers(to: &writer, index: index, request)
                if !hit.inner.isEmpty {
                    writer.key("inner_hits")
                    writer.startObject()
                    hit.writeInnerHits(
                        to: &writer, index: index, (try? clause.query.innerHits()) ?? [],
                        totalAsInt: totalAsInt)
                    writer.endObject()
                }
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
            writer.endObject()
        }
    }

    private func writeMatchedQueries(to writer: inout JSONWriter, _ request: SearchRequest) {
        writer.key("matched_queries")
        if request.includeNamedQueriesScore {
            let scores = matchedQueries.map { (key: $0.name, value: JSONValue($0.score)) }
            writer.value(.object(JSONObject(scores)))
        } else {
            writer.value(.array(matchedQueries.map { .string($0.name) }))
        }
    }
}
