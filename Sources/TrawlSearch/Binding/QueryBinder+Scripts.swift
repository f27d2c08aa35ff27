internal import TrawlJSON
internal import TrawlPostings
internal import TrawlQuery

/// `script_score`: every document that matches is scored by a script.
extension QueryBinder {
    func scriptScore(
        _ inner: any BoundQuery, _ json: JSONValue, minScore: Float?, _ boost: Float, _ text: String
    ) throws -> any BoundQuery {
        let script = try DocumentScript(json, mapping)
        return BoundMatcher(
            text,
            explaining: { doc, segment, value in
                Explanation(
                    Double(value), "script score function, computed with script: \(json)",
                    [try inner.explain(doc, in: segment)])
            }
        ) { [clock] segment in
            var docs: [DocNumber] = []
            var scores: [Float] = []
            let matches = MatchWalk(try inner.matcher(in: segment), in: segment, among: nil)
            try matches.forEach(scored: true, clock) { doc, score in
                // A script is as dear as many documents.
                try clock.check(after: 128)
                let value = try script.value(of: doc, in: segment, score: Double(score))
                guard let found = value.doubleValue else {
                    throw QueryError(
                        type: "script_exception", reason: "the script of a score must give a number"
                    )
                }
                guard found >= 0 else {
                    throw QueryError.illegalArgument(
                        "script_score script returned an invalid score [\(Float(found))] for doc "
                            + "[\(doc)]. Must be a non-negative score!")
                }
                let final = boost * Float(found)
                if let minScore, final < minScore { return }
                docs.append(DocNumber(doc))
                scores.append(final)
            }
            return docs.isEmpty ? NoneMatcher() : ScoredListMatcher(docs, scores: scores)
        }
    }
}
