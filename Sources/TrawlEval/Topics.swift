package import TrawlJSON

/// One question of a collection.
package struct Topic: Sendable, Equatable {
    package let id: String
    package let text: String
    /// Why the topic is there, and what makes it hard.
    package var note: String?
    /// A query of its own in the query language, in place of the template.
    package var query: JSONValue?

    package init(id: String, text: String, note: String? = nil, query: JSONValue? = nil) {
        self.id = id
        self.text = text
        self.note = note
        self.query = query
    }
}

/// The questions of a collection, in the order of their file.
package struct Topics: Sendable, Equatable {
    package let all: [Topic]

    package init(_ all: [Topic]) { self.all = all }

    package subscript(id: String) -> Topic? { all.first { $0.id == id } }

    /// Reads JSON lines, TREC topics or tab-separated lines, whichever the first byte says.
    package static func parse(_ bytes: [UInt8], file: String) throws(EvalError) -> Topics {
        let lines = try TextLines(bytes, file: file).lines
        guard let first = lines.first else { throw EvalError(.empty(what: "topics"), file: file) }
        let numbered =
            switch first.text.trimmed.first {
            case "{": try jsonLines(lines, file: file)
            case "<": try trec(lines, file: file)
            default: try tabbed(lines, file: file)
            }
        var seen: Set<String> = []
        for (topic, line) in numbered {
            guard !topic.text.trimmed.isEmpty else {
                throw EvalError(.empty(what: "text for topic \(topic.id)"), file: file, line: line)
            }
            guard seen.insert(topic.id).inserted else {
                throw EvalError(
                    .duplicate("topic \(topic.id) stands twice"), file: file, line: line)
            }
        }
        guard !numbered.isEmpty else { throw EvalError(.empty(what: "topics"), file: file) }
        return Topics(numbered.map(\.0))
    }

    private typealias Numbered = (Topic, Int)

    private static func tabbed(
        _ lines: [TextLines.Line], file: String
    ) throws(EvalError) -> [Numbered] {
        var topics: [Numbered] = []
        for line in lines {
            guard let tab = line.text.firstIndex(of: "\t") else {
                throw EvalError(
                    .malformed("has no tab between the topic's id and its text"),
                    file: file, line: line.number)
            }
            let id = line.text[..<tab].trimmed
            let text = line.text[line.text.index(after: tab)...].trimmed
            topics.append((Topic(id: id, text: text), line.number))
        }
        return topics
    }

    private static func jsonLines(
        _ lines: [TextLines.Line], file: String
    ) throws(EvalError) -> [Numbered] {
        var topics: [Numbered] = []
        for line in lines {
            let object = try jsonObject(line, file: file)
            guard let id = firstString(object, ["id", "_id", "qid"]) else {
                throw EvalError(.malformed("has no \"id\""), file: file, line: line.number)
            }
            guard let text = firstString(object, ["text", "title", "query"]) else {
                throw EvalError(.malformed("has no \"text\""), file: file, line: line.number)
            }
            let query = object["query"].flatMap { $0.objectValue == nil ? nil : $0 }
            let topic = Topic(id: id, text: text, note: object["note"]?.stringValue, query: query)
            topics.append((topic, line.number))
        }
        return topics
    }

    /// `<top> <num> Number: 1 <title> words … </top>`, as the TREC tracks wrote them.
    private static func trec(
        _ lines: [TextLines.Line], file: String
    ) throws(EvalError) -> [Numbered] {
        var topics: [Numbered] = []
        var id: String?
        var text: String?
        var start = 0
        var inTitle = false
        for line in lines {
            let trimmed = line.text.trimmed
            let lower = trimmed.lowercased()
            if lower.hasPrefix("<top>") {
                (id, text, start, inTitle) = (nil, nil, line.number, false)
            } else if lower.hasPrefix("</top>") {
                guard let id, let text else {
                    throw EvalError(
                        .malformed("the topic lacks <num> or <title>"), file: file, line: start)
                }
                topics.append((Topic(id: id, text: text.trimmed), start))
            } else if lower.hasPrefix("<num>") {
                let rest = trimmed.dropFirst(5).split(separator: "<").first ?? ""
                let number = rest.split(separator: ":").last.map(\.trimmed)
                id = number
            } else if lower.hasPrefix("<title>") {
                let rest = trimmed.dropFirst(7).split(separator: "<").first ?? ""
                text = String(rest)
                inTitle = !lower.contains("</title>")
            } else if trimmed.hasPrefix("<") {
                inTitle = false
            } else if inTitle {
                text = (text ?? "") + " " + trimmed
            }
        }
        return topics
    }

    static func jsonObject(
        _ line: TextLines.Line, file: String
    ) throws(EvalError) -> JSONObject {
        do {
            if let object = try JSONValue.parse(line.text).objectValue { return object }
        } catch {
            throw EvalError(.malformed("\(error)"), file: file, line: line.number)
        }
        throw EvalError(.malformed("is not a JSON object"), file: file, line: line.number)
    }

    static func firstString(_ object: JSONObject, _ names: [String]) -> String? {
        for name in names {
            switch object[name] {
            case .string(let text): return text
            case .number(let number): return number.literal
            default: continue
            }
        }
        return nil
    }
}
