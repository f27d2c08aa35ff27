package import TrawlBytes

/// Which documents of a segment have something, and the how-manieth of them one is. Three
/// layouts, whichever fits:
///
/// - all: no bytes. The rank of a document is its number.
/// - bits: a bit a document in words of 64, then for every eight words a u32 with the count of
///   all bits before them. For more than one document in 32.
/// - list: the numbers as u32, ascending.
package struct DocSetPlace: Sendable, Equatable {
    package enum Layout: UInt8, Sendable { case all, bits, list }

    package var layout: Layout = .list
    /// How many documents are in the set.
    package var count = 0
    package var data = 0

    package init() {}

    package func encode(into writer: inout ByteWriter) {
        writer.write(layout.rawValue)
        writer.writeVarint(count)
        writer.writeVarint(data)
    }

    package init(decoding reader: inout ByteReader) throws(CorruptionError) {
        guard let layout = Layout(rawValue: try reader.read()) else {
            throw reader.damaged("unknown layout of a set of documents")
        }
        self.layout = layout
        count = try reader.readCount()
        data = try reader.readCount()
    }

    /// Writes a set given as ascending numbers.
    package static func write(
        _ docs: [UInt32], docCount: Int, into file: SegmentFileWriter
    ) throws -> DocSetPlace {
        var place = DocSetPlace()
        place.count = docs.count
        if docs.count == docCount {
            place.layout = .all
            return place
        }
        try file.align()
        place.data = file.byteOffset
        var writer = ByteWriter()
        if docs.count * 32 <= docCount {
            for doc in docs { writer.write(doc) }
            try file.append(writer.bytes)
            return place
        }
        place.layout = .bits
        var bits = FixedBitSet(bitCount: docCount)
        for doc in docs { bits.insert(Int(doc)) }
        for word in bits.words { writer.write(word) }
        var rank: UInt32 = 0
        for (index, word) in bits.words.enumerated() {
            if index % 8 == 0 { writer.write(rank) }
            rank += UInt32(word.nonzeroBitCount)
        }
        try file.append(writer.bytes)
        return place
    }
}

/// Asks a set of documents. See `DocSetPlace`.
package struct DocSetReader: Sendable {
    package let place: DocSetPlace
    /// How many documents the segment has.
    package let docCount: Int
    private let file: SegmentFile?

    package init(
        _ place: DocSetPlace, docCount: Int, in file: SegmentFile?
    ) throws(CorruptionError) {
        self.place = place
        self.docCount = docCount
        self.file = file
        let wordCount = (docCount + 63) / 64
        let byteCount =
            switch place.layout {
            case .all: 0
            case .bits: wordCount * 8 + (wordCount + 7) / 8 * 4
            case .list: place.count * 4
            }
        let end = (file?.byteCount ?? 0) - byteCount
        guard place.count <= docCount, place.layout != .all || place.count == docCount,
            byteCount == 0 || place.data <= end
        else {
            throw CorruptionError(
                file: file?.name ?? "segment", byteOffset: place.data,
                reason: "a set of \(place.count) documents does not fit")
        }
    }

    package var count: Int { place.count }
    package var isAll: Bool { place.layout == .all }

    @inline(__always)
    private func word(_ index: Int) -> UInt64 { file?.load(at: place.data + index * 8) ?? 0 }

    private func listed(_ index: Int) -> Int {
        Int(file?.load(at: place.data + index * 4, as: UInt32.self) ?? 0)
    }

    package func contains(_ doc: Int) -> Bool {
        switch place.layout {
        case .all: true
        case .bits: word(doc >> 6) & (1 << UInt64(doc & 63)) != 0
        case .list: rank(of: doc) != nil
        }
    }

    /// How many documents of the set come before `doc`; nil when it is not in the set.
    package func rank(of doc: Int) -> Int? {
        switch place.layout {
        case .all: return doc
        case .bits:
            let index = doc >> 6
            let current = word(index)
            let bit = UInt64(1) << UInt64(doc & 63)
            guard current & bit != 0 else { return nil }
            let ranks = place.data + (docCount + 63) / 64 * 8
            var rank = Int(file?.load(at: ranks + index / 8 * 4, as: UInt32.self) ?? 0)
            for before in index & ~7..<index { rank += word(before).nonzeroBitCount }
            return rank + (current & (bit - 1)).nonzeroBitCount
        case .list:
            let place = firstListed(notBelow: doc)
            return place < count && listed(place) == doc ? place : nil
        }
    }

    private func firstListed(notBelow doc: Int) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if listed(middle) < doc { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first document of the set at or after `doc`.
    package func next(from doc: Int) -> Int? {
        guard doc < docCount else { return nil }
        switch place.layout {
        case .all: return doc
        case .bits:
            var index = doc >> 6
            var current = word(index) & (UInt64.max << UInt64(doc & 63))
            while current == 0 {
                index += 1
                if index * 64 >= docCount { return nil }
                current = word(index)
            }
            return index * 64 + current.trailingZeroBitCount
        case .list:
            let place = firstListed(notBelow: doc)
            return place < count ? listed(place) : nil
        }
    }

    /// Calls back with every document and its rank, ascending.
    package func forEach(_ body: (_ doc: Int, _ rank: Int) throws -> Void) rethrows {
        var rank = 0
        switch place.layout {
        case .all:
            for doc in 0..<docCount { try body(doc, doc) }
        case .bits:
            for index in 0..<(docCount + 63) / 64 {
                var rest = word(index)
                while rest != 0 {
                    try body(index * 64 + rest.trailingZeroBitCount, rank)
                    rank += 1
                    rest &= rest - 1
                }
            }
        case .list:
            for index in 0..<count { try body(listed(index), index) }
        }
    }

    package var bits: FixedBitSet {
        switch place.layout {
        case .all: return FixedBitSet(bitCount: docCount, filled: true)
        case .bits:
            return FixedBitSet(
                bitCount: docCount, words: (0..<(docCount + 63) / 64).map { word($0) })
        case .list:
            var bits = FixedBitSet(bitCount: docCount)
            forEach { doc, _ in if doc < docCount { bits.insert(doc) } }
            return bits
        }
    }

    /// Reads the whole set and compares what it says of itself.
    package func check() throws(CorruptionError) {
        var seen = 0
        var last = -1
        var fault = false
        forEach { doc, rank in
            if doc <= last || doc >= docCount || rank != seen || self.rank(of: doc) != rank {
                fault = true
            }
            last = doc
            seen += 1
        }
        guard !fault, seen == count else {
            throw CorruptionError(
                file: file?.name ?? "segment", byteOffset: place.data,
                reason: "a set of \(count) documents holds \(seen), or out of order")
        }
    }
}
