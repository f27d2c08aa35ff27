/// Porter's algorithm (1980) with his two later changes (`-bli` to `-ble`, `-logi` to `-log`), as
/// Lucene has it: words of one or two letters stay, and letters are UTF-16 units.
///
/// Names follow the paper: a word is `[C](VC)^m[V]`.
struct PorterStemmer {
    private var word: [UInt16] = []
    /// The stem that a matched suffix leaves: `word[..<stem]`.
    private var stem = 0

    init() { word.reserveCapacity(64) }

    /// Nil when the word is its own stem.
    mutating func stem(_ term: Span<UInt8>) -> [UInt8]? {
        word.removeAll(keepingCapacity: true)
        var index = 0
        var isASCII = true
        while index < term.count {
            let scalar = term.scalar(at: index)
            if scalar.value > 0xFFFF {
                word.append(UInt16(0xD7C0 + scalar.value >> 10))
                word.append(UInt16(0xDC00 | scalar.value & 0x3FF))
            } else {
                word.append(UInt16(scalar.value))
            }
            if scalar.value > 0x7F { isASCII = false }
            index += scalar.byteCount
        }
        guard word.count > 2 else { return nil }
        let before = word
        step1()
        if word.count > 1 {
            step1c()
            step2()
            step3()
            step4()
            step5()
        }
        if word == before { return nil }
        if isASCII { return word.map { UInt8(truncatingIfNeeded: $0) } }
        return Array(String(decoding: word, as: UTF16.self).utf8)
    }

    private func isConsonant(_ index: Int) -> Bool {
        switch word[index] {
        case 0x61, 0x65, 0x69, 0x6F, 0x75: false
        case 0x79: index == 0 || !isConsonant(index - 1)
        default: true
        }
    }

    /// m of the stem: how often a consonant follows a vowel.
    private var measure: Int {
        var count = 0
        var afterVowel = false
        var previous = false
        for index in 0..<stem {
            // The paper's y: a vowel after a consonant. Followed along, not looked up backwards,
            // so that a word of ten thousand y takes no ten thousand squared steps.
            let consonant: Bool =
                switch word[index] {
                case 0x61, 0x65, 0x69, 0x6F, 0x75: false
                case 0x79: index == 0 || !previous
                default: true
                }
            if consonant, afterVowel { count += 1 }
            afterVowel = !consonant
            previous = consonant
        }
        return count
    }

    private var stemHasVowel: Bool {
        var previous = false
        for index in 0..<stem {
            let consonant: Bool =
                switch word[index] {
                case 0x61, 0x65, 0x69, 0x6F, 0x75: false
                case 0x79: index == 0 || !previous
                default: true
                }
            if !consonant { return true }
            previous = consonant
        }
        return false
    }

    private func endsInDoubleConsonant(_ count: Int) -> Bool {
        count > 1 && word[count - 1] == word[count - 2] && consonantNear(count - 1)
    }

    /// `isConsonant`, bounded for runs of y: their consonants and vowels alternate.
    private func consonantNear(_ index: Int) -> Bool {
        guard word[index] == 0x79 else { return isConsonant(index) }
        var first = index
        while first > 0, word[first - 1] == 0x79 { first -= 1 }
        let startsConsonant: Bool = first == 0 || !isConsonant(first - 1)
        return startsConsonant == ((index - first) % 2 == 0)
    }

    /// Consonant, vowel, consonant at the end, the last not w, x or y.
    private func endsInCVC(_ count: Int) -> Bool {
        guard count >= 3, consonantNear(count - 1), !consonantNear(count - 2),
            consonantNear(count - 3)
        else { return false }
        let last = word[count - 1]
        return last != 0x77 && last != 0x78 && last != 0x79
    }

    private mutating func ends(_ suffix: StaticString) -> Bool {
        let length = suffix.utf8CodeUnitCount
        guard word.count >= length else { return false }
        let start = word.count - length
        for offset in 0..<length
        where unsafe word[start + offset] != UInt16(suffix.utf8Start[offset]) {
            return false
        }
        stem = start
        return true
    }

    private mutating func set(_ replacement: StaticString) {
        word.removeLast(word.count - stem)
        for offset in 0..<replacement.utf8CodeUnitCount {
            unsafe word.append(UInt16(replacement.utf8Start[offset]))
        }
    }

    /// The first suffix that matches decides; it is replaced when the stem's measure is positive.
    private mutating func replaceFirst(_ pairs: [(StaticString, StaticString)]) {
        for (suffix, replacement) in pairs where ends(suffix) {
            if measure > 0 { set(replacement) }
            return
        }
    }

    /// Plurals, -ed and -ing.
    private mutating func step1() {
        if word.last == 0x73 {
            if ends("sses") {
                word.removeLast(2)
            } else if ends("ies") {
                set("i")
            } else if word[word.count - 2] != 0x73 {
                word.removeLast()
            }
        }
        if ends("eed") {
            if measure > 0 { word.removeLast() }
        } else if (ends("ed") && stemHasVowel) || (ends("ing") && stemHasVowel) {
            word.removeLast(word.count - stem)
            if ends("at") {
                set("ate")
            } else if ends("bl") {
                set("ble")
            } else if ends("iz") {
                set("ize")
            } else if endsInDoubleConsonant(word.count) {
                let last = word[word.count - 1]
                if last != 0x6C, last != 0x73, last != 0x7A { word.removeLast() }
            } else {
                stem = word.count
                if measure == 1, endsInCVC(word.count) { word.append(0x65) }
            }
        }
    }

    private mutating func step1c() {
        if ends("y"), stemHasVowel { word[word.count - 1] = 0x69 }
    }

    private mutating func step2() {
        guard word.count > 1 else { return }
        switch word[word.count - 2] {
        case 0x61: replaceFirst([("ational", "ate"), ("tional", "tion")])
        case 0x63: replaceFirst([("enci", "ence"), ("anci", "ance")])
        case 0x65: replaceFirst([("izer", "ize")])
        case 0x6C:
            replaceFirst([
                ("bli", "ble"), ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"),
            ])
        case 0x6F: replaceFirst([("ization", "ize"), ("ation", "ate"), ("ator", "ate")])
        case 0x73:
            replaceFirst([
                ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
            ])
        case 0x74: replaceFirst([("aliti", "al"), ("iviti", "ive"), ("biliti", "ble")])
        case 0x67: replaceFirst([("logi", "log")])
        default: break
        }
    }

    private mutating func step3() {
        switch word[word.count - 1] {
        case 0x65: replaceFirst([("icate", "ic"), ("ative", ""), ("alize", "al")])
        case 0x69: replaceFirst([("iciti", "ic")])
        case 0x6C: replaceFirst([("ical", "ic"), ("ful", "")])
        case 0x73: replaceFirst([("ness", "")])
        default: break
        }
    }

    private mutating func step4() {
        guard word.count > 1 else { return }
        let found: Bool =
            switch word[word.count - 2] {
            case 0x61: ends("al")
            case 0x63: ends("ance") || ends("ence")
            case 0x65: ends("er")
            case 0x69: ends("ic")
            case 0x6C: ends("able") || ends("ible")
            case 0x6E: ends("ant") || ends("ement") || ends("ment") || ends("ent")
            case 0x6F:
                ends("ion") && stem > 0 && (word[stem - 1] == 0x73 || word[stem - 1] == 0x74)
                    || ends("ou")
            case 0x73: ends("ism")
            case 0x74: ends("ate") || ends("iti")
            case 0x75: ends("ous")
            case 0x76: ends("ive")
            case 0x7A: ends("ize")
            default: false
            }
        if found, measure > 1 { word.removeLast(word.count - stem) }
    }

    private mutating func step5() {
        if word.last == 0x65 {
            stem = word.count - 1
            let count = measure
            if count > 1 || count == 1 && !endsInCVC(word.count - 1) { word.removeLast() }
        }
        if word.last == 0x6C, endsInDoubleConsonant(word.count) {
            stem = word.count - 1
            if measure > 1 { word.removeLast() }
        }
    }
}
