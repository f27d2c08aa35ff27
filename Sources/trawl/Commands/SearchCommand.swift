internal import TrawlHTTP
internal import TrawlJSON

/// `trawl search`: results for people.
enum SearchCommand {
    static let command = Command(
        name: "search", summary: "Search an index and show the results.",
        operands: "INDEX [\"QUERY\"]", operandCount: 1...2,
        details: """
            The query is in the everyday language of search boxes: words, "phrases", +must, -not,
            field:word, prefix*, fuzzy~. INDEX may be a list or a pattern: news,docs-*.
            """,
        options: [
            .data, .url, .json,
            .value("size", "N", "How many results (default: 10).", short: "n"),
            .value("from", "N", "Skip the first N results."),
            .value("field", "F", "Search in this field; may be repeated.", repeats: true),
            .value("dsl", "FILE", "Take a whole request body from a file, - for standard input."),
            .flag("explain", nil, "Show how each score came about."),
        ],
        examples: [
            "trawl search english \"herring net\"",
            "trawl search english 'title:harbour -storm' --size 3 --explain",
            "echo '{\"query\":{\"match_all\":{}}}' | trawl search english --dsl -",
        ]
    ) { arguments, output in
        let index = arguments.operands[0]
        var body = try request(arguments)
        if !arguments.has("json") { body["highlight"] = Snippets.request }
        let node = try NodeOpener.open(arguments)
        defer { try? node.close() }
        let response = try node.json(
            .post, "/\(PathText.escaped(index))/_search", body: .object(body))
        if arguments.has("json") {
            output.write(raw: response.serialized(pretty: true))
            output.line()
            return .success
        }
        output.hold()
        ResultPage(response, explains: arguments.has("explain"), index: index).print(to: &output)
        output.page()
        return .success
    }

    private static func request(_ arguments: Arguments) throws -> JSONObject {
        let size = try arguments.int("size", in: 0...10_000, default: 10)
        var body = JSONObject()
        if let file = arguments.value("dsl") {
            guard arguments.operands.count == 1 else {
                throw UsageError("give either a query or --dsl, not both")
            }
            let text = try TextFile.read(file)
            guard let given = try JSONValue.parse(text).objectValue else {
                throw UsageError("the body in \(file) is no JSON object")
            }
            body = given
            if arguments.has("size") || body["size"] == nil { body["size"] = JSONValue(size) }
        } else {
            guard arguments.operands.count == 2 else {
                throw UsageError(
                    "a query is missing: trawl search INDEX \"QUERY\"", help: "trawl search --help")
            }
            body["query"] = query(arguments.operands[1], fields: arguments.values("field"))
            body["size"] = JSONValue(size)
        }
        if arguments.has("from") {
            body["from"] = JSONValue(try arguments.int("from", in: 0...10_000, default: 0))
        }
        if arguments.has("explain") { body["explain"] = true }
        return body
    }

    private static func query(_ text: String, fields: [String]) -> JSONValue {
        var query: JSONObject = ["query": .string(text), "lenient": true]
        query["fields"] = fields.isEmpty ? nil : .array(fields.map { .string($0) })
        return ["query_string": .object(query)]
    }
}

/// The answer to a search, laid out for a terminal.
struct ResultPage {
    private let response: JSONValue
    private let explains: Bool
    private let index: String

    init(_ response: JSONValue, explains: Bool, index: String) {
        self.response = response
        self.explains = explains
        self.index = index
    }

    func print(to output: inout Output) {
        let hits = response["hits"]?["hits"]?.arrayValue ?? []
        let total = response["hits"]?["total"]?["value"]?.intValue ?? 0
        let isBound = response["hits"]?["total"]?["relation"]?.stringValue == "gte"
        let took = response["took"]?.intValue ?? 0
        let width = Terminal.width
        for (rank, hit) in hits.enumerated() {
            if rank > 0 { output.line() }
            show(hit, rank: rank + 1, width: width, output: &output)
        }
        if !hits.isEmpty { output.line() }
        let count = "\(isBound ? "over " : "")\(total) \(total == 1 ? "document" : "documents")"
        output.line(output.styled("\(count) in \(took) ms", .dim))
        let failed = response["_shards"]?["failed"]?.intValue ?? 0
        if failed > 0 {
            output.line(output.styled("\(failed) shards did not answer: results are missing", .bad))
        }
        if response["timed_out"]?.boolValue == true {
            output.line(output.styled("the time was up: results may be missing", .bad))
        }
    }

    private func show(_ hit: JSONValue, rank: Int, width: Int, output: inout Output) {
        let score = hit["_score"]?.doubleValue.map(Self.short) ?? "-"
        let id = hit["_id"]?.stringValue ?? ""
        let name =
            index.contains(where: { "*,".contains($0) })
            ? (hit["_index"]?.stringValue ?? "") + "/" + id : id
        let head = "\(rank)".leftPadded(to: 2) + "  " + score.leftPadded(to: 7) + "  "
        let space = max(20, width - head.count - Terminal.columns(of: name) - 2)
        let title = title(of: hit["_source"] ?? [:]).clipped(to: space)
        output.line(
            output.styled(head, .dim) + output.styled(title, .bold) + "  "
                + output.styled(name, .dim))
        let indent = 13
        for line in Snippets.lines(of: hit, width: max(20, width - indent), output) {
            output.line(String(repeating: " ", count: indent) + line)
        }
        if explains, let explanation = hit["_explanation"] {
            ExplanationTree.print(explanation, to: &output)
        }
    }

    private static func short(_ score: Double) -> String {
        let thousandths = (score * 1000).rounded()
        guard abs(thousandths) < 1e12 else { return "\(score)" }
        let whole = Int(abs(thousandths))
        let fraction = "\(whole % 1000)"
        return (thousandths < 0 ? "-" : "") + "\(whole / 1000)."
            + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    /// The title, or what stands first in the document.
    private func title(of source: JSONValue) -> String {
        let object = source.objectValue ?? [:]
        for name in Snippets.titleNames {
            if let text = object[name]?.stringValue, !text.isEmpty { return text.onOneLine }
        }
        for member in object {
            if let text = member.value.stringValue, !text.isEmpty { return text.onOneLine }
        }
        return String(decoding: source.serialized(), as: UTF8.self)
    }
}

/// An explanation as an indented tree.
enum ExplanationTree {
    static func print(_ explanation: JSONValue, to output: inout Output) {
        show(explanation, indent: "             ", branch: "", output: &output)
    }

    private static func show(
        _ node: JSONValue, indent: String, branch: String, output: inout Output
    ) {
        let value = node["value"]?.numberValue?.literal ?? "?"
        let text = node["description"]?.stringValue ?? ""
        output.line(output.styled(indent + branch, .dim) + value + "  " + text)
        let details = node["details"]?.arrayValue ?? []
        let deeper = indent + (branch.isEmpty ? "" : branch == "└ " ? "  " : "│ ")
        for (place, detail) in details.enumerated() {
            let isLast = place + 1 == details.count
            show(detail, indent: deeper, branch: isLast ? "└ " : "├ ", output: &output)
        }
    }
}
