/// Names a segment of one shard: a number that only grows, and that no other segment of the
/// shard ever had.
package struct SegmentID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    /// Eight digits, so that a directory lists its segments in order.
    package var description: String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
    }
}
