package import TrawlJSON

extension Hit {
    /// The members of a hit as the API shows them, into an object that is open.
    package func writeMembers(
        to writer: inout JSONWriter, index: String, _ request: SearchRequest
    ) {
        writer.key("_index")
        writer.value(index)
        writer.key("_id")
        writer.value(id)
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
