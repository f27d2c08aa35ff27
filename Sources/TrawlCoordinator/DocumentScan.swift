internal import TrawlJSON
package import TrawlQuery

/// Goes through what a query finds, in pages, without holding more than one of them.
///
/// Shard after shard, in the order of the documents in each, as of the moment of the view.
package struct DocumentScan: Sendable {
    private var rest: ArraySlice<SearchView.Part>
    private let request: SearchRequest
    /// Where the next page of the first shard of `rest` begins.
    private var after: [JSONValue]?

    package init(view: SearchView, query: Query?, pageSize: Int = 1000) {
        rest = view.parts[...]
        var request = SearchRequest()
        request.query = query
        request.size = pageSize
        request.sort = [SortKey(by: .document, order: .asc)]
        request.trackTotalHits = .none
        request.version = true
        request.sequenceAndTerm = true
        self.request = request
    }

    /// The next page; nil at the end.
    ///
    /// - Throws: What a shard fails with.
    package mutating func next(
        _ coordinator: Coordinator
    ) throws -> [SearchAnswer.Placed]? {
        while let part = rest.first {
            var request = request
            request.searchAfter = after
            let answer = try coordinator.search(request, in: SearchView(parts: [part]))
            if let failure = answer.failures.first { throw failure.error }
            if answer.hits.count < request.size {
                rest = rest.dropFirst()
                after = nil
            } else {
                after = answer.hits.last?.hit.sort.map(\.json)
            }
            if !answer.hits.isEmpty { return answer.hits }
        }
        return nil
    }
}
