/// Hindi and Bengali: variants of spelling made one, as Lucene's normalizers do, and Hindi's
/// light stemmer (Ramanathan and Rao).
enum IndicScript {
    /// Vowels written as two or three signs, as the one sign that they look like.
    private static let compositions: [[UInt32]: UInt32] = [
        [0x905, 0x93E, 0x945]: 0x911, [0x905, 0x93E, 0x946]: 0x912, [0x905, 0x93E, 0x947]: 0x913,
        [0x905, 0x93E, 0x948]: 0x914, [0x905, 0x93E]: 0x906, [0x905, 0x945]: 0x972,
        [0x905, 0x946]: 0x904, [0x905, 0x947]: 0x90F, [0x905, 0x948]: 0x910,
        [0x905, 0x949]: 0x911, [0x905, 0x94A]: 0x912, [0x905, 0x94B]: 0x913,
        [0x905, 0x94C]: 0x914, [0x906, 0x945]: 0x911, [0x906, 0x946]: 0x912,
        [0x906, 0x947]: 0x913, [0x906, 0x948]: 0x914, [0x909, 0x941]: 0x90A,
        [0x90F, 0x945]: 0x90D, [0x90F, 0x946]: 0x90E, [0x90F, 0x947]: 0x910,
        [0x93E, 0x945]: 0x949, [0x93E, 0x946]: 0x94A, [0x93E, 0x947]: 0x94B,
        [0x93E, 0x948]: 0x94C, [0x928, 0x93C]: 0x929, [0x930, 0x93C]: 0x931,
        [0x933, 0x93C]: 0x934, [0x985, 0x9BE]: 0x986, [0x9A4, 0x9CD, 0x200D]: 0x9CE,
    ]

    @Sendable static func compose(_ w: inout [UInt32]) {
        var result: [UInt32] = []
        var index = 0
        while index < w.count {
            var taken = 1
            var made = w[index]
            for length in [3, 2] where index + length <= w.count {
                if let sign = compositions[Array(w[index..<index + length])] {
                    made = sign
                    taken = length
                    break
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

    @Sendable static func stemHindi(_ w: inout [UInt32]) {
        for (index, suffixes) in hindiSuffixes.enumerated() {
            let length = 5 - index
            if w.count > length + 1, w.ends(suffixes) { return w.drop(length) }
        }
    }

    @Sendable static func normalizeBengali(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x981: nil
        case 0x9C0: 0x9BF
        case 0x9C2: 0x9C1
        case 0x9AF: 0x99C
        case 0x9A3: 0x9A8
        case 0x9B6, 0x9B7: 0x9B8
        case 0x9DC, 0x9DD: 0x9B0
        case 0x9CE: 0x9A4
        default: scalar
        }
    }
}
