internal import CICU

/// Arabic, Persian and Sorani: variants of letters made one, and light stemmers, as Lucene's.
enum ArabicScript {
    @Sendable static func normalizeArabic(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x622, 0x623, 0x625: 0x627
        case 0x649: 0x64A
        case 0x629: 0x647
        case 0x640, 0x64B...0x652: nil
        default: scalar
        }
    }

    @Sendable static func normalizePersian(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x6CC, 0x6D2: 0x64A
        case 0x6A9: 0x643
        case 0x6C0, 0x6C1: 0x647
        case 0x654: nil
        default: scalar
        }
    }

    @Sendable static func stem(_ w: inout [UInt32]) {
        for prefix in ["ال", "وال", "بال", "كال", "فال", "لل", "و"] {
            let length = prefix.unicodeScalars.count
            if length == 1 ? w.count < 4 : w.count < length + 2 { continue }
            if w.starts(prefix) {
                w.removeFirst(length)
                break
            }
        }
        for suffix in ["ها", "ان", "ات", "ون", "ين", "يه", "ية", "ه", "ة", "ي"] {
            let length = suffix.unicodeScalars.count
            if w.count >= length + 2, w.ends(suffix) { w.drop(length) }
        }
    }

    /// ICU's number for characters that are not seen: they vanish.
    private static let format: Int32 = 16

    @Sendable static func normalizeSorani(_ w: inout [UInt32]) {
        var result: [UInt32] = []
        for (index, scalar) in w.enumerated() {
            switch scalar {
            case 0x64A, 0x649: result.append(0x6CC)
            case 0x643: result.append(0x6A9)
            case 0x200C:
                // After heh it makes a vowel of it.
                if result.last == 0x647 { result[result.count - 1] = 0x6D5 }
            case 0x647:
                let isLast = index == w.count - 1
                result.append(isLast ? 0x6D5 : 0x647)
            case 0x629: result.append(0x6D5)
            case 0x6BE: result.append(0x647)
            case 0x692: result.append(0x695)
            case 0x631: result.append(index == 0 ? 0x695 : 0x631)
            case 0x640, 0x64B...0x652: break
            default:
                if cicu_general_category(Int32(scalar)) == format { break }
                result.append(scalar)
            }
        }
        w = result
    }

    @Sendable static func stemSorani(_ w: inout [UInt32]) {
        if w.count > 5, w.ends("دا") {
            w.drop(2)
        } else if w.count > 4, w.ends("نا") {
            w.drop(1)
        } else if w.count > 6, w.ends("ەوە") {
            w.drop(3)
        }
        if w.count > 6, w.ends(["مان", "یان", "تان"]) { w.drop(3) }
        if w.count > 6, w.ends("ێکی") { return w.drop(3) }
        if w.count > 7, w.ends("یەکی") { return w.drop(4) }
        if w.count > 5, w.ends("ێک") { return w.drop(2) }
        if w.count > 6, w.ends("یەک") { return w.drop(3) }
        if w.count > 6, w.ends("ەکە") { return w.drop(3) }
        if w.count > 5, w.ends("کە") { return w.drop(2) }
        if w.count > 7, w.ends("ەکان") { return w.drop(4) }
        if w.count > 6, w.ends("کان") { return w.drop(3) }
        if w.count > 7, w.ends("یانی") { return w.drop(4) }
        if w.count > 6, w.ends("انی") { return w.drop(3) }
        if w.count > 6, w.ends("یان") { return w.drop(3) }
        if w.count > 5, w.ends("ان") { return w.drop(2) }
        if w.count > 7, w.ends("یانە") { return w.drop(4) }
        if w.count > 6, w.ends("انە") { return w.drop(3) }
        if w.count > 5, w.ends(["ایە", "ەیە"]) { return w.drop(2) }
        if w.count > 4, w.ends("ە") { return w.drop(1) }
        if w.count > 4, w.ends("ی") { w.drop(1) }
    }
}
