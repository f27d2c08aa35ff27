/// Jacques Savoy's light stemmers, as Lucene has them: plurals and genders off, accents off.
enum LightStemming {
    /// Accents off the vowels, by one string of pairs.
    private static func unaccent(_ word: inout [UInt32], _ pairs: [UInt32: UInt32]) {
        for index in word.indices {
            if let plain = pairs[word[index]] { word[index] = plain }
        }
    }

    private static func pairs(_ groups: [(String, Unicode.Scalar)]) -> [UInt32: UInt32] {
        var map: [UInt32: UInt32] = [:]
        for (accented, plain) in groups {
            for scalar in accented.unicodeScalars { map[scalar.value] = plain.value }
        }
        return map
    }

    private static let germanAccents = pairs([
        ("äáàâ", "a"), ("öóòô", "o"), ("ïíìî", "i"), ("üúùû", "u"),
    ])
    private static let romanceAccents = pairs([
        ("àáâä", "a"), ("òóôö", "o"), ("èéêë", "e"), ("ùúûü", "u"), ("ìíîï", "i"),
    ])
    private static let portugueseAccents = pairs([
        ("àáâäã", "a"), ("òóôöõ", "o"), ("èéêë", "e"), ("ùúûü", "u"), ("ìíîï", "i"), ("ç", "c"),
    ])
    private static let frenchAccents = pairs([
        ("àáâ", "a"), ("ô", "o"), ("èéê", "e"), ("ùû", "u"), ("î", "i"), ("ç", "c"),
    ])

    @Sendable static func german(_ w: inout [UInt32]) {
        unaccent(&w, germanAccents)
        let endings = Set("bdfghklmnt".unicodeScalars.map(\.value))
        if w.count > 5, w.ends("ern") {
            w.drop(3)
        } else if w.count > 4, w[back: 2] == code("e"), w.ends(["m", "n", "r", "s"]) {
            w.drop(2)
        } else if w.count > 3, w.ends("e") {
            w.drop(1)
        } else if w.count > 3, w.ends("s"), endings.contains(w[back: 2]) {
            w.drop(1)
        }
        if w.count > 5, w.ends("est") {
            w.drop(3)
        } else if w.count > 4, w.ends(["er", "en"]) {
            w.drop(2)
        } else if w.count > 4, w.ends("st"), endings.contains(w[back: 3]) {
            w.drop(2)
        }
    }

    @Sendable static func italian(_ w: inout [UInt32]) {
        guard w.count >= 6 else { return }
        unaccent(&w, romanceAccents)
        if w.ends(["ie", "he", "hi", "ii", "ia", "io"]) {
            w.drop(2)
        } else if w.ends(["e", "i", "a", "o"]) {
            w.drop(1)
        }
    }

    @Sendable static func spanish(_ w: inout [UInt32]) {
        guard w.count >= 5 else { return }
        unaccent(&w, romanceAccents)
        if w.ends(["o", "a", "e"]) {
            w.drop(1)
        } else if w.ends("s") {
            if w.ends("eses") {
                w.drop(2)
            } else if w.ends("ces") {
                w[back: 3] = code("z")
                w.drop(2)
            } else if w.ends(["os", "as", "es"]) {
                w.drop(2)
            }
        }
    }

    @Sendable static func portuguese(_ w: inout [UInt32]) {
        guard w.count >= 4 else { return }
        portugueseSuffix(&w)
        if w.count > 3, w.ends("a") { portugueseFeminine(&w) }
        if w.count > 4, w.ends(["e", "a", "o"]) { w.drop(1) }
        unaccent(&w, portugueseAccents)
    }

    private static func portugueseSuffix(_ w: inout [UInt32]) {
        if w.count > 4, w.ends(["res", "ses", "les", "zes"]) { return w.drop(2) }
        if w.count > 3, w.ends("ns") {
            w[back: 2] = code("m")
            return w.drop(1)
        }
        if w.count > 4, w.ends(["eis", "éis"]) {
            w[back: 3] = code("e")
            w[back: 2] = code("l")
            return w.drop(1)
        }
        if w.count > 4, w.ends("ais") {
            w[back: 2] = code("l")
            return w.drop(1)
        }
        if w.count > 4, w.ends("óis") {
            w[back: 3] = code("o")
            w[back: 2] = code("l")
            return w.drop(1)
        }
        if w.count > 4, w.ends("is") {
            w[back: 1] = code("l")
            return
        }
        if w.count > 3, w.ends(["ões", "ães"]) {
            w.drop(1)
            w[back: 2] = code("ã")
            w[back: 1] = code("o")
            return
        }
        if w.count > 6, w.ends("mente") { return w.drop(5) }
        if w.count > 3, w.ends("s") { w.drop(1) }
    }

    private static func portugueseFeminine(_ w: inout [UInt32]) {
        if w.count > 7, w.ends(["inha", "iaca", "eira"]) {
            w[back: 1] = code("o")
            return
        }
        guard w.count > 6 else { return }
        if w.ends(["osa", "ica", "ida", "ada", "iva", "ama"]) {
            w[back: 1] = code("o")
        } else if w.ends("ona") {
            w[back: 3] = code("ã")
            w[back: 2] = code("o")
            w.drop(1)
        } else if w.ends("ora") {
            w.drop(1)
        } else if w.ends("esa") {
            w[back: 3] = code("ê")
            w.drop(1)
        } else if w.ends("na") {
            w[back: 1] = code("o")
        }
    }

    @Sendable static func french(_ w: inout [UInt32]) {
        frenchSuffix(&w)
        frenchNorm(&w)
    }

    /// Drops `number` and sets the last code points.
    private static func replace(_ w: inout [UInt32], drop number: Int, _ ending: String) {
        w.drop(number)
        let scalars = ending.unicodeScalars.map(\.value)
        for (offset, scalar) in scalars.enumerated() {
            w[w.count - scalars.count + offset] = scalar
        }
    }

    private static func frenchSuffix(_ w: inout [UInt32]) {
        if w.count > 5, w.ends("x") {
            if w.ends("aux"), w[back: 4] != code("e") { w[back: 2] = code("l") }
            w.drop(1)
        }
        if w.count > 3, w.ends("x") { w.drop(1) }
        if w.count > 3, w.ends("s") { w.drop(1) }
        if w.count > 9, w.ends("issement") { return replace(&w, drop: 6, "r") }
        if w.count > 8, w.ends("issant") { return replace(&w, drop: 4, "r") }
        if w.count > 6, w.ends("ement") {
            w.drop(4)
            if w.count > 3, w.ends("ive") { replace(&w, drop: 1, "f") }
            return
        }
        if w.count > 11, w.ends("ficatrice") { return replace(&w, drop: 5, "er") }
        if w.count > 10, w.ends("ficateur") { return replace(&w, drop: 4, "er") }
        if w.count > 9, w.ends("catrice") { return replace(&w, drop: 3, "quer") }
        if w.count > 8, w.ends("cateur") { return replace(&w, drop: 2, "quer") }
        if w.count > 8, w.ends("atrice") { return replace(&w, drop: 4, "er") }
        if w.count > 7, w.ends("ateur") { return replace(&w, drop: 3, "er") }
        if w.count > 6, w.ends("trice") { replace(&w, drop: 1, "eur") }
        if w.count > 5, w.ends("ième") { return w.drop(4) }
        if w.count > 7, w.ends("teuse") { return replace(&w, drop: 2, "r") }
        if w.count > 6, w.ends("teur") { return replace(&w, drop: 1, "r") }
        if w.count > 5, w.ends("euse") { return w.drop(2) }
        if w.count > 8, w.ends("ère") {
            w.drop(1)
            w[back: 2] = code("e")
            return
        }
        if w.count > 7, w.ends("ive") { return replace(&w, drop: 1, "f") }
        if w.count > 4, w.ends(["folle", "molle"]) { return replace(&w, drop: 2, "u") }
        if w.count > 9, w.ends("nnelle") { return w.drop(5) }
        if w.count > 9, w.ends("nnel") { return w.drop(3) }
        if w.count > 4, w.ends("ète") {
            w.drop(1)
            w[back: 2] = code("e")
        }
        if w.count > 8, w.ends("ique") { w.drop(4) }
        if w.count > 8, w.ends("esse") { return w.drop(3) }
        if w.count > 7, w.ends("inage") { return w.drop(3) }
        if w.count > 9, w.ends("isation") {
            w.drop(7)
            if w.count > 5, w.ends("ual") { w[back: 2] = code("e") }
            return
        }
        if w.count > 9, w.ends("isateur") { return w.drop(7) }
        if w.count > 8, w.ends(["ation", "ition"]) { return w.drop(5) }
    }

    /// Letters of the first plane: Lucene looks at UTF-16 units.
    private static func isDoubling(_ scalar: UInt32) -> Bool {
        scalar < 0x10000 && CodePointSet.letters.contains(scalar)
    }

    private static func frenchNorm(_ w: inout [UInt32]) {
        if w.count > 4 {
            unaccent(&w, frenchAccents)
            var kept: [UInt32] = []
            for scalar in w
            where scalar != kept.last || !isDoubling(scalar) {
                kept.append(scalar)
            }
            w = kept
        }
        if w.count > 4, w.ends("ie") { w.drop(2) }
        if w.count > 4 {
            if w.ends("r") { w.drop(1) }
            if w.ends("e") { w.drop(1) }
            if w.ends("e") { w.drop(1) }
            if w[back: 1] == w[back: 2], isDoubling(w[back: 1]) { w.drop(1) }
        }
    }
}

/// Plurals off, and little else.
enum MinimalStemming {
    @Sendable static func english(_ w: inout [UInt32]) {
        guard w.count >= 3, w.ends("s") else { return }
        switch w[back: 2] {
        case code("u"), code("s"): return
        case code("e"):
            if w.count > 3, w.ends("ies"), w[back: 4] != code("a"), w[back: 4] != code("e") {
                w.drop(2)
                w[back: 1] = code("y")
                return
            }
            if w.ends(["ies", "aes", "oes", "ees"]) { return }
            w.drop(1)
        default: w.drop(1)
        }
    }

    @Sendable static func french(_ w: inout [UInt32]) {
        guard w.count >= 6 else { return }
        if w.ends("x") {
            if w.ends("aux") { w[back: 2] = code("l") }
            return w.drop(1)
        }
        if w.ends("s") { w.drop(1) }
        if w.ends("r") { w.drop(1) }
        if w.ends("e") { w.drop(1) }
        if w.ends("é") { w.drop(1) }
        if w[back: 1] == w[back: 2], CodePointSet.letters.contains(w[back: 1]) { w.drop(1) }
    }

    @Sendable static func german(_ w: inout [UInt32]) {
        guard w.count >= 5 else { return }
        for index in w.indices {
            switch w[index] {
            case code("ä"): w[index] = code("a")
            case code("ö"): w[index] = code("o")
            case code("ü"): w[index] = code("u")
            default: break
            }
        }
        if w.count > 6, w.ends("nen") { return w.drop(3) }
        if w.count > 5, w.ends(["en", "se", "es", "er"]) { return w.drop(2) }
        if w.ends(["n", "e", "s", "r"]) { w.drop(1) }
    }

    @Sendable static func galician(_ w: inout [UInt32]) {
        guard w.count > 3, w.ends("s") else { return }
        if w.ends("ns") {
            w.drop(1)
        } else if w.count > 5, w.ends(["res", "ses", "les", "zes", "ces"]) {
            w.drop(2)
        } else {
            w.drop(1)
        }
    }
}
