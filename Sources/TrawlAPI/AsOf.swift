internal import TrawlCapture
internal import TrawlCoordinator
internal import TrawlJSON

/// How far behind their stores the indices of a search are: `_trawl.as_of`, when `as_of` asks.
///
/// What was applied is made visible before the search looks, so the answer has everything that was
/// in the store by then.
enum AsOf {
    static func read(
        _ targets: [CatalogSnapshot.Target], _ services: Services
    ) throws -> JSONValue {
        var entries: [JSONValue] = []
        let names = Set(targets.map(\.index.name))
        for status in (services.capture?.all ?? []).map(\.status) {
            guard let copy = status.copies.first, names.contains(copy.index),
                let index = targets.first(where: { $0.index.name == copy.index })?.index
            else { continue }
            for shard in try services.coordinator.shards(of: index) { try shard.refresh() }
            var entry: JSONObject = [
                "sync": .string(status.name), "index": .string(copy.index),
                "state": .string(status.phase.rawValue), "position": .string(status.position),
            ]
            if let asOf = status.asOf, copy.isComplete {
                entry["at"] = JSONValue(Int64(asOf))
                entry["behind_seconds"] = JSONValue(
                    max(0, (Double(services.now) - asOf) / 1000))
            }
            entries.append(.object(entry))
        }
        return ["as_of": .array(entries)]
    }

    /// The response with the field added at its end.
    static func adding(_ value: JSONValue, to response: [UInt8]) -> [UInt8] {
        guard response.last == UInt8(ascii: "}") else { return response }
        var bytes = response
        bytes.removeLast()
        bytes += Array(",\"_trawl\":".utf8) + value.serialized() + [UInt8(ascii: "}")]
        return bytes
    }
}
