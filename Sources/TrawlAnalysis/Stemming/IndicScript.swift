/// Indian languages: variants of spelling made one, as Lucene's normalizers do, and the light
/// stemmers of Hindi (Ramanathan and Rao) and Bengali.
enum IndicScript {
    /// Letters and vowel signs written as two or three signs, as the one that they look like: in
    /// hexadecimal, from the first code point of the script's block; `J` is the zero width joiner.
    private static let compositions: [[UInt32]: UInt32] = {
        let scripts: [(block: UInt32, rules: String)] = [
            (
                0x900,
                """
                05+3E+45=11 05+3E+46=12 05+3E+47=13 05+3E+48=14 05+3E=06 05+45=72 05+46=04 05+49=11
                05+4A=12 05+4B=13 05+4C=14 06+45=11 06+46=12 06+47=13 06+48=14 09+41=0A 0F+45=0D
                0F+46=0E 0F+47=10 15+3C=58 16+3C=59 17+3C=5A 1C+3C=5B 21+3C=5C 22+3C=5D 28+3C=29
                2B+3C=5E 2F+3C=5F 30+3C=31 33+3C=34 3E+45=49 3E+46=4A 3E+47=4B 3E+48=4C
                """
            ),
            (0x980, "05+3E=06 21+3C=5C 22+3C=5D 24+4D+J=4E 2F+3C=5F 47+3E=4B 47+57=4C"),
            (
                0xA00,
                """
                05+3E=06 05+48=10 05+4C=14 16+3C=59 17+3C=5A 1C+3C=5B 2B+3C=5E 41+41=42 72+3F=07
                72+40=08 72+47=0F 73+41=09 73+42=0A 73+4B=13
                """
            ),
            (
                0xA80,
                """
                05+3E+45=11 05+3E+47=13 05+3E+48=14 05+3E=06 05+45=0D 05+47=0F 05+48=10 05+49=11
                05+4B=13 05+4C=14 06+45=11 06+47=13 06+48=14 3E+45=49 3E+47=4B 3E+48=4C
                """
            ),
            (0xB00, "05+3E=06 0F+57=10 13+57=14 21+3C=5C 22+3C=5D 47+3E=4B 47+57=4C"),
            (0xB80, "09+57=0A 12+57=14 46+3E=4A 46+57=4C 47+3E=4B"),
            (0xC00, "12+4C=14 12+55=13 2C+41+41=0B 35+41=2E 46+55=47 46+56=48"),
            (0xC80, "12+4C=14 3F+55=40 46+42+55=4B 46+42=4A 46+55=47 46+56=48 4A+55=4B"),
            (
                0xD00,
                """
                07+57=08 09+57=0A 0E+46=10 12+3E=13 12+57=14 23+4D+J=7A 28+4D+J=7B 30+4D+J=7C
                32+4D+J=7D 33+4D+J=7E 46+3E=4A 46+46=48 46+57=4C 47+3E=4B
                """
            ),
        ]
        var map: [[UInt32]: UInt32] = [:]
        for (block, rules) in scripts {
            for rule in rules.split(whereSeparator: \.isWhitespace) {
                let signs = rule.split { $0 == "+" || $0 == "=" }.map { sign in
                    sign == "J" ? 0x200D : block + UInt32(sign, radix: 16)!
                }
                map[Array(signs.dropLast())] = signs.last!
            }
        }
        return map
    }()

    @Sendable static func compose(_ w: inout [UInt32]) {
        var result: [UInt32] = []
        var index = 0
        while index < w.count {
            var taken = 1
            var made = w[index]
            if made >= 0x900, made < 0xD80 {
                for length in [3, 2] where index + length <= w.count {
                    if let sign = compositions[Array(w[index..<index + length])] {
                        made = sign
                        taken = length
                        break
                    }
                }
            }
            result.append(made)
            index += taken
        }
        w = result
    }

    @Sendable static func normalizeHindi(_ w: inout [UInt32]) {
        var result: [UInt32] = []
        var index = 0
        while index < w.count {
            let scalar = w[index]
            index += 1
            switch scalar {
            case 0x928:
                if index < w.count, w[index] == 0x94D {
                    result.append(0x902)
                    index += 1
                } else {
                    result.append(scalar)
                }
            case 0x901: result.append(0x902)
            case 0x93C, 0x200C, 0x200D, 0x94D: break
            case 0x929: result.append(0x928)
            case 0x931: result.append(0x930)
            case 0x934: result.append(0x933)
            case 0x958: result.append(0x915)
            case 0x959: result.append(0x916)
            case 0x95A: result.append(0x917)
            case 0x95B: result.append(0x91C)
            case 0x95C: result.append(0x921)
            case 0x95D: result.append(0x922)
            case 0x95E: result.append(0x92B)
            case 0x95F: result.append(0x92F)
            case 0x945, 0x946, 0x948: result.append(0x947)
            case 0x949, 0x94A, 0x94C: result.append(0x94B)
            case 0x90D, 0x90E, 0x910: result.append(0x90F)
            case 0x911, 0x912, 0x914: result.append(0x913)
            case 0x972, 0x906: result.append(0x905)
            case 0x908: result.append(0x907)
            case 0x90A: result.append(0x909)
            case 0x960: result.append(0x90B)
            case 0x961: result.append(0x90C)
            case 0x940: result.append(0x93F)
            case 0x942: result.append(0x941)
            case 0x944: result.append(0x943)
            case 0x963: result.append(0x962)
            default: result.append(scalar)
            }
        }
        w = result
    }

    private static let hindiSuffixes: [[String]] = [
        ["ाएंगी", "ाएंगे", "ाऊंगी", "ाऊंगा", "ाइयाँ", "ाइयों", "ाइयां"],
        [
            "ाएगी", "ाएगा", "ाओगी", "ाओगे", "एंगी", "ेंगी", "एंगे", "ेंगे", "ूंगी", "ूंगा", "ातीं",
            "नाओं", "नाएं", "ताओं", "ताएं", "ियाँ", "ियों", "ियां",
        ],
        [
            "ाकर", "ाइए", "ाईं", "ाया", "ेगी", "ेगा", "ोगी", "ोगे", "ाने", "ाना", "ाते", "ाती",
            "ाता", "तीं", "ाओं", "ाएं", "ुओं", "ुएं", "ुआं",
        ],
        [
            "कर", "ाओ", "िए", "ाई", "ाए", "ने", "नी", "ना", "ते", "ीं", "ती", "ता", "ाँ", "ां",
            "ों", "ें",
        ],
        ["ो", "े", "ू", "ु", "ी", "ि", "ा"],
    ]

    @Sendable static func stemHindi(_ w: inout [UInt32]) { dropEnding(&w, hindiSuffixes) }

    /// `suffixes` by their length, the longest first, down to one sign. Two signs stay.
    private static func dropEnding(_ w: inout [UInt32], _ suffixes: [[String]]) {
        for (index, endings) in suffixes.enumerated() {
            let length = suffixes.count - index
            if w.count > length + 1, w.ends(endings) { return w.drop(length) }
        }
    }

    private static let bengaliSuffixes: [[String]] = [
        ["িয়াছিলাম", "িতেছিলাম", "িতেছিলেন", "ইতেছিলেন", "িয়াছিলেন", "ইয়াছিলেন"],
        ["িতেছিলি", "িতেছিলে", "িয়াছিলা", "িয়াছিলে", "িতেছিলা", "িয়াছিলি", "য়েদেরকে"],
        ["িতেছিস", "িতেছেন", "িয়াছিস", "িয়াছেন", "েছিলাম", "েছিলেন", "েদেরকে"],
        [
            "িতেছি", "িতেছা", "িতেছে", "ছিলাম", "ছিলেন", "িয়াছি", "িয়াছা", "িয়াছে", "েছিলে", "েছিলা", "য়েদের",
            "দেরকে",
        ],
        [
            "িলাম", "িলেন", "িতাম", "িতেন", "িবেন", "ছিলি", "ছিলে", "ছিলা", "তেছে", "িতেছ", "খানা", "খানি",
            "গুলো", "গুলি", "য়েরা", "েদের",
        ],
        [
            "লাম", "িলি", "ইলি", "িলে", "ইলে", "লেন", "িলা", "ইলা", "তাম", "িতি", "ইতি", "িতে", "ইতে", "তেন",
            "িতা", "িবা", "ইবা", "িবি", "ইবি", "বেন", "িবে", "ইবে", "ছেন", "য়োন", "য়ের", "েরা", "দের",
        ],
        [
            "িস", "েন", "লি", "লে", "লা", "তি", "তে", "তা", "বি", "বে", "বা", "ছি", "ছা", "ছে", "ুন", "ুক",
            "টা", "টি", "নি", "ের", "রা", "কে",
        ],
        ["ি", "ী", "া", "ো", "ে", "ব", "ত"],
    ]

    /// Sengupta and Chaudhuri's endings of verbs and nouns.
    @Sendable static func stemBengali(_ w: inout [UInt32]) { dropEnding(&w, bengaliSuffixes) }

    /// Letters that sound alike as one, as UzZaman and Khan's metaphone for Bangla has them.
    @Sendable static func normalizeBengali(_ w: inout [UInt32]) {
        let hasanta: UInt32 = 0x9CD
        var result: [UInt32] = []
        var index = 0
        func next(_ distance: Int) -> UInt32? {
            index + distance < w.count ? w[index + distance] : nil
        }
        while index < w.count {
            let scalar = w[index]
            let isJoined = result.last == hasanta
            switch scalar {
            case 0x981: break
            case 0x9C0: result.append(0x9BF)
            case 0x9C2: result.append(0x9C1)
            case 0x995 where next(1) == hasanta && next(2) == 0x9BF:
                if !result.isEmpty { result.append(scalar) }
                result.append(0x996)
                index += 2
            case 0x999: result.append(0x982)
            case 0x9AF where isJoined && result.count == 2:
                // At the beginning of a word, joined ya is a vowel.
                result[1] = 0x9C7
                if next(1) == 0x9BE { index += 1 }
            case 0x9AF where isJoined: result.removeLast()
            case 0x9AC where isJoined && result.count > 1:
                // Joined ba is mute, or doubles the letter before it.
                let count = result.count
                if count == 2 || count >= 5 && result[count - 3] == hasanta {
                    result.removeLast()
                } else {
                    result[count - 1] = result[count - 2]
                }
            case 0x983:
                if let following = next(1) {
                    result.append(following)
                } else if result.count < 3 {
                    result.append(0x9B9)
                }
            case 0x9B6, 0x9B7: result.append(0x9B8)
            case 0x9A3: result.append(0x9A8)
            case 0x9DC, 0x9DD: result.append(0x9B0)
            case 0x9CE: result.append(0x9A4)
            default: result.append(scalar)
            }
            index += 1
        }
        w = result
    }
}
