/// A place in PostgreSQL's write-ahead log, as PostgreSQL writes it: `16/B374D848`.
package struct LogPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var value: UInt64

    package init(_ value: UInt64) { self.value = value }

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let high = UInt32(parts[0], radix: 16),
            let low = UInt32(parts[1], radix: 16)
        else { return nil }
        value = UInt64(high) << 32 | UInt64(low)
    }

    package var description: String {
        String(value >> 32, radix: 16, uppercase: true) + "/"
            + String(value & 0xffff_ffff, radix: 16, uppercase: true)
    }

    package static func < (left: LogPosition, right: LogPosition) -> Bool {
        left.value < right.value
    }
}

/// How far a server was followed, and which server: `16/B374D848@7381296…:1`, the system's
/// identifier and the timeline after the place.
package struct ServerPosition: Sendable, Equatable, CustomStringConvertible {
    package var position: LogPosition
    package var system: String
    package var timeline: String

    package init(position: LogPosition, system: String, timeline: String) {
        self.position = position
        self.system = system
        self.timeline = timeline
    }

    package init?(_ text: String) {
        let halves = text.split(separator: "@")
        guard halves.count == 2, let position = LogPosition(halves[0]) else { return nil }
        let server = halves[1].split(separator: ":")
        guard server.count == 2 else { return nil }
        self.position = position
        system = String(server[0])
        timeline = String(server[1])
    }

    package var description: String { "\(position)@\(system):\(timeline)" }
}
