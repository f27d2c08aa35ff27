package import TrawlJSON

/// Random things that look like what people have, and like what breaks programs.
package enum Generators {
    /// Ranges of letters, scripts that join, combine, run right to left or need no spaces, and
    /// what stands beyond the first plane.
    package static let scripts: [(name: String, scalars: ClosedRange<UInt32>)] = [
        ("Latin", 0x61...0x7a), ("Latin with marks", 0xc0...0x17f), ("Greek", 0x391...0x3c9),
        ("Cyrillic", 0x410...0x44f), ("Armenian", 0x561...0x586), ("Hebrew", 0x5d0...0x5ea),
        ("Arabic", 0x620...0x64a), ("Devanagari", 0x904...0x939), ("Tamil", 0xb85...0xbb9),
        ("Thai", 0xe01...0xe2e), ("Lao", 0xe81...0xeae), ("Tibetan", 0xf40...0xf6c),
        ("Burmese", 0x1000...0x102a), ("Georgian", 0x10d0...0x10fa),
        ("Ethiopic", 0x1200...0x1248), ("Khmer", 0x1780...0x17b3),
        ("Hiragana", 0x3041...0x3096), ("Katakana", 0x30a1...0x30fa),
        ("Han", 0x4e00...0x9fff), ("Hangul", 0xac00...0xd7a3), ("fullwidth", 0xff21...0xff5a),
        ("Gothic", 0x10330...0x1034a), ("mathematical", 0x1d400...0x1d433),
        ("emoji", 0x1f600...0x1f64f), ("Han beyond the plane", 0x20000...0x2a6df),
        ("combining marks", 0x300...0x36f), ("joiners and marks", 0x200b...0x200f),
        ("private use", 0xe000...0xe0ff), ("controls", 0x1...0x1f), ("digits", 0x30...0x39),
        ("punctuation", 0x21...0x2f),
    ]

    /// Text of one script or several, with spaces now and then.
    package static func text(
        upTo length: Int, using random: inout some RandomNumberGenerator
    ) -> String {
        var text = ""
        var script = scripts.randomElement(using: &random)!
        for _ in 0..<Int.random(in: 0...length, using: &random) {
            if Int.random(in: 0..<8, using: &random) == 0 {
                script = scripts.randomElement(using: &random)!
            }
            if Int.random(in: 0..<6, using: &random) == 0 {
                text.append(" ")
            } else if let scalar = UnicodeScalar(
                UInt32.random(in: script.scalars, using: &random))
            {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// A JSON value of any shape.
    package static func json(
        depth: Int = 4, using random: inout some RandomNumberGenerator
    ) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return JSONValue(Int64.random(in: .min ... .max, using: &random))
        case 3: return JSONValue(Double.random(in: -1e9...1e9, using: &random))
        case 4: return .number(JSONNumber(literal: number(using: &random))!)
        case 5: return .string(text(upTo: 24, using: &random))
        case 6, 7:
            let count = Int.random(in: 0...5, using: &random)
            return .array((0..<count).map { _ in json(depth: depth - 1, using: &random) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                object[text(upTo: 6, using: &random)] = json(depth: depth - 1, using: &random)
            }
            return .object(object)
        }
    }

    /// A number in any of the ways JSON writes numbers.
    package static func number(using random: inout some RandomNumberGenerator) -> String {
        func digits(_ range: ClosedRange<Int>) -> String {
            let count = Int.random(in: range, using: &random)
            return String(
                String.UnicodeScalarView(
                    (0..<count).map { _ in
                        UnicodeScalar(UInt8.random(in: 0x30...0x39, using: &random))
                    }))
        }
        var text = Bool.random(using: &random) ? "-" : ""
        let first = Int.random(in: 0...9, using: &random)
        text += String(first)
        if first != 0 { text += digits(0...25) }
        if Bool.random(using: &random) { text += "." + digits(1...20) }
        if Int.random(in: 0..<3, using: &random) == 0 {
            text += ["e", "E"].randomElement(using: &random)!
            text += ["", "+", "-"].randomElement(using: &random)! + digits(1...3)
        }
        return text
    }
}

/// Words as a language has them: few that come all the time, many that come once. The word of
/// rank r comes in proportion to 1 / r.
package struct ZipfianWords: Sendable {
    package let words: [String]
    private let cumulative: [Double]

    package init(count: Int, seed: UInt64 = 1) {
        precondition(count > 0)
        var random = SplitMix64(seed: seed)
        let syllables = [
            "ba", "ko", "ri", "ste", "lan", "mo", "tu", "ver", "si", "da", "ne", "pol", "qua",
            "gri", "fe", "hu", "wen", "ja", "xi", "zor",
        ]
        var seen: Set<String> = []
        var words: [String] = []
        while words.count < count {
            // Frequent words are short, as in any language.
            let length = words.count < 60 ? 1...2 : 2...5
            let word = (0..<Int.random(in: length, using: &random)).map { _ in
                syllables.randomElement(using: &random)!
            }.joined()
            if seen.insert(word).inserted { words.append(word) }
        }
        var sum = 0.0
        self.words = words
        cumulative = words.indices.map { rank in
            sum += 1 / Double(rank + 1)
            return sum
        }
    }

    package func word(using random: inout some RandomNumberGenerator) -> String {
        let point = Double.random(in: 0..<cumulative[cumulative.count - 1], using: &random)
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > point { high = middle } else { low = middle + 1 }
        }
        return words[low]
    }

    package func sentence(
        of length: ClosedRange<Int>, using random: inout some RandomNumberGenerator
    ) -> String {
        (0..<Int.random(in: length, using: &random)).map { _ in word(using: &random) }
            .joined(separator: " ")
    }

    /// A document with a title, a body, a number, a tag and a date.
    package func document(using random: inout some RandomNumberGenerator) -> JSONObject {
        let day = Int.random(in: 10...28, using: &random)
        return [
            "title": .string(sentence(of: 2...8, using: &random)),
            "body": .string(sentence(of: 10...80, using: &random)),
            "count": JSONValue(Int.random(in: 0..<1000, using: &random)),
            "tag": .string(words[Int.random(in: 0..<min(20, words.count), using: &random)]),
            "date": .string("2024-0\(Int.random(in: 1...9, using: &random))-\(day)"),
        ]
    }
}
