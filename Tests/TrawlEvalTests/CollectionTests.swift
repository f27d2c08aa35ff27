internal import Testing
internal import TrawlJSON

@testable internal import TrawlEval

@Suite("Collections, topics and lint")
struct CollectionTests {
    private func topics(_ text: String) throws -> Topics {
        try Topics.parse(Array(text.utf8), file: "topics")
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "nothing was thrown"
    }

    @Test("tab-separated, JSON and TREC topics read alike")
    func forms() throws {
        let tabbed = try topics("1\tships at sea\n2\tsails\n")
        let json = try topics(
            #"{"id":"1","text":"ships at sea"}"# + "\n" + #"{"_id":2,"text":"sails"}"#)
        let trec = try topics(
            "<top>\n<num> Number: 1\n<title> ships\nat sea\n<desc> Description:\nwords\n</top>\n"
                + "<top>\n<num>2</num>\n<title>sails</title>\n</top>\n")
        #expect(json == tabbed)
        #expect(trec == tabbed)
    }

    @Test("what is wrong with topics is told with its line")
    func badTopics() {
        #expect(message { _ = try topics("\n") } == "topics: holds no topics")
        #expect(message { _ = try topics("1\ta\n1\tb\n") } == "topics:2: topic 1 stands twice")
        #expect(message { _ = try topics("1\ta\n2\t \n") } == "topics:2: holds no text for topic 2")
        #expect(message { _ = try topics("1 a\n") }.hasPrefix("topics:1: has no tab"))
        #expect(message { _ = try topics(#"{"text":"a"}"#) } == "topics:1: has no \"id\"")
        #expect(
            message { _ = try topics("{\"id\":1}\n{oops") }.hasPrefix("topics:1: has no \"text\""))
    }

    private func files(_ files: [String: String]) -> (String) -> [UInt8]? {
        { files[$0].map { Array($0.utf8) } }
    }

    private let ours = [
        "documents.jsonl": #"{"id":"a","title":"Ships","body":"They sail"}"# + "\n"
            + #"{"id":"b","title":"Trains","body":"They roll"}"#,
        "topics.jsonl": #"{"id":"1","text":"ships"}"#, "qrels.txt": "1 0 a 3\n",
        "collection.json": #"{"language":"en"}"#,
    ]

    @Test("folders of every known layout are read")
    func layouts() throws {
        let one = try Collection.read(named: "x", files(ours))
        #expect(one.language == "en")
        #expect(one.documents.map(\.id) == ["a", "b"])
        #expect(one.documents[0].body == "They sail")
        let beir = try Collection.read(
            named: "x",
            files([
                "corpus.jsonl": #"{"_id":"a","title":"Ships","text":"They sail"}"#,
                "queries.jsonl": #"{"_id":"1","text":"ships"}"#,
                "qrels/test.tsv": "query-id\tcorpus-id\tscore\n1\ta\t1\n",
            ]))
        #expect(beir.documents[0].body == "They sail")
        let shared = try Collection.read(
            named: "x",
            files([
                "docs.jsonl": #"{"id":"a","title":"","body":"They sail"}"#,
                "queries.tsv": "1\tships\n", "qrels.txt": "1 0 a 1\n",
                "README.md": "# x\n\n- Language: zh-Hans\n",
            ]))
        #expect(shared.language == "zh-Hans")
        #expect(
            message { _ = try Collection.read(named: "x", files([:])) }.contains("no collection"))
    }

    @Test("TREC documents are read")
    func sgml() throws {
        let text =
            "<DOC>\n<DOCNO> A-1 </DOCNO>\n<TITLE>Ships</TITLE>\n<TEXT>\nThey sail\n</TEXT>\n</DOC>\n"
        let documents = try Collection.documents(Array(text.utf8), file: "d")
        #expect(documents.map(\.id) == ["A-1"])
        #expect(documents[0].title == "Ships")
        #expect(documents[0].body == "They sail")
    }

    @Test("documents with the same id are refused")
    func twice() {
        let text = #"{"id":"a","body":"x"}"# + "\n" + #"{"id":"a","body":"y"}"#
        #expect(
            message { _ = try Collection.documents(Array(text.utf8), file: "d") }
                == "d:2: document a stands twice")
    }

    @Test("the fingerprint changes with every document, topic and judgement")
    func fingerprint() throws {
        var seen = [try Collection.read(named: "x", files(ours)).fingerprint]
        for (file, from, to) in [
            ("documents.jsonl", "roll", "Roll"), ("topics.jsonl", "ships", "ship"),
            ("qrels.txt", "a 3", "a 2"),
        ] {
            var changed = ours
            changed[file] = changed[file]?.replacing(from, with: to)
            seen.append(try Collection.read(named: "x", files(changed)).fingerprint)
        }
        #expect(Set(seen).count == 4)
        #expect(seen.allSatisfy { $0.count == 16 })
    }

    @Test("any collection of the shared sets reads", .enabled(if: EvalData.shared != nil))
    func sharedSet() throws {
        let folder = try #require(EvalData.shared) + "/corpora/cacm/"
        let cacm = try Collection.read(named: "cacm") { EvalData.bytes(folder + $0) }
        #expect(cacm.documents.count == 3204)
        #expect(cacm.topics.all.count == 52)
        #expect(cacm.judgements.count == 796)
        #expect(cacm.language == "en")
    }

    // MARK: Lint

    private func lint(
        _ judgements: String, topics: String, documents: [String]
    ) throws -> [JudgementLint.Finding] {
        let collection = Collection(
            name: "x", language: nil,
            documents: documents.enumerated().map {
                .init(id: "d\($0.offset)", source: ["body": .string($0.element)])
            }, topics: try self.topics(topics),
            judgements: try Judgements.parse(Array(judgements.utf8), file: "q"))
        return JudgementLint(collection) {
            Set($0.split(whereSeparator: \.isWhitespace).map(String.init))
        }.findings
    }

    @Test("unknown, missing, unreachable and repeated judgements are found")
    func simpleFindings() throws {
        let found = try lint(
            "1 0 d0 1\n1 0 d0 1\n1 0 zz 1\n2 0 d1 1\n3 0 d0 0\n9 0 d0 1\n",
            topics: "1\tship\n2\train\n3\tship\n4\tship\n", documents: ["ship", "train"])
        #expect(found.contains(.repeated(query: "1", document: "d0", line: 2)))
        #expect(found.contains(.unknownDocument(query: "1", document: "zz")))
        #expect(found.contains(.unreachable(query: "2", document: "d1")))
        #expect(found.contains(.nothingRelevant(query: "3")))
        #expect(found.contains(.topicWithoutJudgements(query: "4")))
        #expect(found.contains(.judgementsWithoutTopic(query: "9")))
    }

    @Test("equal documents with different grades are found")
    func twins() throws {
        let found = try lint(
            "1 0 d0 2\n1 0 d1 0\n", topics: "1\tship\n", documents: ["ship", "ship"])
        #expect(
            found.contains(
                .twinsGradedApart(query: "1", documents: ["d0", "d1"], grades: [2, 0])))
    }

    @Test("inverted grades and shifted ids are found, and sound judgements are not accused")
    func systematic() throws {
        let documents = (0..<40).map { "word\($0) common" }
        let topics = (0..<40).map { "t\($0)\tword\($0)" }.joined(separator: "\n")
        func judged(_ own: Int, _ other: Int, shift: Int = 0) throws -> [JudgementLint.Finding] {
            let lines = (0..<36).map {
                "t\($0) 0 d\($0 + shift) \(own)\nt\($0) 0 d\(($0 + 20) % 40) \(other)"
            }
            return try lint(
                lines.joined(separator: "\n"), topics: topics, documents: documents
            ).filter(\.isGrave)
        }
        #expect(try judged(3, 0).isEmpty)
        #expect(try judged(0, 3).contains(.inverted(better: 0, worse: 36)))
        let shifted = try judged(3, 0, shift: 2)
        #expect(shifted.contains { if case .shifted(by: -2, _, _) = $0 { true } else { false } })
    }
}
