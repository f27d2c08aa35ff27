internal import TrawlJSON
internal import TrawlSchema

/// `human`: beside figures in bytes and milliseconds the same for people.
enum HumanReadable {
    /// `x_in_bytes` gets an `x` beside it, as do `x_in_millis` and `x_millis`; dates get their text.
    static func adding(to value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map(adding))
        case .object(let object):
            var result = JSONObject()
            for (key, value) in object {
                if let (name, text) = readable(key, value), !object.contains(name) {
                    result[name] = .string(text)
                }
                result[key] = adding(to: value)
            }
            return .object(result)
        default: return value
        }
    }

    private static func readable(_ key: String, _ value: JSONValue) -> (String, String)? {
        if key == "creation_date", let millis = value.stringValue.flatMap({ Int64($0) }) {
            return ("creation_date_string", date(millis))
        }
        guard let number = value.numberValue?.int64 else { return nil }
        if key.hasSuffix("_in_bytes") { return (String(key.dropLast(9)), bytes(number)) }
        guard key.hasSuffix("_millis") else { return nil }
        let name = String(key.dropLast(key.hasSuffix("_in_millis") ? 10 : 7))
        let isMoment = ["start_time", "stop_time", "refresh_interval_start"].contains(name)
        return (name, isMoment ? date(number) : time(number))
    }

    private static func date(_ millis: Int64) -> String {
        DateFormat.default.string(Instant(epochMillis: millis))
    }

    /// One digit behind the point, none when it would be a zero: `1.5kb`, `2mb`.
    static func bytes(_ number: Int64) -> String {
        let units = ["b", "kb", "mb", "gb", "tb", "pb"]
        var size = Double(number)
        var unit = 0
        while size.magnitude >= 1024, unit < units.count - 1 {
            size /= 1024
            unit += 1
        }
        return trimmed(size) + units[unit]
    }

    static func time(_ millis: Int64) -> String {
        let steps: [(String, Double)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ]
        for (unit, length) in steps where Double(millis) >= length {
            return trimmed(Double(millis) / length) + unit
        }
        return millis == 0 ? "0s" : "\(millis)ms"
    }

    private static func trimmed(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded(.down))
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }
}
