package import TrawlBytes

/// Holds a store against an index, both as of one moment: ranges first, then the keys of those that
/// differ.
package enum Verification {
    package struct Outcome: Sendable, Equatable {
        package var storeCount = 0
        package var indexCount = 0
        /// One number for all of the store.
        package var digest = StableHash.Hash128.zero
        package var differingRanges = 0
        /// In the store and not in the index.
        package var missing: [String] = []
        /// In the index and not in the store.
        package var surplus: [String] = []
        package var different: [String] = []
        /// In the index, damaged.
        package var unreadable: [String] = []

        package init() {}

        package var isEqual: Bool {
            missing.isEmpty && surplus.isEmpty && different.isEmpty && unreadable.isEmpty
        }
        /// All keys that a repair has to bring anew.
        package var keys: [String] { missing + surplus + different + unreadable }
    }

    private static let pageLength = 4000

    /// - Parameter pace: Called with the number of rows read; sleeps, or throws to give up.
    package static func run(
        point: any StorePoint, view: any CaptureView, pace: (Int) throws -> Void
    ) throws -> Outcome {
        var outcome = Outcome()
        var store = RangeDigests()
        try scan(point, pace) { store.add($1, of: $0) }
        var index = RangeDigests()
        var unreadable: [String] = []
        var count = 0
        try view.scan { id, source in
            index.add(RangeDigests.digest(of: id, source), of: id)
            count += 1
            if count % pageLength == 0 { try pace(0) }
        } unreadable: { id, _ in
            unreadable.append(id)
        }
        outcome.storeCount = store.count
        outcome.indexCount = index.count + unreadable.count
        outcome.digest = store.total
        let ranges = store.differing(from: index)
        outcome.differingRanges = ranges.count
        if ranges.isEmpty { return outcome }
        var comparison = KeyComparison(ranges: ranges)
        try scan(point, pace) { comparison.addOfStore($0, $1) }
        try view.scan { id, source in
            comparison.addOfIndex(id, RangeDigests.digest(of: id, source))
        } unreadable: { _, _ in
        }
        comparison.finish()
        let damaged = Set(unreadable)
        outcome.missing = comparison.missing.filter { !damaged.contains($0) }
        outcome.surplus = comparison.surplus
        outcome.different = comparison.different
        outcome.unreadable = unreadable.sorted()
        return outcome
    }

    private static func scan(
        _ point: any StorePoint, _ pace: (Int) throws -> Void,
        _ body: (String, StableHash.Hash128) -> Void
    ) throws {
        var frontier: String?
        repeat {
            let page = try point.rows(after: frontier, limit: pageLength)
            for row in page.rows {
                body(row.id, RangeDigests.digest(of: row.id, row.source ?? []))
            }
            frontier = page.frontier
            try pace(page.rows.count)
        } while frontier != nil
    }
}
