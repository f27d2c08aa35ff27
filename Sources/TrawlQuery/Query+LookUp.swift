package import TrawlJSON

extension Query {
    /// The query with values in place of every document that a `terms` clause takes them from, and
    /// with the documents that others are to be like.
    ///
    /// - Parameter values: What stands at the path of a document.
    package func resolvingLookUps(
        _ values: (TermsQuery.LookUp) throws -> [JSONValue]
    ) throws -> Query {
        var query = self
        switch kind {
        case .terms(var terms):
            guard let lookUp = terms.lookUp else { return self }
            terms.values = try values(lookUp)
            terms.lookUp = nil
            query.kind = .terms(terms)
        case .bool(var bool):
            for clauses in [\BoolQuery.must, \.should, \.filter, \.mustNot] {
                bool[keyPath: clauses] = try bool[keyPath: clauses].map {
                    try $0.resolvingLookUps(values)
                }
            }
            query.kind = .bool(bool)
        case .boosting(var boosting):
            boosting.positive = try boosting.positive.resolvingLookUps(values)
            boosting.negative = try boosting.negative.resolvingLookUps(values)
            query.kind = .boosting(boosting)
        case .constantScore(let filter):
            query.kind = .constantScore(try filter.resolvingLookUps(values))
        case .disMax(var disMax):
            disMax.queries = try disMax.queries.map { try $0.resolvingLookUps(values) }
            query.kind = .disMax(disMax)
        case .functionScore(var score):
            score.query = try score.query.resolvingLookUps(values)
            for i in score.functions.indices {
                score.functions[i].filter = try score.functions[i].filter?
                    .resolvingLookUps(values)
            }
            query.kind = .functionScore(score)
        case .moreLikeThis(var like):
            func resolved(
                _ examples: [MoreLikeThisQuery.Example]
            ) throws -> [MoreLikeThisQuery.Example] {
                try examples.map { example in
                    guard case .item(var item) = example, let id = item.id else { return example }
                    // Without an index: among those that are searched; without a path: all of it.
                    let whole = TermsQuery.LookUp(
                        index: item.index ?? "", id: id, path: "", routing: item.routing)
                    item.document = try values(whole).first?.objectValue
                    return .item(item)
                }
            }
            like.like = try resolved(like.like)
            like.unlike = try resolved(like.unlike)
            query.kind = .moreLikeThis(like)
        case .scriptScore(var score):
            score.query = try score.query.resolvingLookUps(values)
            query.kind = .scriptScore(score)
        case .nested(var nested):
            nested.query = try nested.query.resolvingLookUps(values)
            query.kind = .nested(nested)
        default: break
        }
        return query
    }
}
