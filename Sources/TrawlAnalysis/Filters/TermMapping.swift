internal import CICU

/// A filter that looks at each term alone and may give it other bytes.
protocol TermMappingFilter: TokenFilter {
    /// Nil when the term stays as it is.
    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]?
    var skipsKeywords: Bool { get }
}

extension TermMappingFilter {
    var skipsKeywords: Bool { false }

    func apply(to buffer: inout TokenBuffer) {
        for index in buffer.tokens.indices {
            if skipsKeywords, buffer.tokens[index].isKeyword { continue }
            if let changed = mapped(buffer.term(of: buffer.tokens[index])) {
                buffer.replaceTerm(at: index, with: changed)
            }
        }
    }
}

/// One code point for one, or for none (nil): the little normalizations of many languages.
struct ScalarMappingFilter: TermMappingFilter {
    let map: @Sendable (UInt32) -> UInt32?
    var normalizes: Bool { true }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8]?
        let bytes = term.span
        var index = 0
        while index < bytes.count {
            let scalar = bytes.scalar(at: index)
            let new = scalar.value < 0x80 ? scalar.value : map(scalar.value)
            if new != scalar.value, result == nil {
                result = Array(term[term.startIndex..<term.startIndex + index])
            }
            if let new { result?.appendScalar(new) }
            index += scalar.byteCount
        }
        return result
    }
}

/// A whole term by its code points: stemmers and normalizations that change lengths.
struct ScalarsFilter: TermMappingFilter {
    var normalizes = false
    var skipsKeywords = false
    /// Longer terms are no words; they stay.
    var longest = 255
    let change: @Sendable (inout [UInt32]) -> Void

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        guard term.count <= longest * 4 else { return nil }
        let before = Array(term).scalars
        guard before.count <= longest else { return nil }
        var scalars = before
        change(&scalars)
        return scalars == before ? nil : [UInt8](scalars: scalars)
    }
}

/// `decimal_digit`: digits of all scripts as 0 to 9.
struct DecimalDigitFilter: TermMappingFilter {
    var normalizes: Bool { true }
    var ignoresASCIICase: Bool { true }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        if !term.contains(where: { $0 >= 0x80 }) { return nil }
        return LowercaseFilter.mapped(term) { scalar in
            let digit = scalar < 0x80 ? -1 : cicu_digit_value(Int32(scalar))
            return digit < 0 ? scalar : 0x30 + UInt32(digit)
        }
    }
}

/// `trim`: white space at both ends goes.
struct TrimFilter: TermMappingFilter {
    var normalizes: Bool { true }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        let bytes = term.span
        var start = 0
        var end = bytes.count
        while start < end {
            let scalar = bytes.scalar(at: start)
            guard CodePointSet.whitespace.contains(scalar.value) || scalar.value < 0x20 else {
                break
            }
            start += scalar.byteCount
        }
        while end > start {
            let scalar = bytes.scalar(before: end)
            guard CodePointSet.whitespace.contains(scalar.value) || scalar.value < 0x20 else {
                break
            }
            end -= scalar.byteCount
        }
        return start == 0 && end == bytes.count
            ? nil : Array(term[term.startIndex + start..<term.startIndex + end])
    }
}

/// `reverse`: the characters from the last to the first.
struct ReverseFilter: TermMappingFilter {
    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        [UInt8](scalars: Array(term).scalars.reversed())
    }
}

/// `truncate`: at most so many characters.
struct TruncateFilter: TermMappingFilter {
    let length: Int

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        guard term.count > length else { return nil }
        var at = term.startIndex
        var count = 0
        while at < term.endIndex {
            if term[at] & 0xC0 != 0x80 {
                if count == length { return Array(term[..<at]) }
                count += 1
            }
            at += 1
        }
        return nil
    }
}

/// `apostrophe`: an apostrophe and what comes after it goes.
struct ApostropheFilter: TermMappingFilter {
    var ignoresASCIICase: Bool { true }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        var at = term.startIndex
        while at < term.endIndex {
            if term[at] == 0x27 || term[at...].starts(with: [0xE2, 0x80, 0x99]) {
                return Array(term[..<at])
            }
            at += 1
        }
        return nil
    }
}

/// `elision`: an article that an apostrophe joins to the word goes.
struct ElisionFilter: TermMappingFilter {
    private let articles: TermSet
    private let ignoresCase: Bool
    var ignoresASCIICase: Bool { ignoresCase }

    static let frenchArticles = [
        "l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu",
    ]

    init(_ articles: [String], ignoresCase: Bool = true) {
        self.articles = TermSet(ignoresCase ? articles.map { $0.lowercased() } : articles)
        self.ignoresCase = ignoresCase
    }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        var at = term.startIndex
        while at < term.endIndex {
            let width: Int
            if term[at] == 0x27 {
                width = 1
            } else if term[at] == 0xE2, term[at...].starts(with: [0xE2, 0x80, 0x99]) {
                width = 3
            } else {
                at += 1
                continue
            }
            var article = Array(term[..<at])
            if ignoresCase { article = LowercaseFilter.lowercased(article[...]) ?? article }
            return articles.contains(article[...]) ? Array(term[(at + width)...]) : nil
        }
        return nil
    }
}

/// `cjk_width`: full-width ASCII as ASCII, half-width katakana as katakana, as Lucene's.
struct CJKWidthFilter: TermMappingFilter {
    var normalizes: Bool { true }
    var ignoresASCIICase: Bool { true }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        guard term.contains(0xEF) else { return nil }
        var result: [UInt32] = []
        var changed = false
        for scalar in Array(term).scalars {
            switch scalar {
            case 0xFF01...0xFF5E:
                result.append(scalar - 0xFEE0)
                changed = true
            case 0xFF9E, 0xFF9F:
                changed = true
                if let last = result.last, let voiced = Self.voiced(last, by: scalar - 0xFF9E) {
                    result[result.count - 1] = voiced
                } else {
                    result.append(scalar == 0xFF9E ? 0x3099 : 0x309A)
                }
            case 0xFF65...0xFF9D:
                result.append(UInt32(Self.katakana[Int(scalar - 0xFF65)].value))
                changed = true
            default: result.append(scalar)
            }
        }
        return changed ? [UInt8](scalars: result) : nil
    }

    private static let katakana = Array(
        "・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
            .unicodeScalars)

    private static func voiced(_ scalar: UInt32, by mark: UInt32) -> UInt32? {
        switch (scalar, mark) {
        case (0x30A6, 0): 0x30F4
        case (0x30AB...0x30C2, 0): scalar % 2 == 1 ? scalar + 1 : nil
        case (0x30C4...0x30C8, 0): scalar % 2 == 0 ? scalar + 1 : nil
        case (0x30CF...0x30DB, _): (scalar - 0x30CF) % 3 == 0 ? scalar + 1 + mark : nil
        case (0x30EF...0x30F2, 0): scalar + 8
        default: nil
        }
    }
}
