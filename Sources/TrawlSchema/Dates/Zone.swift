internal import Synchronization

/// A time zone: a fixed offset, or a region with a history.
package enum Zone: Sendable, Equatable {
    case fixed(seconds: Int)
    case region(ZoneRules)

    package static let utc = Zone.fixed(seconds: 0)

    package static func == (left: Zone, right: Zone) -> Bool {
        switch (left, right) {
        case (.fixed(let a), .fixed(let b)): a == b
        case (.region(let a), .region(let b)): a.id == b.id
        default: false
        }
    }

    /// `Z`, `+01:00`, `+0100`, `+1`, `UTC`, `GMT+2`, `Europe/Paris`; nil when there is none such.
    package init?(id: String) {
        if let seconds = Zone.fixedOffset(id) {
            self = .fixed(seconds: seconds)
            return
        }
        for prefix in ["UTC", "GMT", "UT"] where id.hasPrefix(prefix) {
            let rest = id.dropFirst(prefix.count)
            if rest.isEmpty {
                self = .utc
                return
            }
            if let first = rest.first, first == "+" || first == "-" {
                guard let seconds = Zone.fixedOffset(String(rest)) else { return nil }
                self = .fixed(seconds: seconds)
                return
            }
        }
        guard let rules = ZoneRules.named(id) else { return nil }
        self = .region(rules)
    }

    /// As ISO 8601 writes it: `Z`, `+01:00`, `-03:30`.
    package static func isoOffset(_ seconds: Int) -> String {
        if seconds == 0 { return "Z" }
        let magnitude = abs(seconds)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let text =
            (seconds < 0 ? "-" : "+") + two(magnitude / 3_600) + ":"
            + two(magnitude / 60 % 60)
        return magnitude % 60 == 0 ? text : text + ":" + two(magnitude % 60)
    }

    package var id: String {
        switch self {
        case .fixed(let seconds): Zone.isoOffset(seconds)
        case .region(let rules): rules.id
        }
    }

    package var isFixed: Bool {
        switch self {
        case .fixed: true
        case .region: false
        }
    }

    /// Seconds east of Greenwich at a point in time.
    package func offset(at utcSeconds: Int) -> Int {
        switch self {
        case .fixed(let seconds): seconds
        case .region(let rules): rules.offset(at: utcSeconds)
        }
    }

    /// When the clocks of the zone showed this time. A time that was shown twice means the first;
    /// one that was skipped is as late after the gap as it lies within it.
    package func utc(local: Int) -> Int {
        switch self {
        case .fixed(let seconds):
            return local - seconds
        case .region(let rules):
            let before = rules.offset(at: local - 86_400)
            let after = rules.offset(at: local + 86_400)
            let early = local - max(before, after)
            let late = local - min(before, after)
            if rules.offset(at: early) == max(before, after) { return early }
            if rules.offset(at: late) == min(before, after) { return late }
            let nearby = rules.offset(at: local - before)
            return rules.offset(at: local - nearby) == nearby ? local - nearby : local - before
        }
    }

    private static func fixedOffset(_ id: String) -> Int? {
        if id == "Z" || id == "z" { return 0 }
        let bytes = Array(id.utf8)
        guard let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
        else { return nil }
        var parts: [Int] = []
        var digits: [UInt8] = []
        for byte in bytes.dropFirst() {
            if byte == UInt8(ascii: ":") {
                guard digits.count == 2 else { return nil }
                parts.append(Int(digits[0]) * 10 + Int(digits[1]))
                digits = []
            } else {
                guard byte >= 48, byte <= 57, digits.count < 6 else { return nil }
                digits.append(byte - 48)
            }
        }
        switch digits.count {
        case 1 where parts.isEmpty: parts.append(Int(digits[0]))
        case 2, 4, 6:
            for start in stride(from: 0, to: digits.count, by: 2) {
                parts.append(Int(digits[start]) * 10 + Int(digits[start + 1]))
            }
        default: return nil
        }
        while parts.count < 3 { parts.append(0) }
        guard parts.count == 3, parts[1] < 60, parts[2] < 60 else { return nil }
        let seconds = parts[0] * 3_600 + parts[1] * 60 + parts[2]
        guard seconds <= 18 * 3_600 else { return nil }
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }
}

/// The history and the standing rule of one region's clocks, from the system's tz database.
package final class ZoneRules: Sendable {
    package let id: String
    /// When the offset changed, ascending, and to what.
    private let transitions: [Int]
    private let offsets: [Int]
    /// Before the first transition.
    private let initialOffset: Int
    /// After the last one.
    private let standingRule: PosixZoneRule?

    init(id: String, file: ZoneFile) {
        self.id = id
        transitions = file.transitions
        offsets = file.offsets
        initialOffset = file.initialOffset
        standingRule = file.standingRule
    }

    private static let cache = Mutex<[String: ZoneRules]>([:])

    /// Read once and kept.
    static func named(_ id: String) -> ZoneRules? {
        if let known = cache.withLock({ $0[id] }) { return known }
        guard let file = ZoneFile(id: id) else { return nil }
        let rules = ZoneRules(id: id, file: file)
        cache.withLock { $0[id] = rules }
        return rules
    }

    func offset(at utcSeconds: Int) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= utcSeconds { low = middle + 1 } else { high = middle }
        }
        if low == transitions.count, let standingRule {
            return standingRule.offset(at: utcSeconds)
        }
        return low == 0 ? initialOffset : offsets[low - 1]
    }
}
