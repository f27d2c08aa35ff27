package import TrawlPostings

/// Some neighbouring documents of a segment that matchers look at together: at most
/// `DocWindow.capacity`, from `base`, a multiple of 64, to before `end`.
///
/// Bits and sums of a window belong to whoever made them: bit `i` and sum `i` are of the document
/// `base + i`. Bits at and after `end` are zero.
package struct DocWindow {
    package static let capacity: DocNumber = 4096
    package static let wordCount = Int(capacity) / 64

    package var base: DocNumber
    package var end: DocNumber

    package init(base: DocNumber, end: DocNumber) {
        assert(base % 64 == 0 && end > base && end - base <= DocWindow.capacity)
        self.base = base
        self.end = end
    }

    package var docCount: Int { Int(end - base) }
    /// Words that hold bits of the window.
    package var wordCount: Int { (docCount + 63) / 64 }

    package typealias Bits = UnsafeMutablePointer<UInt64>
    package typealias Sums = UnsafeMutablePointer<Double>
}

/// Bits and sums for a window that a matcher needs for itself.
@safe
package final class WindowRoom {
    package let bits: DocWindow.Bits
    package let sums: DocWindow.Sums

    package init() {
        unsafe bits = .allocate(capacity: DocWindow.wordCount)
        unsafe bits.initialize(repeating: 0, count: DocWindow.wordCount)
        unsafe sums = .allocate(capacity: Int(DocWindow.capacity))
        unsafe sums.initialize(repeating: 0, count: Int(DocWindow.capacity))
    }

    deinit {
        unsafe bits.deallocate()
        unsafe sums.deallocate()
    }

    package func clearBits() { unsafe bits.update(repeating: 0, count: DocWindow.wordCount) }
}
