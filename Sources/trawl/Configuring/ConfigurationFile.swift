/// A file of settings: `name = value` a line, `#` begins a comment, quotes keep blanks.
struct ConfigurationFile {
    struct Entry: Equatable {
        var name: String
        var value: String
        /// From 1.
        var line: Int
    }

    let path: String
    let entries: [Entry]

    /// - Parameter known: The names that there are.
    init(_ text: String, path: String, known: [String]) throws(UsageError) {
        self.path = path
        var entries: [Entry] = []
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let place = "\(path), line \(index + 1)"
            let line = raw.drop(while: \.isWhitespace)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let sign = line.firstIndex(of: "=") else {
                throw UsageError("\(place): \"name = value\" is expected")
            }
            let name = Self.trimmed(line[..<sign])
            guard known.contains(name) else {
                throw UsageError(
                    "\(place): there is no setting \"\(name)\"",
                    nearest: Suggestion.nearest(to: name, among: known), help: "trawl config show")
            }
            if let before = entries.first(where: { $0.name == name }) {
                throw UsageError("\(place): \(name) was set on line \(before.line)")
            }
            let value = try Self.value(line[line.index(after: sign)...], place)
            entries.append(Entry(name: name, value: value, line: index + 1))
        }
        self.entries = entries
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    private static func value(_ text: Substring, _ place: String) throws(UsageError) -> String {
        let text = trimmed(text)
        guard text.hasPrefix("\"") else {
            // A comment may stand behind a value, set off by a blank.
            let parts = text.split(separator: " #", maxSplits: 1, omittingEmptySubsequences: false)
            return trimmed(parts[0])
        }
        let rest = text.dropFirst()
        guard let end = rest.firstIndex(of: "\"") else {
            throw UsageError("\(place): the quote is not closed")
        }
        let behind = trimmed(rest[rest.index(after: end)...])
        guard behind.isEmpty || behind.hasPrefix("#") else {
            throw UsageError("\(place): \"\(behind)\" stands behind the value")
        }
        return String(rest[..<end])
    }
}
