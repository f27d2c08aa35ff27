internal import TrawlPostings

/// Accepts the terms within some edits of a word: insertion, deletion, substitution and, if
/// wanted, the swap of two neighbours (no part is edited twice). A character is a Unicode scalar.
///
/// The states are sets of places in the word, each with the edits that reaching it took
/// (Schulz and Mihov 2002, section 4), found while walking and kept: a walk over a dictionary
/// meets few of them. Not to be shared between threads.
package final class LevenshteinAutomaton: TermAutomaton {
    /// A set of places in the lower half; in the upper half what a character begun in UTF-8 has
    /// so far, and how many bytes it still wants.
    package typealias State = UInt64

    private let word: [UInt32]
    private let maxEdits: Int
    private let prefixLength: Int
    private let hasSwaps: Bool

    /// A place `i` reached with `e` edits, ordered: `i << 3 | e << 1 | waits`. One that waits has
    /// seen character `i + 1` and needs character `i` to complete a swap.
    private var rows: [[UInt32]] = []
    private var rowNumbers: [[UInt32]: Int] = [:]
    private var edges: [UInt64: Int] = [:]
    private let alphabet: [UInt32: UInt32]

    /// - Parameter prefixLength: How many characters at the beginning have to be equal.
    package init(
        _ word: String, maxEdits: Int, prefixLength: Int = 0, transpositions: Bool = true
    ) {
        self.word = word.unicodeScalars.map(\.value)
        self.maxEdits = maxEdits
        self.prefixLength = prefixLength
        hasSwaps = transpositions
        var alphabet: [UInt32: UInt32] = [:]
        for scalar in self.word where alphabet[scalar] == nil {
            alphabet[scalar] = UInt32(alphabet.count + 1)
        }
        self.alphabet = alphabet
        _ = intern([])
        _ = intern(closed([0: 0], [:]))
    }

    package var start: State { 1 }

    package func step(_ state: State, _ byte: UInt8) -> State? {
        let row = state & 0xffff_ffff
        let wanted = state >> 56
        let bits: UInt64
        if wanted == 0 {
            if byte < 0x80 { return advance(row, UInt32(byte)) }
            switch byte {
            case 0xc0...0xdf: return row | UInt64(byte & 0x1f) << 32 | 1 << 56
            case 0xe0...0xef: return row | UInt64(byte & 0x0f) << 32 | 2 << 56
            case 0xf0...0xf7: return row | UInt64(byte & 0x07) << 32 | 3 << 56
            default: return nil
            }
        }
        bits = (state >> 32 & 0xff_ffff) << 6 | UInt64(byte & 0x3f)
        if wanted == 1 { return advance(row, UInt32(bits)) }
        return row | bits << 32 | (wanted - 1) << 56
    }

    package func accepts(_ state: State) -> Bool { edits(at: state) != nil }

    /// The edits between the word and what led to the state; nil when they are too many.
    package func edits(at state: State) -> Int? {
        guard state >> 56 == 0 else { return nil }
        for place in rows[Int(state & 0xffff_ffff)]
        where place >> 3 == UInt32(word.count) && place & 1 == 0 {
            return Int(place >> 1 & 3)
        }
        return nil
    }

    private func advance(_ row: UInt64, _ scalar: UInt32) -> State? {
        let letter = alphabet[scalar] ?? 0
        let key = row << 32 | UInt64(letter)
        if let next = edges[key] { return next == 0 ? nil : UInt64(next) }
        var normal: [UInt32: UInt32] = [:]
        var waiting: [UInt32: UInt32] = [:]
        func reach(_ i: UInt32, _ e: UInt32) {
            if e < normal[i] ?? .max { normal[i] = e }
        }
        let count = UInt32(word.count)
        for place in rows[Int(row)] {
            let i = place >> 3
            let e = place >> 1 & 3
            if place & 1 == 1 {
                if word[Int(i)] == scalar { reach(i + 2, e) }
                continue
            }
            if i < count, word[Int(i)] == scalar { reach(i + 1, e) }
            guard e < maxEdits, i >= prefixLength else { continue }
            if i < count { reach(i + 1, e + 1) }
            reach(i, e + 1)
            if hasSwaps, i + 1 < count, word[Int(i) + 1] == scalar,
                e + 1 < waiting[i] ?? .max
            {
                waiting[i] = e + 1
            }
        }
        let next = intern(closed(normal, waiting))
        edges[key] = next
        return next == 0 ? nil : UInt64(next)
    }

    /// Adds what is reached by leaving out characters of the word.
    private func closed(
        _ places: [UInt32: UInt32], _ waiting: [UInt32: UInt32]
    ) -> [UInt32] {
        var places = places
        for _ in 0..<maxEdits {
            for (i, e) in places
            where e < maxEdits && i < word.count && i >= prefixLength
                && e + 1 < places[i + 1] ?? .max
            {
                places[i + 1] = e + 1
            }
        }
        return
            (places.map { $0.key << 3 | $0.value << 1 }
            + waiting.map { $0.key << 3 | $0.value << 1 | 1 }).sorted()
    }

    private func intern(_ row: [UInt32]) -> Int {
        if let number = rowNumbers[row] { return number }
        rows.append(row)
        rowNumbers[row] = rows.count - 1
        return rows.count - 1
    }
}
