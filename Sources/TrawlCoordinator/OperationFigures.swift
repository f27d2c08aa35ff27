/// What a shard did since it was opened: how often, and how long it took altogether.
package struct OperationFigures: Sendable, Codable {
    package struct Tally: Sendable, Equatable, Codable {
        package private(set) var count = 0
        package private(set) var duration = Duration.zero
        /// Under way.
        package private(set) var current = 0

        package init() {}

        package mutating func add(_ duration: Duration, times count: Int = 1) {
            self.count += count
            self.duration += duration
        }

        package mutating func begin() { current += 1 }
        package mutating func end() { current -= 1 }

        package var milliseconds: Int { Int(duration / .milliseconds(1)) }

        package static func + (left: Tally, right: Tally) -> Tally {
            var sum = left
            sum.add(right.duration, times: right.count)
            sum.current += right.current
            return sum
        }
    }

    /// Searches that named a group, `stats` in their body.
    package struct Group: Sendable, Codable {
        package var query = Tally()
        package var fetch = Tally()

        package init() {}
    }

    package var index = Tally()
    package var failedIndexCount = 0
    package var delete = Tally()
    package var noopUpdateCount = 0
    package var getFound = Tally()
    package var getMissing = Tally()
    package var query = Tally()
    package var fetch = Tally()
    package var refresh = Tally()
    package var flush = Tally()
    package var merge = Tally()
    package var mergedDocCount = 0
    package var mergedByteCount = 0
    package var groups: [String: Group] = [:]

    package init() {}

    package var get: Tally { getFound + getMissing }

    package mutating func add(_ other: OperationFigures) {
        index = index + other.index
        failedIndexCount += other.failedIndexCount
        delete = delete + other.delete
        noopUpdateCount += other.noopUpdateCount
        getFound = getFound + other.getFound
        getMissing = getMissing + other.getMissing
        query = query + other.query
        fetch = fetch + other.fetch
        refresh = refresh + other.refresh
        flush = flush + other.flush
        merge = merge + other.merge
        mergedDocCount += other.mergedDocCount
        mergedByteCount += other.mergedByteCount
        for (name, group) in other.groups {
            groups[name, default: Group()].query = (groups[name]?.query ?? Tally()) + group.query
            groups[name, default: Group()].fetch = (groups[name]?.fetch ?? Tally()) + group.fetch
        }
    }
}
