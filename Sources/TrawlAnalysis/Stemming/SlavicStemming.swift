/// Light stemmers of Bulgarian (Nakov's rules cut short) and Czech (Dolamic and Savoy), as
/// Lucene's.
enum SlavicStemming {
    @Sendable static func bulgarian(_ w: inout [UInt32]) {
        guard w.count >= 4 else { return }
        if w.count > 5, w.ends("ища") { return w.drop(3) }
        if w.count > 6, w.ends("ият") {
            w.drop(3)
        } else if w.count > 5, w.ends(["ът", "то", "те", "та", "ия"]) {
            w.drop(2)
        } else if w.count > 4, w.ends("ят") {
            w.drop(2)
        }
        bulgarianPlural(&w)
        if w.count > 3 {
            if w.ends("я") { w.drop(1) }
            if w.ends(["а", "о", "е"]) { w.drop(1) }
        }
        if w.count > 4, w.ends("ен") {
            w[back: 2] = code("н")
            w.drop(1)
        }
        if w.count > 5, w[back: 2] == code("ъ") {
            w[back: 2] = w[back: 1]
            w.drop(1)
        }
    }

    private static func bulgarianPlural(_ w: inout [UInt32]) {
        if w.count > 6 {
            if w.ends(["овци", "ове"]) { return w.drop(3) }
            if w.ends("еве") {
                w[back: 3] = code("й")
                return w.drop(2)
            }
        }
        if w.count > 5 {
            if w.ends("ища") { return w.drop(3) }
            if w.ends("та") { return w.drop(2) }
            if w.ends("ци") {
                w[back: 2] = code("к")
                return w.drop(1)
            }
            if w.ends("зи") {
                w[back: 2] = code("г")
                return w.drop(1)
            }
            if w[back: 3] == code("е"), w.ends("и") {
                w[back: 3] = code("я")
                return w.drop(1)
            }
        }
        if w.count > 4 {
            if w.ends("си") {
                w[back: 2] = code("х")
                return w.drop(1)
            }
            if w.ends("и") { w.drop(1) }
        }
    }

    @Sendable static func czech(_ w: inout [UInt32]) {
        czechCase(&w)
        if w.count > 5, w.ends(["ov", "in", "ův"]) { w.drop(2) }
        guard !w.isEmpty else { return }
        if w.ends("čt") {
            w[back: 2] = code("c")
            w[back: 1] = code("k")
        } else if w.ends("št") {
            w[back: 2] = code("s")
            w[back: 1] = code("k")
        } else if w.ends(["c", "č"]) {
            w[back: 1] = code("k")
        } else if w.ends(["z", "ž"]) {
            w[back: 1] = code("h")
        } else if w.count > 1, w[back: 2] == code("e") {
            w[back: 2] = w[back: 1]
            w.drop(1)
        } else if w.count > 2, w[back: 2] == code("ů") {
            w[back: 2] = code("o")
        }
    }

    private static func czechCase(_ w: inout [UInt32]) {
        if w.count > 7, w.ends("atech") { return w.drop(5) }
        if w.count > 6, w.ends(["ětem", "etem", "atům"]) { return w.drop(4) }
        if w.count > 5,
            w.ends([
                "ech", "ich", "ích", "ého", "ěmi", "emi", "ému", "ěte", "ete", "ěti", "eti", "ího",
                "iho", "ími", "ímu", "imu", "ách", "ata", "aty", "ých", "ama", "ami", "ové", "ovi",
                "ými",
            ])
        {
            return w.drop(3)
        }
        if w.count > 4,
            w.ends(["em", "es", "ém", "ím", "ům", "at", "ám", "os", "us", "ým", "mi", "ou"])
        {
            return w.drop(2)
        }
        if w.count > 3,
            w.ends(["a", "e", "i", "o", "u", "ů", "y", "á", "é", "í", "ý", "ě"])
        {
            w.drop(1)
        }
    }
}

/// Kreslins's stemmer for Latvian, light form, as Lucene's.
enum BalticStemming {
    private struct Affix {
        var suffix: String
        var vowels: Int
        var palatalizes: Bool
    }

    private static let affixes: [Affix] = [
        ("ajiem", 3, false), ("ajai", 3, false), ("ajam", 2, false), ("ajām", 2, false),
        ("ajos", 2, false), ("ajās", 2, false), ("iem", 2, true), ("ajā", 2, false),
        ("ais", 2, false), ("ai", 2, false), ("ei", 2, false), ("ām", 1, false), ("am", 1, false),
        ("ēm", 1, false), ("īm", 1, false), ("im", 1, false), ("um", 1, false), ("us", 1, true),
        ("as", 1, false), ("ās", 1, false), ("es", 1, false), ("os", 1, true), ("ij", 1, false),
        ("īs", 1, false), ("ēs", 1, false), ("is", 1, false), ("ie", 1, false), ("u", 1, true),
        ("a", 1, true), ("i", 1, true), ("e", 1, false), ("ā", 1, false), ("ē", 1, false),
        ("ī", 1, false), ("ū", 1, false), ("o", 1, false), ("s", 0, false), ("š", 0, false),
    ].map { Affix(suffix: $0.0, vowels: $0.1, palatalizes: $0.2) }

    @Sendable static func latvian(_ w: inout [UInt32]) {
        let vowels = Set("aāeēiīouū".unicodeScalars.map(\.value))
        let count = w.count { vowels.contains($0) }
        for affix in affixes where count > affix.vowels {
            let length = affix.suffix.unicodeScalars.count
            guard w.count >= length + 3, w.ends(affix.suffix) else { continue }
            w.drop(length)
            if affix.palatalizes { unpalatalize(&w, endsIn: affix.suffix) }
            return
        }
    }

    private static func unpalatalize(_ w: inout [UInt32], endsIn suffix: String) {
        if suffix.first == "u" {
            if w.ends("kš") {
                w[back: 1] = code("s")
                w.append(code("t"))
                return
            }
            if w.ends("ņņ") {
                w[back: 2] = code("n")
                w[back: 1] = code("n")
                return
            }
        }
        if w.ends(["pj", "bj", "mj", "vj"]) {
            w.drop(1)
        } else if w.ends("šņ") {
            w[back: 2] = code("s")
            w[back: 1] = code("n")
        } else if w.ends("žņ") {
            w[back: 2] = code("z")
            w[back: 1] = code("n")
        } else if w.ends("šļ") {
            w[back: 2] = code("s")
            w[back: 1] = code("l")
        } else if w.ends("žļ") {
            w[back: 2] = code("z")
            w[back: 1] = code("l")
        } else if w.ends("ļņ") {
            w[back: 2] = code("l")
            w[back: 1] = code("n")
        } else if w.ends("ļļ") {
            w[back: 2] = code("l")
            w[back: 1] = code("l")
        } else if w.ends("č") {
            w[back: 1] = code("c")
        } else if w.ends("ļ") {
            w[back: 1] = code("l")
        } else if w.ends("ņ") {
            w[back: 1] = code("n")
        }
    }
}
