import Testing
import TrawlSegment

@testable import TrawlSearch

@Suite("BM25")
struct BM25Tests {
    @Test("lengths are kept as Lucene keeps them")
    func lengths() {
        #expect(BM25.length(ofNorm: 0) == 0)
        #expect(BM25.length(ofNorm: 39) == 39)
        #expect(BM25.length(ofNorm: 40) == 40)
        // 100, 113, 150 and 371 are kept as these, by the worked examples of the corpora.
        for kept: Int32 in [96, 112, 144, 344] {
            #expect((0..<256).contains { BM25.length(ofNorm: UInt8($0)) == kept })
        }
        for norm in 1..<256 {
            #expect(BM25.length(ofNorm: UInt8(norm - 1)) < BM25.length(ofNorm: UInt8(norm)))
        }
    }

    @Test("a score by the formula on paper")
    func formula() {
        // 4 documents of 10 tokens each, the term in one of them, twice.
        let bm25 = BM25()
        let inverse = bm25.inverses(FieldStatistics(docCount: 4, totalLength: 40))[10]
        #expect(abs(inverse - 1 / 1.2) < 1e-6)
        let idf = BM25.idf(docCount: 4, documentFrequency: 1)
        #expect(abs(idf - 1.2039728) < 1e-6)
        let score = BM25.score(weight: idf, x: 2 * inverse)
        #expect(abs(score - 1.2039728 * 2 / (2 + 1.2)) < 1e-6)
    }
}
