package import TrawlJSON

/// How the following of a store is, for people and machines.
package struct CaptureStatus: Sendable, Equatable {
    package enum Phase: String, Sendable {
        /// Connecting.
        case starting
        /// Rows that were there before are being read.
        case copying
        /// Changes are applied as they come.
        case following
        case paused
        /// Something is away; tried again by itself.
        case waiting
        /// A person has to decide.
        case stopped
    }

    package var name: String
    package var phase = Phase.starting
    package var index: String
    package var source: String
    /// Why it waits or stopped.
    package var reason: String?
    package var reasonCode: String?
    package var position = ""
    package var lag = SourceLag()
    package var lagSeconds: Double?
    /// Everything that was in the store by then is in the index, milliseconds since 1970.
    package var asOf: Double?
    /// Events a second, lately.
    package var rate = 0.0
    package var eventCount = 0
    package var copies: [CaptureState.Copy] = []
    package var letterCount = 0
    package var lastProof: Proof?
    /// The last one that found both sides equal, or made them so.
    package var lastEqual: Proof?
    package var isRebuilding: Bool { copies.count > 1 }

    package init(name: String, index: String, source: String) {
        self.name = name
        self.index = index
        self.source = source
    }

    package var json: JSONValue {
        var lag = JSONObject()
        lag["events"] = self.lag.events.map { JSONValue($0) }
        lag["bytes"] = self.lag.byteCount.map { JSONValue($0) }
        lag["seconds"] = lagSeconds.map { JSONValue($0) }
        var object: JSONObject = [
            "name": .string(name), "state": .string(phase.rawValue), "index": .string(index),
            "source": .string(source), "position": .string(position), "lag": .object(lag),
            "events": JSONValue(eventCount), "events_per_second": JSONValue(rate),
            "letters": JSONValue(letterCount),
            "copies": .array(
                copies.map {
                    [
                        "index": .string($0.index), "complete": .bool($0.isComplete),
                        "rows": JSONValue($0.rowCount),
                    ]
                }),
        ]
        object["reason"] = reason.map { .string($0) }
        object["reason_code"] = reasonCode.map { .string($0) }
        object["as_of"] = asOf.map { JSONValue($0) }
        object["last_proof"] = lastProof?.json
        if let lastEqual {
            object["proven"] = [
                "position": .string(lastEqual.position), "at": JSONValue(lastEqual.startedAt),
                "documents": JSONValue(lastEqual.outcome.storeCount),
            ]
        }
        return .object(object)
    }
}
