internal import CICU

/// How each code point behaves at word boundaries, from the ICU of this system.
///
/// A table in two stages: 256 code points a page, and equal pages stored once. Planes that have
/// no characters share the empty page.
final class WordClasses: Sendable {
    static let shared = WordClasses()

    /// What the ASCII loop of the tokenizer asks of a byte.
    struct ByteKind {
        static let letter: UInt8 = 1
        static let digit: UInt8 = 2
        /// Joins words when a letter or digit follows.
        static let middle: UInt8 = 4
        /// The careful path decides: `_`, keycap bases, everything outside ASCII.
        static let careful: UInt8 = 8
    }

    private let pageOf: [UInt16]
    private let pages: [UInt8]
    let kinds: [UInt8]

    private init() {
        var pageOf = [UInt16](repeating: 0, count: 0x110000 >> 8)
        var pages = [UInt8](repeating: 0, count: 256)
        var known: [[UInt8]: UInt16] = [pages: 0]
        var page = [UInt8](repeating: 0, count: 256)
        for number in pageOf.indices {
            let plane = number >> 8
            guard plane < 4 || plane == 14 else { continue }
            unsafe page.withUnsafeMutableBufferPointer {
                unsafe cicu_word_classes($0.baseAddress, Int32(number << 8), 256)
            }
            if let same = known[page] {
                pageOf[number] = same
            } else {
                let new = UInt16(pages.count >> 8)
                known[page] = new
                pageOf[number] = new
                pages.append(contentsOf: page)
            }
        }
        var kinds = [UInt8](repeating: ByteKind.careful, count: 256)
        for byte in 0..<128 {
            switch pages[Int(pageOf[0]) << 8 + byte] & 0x1F {
            case WordClass.letter: kinds[byte] = ByteKind.letter
            case WordClass.numeric: kinds[byte] = ByteKind.digit
            case WordClass.midLetter, WordClass.midNum, WordClass.midNumLet,
                WordClass.singleQuote:
                kinds[byte] = ByteKind.middle
            case WordClass.extendNumLet: kinds[byte] = ByteKind.careful
            default: kinds[byte] = 0
            }
        }
        for byte in "#*".utf8 { kinds[Int(byte)] = ByteKind.careful }
        self.pageOf = pageOf
        self.pages = pages
        self.kinds = kinds
    }

    @inline(__always)
    subscript(_ scalar: UInt32) -> UInt8 {
        pages[Int(pageOf[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
    }
}

/// The classes by name; the low five bits of an entry of `WordClasses`.
enum WordClass {
    static let other: UInt8 = 0
    static let letter: UInt8 = 1
    static let hangul: UInt8 = 2
    static let hebrew: UInt8 = 3
    static let numeric: UInt8 = 4
    static let katakana: UInt8 = 5
    static let extendNumLet: UInt8 = 6
    static let midLetter: UInt8 = 7
    static let midNum: UInt8 = 8
    static let midNumLet: UInt8 = 9
    static let singleQuote: UInt8 = 10
    static let doubleQuote: UInt8 = 11
    static let extend: UInt8 = 12
    static let han: UInt8 = 13
    static let hiragana: UInt8 = 14
    static let regional: UInt8 = 15
    static let joiner: UInt8 = 16

    static let complexFlag: UInt8 = 0x20
    static let emojiFlag: UInt8 = 0x40
    static let pictographicFlag: UInt8 = 0x80

    @inline(__always) static func isLetter(_ kind: UInt8) -> Bool { kind >= 1 && kind <= 3 }
    @inline(__always) static func extends(_ kind: UInt8) -> Bool {
        kind == extend || kind == joiner
    }
}
