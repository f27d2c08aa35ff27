package import TrawlQuery

/// Asks many views the same question. Results come in the order of the views; each may fail alone.
///
/// Where the views are in this process, one after the other on the calling thread. A cluster asks the
/// other nodes first, each once, and those of this node meanwhile.
package protocol ShardScatter: Sendable {
    func statistics(
        _ views: [any ShardView], _ question: ShardQuestion
    ) -> [Result<any ShardStatistics, any Error>]
    func find(
        _ views: [any ShardView], _ question: ShardQuestion
    ) -> [Result<ShardAnswer, any Error>]
    func fetch(_ wanted: [(answer: ShardAnswer, places: [Int])]) -> [Result<[Hit], any Error>]
    func count(_ views: [any ShardView], _ question: ShardQuestion) -> [Result<Int, any Error>]
}

/// All views are here.
package struct LocalScatter: ShardScatter {
    package init() {}

    package func statistics(
        _ views: [any ShardView], _ question: ShardQuestion
    ) -> [Result<any ShardStatistics, any Error>] {
        views.map { view in Result { try view.statistics(of: question) } }
    }

    package func find(
        _ views: [any ShardView], _ question: ShardQuestion
    ) -> [Result<ShardAnswer, any Error>] {
        views.map { view in Result { try view.find(question) } }
    }

    package func fetch(
        _ wanted: [(answer: ShardAnswer, places: [Int])]
    ) -> [Result<[Hit], any Error>] {
        wanted.map { entry in Result { try entry.answer.fetch(entry.places) } }
    }

    package func count(
        _ views: [any ShardView], _ question: ShardQuestion
    ) -> [Result<Int, any Error>] {
        views.map { view in Result { try view.count(question) } }
    }
}
