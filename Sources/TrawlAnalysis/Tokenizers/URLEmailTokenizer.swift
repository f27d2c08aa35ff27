/// `uax_url_email`: the words of `standard`, but addresses of mail and of pages stay whole.
///
/// An address is looked for at the beginning of a word only, over at most 2 KB of ASCII. A host
/// without a scheme counts when it ends in two letters or in one of the common endings.
struct URLEmailTokenizer: Tokenizer {
    var maxTokenLength = 255

    private static let endings: Set<String> = [
        "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "aero",
        "coop", "museum", "jobs", "mobi", "travel", "cat", "tel", "asia", "post", "xxx", "arpa",
        "dev", "app", "online", "site", "shop", "cloud", "blog", "tech", "store", "xyz", "club",
    ]

    func tokenize(_ buffer: inout TokenBuffer) {
        var plain = TokenBuffer()
        plain.arena = buffer.arena
        UnicodeWordTokenizer(maxTokenLength: maxTokenLength).tokenize(&plain)
        let text = buffer.arena
        var after = 0
        for token in plain.tokens {
            let start = Int(token.startByteOffset)
            if start < after { continue }
            var first = start
            // A mail name may begin with signs that no word has.
            while first > after, Self.isLocal(text[first - 1]), text[first - 1] != 0x2E {
                first -= 1
            }
            if let end = Self.email(text, first) {
                buffer.tokens.append(Token(from: first, to: end, type: .email))
                after = end
            } else if let end = Self.url(text, start) {
                buffer.tokens.append(Token(from: start, to: end, type: .url))
                after = end
            } else {
                buffer.tokens.append(token)
                after = Int(token.endByteOffset)
            }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
    }

    private static func isLocal(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~.".utf8.contains(byte)
    }

    private static func email(_ text: [UInt8], _ start: Int) -> Int? {
        var at = start
        let limit = min(text.count, start + 320)
        while at < limit, isLocal(text[at]) { at += 1 }
        guard at > start, at < limit, text[at] == 0x40, text[at - 1] != 0x2E, text[start] != 0x2E
        else { return nil }
        return host(text, at + 1)?.end
    }

    /// A name of at least two labels, or four numbers.
    private static func host(
        _ text: [UInt8], _ start: Int
    ) -> (end: Int, ending: String, isNumbers: Bool)? {
        var at = start
        var labels: [String] = []
        let limit = min(text.count, start + 255)
        while at < limit {
            var end = at
            while end < limit, isAlphanumeric(text[end]) || text[end] == 0x2D { end += 1 }
            while end > at, text[end - 1] == 0x2D { end -= 1 }
            guard end > at, text[at] != 0x2D else { break }
            labels.append(String(decoding: text[at..<end], as: UTF8.self).lowercased())
            at = end
            guard at + 1 < limit, text[at] == 0x2E, isAlphanumeric(text[at + 1]) else { break }
            at += 1
        }
        if labels.count == 4, labels.allSatisfy({ Int($0).map { $0 < 256 } ?? false }) {
            return (at, labels[3], true)
        }
        guard labels.count >= 2, let last = labels.last, last.allSatisfy(\.isLetter) else {
            return nil
        }
        return (at, last, false)
    }

    private static func url(_ text: [UInt8], _ start: Int) -> Int? {
        var at = start
        var hasScheme = false
        for scheme in ["http://", "https://", "ftp://", "file://"] {
            let end = start + scheme.utf8.count
            if end < text.count,
                String(decoding: text[start..<end], as: UTF8.self).lowercased() == scheme
            {
                at = end
                hasScheme = true
            }
        }
        if let host = host(text, at) {
            guard hasScheme || host.ending.utf8.count == 2 || endings.contains(host.ending),
                hasScheme || !host.isNumbers
            else { return nil }
            at = host.end
        } else if hasScheme, at < text.count, isAlphanumeric(text[at]) || text[at] == 0x2F {
            while at < text.count, isAlphanumeric(text[at]) || text[at] == 0x2D { at += 1 }
        } else {
            return nil
        }
        if at + 1 < text.count, text[at] == 0x3A, text[at + 1] >= 0x30, text[at + 1] <= 0x39 {
            at += 1
            while at < text.count, text[at] >= 0x30, text[at] <= 0x39 { at += 1 }
        }
        guard at < text.count, text[at] == 0x2F || text[at] == 0x3F || text[at] == 0x23 else {
            return at
        }
        let limit = min(text.count, at + 2048)
        var end = at
        while at < limit,
            isAlphanumeric(text[at]) || "-._~:/?#[]@!$&'()*+,;=%".utf8.contains(text[at])
        {
            at += 1
            // Punctuation at the end belongs to the sentence.
            if isAlphanumeric(text[at - 1]) || "/-_~=#%&+$".utf8.contains(text[at - 1]) { end = at }
        }
        return end
    }
}
