/// How the parts of a key become an `_id`, and back.
///
/// A key of one column is its text. Of several the texts are joined by `|`; a `|` or a `%` within
/// one of them is written `%7C` or `%25`.
package enum RowKey {
    package static func id(of parts: [String]) -> String {
        parts.count == 1 ? parts[0] : parts.map(escaped).joined(separator: "|")
    }

    /// Nil when there are not as many parts.
    package static func parts(of id: String, count: Int) -> [String]? {
        if count == 1 { return [id] }
        let parts = id.split(separator: "|", omittingEmptySubsequences: false)
        return parts.count == count ? parts.map { unescaped(String($0)) } : nil
    }

    private static func escaped(_ part: String) -> String {
        guard part.utf8.contains(where: { $0 == 0x7c || $0 == 0x25 }) else { return part }
        return part.replacing("%", with: "%25").replacing("|", with: "%7C")
    }

    private static func unescaped(_ part: String) -> String {
        guard part.utf8.contains(0x25) else { return part }
        return part.replacing("%7C", with: "|").replacing("%25", with: "%")
    }
}

/// Bytes as text, for documents and ids: base64 with padding.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func text(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var iterator = bytes.makeIterator()
        while let first = iterator.next() {
            let second = iterator.next()
            let third = second == nil ? nil : iterator.next()
            let bits = UInt32(first) << 16 | UInt32(second ?? 0) << 8 | UInt32(third ?? 0)
            text.append(alphabet[Int(bits >> 18)])
            text.append(alphabet[Int(bits >> 12 & 63)])
            text.append(second == nil ? 0x3d : alphabet[Int(bits >> 6 & 63)])
            text.append(third == nil ? 0x3d : alphabet[Int(bits & 63)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil when it is no base64.
    package static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for byte in text.utf8 {
            if byte == 0x3d {
                padding += 1
                continue
            }
            guard padding == 0, let value = alphabet.firstIndex(of: byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 1
            if count % 4 == 0 {
                bytes += [
                    UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255),
                ]
                bits = 0
            }
        }
        switch count % 4 {
        case 0: break
        case 2: bytes.append(UInt8(bits >> 4 & 255))
        case 3: bytes += [UInt8(bits >> 10 & 255), UInt8(bits >> 2 & 255)]
        default: return nil
        }
        return (count + padding) % 4 == 0 ? bytes : nil
    }
}
