internal import TrawlBytes
package import TrawlJSON

/// One comparison of a store with its index, asked for or by itself.
package struct Proof: Sendable, Equatable {
    package enum State: String, Sendable {
        case waiting, running, equal, different, repaired, failed

        package var isOver: Bool { self != .waiting && self != .running }
    }

    /// So many keys of each kind are kept by name.
    static let namedLimit = 1000

    package var number: Int
    package var state = State.waiting
    package var repairs = false
    package var index: String
    package var position = ""
    /// Milliseconds since 1970.
    package var startedAt: Double
    package var seconds = 0.0
    package var reason: String?
    package var outcome = Verification.Outcome()
    /// What the repair brought anew.
    package var repairedCount = 0
    /// How many times store and index were compared.
    package var rounds = 0

    init(number: Int, index: String, repairs: Bool, startedAt: Double) {
        self.number = number
        self.index = index
        self.repairs = repairs
        self.startedAt = startedAt
    }

    package var json: JSONValue {
        func named(_ keys: [String]) -> JSONValue {
            .array(keys.prefix(Self.namedLimit).map { .string($0) })
        }
        var object: JSONObject = [
            "proof": JSONValue(number), "state": .string(state.rawValue),
            "index": .string(index), "position": .string(position), "repair": .bool(repairs),
            "started_at": JSONValue(startedAt), "seconds": JSONValue(seconds),
        ]
        object["reason"] = reason.map { .string($0) }
        if state.isOver, state != .failed {
            object["store_documents"] = JSONValue(outcome.storeCount)
            object["index_documents"] = JSONValue(outcome.indexCount)
            object["digest"] = .string(outcome.digest.text)
            object["differing_ranges"] = JSONValue(outcome.differingRanges)
            object["rounds"] = JSONValue(rounds)
            object["repaired"] = JSONValue(repairedCount)
            object["missing_count"] = JSONValue(outcome.missing.count)
            object["surplus_count"] = JSONValue(outcome.surplus.count)
            object["different_count"] = JSONValue(outcome.different.count)
            object["unreadable_count"] = JSONValue(outcome.unreadable.count)
            object["missing"] = named(outcome.missing)
            object["surplus"] = named(outcome.surplus)
            object["different"] = named(outcome.different)
            object["unreadable"] = named(outcome.unreadable)
        }
        return .object(object)
    }
}

extension Proof {
    /// As it was kept; nil when it is none.
    init?(json: JSONValue) {
        guard let number = json["proof"]?.intValue,
            let state = json["state"]?.stringValue.flatMap(State.init(rawValue:)),
            let index = json["index"]?.stringValue
        else { return nil }
        self.init(
            number: number, index: index, repairs: json["repair"]?.boolValue ?? false,
            startedAt: json["started_at"]?.doubleValue ?? 0)
        self.state = state
        position = json["position"]?.stringValue ?? ""
        seconds = json["seconds"]?.doubleValue ?? 0
        reason = json["reason"]?.stringValue
        rounds = json["rounds"]?.intValue ?? 0
        repairedCount = json["repaired"]?.intValue ?? 0
        func named(_ key: String) -> [String] {
            json[key]?.arrayValue?.compactMap(\.stringValue) ?? []
        }
        outcome.storeCount = json["store_documents"]?.intValue ?? 0
        outcome.indexCount = json["index_documents"]?.intValue ?? 0
        outcome.differingRanges = json["differing_ranges"]?.intValue ?? 0
        outcome.missing = named("missing")
        outcome.surplus = named("surplus")
        outcome.different = named("different")
        outcome.unreadable = named("unreadable")
        outcome.digest = StableHash.Hash128(text: json["digest"]?.stringValue ?? "") ?? .zero
    }
}
