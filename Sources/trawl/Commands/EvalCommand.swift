internal import TrawlErrors
internal import TrawlEval
internal import TrawlJSON

/// `trawl eval [COLLECTION…]`: measures the ranking on judged collections.
enum EvalCommand {
    static let command = Command(
        name: "eval", summary: "Measure the ranking on judged collections, and guard it.",
        operands: "[COLLECTION…]", operandCount: 0...64,
        details: """
            A COLLECTION is a folder, or the name of one in ./corpora or ../shared/corpora; without
            any, all of ./corpora. TREC files come by --docs, --topics and --qrels. Each is indexed
            in memory with the analyzer of its language, asked, and compared with its baseline.json.
            With --gate the exit status is 1 when more is lost than gate.json allows.
            """,
        options: [
            .value("docs", "FILE", "Documents: JSON lines or TREC."),
            .value("topics", "FILE", "Topics: tab-separated, JSON lines or TREC."),
            .value("qrels", "FILE", "Judgements: TREC or BEIR."),
            .value("analyzer", "NAME", "In place of the analyzer of the language."),
            .value("k1", "NUMBER", "Of BM25 (default 1.2)."),
            .value("b", "NUMBER", "Of BM25 (default 0.75)."),
            .value("title-weight", "N", "Count the title N times, as combined_fields does (1)."),
            .value("pair-weight", "W", "Add W times the score of adjacent pairs of words (0)."),
            .value("measures", "LIST", "Such as nDCG@10,AP,RBP(0.8)."),
            .value("baseline", "FILE", "Compare with this in place of baseline.json."),
            .value("versus", "SPEC", "Compare with analyzer=NAME,k1=X,b=Y,title=N,pairs=W."),
            .flag("save", nil, "Write baseline.json; say why with --note."),
            .value("note", "TEXT", "The sentence that goes into the baseline's history."),
            .flag("gate", nil, "Fail when too much is lost."),
            .flag("explain-moves", nil, "Say why documents moved."),
            .value("html", "FILE", "Write a report as one page."),
            .value("run", "FILE", "Write the ranking as a TREC run."),
            .flag("sweep", nil, "Try k1 and b, cross-validated."),
            .flag("lint", nil, "Look for mistakes in the judgements."),
            .json,
        ],
        examples: [
            "trawl eval --gate", "trawl eval english --versus analyzer=standard --html report.html",
        ]
    ) { arguments, output in
        let found = try collections(of: arguments)
        for option in ["html", "run", "baseline"] where arguments.has(option) {
            guard found.count == 1 else {
                throw UsageError("--\(option) is for one collection, not \(found.count)")
            }
        }
        let session = try EvalSession(arguments)
        var results: [EvalSession.Result] = []
        for (path, collection) in found {
            results.append(try session.evaluate(collection, at: path, &output))
        }
        if arguments.has("json") {
            output.write(raw: JSONValue.array(results.map(\.json)).serialized(pretty: true))
            output.line()
        } else {
            for line in session.table(results) { output.line(line) }
            for line in results.flatMap(\.remarks) { output.line(line) }
        }
        let refused = results.contains { $0.verdict?.passed == false }
        return refused ? .failure : .success
    }

    private typealias Found = (path: String?, collection: Collection)

    private static func collections(of arguments: Arguments) throws -> [Found] {
        let files = ["docs", "topics", "qrels"].map { arguments.value($0) }
        if files.contains(where: { $0 != nil }) {
            guard let docs = files[0], let topics = files[1], let qrels = files[2] else {
                throw UsageError("--docs, --topics and --qrels belong together")
            }
            let collection = Collection(
                name: EvalFiles.name(of: docs), language: nil,
                documents: try Collection.documents(try EvalFiles.require(docs), file: docs),
                topics: try Topics.parse(try EvalFiles.require(topics), file: topics),
                judgements: try Judgements.parse(try EvalFiles.require(qrels), file: qrels))
            return [(nil, collection)]
        }
        let names = arguments.operands.isEmpty ? ["corpora"] : arguments.operands
        var found: [Found] = []
        for name in names {
            for path in try EvalFiles.collections(named: name) {
                let collection = try Collection.read(named: EvalFiles.name(of: path)) {
                    EvalFiles.read(path + "/" + $0)
                }
                found.append((path, collection))
            }
        }
        return found
    }
}
