package import TrawlJSON

/// Rows that could not become documents, by key: the newest failure of each. A key leaves when a
/// later change of it succeeds.
package struct Letters: Sendable, Equatable {
    /// Beyond so many the following stops: something is wrong with more than a row.
    package static let limit = 10_000

    package struct Letter: Sendable, Equatable {
        package var id: String
        package var reason: String
        /// Milliseconds since 1970.
        package var at: Double
        package var position: String
    }

    private var byID: [String: Letter] = [:]

    package init() {}

    package var count: Int { byID.count }
    package var all: [Letter] { byID.values.sorted { ($0.at, $0.id) < ($1.at, $1.id) } }
    package var ids: [String] { byID.keys.sorted() }

    func has(_ id: String) -> Bool { byID[id] != nil }

    mutating func add(_ letter: Letter) { byID[letter.id] = letter }

    /// - Returns: Whether there was one.
    mutating func remove(_ id: String) -> Bool { byID.removeValue(forKey: id) != nil }

    mutating func removeAll() { byID = [:] }

    package var json: JSONValue {
        .array(
            all.map {
                [
                    "id": .string($0.id), "reason": .string($0.reason), "at": JSONValue($0.at),
                    "position": .string($0.position),
                ]
            })
    }

    init(json: JSONValue) {
        for entry in json.arrayValue ?? [] {
            guard let id = entry["id"]?.stringValue else { continue }
            add(
                Letter(
                    id: id, reason: entry["reason"]?.stringValue ?? "",
                    at: entry["at"]?.doubleValue ?? 0,
                    position: entry["position"]?.stringValue ?? ""))
        }
    }
}
