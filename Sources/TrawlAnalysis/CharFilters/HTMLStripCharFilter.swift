/// `html_strip`: takes out tags, comments and the content of scripts and styles, and decodes
/// character references. Tags of blocks become line breaks, so that words do not grow together.
///
/// A forgiving scanner, not a parser: what is no tag (`a < b`) stays. Every search for an end is
/// bounded or done at most once, so the time is linear.
struct HTMLStripCharFilter: CharFilter {
    /// Tags that stay.
    let escapedTags: Set<String>

    init(escapedTags: [String] = []) { self.escapedTags = Set(escapedTags.map { $0.lowercased() }) }

    /// Tags inside of words; every other one ends a line.
    private static let inline: Set<String> = [
        "a", "abbr", "acronym", "b", "basefont", "bdo", "big", "cite", "code", "dfn", "em",
        "font", "i", "img", "input", "kbd", "label", "q", "s", "samp", "select", "small", "span",
        "strike", "strong", "sub", "sup", "textarea", "tt", "u", "var",
    ]

    func apply(to text: FilteredText) -> FilteredText {
        let input = text.bytes
        var output = FilteredText()
        output.reserve(input.count)
        var noCommentEnd = false
        var at = 0
        while at < input.count {
            let byte = input[at]
            if byte == 0x26, let reference = Self.reference(input, at) {
                output.replace(reference.end - at, with: reference.text)
                at = reference.end
                continue
            }
            guard byte == 0x3C else {
                output.copy(byte)
                at += 1
                continue
            }
            if Self.has(input, at, "<!--") {
                if !noCommentEnd, let end = Self.find(input, at + 4, "-->") {
                    output.replace(end - at, with: [])
                    at = end
                    continue
                }
                noCommentEnd = true
            } else if let tag = tag(input, at) {
                let name = tag.name
                if escapedTags.contains(name) {
                    output.copy(input[at..<tag.end])
                    at = tag.end
                    continue
                }
                var end = tag.end
                if !tag.isClosing, name == "script" || name == "style" {
                    end = Self.find(input, end, "</\(name)", ignoringCase: true) ?? input.count
                    while end < input.count, input[end - 1] != 0x3E { end += 1 }
                }
                output.replace(end - at, with: Self.inline.contains(name) ? [] : [0x0A])
                at = end
                continue
            }
            output.copy(byte)
            at += 1
        }
        return output
    }

    /// A tag, a declaration or a processing instruction at `start`, at most 64 KB long.
    private func tag(
        _ input: [UInt8], _ start: Int
    ) -> (name: String, isClosing: Bool, end: Int)? {
        var at = start + 1
        guard at < input.count else { return nil }
        let isClosing = input[at] == 0x2F
        if isClosing || input[at] == 0x21 || input[at] == 0x3F { at += 1 }
        var name: [UInt8] = []
        while at < input.count, name.count < 64, Self.isName(input[at], first: name.isEmpty) {
            let byte = input[at]
            name.append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
            at += 1
        }
        guard !name.isEmpty else { return nil }
        var quote: UInt8?
        let limit = min(input.count, start + 65_536)
        while at < limit {
            let byte = input[at]
            at += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == 0x3E {
                return (String(decoding: name, as: UTF8.self), isClosing, at)
            } else if byte == 0x3C {
                return nil
            } else if byte == 0x22 || byte == 0x27, input[at - 2] == 0x3D || input[at - 2] == 0x20 {
                quote = byte
            }
        }
        return nil
    }

    private static func isName(_ byte: UInt8, first: Bool) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, 0x80...: true
        case 0x30...0x39, 0x2D, 0x2E, 0x3A, 0x5F: !first
        default: false
        }
    }

    private static func has(
        _ input: [UInt8], _ at: Int, _ part: String, ignoringCase: Bool = false
    ) -> Bool {
        guard at + part.utf8.count <= input.count else { return false }
        for (offset, byte) in part.utf8.enumerated() {
            var actual = input[at + offset]
            if ignoringCase, actual >= 0x41, actual <= 0x5A { actual |= 0x20 }
            if actual != byte { return false }
        }
        return true
    }

    /// The end of the first `part` from `start` on.
    private static func find(
        _ input: [UInt8], _ start: Int, _ part: String, ignoringCase: Bool = false
    ) -> Int? {
        var at = start
        while at < input.count {
            if has(input, at, part, ignoringCase: ignoringCase) { return at + part.utf8.count }
            at += 1
        }
        return nil
    }

    private static func reference(
        _ input: [UInt8], _ start: Int
    ) -> (text: [UInt8], end: Int)? {
        var at = start + 1
        guard at < input.count else { return nil }
        if input[at] == 0x23 {
            at += 1
            let isHex = at < input.count && (input[at] == 0x78 || input[at] == 0x58)
            if isHex { at += 1 }
            let digits = input[at...].prefix(8).prefix {
                $0 >= 0x30 && $0 <= 0x39 || isHex && ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x66)
            }
            guard !digits.isEmpty,
                let value = UInt32(
                    String(decoding: digits, as: UTF8.self), radix: isHex ? 16 : 10),
                let scalar = Unicode.Scalar(value), value != 0
            else { return nil }
            at += digits.count
            if at < input.count, input[at] == 0x3B { at += 1 }
            return (Array(String(scalar).utf8), at)
        }
        let name = input[at...].prefix(10).prefix {
            $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A
        }
        let end = at + name.count
        guard end < input.count, input[end] == 0x3B,
            let value = HTMLEntities.named[String(decoding: name, as: UTF8.self)]
        else { return nil }
        return (Array(value.utf8), end + 1)
    }
}
