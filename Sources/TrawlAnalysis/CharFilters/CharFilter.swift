/// Changes the text before it is cut into tokens.
package protocol CharFilter: Sendable {
    func apply(to text: FilteredText) -> FilteredText

    /// Whether it is applied to single terms of queries and may stand in a normalizer.
    var normalizes: Bool { get }
}

extension CharFilter {
    package var normalizes: Bool { false }
}

/// A text on its way through char filters, and the way back to the offsets of the original.
package struct FilteredText: Sendable {
    package private(set) var bytes: [UInt8]
    /// From `output` on, an offset in the original is larger by `difference`. Ascending.
    private var corrections: [(output: Int, difference: Int)] = []

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package init() { bytes = [] }

    package mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    /// Appends bytes that stand for as many bytes of the input.
    package mutating func copy(_ part: ArraySlice<UInt8>) { bytes.append(contentsOf: part) }
    package mutating func copy(_ byte: UInt8) { bytes.append(byte) }

    /// Appends bytes that stand for `count` bytes of the input of the filter.
    ///
    /// The way back points a shorter replacement to the beginning of what it replaces, and what
    /// a longer one adds to its end.
    package mutating func replace(_ count: Int, with replacement: some Collection<UInt8>) {
        let before = corrections.last?.difference ?? 0
        let length = replacement.count
        let start = bytes.count
        bytes.append(contentsOf: replacement)
        if length < count {
            add(start + length, before + count - length)
        } else if length > count {
            var difference = before
            for extra in count..<length {
                difference -= 1
                add(start + extra + (count == 0 ? 0 : 0), difference)
            }
        }
    }

    private mutating func add(_ output: Int, _ difference: Int) {
        if let last = corrections.last, last.output == output {
            corrections[corrections.count - 1].difference = difference
        } else {
            corrections.append((output, difference))
        }
    }

    package var changesOffsets: Bool { !corrections.isEmpty }

    /// Where an offset of this text lay in the filter's input. `place` is where the last answer
    /// was found; asking for neighbours one after the other costs little.
    package func inputOffset(of offset: Int, near place: inout Int) -> Int {
        while place < corrections.count, corrections[place].output <= offset { place += 1 }
        while place > 0, corrections[place - 1].output > offset { place -= 1 }
        return place == 0 ? offset : offset + corrections[place - 1].difference
    }
}
