/// Says when a search has to stop: its deadline has passed, or nobody waits for it any more.
///
/// Whatever goes through documents or terms asks `isOver(after:)` as it goes, with the work done
/// since it asked last. So the clock is looked at every millisecond or so, however the work is
/// shaped, and a search stops long before anybody notices that it goes on.
package final class SearchClock {
    package let deadline: ContinuousClock.Instant?
    private let isCancelled: @Sendable () -> Bool
    private let patience: Int
    private var spent = 0
    package private(set) var hasExpired = false

    /// - Parameter patience: After how much work it is looked at. As many documents are looked at
    ///   in a millisecond at the worst.
    package init(
        deadline: ContinuousClock.Instant? = nil, patience: Int = 1 << 15,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.deadline = deadline
        self.patience = patience
        self.isCancelled = isCancelled
    }

    /// Looks at the clock.
    package func isOver() -> Bool {
        if hasExpired { return true }
        if let deadline, ContinuousClock.now >= deadline { hasExpired = true }
        if isCancelled() { hasExpired = true }
        return hasExpired
    }

    /// For inner loops: looks at the clock once enough was done.
    ///
    /// - Parameter work: About how many documents were looked at since the last call; a step that
    ///   is dearer counts for several.
    package func isOver(after work: Int) -> Bool {
        spent &+= work
        guard spent >= patience else { return hasExpired }
        spent = 0
        return isOver()
    }

    /// For loops of callbacks, which can only be left by an error.
    func check(after work: Int) throws {
        if isOver(after: work) { throw SearchStopped() }
    }
}

/// Thrown to leave a search whose time is over.
struct SearchStopped: Error {}
