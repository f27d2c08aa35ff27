internal import TrawlDocument
internal import TrawlJSON
internal import TrawlQuery

/// Clauses that take something from a document: read once, before the shards are asked.
extension Coordinator {
    func resolvingLookUps(
        in request: SearchRequest, among view: SearchView
    ) throws -> SearchRequest {
        var request = request
        var names: [String] = []
        for part in view.parts where !names.contains(part.target.index.name) {
            names.append(part.target.index.name)
        }
        func values(_ lookUp: TermsQuery.LookUp) throws -> [JSONValue] {
            guard lookUp.index.isEmpty else { return try self.values(lookUp) }
            for name in names {
                var own = lookUp
                own.index = name
                let found = try self.values(own)
                if !found.isEmpty { return found }
            }
            return []
        }
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
        if lookUp.path.isEmpty { return [try JSONValue.parse(found.source)] }
        let path = lookUp.path.split(separator: ".").map(String.init)
        return IndexMapping.values(of: try JSONValue.parse(found.source), path[...])
    }
}
