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

    /// What stands at the path in all documents that a query finds.
    private func values(_ lookUp: TermsQuery.LookUp, foundBy query: Query) throws -> [JSONValue] {
        let targets = try catalog.snapshot.resolve(lookUp.index, .search, now: now)
        let path = lookUp.path.split(separator: ".").map(String.init)
        var scan = DocumentScan(view: try view(of: targets), query: query)
        var found: [JSONValue] = []
        var known: Set<JSONValue> = []
        while let page = try scan.next(self) {
            for placed in page {
                let source = try JSONValue.parse(placed.hit.source ?? Array("{}".utf8))
                for value in IndexMapping.values(of: source, path[...])
                where !value.isNull && known.insert(value).inserted {
                    found.append(value)
                }
            }
            if found.count > Self.maxLookedUpTerms {
                throw QueryError.illegalArgument(
                    "Terms lookup subquery result count exceeds allowed max "
                        + "[\(Self.maxLookedUpTerms)]")
            }
        }
        return found
    }

    /// As many as a `terms` query may have.
    private static let maxLookedUpTerms = 65_536

    /// What stands at the path, of the newest state of the document; nothing when there is none.
    private func values(_ lookUp: TermsQuery.LookUp) throws -> [JSONValue] {
        if let query = lookUp.query { return try values(lookUp, foundBy: query) }
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
