internal import TrawlJSON

/// How far a store was followed: what is kept beside the configuration.
///
/// It may be older than what the index holds, never newer: it is written after the changes are
/// durable, and what is read again changes nothing.
package struct CaptureState: Sendable, Equatable {
    /// An index that the store's rows go to.
    package struct Copy: Sendable, Equatable {
        package var index: String
        /// The key of the last row that was copied, in the source's own words; nil before the
        /// first.
        package var frontier: String?
        package var isComplete = false
        /// Rows copied so far.
        package var rowCount = 0
        /// Whether the rest of what is in the index must be held against the store once it is
        /// copied: it may hold what the store no longer has.
        package var needsSweep = false

        package init(index: String) { self.index = index }
    }

    /// In the source's own words; empty before the first.
    package var position = ""
    /// The one that is searched comes first; another beside it is being rebuilt.
    package var copies: [Copy] = []
    package var isPaused = false
    /// Events since the beginning.
    package var eventCount = 0
    /// When the newest change that was applied was made, milliseconds since 1970.
    package var asOf: Double?
    /// The columns as they were last seen, in the source's own words.
    package var columns = ""

    package init() {}

    var json: JSONValue {
        var object: JSONObject = [
            "position": .string(position), "paused": .bool(isPaused),
            "events": JSONValue(eventCount), "columns": .string(columns),
            "copies": .array(
                copies.map { copy in
                    var object: JSONObject = [
                        "index": .string(copy.index), "complete": .bool(copy.isComplete),
                        "rows": JSONValue(copy.rowCount), "sweep": .bool(copy.needsSweep),
                    ]
                    object["frontier"] = copy.frontier.map { .string($0) }
                    return .object(object)
                }),
        ]
        object["as_of"] = asOf.map { JSONValue($0) }
        return .object(object)
    }

    init(json: JSONValue) throws(CaptureError) {
        guard let position = json["position"]?.stringValue,
            let copies = json["copies"]?.arrayValue
        else { throw .invalid("the state of the sync is damaged: no position in it") }
        self.position = position
        isPaused = json["paused"]?.boolValue ?? false
        eventCount = json["events"]?.intValue ?? 0
        asOf = json["as_of"]?.doubleValue
        columns = json["columns"]?.stringValue ?? ""
        for entry in copies {
            var copy = Copy(index: entry["index"]?.stringValue ?? "")
            copy.frontier = entry["frontier"]?.stringValue
            copy.isComplete = entry["complete"]?.boolValue ?? false
            copy.rowCount = entry["rows"]?.intValue ?? 0
            copy.needsSweep = entry["sweep"]?.boolValue ?? false
            self.copies.append(copy)
        }
    }
}
