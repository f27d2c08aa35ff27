internal import CICU
internal import Synchronization

/// Where a text may be cut: between its sentences, words or characters, by the rules of a locale.
///
///     let end = TextBreaks(.word, locale: "th").reading(units) { $0.boundary(after: 40) }
///
/// Chinese, Japanese, Thai, Lao, Khmer and Burmese go through ICU's dictionaries.
package struct TextBreaks: Sendable {
    package enum Kind: Int32, Sendable { case word, sentence, character }

    private struct Key: Hashable {
        var kind: Kind
        var locale: String
    }

    /// Locales come from requests: only so many keep their iterators.
    private static let poolLimit = 64
    private static let pools = Mutex<[Key: ResourcePool<TextBreakIterator>]>([:])

    private let pool: ResourcePool<TextBreakIterator>

    /// - Parameter locale: A language tag such as `th` or `pt-BR`; "" for the rules of all.
    package init(_ kind: Kind, locale: String = "") {
        let key = Key(kind: kind, locale: locale)
        pool = Self.pools.withLock { pools in
            if let known = pools[key] { return known }
            let made = ResourcePool { TextBreakIterator(kind, locale: locale) }
            if pools.count < Self.poolLimit { pools[key] = made }
            return made
        }
    }

    /// Lends an iterator that stands on a text of UTF-16 code units.
    package func reading<Result>(
        _ units: some Collection<UInt16>, _ body: (TextBreakIterator) -> Result
    ) -> Result {
        let units = ContiguousArray(units)
        return pool.borrow { iterator in
            iterator.begin(units)
            return body(iterator)
        }
    }
}

/// ICU's break iterator; for one thread at a time.
@safe package final class TextBreakIterator {
    // `OpaquePointer` from ICU: made in `init`, freed in `deinit`, never handed out.
    private let breaks: OpaquePointer?
    private var length = 0

    init(_ kind: TextBreaks.Kind, locale: String) {
        unsafe breaks = cicu_breaks_new(kind.rawValue, locale)
    }

    deinit { unsafe cicu_breaks_free(breaks) }

    fileprivate func begin(_ units: ContiguousArray<UInt16>) {
        length = units.count
        // ICU copies the text; without an iterator every text is one piece.
        unsafe units.withUnsafeBufferPointer { units in
            guard unsafe breaks != nil else { return }
            _ = unsafe cicu_breaks_begin(breaks, units.baseAddress, Int32(units.count))
        }
    }

    /// The last boundary before an offset; nil at the beginning.
    package func boundary(before offset: Int) -> Int? {
        guard offset > 0, unsafe breaks != nil else { return offset > 0 ? 0 : nil }
        let found = unsafe cicu_breaks_before(breaks, Int32(min(offset, length + 1)))
        return found < 0 ? nil : Int(found)
    }

    /// The first boundary after an offset; nil at the end.
    package func boundary(after offset: Int) -> Int? {
        guard offset < length else { return nil }
        guard unsafe breaks != nil else { return length }
        let found = unsafe cicu_breaks_after(breaks, Int32(offset))
        return found < 0 ? nil : Int(found)
    }
}
