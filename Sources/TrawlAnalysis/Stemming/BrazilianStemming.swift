internal import CICU

/// The stemmer of Lucene's BrazilianStemFilter: accents off, then endings by the regions of the
/// word, much like Snowball's Portuguese.
enum BrazilianStemming {
    private enum Region: Sendable { case r1, r2, rv }

    private struct Rule: Sendable {
        var ending: [UInt32]
        var region = Region.r2
        var rest: [UInt32] = []
    }

    private static func rules(_ endings: String) -> [Rule] {
        endings.split(whereSeparator: \.isWhitespace).map { entry in
            // `encia>ente` leaves `ente`.
            let parts = entry.split(separator: ">")
            return Rule(
                ending: Array(parts[0].utf8).scalars,
                rest: parts.count > 1 ? Array(parts[1].utf8).scalars : [])
        }
    }

    /// Nouns and adjectives; the longest ending first.
    private static let nounRules: [Rule] =
        rules("uciones>u imentos amentos adores adoras logias>logias encias>ente") + [
            Rule(ending: Array("amente".utf8).scalars, region: .r1)
        ]
        + rules(
            """
            idades acoes imento amento adora ismos istas logia>log ucion>u encia>ente mente idade
            acao ezas icos icas ismo avel ivel ista osos osas ador ivas ivos
            """)
        + [Rule(ending: Array("eiras".utf8).scalars, region: .rv, rest: Array("eir".utf8).scalars)]
        + rules("eza ico ica oso osa iva ivo")
        + [Rule(ending: Array("eira".utf8).scalars, region: .rv, rest: Array("eir".utf8).scalars)]

    /// Verbs, in RV. A word in -ira counts as a verb, and keeps it.
    private static let verbEndings: [[UInt32]] =
        """
        issemos essemos assemos ariamos eriamos iriamos
        iremos eremos aremos avamos iramos eramos aramos asseis esseis isseis arieis erieis irieis
        irmos iamos armos ermos areis ereis ireis asses esses isses astes assem essem issem ardes
        erdes irdes ariam eriam iriam arias erias irias estes istes aveis
        aria eria iria asse esse isse aste este iste arei erei irei aram eram iram avam arem erem
        irem ando endo indo arao erao irao adas idas aras eras iras avas ares eres ires ados idos
        amos emos imos ieis
        ada ida ara era ira iam ado ido ias ais eis ear
        ia ei am em ar er ir as es is eu iu ou
        """.split(whereSeparator: \.isWhitespace).map { Array($0.utf8).scalars }

    private static let unaccented: [UInt32: UInt32] = {
        var map: [UInt32: UInt32] = [:]
        for (accented, plain) in [
            ("áâã", "a"), ("éê", "e"), ("í", "i"), ("óôõ", "o"), ("úü", "u"), ("ç", "c"),
            ("ñ", "n"),
        ] as [(String, Unicode.Scalar)] {
            for scalar in accented.unicodeScalars { map[scalar.value] = plain.value }
        }
        return map
    }()

    private static let vowels = Set("aeiou".unicodeScalars.map(\.value))
    private static let punctuation = Set("\"'-,;.?!".unicodeScalars.map(\.value))

    @Sendable static func stem(_ w: inout [UInt32]) {
        var plain = w.map { scalar in
            let lower = UInt32(bitPattern: cicu_to_lower(Int32(bitPattern: scalar)))
            return unaccented[lower] ?? lower
        }
        if plain.count >= 2, punctuation.contains(plain[0]) { plain.removeFirst() }
        if plain.count >= 2, punctuation.contains(plain[back: 1]) { plain.drop(1) }
        guard plain.count > 2, plain.count < 30 else { return }
        w = plain
        guard plain.allSatisfy({ $0 < 0x10000 && CodePointSet.letters.contains($0) }) else {
            return
        }
        let verbStart = startOfRV(plain)
        if !removeNounEnding(&w, rv: verbStart), let rv = verbStart {
            if !removeVerbEnding(&w, rv) { removeResidue(&w, rv) }
        }
        if let rv = verbStart { removeFinalE(&w, of: plain, rv) }
    }

    private static func removeNounEnding(_ w: inout [UInt32], rv: Int?) -> Bool {
        let r1 = startOfRegion(w, from: 0)
        let r2 = r1.flatMap { startOfRegion(w, from: $0) }
        for rule in nounRules where w.ends(rule.ending) {
            let length = rule.ending.count
            switch rule.region {
            case .r1: guard let r1, w.count - length >= r1 else { continue }
            case .r2: guard let r2, w.count - length >= r2 else { continue }
            // The `e` before `ira` may stand before the region.
            case .rv: guard let rv, w.count - length + 1 >= rv else { continue }
            }
            w.drop(length)
            w += rule.rest
            return true
        }
        return false
    }

    private static func removeVerbEnding(_ w: inout [UInt32], _ rv: Int) -> Bool {
        for ending in verbEndings where w.count - ending.count >= rv && w.ends(ending) {
            if !w.ends("ira") { w.drop(ending.count) }
            return true
        }
        return false
    }

    private static func removeResidue(_ w: inout [UInt32], _ rv: Int) {
        if w.count - 2 >= rv, w.ends("os") {
            w.drop(2)
        } else if w.count - 1 >= rv, w.ends(["a", "i", "o"]) {
            w.drop(1)
        }
    }

    /// The word as it was decides whether there is an `e` to go; it goes from what is left of it.
    private static func removeFinalE(_ w: inout [UInt32], of word: [UInt32], _ rv: Int) {
        guard word.count - 1 >= rv, word.ends("e") else { return }
        if w.ends("e") { w.drop(1) }
        guard word.count - 3 >= rv else { return }
        if word.ends("gue"), w.ends("u") { w.drop(1) }
        if word.ends("cie"), w.ends("i") { w.drop(1) }
    }

    /// After the first consonant that follows a vowel; nil when the word has ended by then.
    private static func startOfRegion(_ w: [UInt32], from start: Int) -> Int? {
        let last = w.count - 1
        var at = start
        while at < last, !vowels.contains(w[at]) { at += 1 }
        while at < last, vowels.contains(w[at]) { at += 1 }
        return at < last ? at + 1 : nil
    }

    private static func startOfRV(_ w: [UInt32]) -> Int? {
        let last = w.count - 1
        let startsWithVowel = vowels.contains(w[0])
        let secondIsVowel = vowels.contains(w[1])
        if !secondIsVowel || startsWithVowel {
            // After the next vowel, or, when both are vowels, the next consonant.
            var at = 2
            while at < last, vowels.contains(w[at]) == secondIsVowel { at += 1 }
            if at < last { return at + 1 }
        }
        return last > 2 ? 3 : nil
    }
}
