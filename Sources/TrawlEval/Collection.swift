package import TrawlJSON

/// A judged collection: documents, topics and judgements that belong together.
package struct Collection: Sendable {
    package struct Document: Sendable {
        package let id: String
        package let source: JSONObject

        package init(id: String, source: JSONObject) {
            self.id = id
            self.source = source
        }

        package var title: String { source["title"]?.stringValue ?? "" }

        /// The running text under any of its usual names.
        package var body: String {
            source["body"]?.stringValue ?? source["text"]?.stringValue ?? ""
        }
    }

    package var name: String
    /// A BCP 47 tag such as `en` or `zh-Hans`; nil when nothing says it.
    package var language: String?
    package var documents: [Document]
    package var topics: Topics
    package var judgements: Judgements
    /// What `collection.json` says, if there is one.
    package var settings: JSONObject

    package init(
        name: String, language: String?, documents: [Document], topics: Topics,
        judgements: Judgements, settings: JSONObject = JSONObject()
    ) {
        self.name = name
        self.language = language
        self.documents = documents
        self.topics = topics
        self.judgements = judgements
        self.settings = settings
    }

    /// How the folders of the known kinds of collections name their files.
    package struct Layout: Sendable, Equatable {
        package let documents: String
        package let topics: String
        package let judgements: String

        package static let known: [Layout] = [
            Layout(
                documents: "documents.jsonl", topics: "topics.jsonl", judgements: "qrels.txt"),
            Layout(documents: "documents.jsonl", topics: "topics.tsv", judgements: "qrels.txt"),
            Layout(documents: "docs.jsonl", topics: "queries.tsv", judgements: "qrels.txt"),
            Layout(
                documents: "corpus.jsonl", topics: "queries.jsonl", judgements: "qrels/test.tsv"),
        ]

        /// The layout of a folder, told by which files are there.
        package static func of(_ isThere: (String) -> Bool) -> Layout? {
            known.first {
                isThere($0.documents) && isThere($0.topics) && isThere($0.judgements)
            }
        }
    }

    /// Reads a folder of a known layout through a function that gives the bytes of a file in it.
    package static func read(
        named name: String, _ file: (String) -> [UInt8]?
    ) throws(EvalError) -> Collection {
        guard let layout = Layout.of({ file($0) != nil }) else {
            throw EvalError(
                .missing(
                    "is no collection: it needs documents.jsonl, topics.jsonl (or topics.tsv) and "
                        + "qrels.txt, or the files of BEIR, or docs.jsonl and queries.tsv"),
                file: name)
        }
        func bytes(_ path: String) -> [UInt8] { file(path) ?? [] }
        let settings = try settings(file("collection.json"), file: "\(name)/collection.json")
        let judgements = try Judgements.parse(
            bytes(layout.judgements), file: "\(name)/\(layout.judgements)")
        let topics = try Topics.parse(bytes(layout.topics), file: "\(name)/\(layout.topics)")
        let documents = try self.documents(
            bytes(layout.documents), file: "\(name)/\(layout.documents)")
        return Collection(
            name: name,
            language: settings["language"]?.stringValue ?? language(ofReadme: file("README.md")),
            documents: documents, topics: topics, judgements: judgements, settings: settings)
    }

    /// JSON lines with an id, or TREC's `<DOC>` elements.
    package static func documents(
        _ bytes: [UInt8], file: String
    ) throws(EvalError) -> [Document] {
        let lines = try TextLines(bytes, file: file).lines
        let sgml = lines.first?.text.trimmed.hasPrefix("<") ?? false
        let numbered =
            sgml ? try trecDocuments(lines, file: file) : try jsonDocuments(lines, file: file)
        guard !numbered.isEmpty else { throw EvalError(.empty(what: "documents"), file: file) }
        var seen: Set<String> = []
        for (document, line) in numbered {
            guard seen.insert(document.id).inserted else {
                throw EvalError(
                    .duplicate("document \(document.id) stands twice"), file: file, line: line)
            }
        }
        return numbered.map(\.0)
    }

    private static func jsonDocuments(
        _ lines: [TextLines.Line], file: String
    ) throws(EvalError) -> [(Document, Int)] {
        var documents: [(Document, Int)] = []
        documents.reserveCapacity(lines.count)
        for line in lines {
            var object = try Topics.jsonObject(line, file: file)
            guard let id = Topics.firstString(object, ["id", "_id"]) else {
                throw EvalError(.malformed("has no \"id\""), file: file, line: line.number)
            }
            object.removeValue(forKey: "id")
            object.removeValue(forKey: "_id")
            documents.append((Document(id: id, source: object), line.number))
        }
        return documents
    }

    private static func trecDocuments(
        _ lines: [TextLines.Line], file: String
    ) throws(EvalError) -> [(Document, Int)] {
        var documents: [(Document, Int)] = []
        var id: String?
        var title = ""
        var body = ""
        var start = 0
        for line in lines {
            let text = line.text.trimmed
            let lower = text.lowercased()
            if lower == "<doc>" {
                (id, title, body, start) = (nil, "", "", line.number)
            } else if lower == "</doc>" {
                guard let id else {
                    throw EvalError(.malformed("has no <DOCNO>"), file: file, line: start)
                }
                let source: JSONObject = [
                    "title": .string(title.trimmed), "body": .string(body.trimmed),
                ]
                documents.append((Document(id: id, source: source), start))
            } else if lower.hasPrefix("<docno>") {
                id = withoutTags(text).trimmed
            } else if lower.hasPrefix("<title>") || lower.hasPrefix("<headline>") {
                title += withoutTags(text)
            } else {
                let plain = withoutTags(line.text)
                if !plain.trimmed.isEmpty { body += plain + "\n" }
            }
        }
        return documents
    }

    private static func withoutTags(_ text: String) -> String {
        var plain = ""
        var inTag = false
        for character in text {
            switch character {
            case "<": inTag = true
            case ">" where inTag: inTag = false
            default: if !inTag { plain.append(character) }
            }
        }
        return plain
    }

    private static func settings(
        _ bytes: [UInt8]?, file: String
    ) throws(EvalError) -> JSONObject {
        guard let bytes else { return JSONObject() }
        do {
            if let object = try JSONValue.parse(bytes).objectValue { return object }
        } catch {
            throw EvalError(.malformed("\(error)"), file: file)
        }
        throw EvalError(.malformed("is not a JSON object"), file: file)
    }

    /// The line `- Language: zh-Hans` of a README.
    private static func language(ofReadme bytes: [UInt8]?) -> String? {
        guard let bytes, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let mark = "- Language:"
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(mark) }) else {
            return nil
        }
        return line.dropFirst(mark.count).trimmed
    }

    /// A number that changes whenever a document, topic or judgement does (FNV-1a, 64 bits).
    package var fingerprint: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01b3
        }
        for document in documents {
            mix(document.id)
            mix(JSONValue.object(document.source).description)
        }
        for topic in topics.all {
            mix(topic.id)
            mix(topic.text)
        }
        mix(judgements.trecText)
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
