internal import TrawlJSON

/// Nested settings as flat ones, and back.
enum SettingsFlattener {
    typealias Flat = [(key: String, value: IndexSettings.Value?)]

    /// Full names, `index.` put before those without; a later value takes an earlier one's place.
    static func flat(_ json: JSONValue) throws(SchemaError) -> Flat {
        var json = json
        // `{"settings": {…}}`, as some clients write it.
        if let object = json.objectValue, object.count == 1, let inner = object["settings"] {
            json = inner
        }
        guard json.isNull || json.objectValue != nil else {
            throw .parsing("malformed settings: expected an object but got \(json.typeName)")
        }
        var result: Flat = []
        try flatten(json, prefix: "", depth: 0, into: &result)
        var seen: [String: Int] = [:]
        var unique: Flat = []
        for (key, value) in result {
            let full = key.hasPrefix("index.") || key == "*" ? key : "index." + key
            if let place = seen[full] {
                unique[place].value = value
            } else {
                seen[full] = unique.count
                unique.append((full, value))
            }
        }
        return unique
    }

    private static func flatten(
        _ json: JSONValue, prefix: String, depth: Int, into result: inout Flat
    ) throws(SchemaError) {
        guard depth < 100 else { throw .parsing("settings are nested more than 100 deep") }
        switch json {
        case .object(let object):
            for (key, value) in object {
                try flatten(
                    value, prefix: prefix.isEmpty ? key : prefix + "." + key, depth: depth + 1,
                    into: &result)
            }
        case .null:
            if !prefix.isEmpty { result.append((prefix, nil)) }
        case .array(let list):
            // Objects in a list become numbered groups.
            if list.contains(where: { $0.objectValue != nil }) {
                for (index, item) in list.enumerated() {
                    try flatten(
                        item, prefix: "\(prefix).\(index)", depth: depth + 1, into: &result)
                }
            } else {
                result.append((prefix, .list(list.map(ParameterText.java))))
            }
        default:
            result.append((prefix, .text(ParameterText.java(json))))
        }
    }

    static func inserting(
        _ value: JSONValue, at path: ArraySlice<String>, into target: JSONValue
    ) -> JSONValue {
        guard let first = path.first else { return value }
        var object = target.objectValue ?? [:]
        let rest = path.dropFirst()
        if rest.isEmpty {
            object[first] = value
        } else if let existing = object[first], existing.objectValue == nil {
            // `a` and `a.b` are both set: the second keeps its dots.
            object[path.joined(separator: ".")] = value
        } else {
            object[first] = inserting(value, at: rest, into: object[first] ?? .object([:]))
        }
        return .object(object)
    }
}

/// How alike two names are.
enum EditDistance {
    /// 1 for equal texts, 0 for texts that share nothing.
    static func similarity(_ left: String, _ right: String) -> Double {
        let a = Array(left.utf16)
        let b = Array(right.utf16)
        guard max(a.count, b.count) <= 512 else { return left == right ? 1 : 0 }
        if a.isEmpty || b.isEmpty { return a.count == b.count ? 1 : 0 }
        var row = Array(0...b.count)
        for i in 1...a.count {
            var diagonal = row[0]
            row[0] = i
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                let next = min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
                diagonal = row[j]
                row[j] = next
            }
        }
        return 1 - Double(row[b.count]) / Double(max(a.count, b.count))
    }
}
