/// Tala's stemmer of Indonesian, as Lucene's IndonesianStemFilter: particles and possessives off,
/// then prefixes and suffixes, as long as more than two syllables are left.
enum IndonesianStemming {
    /// Prefixes that were taken off, which decide which suffixes may go.
    private struct Removed: OptionSet {
        let rawValue: Int
        static let ke = Removed(rawValue: 1)
        static let peng = Removed(rawValue: 2)
        static let di = Removed(rawValue: 4)
        static let meng = Removed(rawValue: 8)
        static let ter = Removed(rawValue: 16)
        static let ber = Removed(rawValue: 32)
        static let pe = Removed(rawValue: 64)
    }

    private struct Prefix: Sendable {
        var text: String
        /// What the prefix had changed in the word, before a vowel only.
        var restored: String?
        var removed: Removed
    }

    /// In this order.
    private static let firstPrefixes = [
        Prefix(text: "meng", removed: .meng), Prefix(text: "meny", restored: "s", removed: .meng),
        Prefix(text: "men", removed: .meng), Prefix(text: "mem", removed: .meng),
        Prefix(text: "me", removed: .meng), Prefix(text: "peng", removed: .peng),
        Prefix(text: "peny", restored: "s", removed: .peng), Prefix(text: "peny", removed: .peng),
        Prefix(text: "pen", restored: "t", removed: .peng), Prefix(text: "pen", removed: .peng),
        Prefix(text: "pem", removed: .peng), Prefix(text: "di", removed: .di),
        Prefix(text: "ter", removed: .ter), Prefix(text: "ke", removed: .ke),
    ]

    @Sendable static func stem(_ w: inout [UInt32]) {
        var word = Word(w)
        word.removeParticles()
        if word.removeFirstPrefix() {
            if word.removeSuffix() { word.removeSecondPrefix() }
        } else {
            word.removeSecondPrefix()
            word.removeSuffix()
        }
        w = word.scalars
    }

    /// Particles and possessives only, as `light_indonesian` has it.
    @Sendable static func stemLightly(_ w: inout [UInt32]) {
        var word = Word(w)
        word.removeParticles()
        w = word.scalars
    }

    private struct Word {
        var scalars: [UInt32]
        private var syllables: Int
        private var removed: Removed = []

        private static let vowels = Set("aeiou".unicodeScalars.map(\.value))

        init(_ scalars: [UInt32]) {
            self.scalars = scalars
            syllables = scalars.count { Self.vowels.contains($0) }
        }

        private func hasVowel(at index: Int) -> Bool {
            index < scalars.count && Self.vowels.contains(scalars[index])
        }

        private mutating func dropFirst(_ count: Int, _ prefix: Removed = []) {
            scalars.removeFirst(count)
            removed.formUnion(prefix)
            syllables -= 1
        }

        private mutating func dropLast(_ count: Int) {
            scalars.drop(count)
            syllables -= 1
        }

        mutating func removeParticles() {
            if syllables > 2, scalars.ends(["kah", "lah", "pun"]) { dropLast(3) }
            guard syllables > 2 else { return }
            if scalars.ends(["ku", "mu"]) {
                dropLast(2)
            } else if scalars.ends("nya") {
                dropLast(3)
            }
        }

        mutating func removeFirstPrefix() -> Bool {
            guard syllables > 2 else { return false }
            for prefix in firstPrefixes where scalars.starts(prefix.text) {
                let length = prefix.text.utf8.count
                if let restored = prefix.restored {
                    guard hasVowel(at: length) else { continue }
                    dropFirst(length, prefix.removed)
                    scalars.insert(contentsOf: restored.unicodeScalars.map(\.value), at: 0)
                } else {
                    dropFirst(length, prefix.removed)
                }
                return true
            }
            return false
        }

        mutating func removeSecondPrefix() {
            guard syllables > 2 else { return }
            if scalars.starts("ber") || isWord("belajar") {
                dropFirst(3, .ber)
            } else if scalars.starts("be"), scalars.count > 4, !hasVowel(at: 2),
                scalars[3] == code("e"), scalars[4] == code("r")
            {
                dropFirst(2, .ber)
            } else if scalars.starts("per") || isWord("pelajar") {
                dropFirst(3)
            } else if scalars.starts("pe") {
                dropFirst(2, .pe)
            }
        }

        private func isWord(_ word: String) -> Bool {
            scalars.count == word.utf8.count && scalars.starts(word)
        }

        @discardableResult
        mutating func removeSuffix() -> Bool {
            guard syllables > 2 else { return false }
            if scalars.ends("kan"), removed.isDisjoint(with: [.ke, .peng, .pe]) {
                dropLast(3)
            } else if scalars.ends("an"), removed.isDisjoint(with: [.di, .meng, .ter]) {
                dropLast(2)
            } else if scalars.ends("i"), !scalars.ends("si"),
                removed.isDisjoint(with: [.ber, .ke, .peng])
            {
                dropLast(1)
            } else {
                return false
            }
            return true
        }
    }
}
