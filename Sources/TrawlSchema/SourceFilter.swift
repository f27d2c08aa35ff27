package import TrawlJSON

/// What `includes` and `excludes` leave of a document's source: patterns of paths with `*`.
///
/// A pattern that names an object takes everything in it. An object of which nothing is left
/// goes, unless a pattern asked for the object itself.
package struct SourceFilter: Sendable, Equatable {
    private let includes: [String]
    private let excludes: [String]

    package init(includes: [String], excludes: [String]) {
        self.includes = includes
        self.excludes = excludes
    }

    package func filtered(_ object: JSONObject) -> JSONObject {
        filtered(object, path: "", isIncluded: includes.isEmpty)
    }

    private func filtered(_ object: JSONObject, path: String, isIncluded: Bool) -> JSONObject {
        var result: JSONObject = [:]
        for (key, value) in object {
            let child = path.isEmpty ? key : path + "." + key
            if excludes.contains(where: { Wildcard.matches($0, child) }) { continue }
            let isNamed = isIncluded || includes.contains { Wildcard.matches($0, child) }
            switch value {
            case .object(let inner):
                guard isNamed || mayLieBelow(child) else { continue }
                let kept = filtered(inner, path: child, isIncluded: isNamed)
                if isNamed || !kept.isEmpty { result[key] = .object(kept) }
            case .array(let list):
                guard isNamed || mayLieBelow(child) else { continue }
                let kept = filtered(list, path: child, isIncluded: isNamed)
                if isNamed || !kept.isEmpty { result[key] = .array(kept) }
            default:
                if isNamed { result[key] = value }
            }
        }
        return result
    }

    private func filtered(_ list: [JSONValue], path: String, isIncluded: Bool) -> [JSONValue] {
        var result: [JSONValue] = []
        for value in list {
            switch value {
            case .object(let inner):
                let kept = filtered(inner, path: path, isIncluded: isIncluded)
                if isIncluded || !kept.isEmpty { result.append(.object(kept)) }
            case .array(let inner):
                let kept = filtered(inner, path: path, isIncluded: isIncluded)
                if isIncluded || !kept.isEmpty { result.append(.array(kept)) }
            default:
                if isIncluded { result.append(value) }
            }
        }
        return result
    }

    /// Whether a pattern can name something inside the object.
    private func mayLieBelow(_ path: String) -> Bool {
        includes.contains { pattern in
            guard let star = pattern.utf8.firstIndex(of: UInt8(ascii: "*")) else {
                return pattern.hasPrefix(path + ".")
            }
            let fixed = String(pattern[..<star])
            return (path + ".").hasPrefix(fixed) || fixed.hasPrefix(path + ".")
        }
    }
}
