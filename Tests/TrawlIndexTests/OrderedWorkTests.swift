import Synchronization
import Testing
import TrawlIndex
import TrawlTestKit

@Suite("OrderedWork", .randomized(rounds: 10))
struct OrderedWorkTests {
    struct Stop: Error, Equatable { var number: Int }

    @Test("results come in the order of the inputs, however many threads there are")
    func order() throws {
        var random = RandomContext.generator()
        let count = Int.random(in: 0...500, using: &random)
        let threads = Int.random(in: 1...4, using: &random)
        let next = Atomic(0)
        var seen: [Int] = []
        try OrderedWork.run(
            threadCount: threads, window: threads + Int.random(in: 0...5, using: &random),
            next: {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                return number < count ? number : nil
            },
            makeWorker: { { $0 * 2 } },
            consume: { seen.append($0) })
        #expect(seen == (0..<count).map { $0 * 2 })
    }

    @Test("the first error in order ends the work, and all before it is used")
    func failure() throws {
        var random = RandomContext.generator()
        let bad = Int.random(in: 0..<100, using: &random)
        let next = Atomic(0)
        var seen: [Int] = []
        #expect(throws: Stop(number: bad)) {
            try OrderedWork.run(
                threadCount: 3, window: 6,
                next: { next.wrappingAdd(1, ordering: .relaxed).oldValue },
                makeWorker: {
                    { (number: Int) in
                        if number >= bad { throw Stop(number: number) }
                        return number
                    }
                },
                consume: { seen.append($0) })
        }
        #expect(seen == Array(0..<bad))
    }
}
