/// Small normalizations of spelling, one for each language, as Lucene has them.
enum LanguageNormalizations {
    static func filter(_ type: String) -> (any TokenFilter)? {
        switch type {
        case "arabic_normalization": ScalarMappingFilter(map: ArabicScript.normalizeArabic)
        case "persian_normalization": ScalarMappingFilter(map: ArabicScript.normalizePersian)
        case "sorani_normalization":
            ScalarsFilter(normalizes: true, change: ArabicScript.normalizeSorani)
        case "hindi_normalization":
            ScalarsFilter(normalizes: true, change: IndicScript.normalizeHindi)
        case "bengali_normalization":
            ScalarsFilter(normalizes: true, change: IndicScript.normalizeBengali)
        case "indic_normalization": ScalarsFilter(normalizes: true, change: IndicScript.compose)
        case "german_normalization": ScalarsFilter(normalizes: true, change: german)
        case "scandinavian_normalization":
            ScalarsFilter(normalizes: true) { scandinavian(&$0, folds: false) }
        case "scandinavian_folding":
            ScalarsFilter(normalizes: true) { scandinavian(&$0, folds: true) }
        case "serbian_normalization": ScalarsFilter(normalizes: true, change: serbian)
        default: nil
        }
    }

    /// `ß` as `ss`; `ä`, `ö`, `ü` and `ae`, `oe`, `ue` as `a`, `o`, `u`, unless a vowel or `q`
    /// stands before the `u`.
    @Sendable static func german(_ w: inout [UInt32]) {
        enum State { case normal, vowel, umlaut }
        var result: [UInt32] = []
        var state = State.normal
        for scalar in w {
            switch scalar {
            case 0x61, 0x6F:
                state = .umlaut
                result.append(scalar)
            case 0x75:
                state = state == .normal ? .umlaut : .vowel
                result.append(scalar)
            case 0x65:
                if state != .umlaut { result.append(scalar) }
                state = .vowel
            case 0x69, 0x71, 0x79:
                state = .vowel
                result.append(scalar)
            case 0xE4, 0xF6, 0xFC:
                result.append(scalar == 0xE4 ? 0x61 : scalar == 0xF6 ? 0x6F : 0x75)
                state = .vowel
            case 0xDF:
                result += [0x73, 0x73]
                state = .normal
            default:
                state = .normal
                result.append(scalar)
            }
        }
        w = result
    }

    /// `æ ä`, `ø ö` and the double letters as `æ`, `ø`, `å`; folded, as `a` and `o`.
    private static func scandinavian(_ w: inout [UInt32], folds: Bool) {
        var result: [UInt32] = []
        var index = 0
        func next() -> UInt32 { index < w.count ? w[index] : 0 }
        while index < w.count {
            let scalar = w[index]
            index += 1
            let isUpper = scalar == 0x41 || scalar == 0x4F
            let after = next() | 0x20
            switch scalar {
            case 0xE4, 0xE6: result.append(folds ? 0x61 : 0xE6)
            case 0xC4, 0xC6: result.append(folds ? 0x41 : 0xC6)
            case 0xF6, 0xF8: result.append(folds ? 0x6F : 0xF8)
            case 0xD6, 0xD8: result.append(folds ? 0x4F : 0xD8)
            case 0xE5: result.append(folds ? 0x61 : 0xE5)
            case 0xC5: result.append(folds ? 0x41 : 0xC5)
            case 0x61, 0x41:
                if folds
                    ? [0x61, 0x65, 0x6F, 0x75].contains(after) : [0x61, 0x6F, 0x65].contains(after)
                {
                    index += 1
                    if folds {
                        result.append(scalar)
                    } else if after == 0x65 {
                        result.append(isUpper ? 0xC6 : 0xE6)
                    } else {
                        result.append(isUpper ? 0xC5 : 0xE5)
                    }
                } else {
                    result.append(scalar)
                }
            case 0x6F, 0x4F:
                if folds ? after == 0x65 || after == 0x6F : after == 0x65 {
                    index += 1
                    result.append(folds ? scalar : isUpper ? 0xD8 : 0xF8)
                } else {
                    result.append(scalar)
                }
            default: result.append(scalar)
            }
        }
        w = result
    }

    /// Cyrillic as Latin letters without marks.
    @Sendable private static func serbian(_ w: inout [UInt32]) {
        let table: [UInt32: String] = [
            0x430: "a", 0x431: "b", 0x432: "v", 0x433: "g", 0x434: "d", 0x452: "dj", 0x111: "dj",
            0x435: "e", 0x436: "z", 0x17E: "z", 0x437: "z", 0x438: "i", 0x458: "j", 0x43A: "k",
            0x43B: "l", 0x459: "lj", 0x43C: "m", 0x43D: "n", 0x45A: "nj", 0x43E: "o", 0x43F: "p",
            0x440: "r", 0x441: "s", 0x442: "t", 0x45B: "c", 0x107: "c", 0x443: "u", 0x444: "f",
            0x445: "h", 0x446: "c", 0x447: "c", 0x10D: "c", 0x45F: "dz", 0x448: "s", 0x161: "s",
        ]
        w = w.flatMap { scalar in
            table[scalar].map { $0.unicodeScalars.map(\.value) } ?? [scalar]
        }
    }
}
