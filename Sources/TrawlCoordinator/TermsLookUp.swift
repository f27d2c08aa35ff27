internal import TrawlDocument
internal import TrawlJSON
internal import TrawlQuery

/// `terms` clauses that take their values from a document: read once, before the shards are asked.
extension Coordinator {
    func resolvingLookUps(in request: SearchRequest) throws -> SearchRequest {
        var request = request
        request.query = try request.query?.resolvingLookUps(values)
        request.postFilter = try request.postFilter?.resolvingLookUps(values)
        for i in request.rescore.indices {
            request.rescore[i].query = try request.rescore[i].query.resolvingLookUps(values)
        }
        return request
    }

    /// What stands at the path, of the newest state of the document; nothing when there is none.
    private func values(_ lookUp: TermsQuery.LookUp) throws -> [JSONValue] {
        let (index, alias) = try catalog.snapshot.readTarget(lookUp.index, now: now)
        try index.checkAccess(.read)
        let routing = lookUp.routing ?? alias?.searchRouting ?? alias?.indexRouting
        let number = Self.shardNumber(routing: routing ?? lookUp.id, of: index.shardCount)
        let shard = try shards(of: index)[number]
        guard let found = try shard.get(DocumentID(lookUp.id), inRealTime: true) else { return [] }
        let path = lookUp.path.split(separator: ".").map(String.init)
        return IndexMapping.values(of: try JSONValue.parse(found.source), path[...])
    }
}
