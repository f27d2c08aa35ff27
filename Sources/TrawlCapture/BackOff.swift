/// How long to wait after failures in a row: longer each time, up to a bound.
package struct BackOff: Sendable, Equatable {
    package static let first = Duration.milliseconds(200)
    package static let longest = Duration.seconds(30)

    package private(set) var failureCount = 0

    package init() {}

    /// - Parameter chance: From 0 to 1, so that many do not come back at once.
    package mutating func failed(chance: Double) -> Duration {
        failureCount += 1
        var pause = Self.first
        for _ in 1..<min(failureCount, 12) { pause = pause * 2 }
        return min(pause, Self.longest) * (0.75 + 0.25 * chance)
    }

    package mutating func succeeded() { failureCount = 0 }
}
