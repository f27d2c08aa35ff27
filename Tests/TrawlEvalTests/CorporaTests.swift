internal import Testing

@testable internal import TrawlEval

@Suite("The collections of the project")
struct CorporaTests {
    struct Expected: Sendable, CustomStringConvertible {
        let folder: String
        let documents: Int
        let topics: Int
        var description: String { folder }
    }

    static let all =
        [
            Expected(folder: "english", documents: 400, topics: 60),
            Expected(folder: "chinese", documents: 200, topics: 40),
            Expected(folder: "products", documents: 150, topics: 30),
        ]
        + ["fr", "de", "ja", "ru", "ar", "th"].map {
            Expected(folder: "multilingual/" + $0, documents: 40, topics: 10)
        }

    private func collection(_ folder: String) throws -> Collection {
        try Collection.read(named: folder) { EvalData.bytes("\(EvalData.corpora)/\(folder)/\($0)") }
    }

    @Test("every collection reads, is large enough and says its language", arguments: all)
    func reads(expected: Expected) throws {
        let collection = try collection(expected.folder)
        #expect(collection.documents.count >= expected.documents)
        #expect(collection.topics.all.count >= expected.topics)
        #expect(collection.language != nil)
        #expect(collection.documents.allSatisfy { !$0.title.isEmpty && $0.body.count > 20 })
        #expect(collection.topics.all.allSatisfy { $0.note != nil })
        for query in collection.judgements.queries {
            #expect(collection.judgements[query].values.allSatisfy { (0...3).contains($0) })
        }
    }

    @Test(
        "no judgement names an unknown document, no question is without an answer", arguments: all)
    func sound(expected: Expected) throws {
        let collection = try collection(expected.folder)
        let findings = JudgementLint(collection) { text in
            // Pairs of letters reach every script without an analyzer.
            let letters = text.lowercased().filter { $0.isLetter || $0.isNumber }
            return Set(zip(letters, letters.dropFirst()).map { String([$0, $1]) })
        }.findings.filter { finding in
            if case .unreachable = finding { false } else { true }
        }
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test("no text stands twice", arguments: all)
    func distinct(expected: Expected) throws {
        let collection = try collection(expected.folder)
        #expect(Set(collection.documents.map(\.body)).count >= collection.documents.count - 2)
    }
}
