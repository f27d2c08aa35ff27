/// Stems that a rule makes an exception of, written as words with white space between them: `οκ`
/// is a whole stem, `-οκ` is any stem that ends so.
struct StemList: Sendable {
    private let whole: Set<[UInt32]>
    private let endings: [[UInt32]]
    /// A stem that ends in one of these letters is in the list, too.
    private let letters: Set<UInt32>

    init(_ stems: String = "", orEndingIn letters: String = "") {
        let entries = stems.split(whereSeparator: \.isWhitespace)
        whole = Set(entries.filter { $0.first != "-" }.map { Array($0.utf8).scalars })
        endings = entries.filter { $0.first == "-" }.map { Array($0.dropFirst().utf8).scalars }
        self.letters = Set(letters.unicodeScalars.map(\.value))
    }

    func contains(_ stem: [UInt32]) -> Bool {
        if let last = stem.last, letters.contains(last) { return true }
        return whole.contains(stem) || endings.contains { stem.ends($0) }
    }
}

/// A step of a stemmer that is made of tables: the first of some endings goes, and what is left of
/// it, the rest, stays or not as the stem before it decides.
struct EndingRule: Sendable {
    private struct Ending: Sendable {
        var scalars: [UInt32]
        var mayBeWholeWord: Bool
    }

    private let endings: [Ending]
    private let rest: [UInt32]
    private let keeping: StemList?
    private let dropping: StemList?

    /// - Parameters:
    ///   - endings: In the order they are tried. A stem must be left of the word, unless `=` stands
    ///     before the ending.
    ///   - rest: What is left of each of the endings,
    ///   - keeping: after these stems only (nil: after all),
    ///   - dropping: but not after these.
    init(
        _ endings: String, leaving rest: String = "", after keeping: StemList? = nil,
        butNotAfter dropping: StemList? = nil
    ) {
        self.endings = endings.split(whereSeparator: \.isWhitespace).map { entry in
            let isMarked = entry.first == "="
            return Ending(
                scalars: Array(entry.utf8.dropFirst(isMarked ? 1 : 0)).scalars,
                mayBeWholeWord: isMarked)
        }
        self.rest = Array(rest.utf8).scalars
        self.keeping = keeping
        self.dropping = dropping
    }

    /// Whether one of the endings was there.
    @discardableResult
    func apply(to w: inout [UInt32]) -> Bool {
        for ending in endings
        where w.count >= ending.scalars.count + (ending.mayBeWholeWord ? 0 : 1)
            && w.ends(ending.scalars)
        {
            w.drop(ending.scalars.count)
            if rest.isEmpty { return true }
            let keeps = keeping?.contains(w) ?? true
            if keeps, !(dropping?.contains(w) ?? false) { w += rest }
            return true
        }
        return false
    }
}
