package import TrawlJSON

/// What the settings of an index allow its analyzers, so that a word does not become a thousand.
package struct AnalysisLimits: Sendable {
    /// `index.max_ngram_diff`: how far `max_gram` may be from `min_gram`.
    package var ngramDifference = 1
    /// `index.max_shingle_diff`
    package var shingleDifference = 3

    package init() {}
}

/// The settings of one component, and the name under which messages speak of them.
///
/// As in Elasticsearch, values may be written as strings: `"3"` for 3, `"true"` for true, and
/// `"a,b"` for a list.
package struct AnalysisSettings: Sendable {
    /// Such as `analysis.filter.my_stop`.
    package let path: String
    package let values: JSONObject
    package let limits: AnalysisLimits

    package init(
        path: String, values: JSONObject = JSONObject(), limits: AnalysisLimits = AnalysisLimits()
    ) {
        self.path = path
        self.values = values
        self.limits = limits
    }

    func has(_ key: String) -> Bool { values[key].map { !$0.isNull } ?? false }

    func error(_ key: String, _ message: String) -> AnalysisError {
        AnalysisError(.invalidSetting, setting: "\(path).\(key)", message)
    }

    func string(_ key: String) throws(AnalysisError) -> String? {
        guard let value = values[key], !value.isNull else { return nil }
        if let text = value.stringValue { return text }
        if let number = value.numberValue { return number.literal }
        if let flag = value.boolValue { return flag ? "true" : "false" }
        throw error(key, "expected a string for [\(path).\(key)] but got \(value.typeName)")
    }

    func required(_ key: String) throws(AnalysisError) -> String {
        guard let value = try string(key) else {
            throw AnalysisError(
                .missingSetting, setting: "\(path).\(key)", "missing setting [\(path).\(key)]")
        }
        return value
    }

    func int(
        _ key: String, default fallback: Int, in range: ClosedRange<Int> = 0...Int(Int32.max)
    ) throws(AnalysisError) -> Int {
        guard let text = try string(key) else { return fallback }
        guard let value = Int(text) else {
            throw error(
                key, "Failed to parse value [\(text)] for setting [\(path).\(key)]")
        }
        guard range.contains(value) else {
            throw error(
                key,
                "Failed to parse value [\(text)] for setting [\(path).\(key)] must be "
                    + (value < range.lowerBound
                        ? ">= \(range.lowerBound)" : "<= \(range.upperBound)")
            )
        }
        return value
    }

    func bool(_ key: String, default fallback: Bool) throws(AnalysisError) -> Bool {
        guard let text = try string(key) else { return fallback }
        switch text {
        case "true": return true
        case "false": return false
        default:
            throw error(
                key,
                "Failed to parse value [\(text)] as only [true] or [false] are allowed "
                    + "for setting [\(path).\(key)]")
        }
    }

    /// A list, or a string with commas.
    func strings(_ key: String) throws(AnalysisError) -> [String]? {
        guard let value = values[key], !value.isNull else { return nil }
        guard let list = value.arrayValue else {
            guard let text = try string(key) else { return nil }
            return text.split(separator: ",").map { Self.trimmed(String($0)) }
        }
        return try Self.strings(list, "\(path).\(key)")
    }

    /// A list whose items may hold commas; a string is one item.
    func lines(_ key: String) throws(AnalysisError) -> [String]? {
        guard let value = values[key], !value.isNull else { return nil }
        guard let list = value.arrayValue else { return try string(key).map { [$0] } }
        return try Self.strings(list, "\(path).\(key)")
    }

    private static func strings(
        _ list: [JSONValue], _ path: String
    ) throws(AnalysisError) -> [String] {
        var result: [String] = []
        for item in list {
            if let text = item.stringValue {
                result.append(text)
            } else if let number = item.numberValue {
                result.append(number.literal)
            } else {
                throw AnalysisError(
                    .invalidSetting, setting: path,
                    "expected strings in [\(path)] but got \(item.typeName)")
            }
        }
        return result
    }

    /// The words of `key`: a list, `_none_`, or a language such as `_french_`. Files are not read.
    func words(
        _ key: String, default fallback: [String] = []
    ) throws(AnalysisError) -> [String] {
        if has("\(key)_path") {
            throw error(
                "\(key)_path",
                "[\(path).\(key)_path] is not supported: put the words into [\(path).\(key)]")
        }
        guard let list = try strings(key) else { return fallback }
        var result: [String] = []
        for word in list {
            if word == "_none_" { continue }
            if word.count > 2, word.hasPrefix("_"), word.hasSuffix("_") {
                guard let known = Language.stopWords(named: String(word.dropFirst().dropLast()))
                else { throw error(key, "no stop words are known under [\(word)]") }
                result += known
            } else {
                result.append(word)
            }
        }
        return result
    }

    static func trimmed(_ text: String) -> String {
        var part = text[...]
        while let first = part.first, first.isWhitespace { part.removeFirst() }
        while let last = part.last, last.isWhitespace { part.removeLast() }
        return String(part)
    }
}
