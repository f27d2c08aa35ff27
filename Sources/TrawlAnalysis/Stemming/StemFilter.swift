/// Finds the stem of a term.
protocol Stemmer: AnyObject {
    /// Nil when the term is its own stem.
    func stem(_ term: Span<UInt8>) -> [UInt8]?
}

/// Replaces terms by their stems, except tokens marked as keywords.
///
/// Texts repeat their words, and stemming is the dearest step of an analysis, so each borrowed
/// stemmer keeps the stems it found.
struct StemFilter: TokenFilter {
    private let pool: ResourcePool<StemCache>

    init(make: @escaping @Sendable () -> any Stemmer) {
        pool = ResourcePool { StemCache(make()) }
    }

    func apply(to buffer: inout TokenBuffer) {
        pool.borrow { cache in
            for index in buffer.tokens.indices where !buffer.tokens[index].isKeyword {
                cache.stem(index, in: &buffer)
            }
        }
    }
}

/// A stemmer and the stems it found lately.
///
/// Each word has one slot, by its hash; a new word takes the slot from the old one. Words over 24
/// bytes are not kept. A slot: length of the word, its bytes, then the stem, either as a length
/// (the stem is a beginning of the word) or in full.
private final class StemCache {
    private static let slotCount = 1 << 13
    private static let wordLimit = 24

    private struct Slot {
        var word: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var stem: (UInt64, UInt64, UInt64) = (0, 0, 0)
        /// 0 marks a free slot.
        var wordCount: UInt8 = 0
        var stemCount: UInt8 = 0
        var isPrefix = true
    }

    private let stemmer: any Stemmer
    private var slots = [Slot](repeating: Slot(), count: slotCount)

    init(_ stemmer: any Stemmer) { self.stemmer = stemmer }

    func stem(_ index: Int, in buffer: inout TokenBuffer) {
        let start = Int(buffer.tokens[index].termStart)
        let count = Int(buffer.tokens[index].termByteCount)
        guard count > 0, count <= Self.wordLimit else {
            if count > 0, let stem = stemmer.stem(buffer.term(of: buffer.tokens[index]).span) {
                buffer.replaceTerm(at: index, with: stem)
            }
            return
        }
        let word = Self.pack(buffer.arena.span, start, count)
        var hash = (word.0 ^ UInt64(count)) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ word.1) &* 0xC2B2_AE3D_27D4_EB4F
        hash = (hash ^ word.2) &* 0x9E37_79B9_7F4A_7C15
        let place = Int(truncatingIfNeeded: hash >> 40) & (Self.slotCount - 1)
        let slot = slots[place]
        if slot.wordCount == UInt8(count), slot.word == word {
            if slot.isPrefix {
                buffer.tokens[index].termByteCount = Int32(slot.stemCount)
            } else {
                buffer.replaceTerm(at: index, with: Self.unpack(slot.stem, Int(slot.stemCount)))
            }
            return
        }
        let term = buffer.term(of: buffer.tokens[index])
        let stem = stemmer.stem(term.span)
        var new = Slot()
        new.word = word
        new.wordCount = UInt8(count)
        if let stem {
            if stem.count <= count, term.starts(with: stem) {
                new.stemCount = UInt8(stem.count)
                buffer.tokens[index].termByteCount = Int32(stem.count)
            } else {
                buffer.replaceTerm(at: index, with: stem)
                guard stem.count <= Self.wordLimit else { return }
                new.isPrefix = false
                new.stem = Self.pack(stem.span, 0, stem.count)
                new.stemCount = UInt8(stem.count)
            }
        } else {
            new.stemCount = UInt8(count)
        }
        slots[place] = new
    }

    @inline(__always)
    private static func pack(
        _ bytes: Span<UInt8>, _ start: Int, _ count: Int
    ) -> (UInt64, UInt64, UInt64) {
        var word: (UInt64, UInt64, UInt64) = (0, 0, 0)
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe withUnsafeMutableBytes(of: &word) { target in
                unsafe target.baseAddress!.copyMemory(
                    from: bytes.baseAddress! + start, byteCount: count)
            }
        }
        return word
    }

    private static func unpack(_ packed: (UInt64, UInt64, UInt64), _ count: Int) -> [UInt8] {
        unsafe withUnsafeBytes(of: packed) { unsafe Array($0.prefix(count)) }
    }
}

/// Lucene's `porter_stem`.
final class PorterTermStemmer: Stemmer {
    private var porter = PorterStemmer()

    func stem(_ term: Span<UInt8>) -> [UInt8]? { porter.stem(term) }
}
