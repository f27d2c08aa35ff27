/// An internet address as 16 bytes; IPv4 lies in `::ffff:0:0/96`, as Lucene keeps it, so that
/// the order of the bytes is the order of the addresses.
package struct IPAddress: Sendable, Equatable {
    package var bytes: [UInt8]

    package init(bytes: [UInt8]) {
        precondition(bytes.count == 16, "an address has 16 bytes")
        self.bytes = bytes
    }

    package init?(_ text: String) {
        let utf8 = Array(text.utf8)
        if utf8.contains(UInt8(ascii: ":")) {
            guard let parsed = IPAddress.parse6(utf8) else { return nil }
            bytes = parsed
        } else {
            guard let parsed = IPAddress.parse4(utf8[...]) else { return nil }
            bytes = IPAddress.mappedPrefix + parsed
        }
    }

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    package var isIPv4: Bool { Array(bytes[..<12]) == IPAddress.mappedPrefix }

    private static func parse4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        for part in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard !part.isEmpty, part.count <= 3, part.allSatisfy({ $0 >= 48 && $0 <= 57 }),
                part.count == 1 || part.first != 48,
                let value = UInt8(String(decoding: part, as: UTF8.self))
            else { return nil }
            result.append(value)
        }
        return result.count == 4 ? result : nil
    }

    private static func parse6(_ utf8: [UInt8]) -> [UInt8]? {
        var text = utf8[...]
        if let zone = text.firstIndex(of: UInt8(ascii: "%")) { text = text[..<zone] }
        var head: [UInt8] = []
        var tail: [UInt8]?
        var start = text.startIndex
        func take(_ bytes: [UInt8]) {
            if tail == nil { head += bytes } else { tail? += bytes }
        }
        if text.starts(with: [58, 58]) {
            tail = []
            start += 2
        } else if text.first == 58 {
            return nil
        }
        while start < text.endIndex {
            let end = text[start...].firstIndex(of: 58) ?? text.endIndex
            let part = text[start..<end]
            if part.contains(UInt8(ascii: ".")) {
                guard end == text.endIndex, let last = parse4(part) else { return nil }
                take(last)
                start = end
                break
            }
            guard !part.isEmpty, part.count <= 4,
                let value = UInt16(String(decoding: part, as: UTF8.self), radix: 16),
                part.first != UInt8(ascii: "+")
            else { return nil }
            take([UInt8(value >> 8), UInt8(value & 0xFF)])
            start = end
            guard start < text.endIndex else { break }
            start += 1
            if start < text.endIndex, text[start] == 58 {
                guard tail == nil else { return nil }
                tail = []
                start += 1
            } else if start == text.endIndex {
                return nil
            }
        }
        guard let tail else { return head.count == 16 ? head : nil }
        let gap = 16 - head.count - tail.count
        return gap < 2 ? nil : head + Array(repeating: 0, count: gap) + tail
    }

    /// As RFC 5952 writes it: the longest run of zeros cut out, hexadecimal in lower case.
    package var string: String {
        if isIPv4 { return bytes[12...].map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map {
            UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
        }
        var best = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, groups[end] == 0 { end += 1 }
            if end - index > max(best.count, 1) { best = index..<end }
            index = max(end, index + 1)
        }
        func hex(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if best.isEmpty { return hex(groups[...]) }
        return hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
    }

    /// The first and the last address of `10.0.0.0/8`.
    package static func range(cidr text: String) throws(SchemaError) -> (
        first: IPAddress, last: IPAddress
    ) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])) else {
            throw .illegalArgument(
                "Expected [ip/prefix] but was [\(text)]")
        }
        let isIPv4 = !parts[0].utf8.contains(58)
        guard let given = Int(parts[1]), given >= 0, given <= (isIPv4 ? 32 : 128) else {
            throw .illegalArgument(
                "illegal prefixLength '\(parts[1])'. Must be 0-32 for IPv4 ranges, 0-128 for "
                    + "IPv6 ranges")
        }
        let length = isIPv4 ? given + 96 : given
        var first = address.bytes
        var last = address.bytes
        for bit in length..<128 where length < 128 {
            first[bit / 8] &= ~(0x80 >> UInt8(bit % 8))
            last[bit / 8] |= 0x80 >> UInt8(bit % 8)
        }
        return (IPAddress(bytes: first), IPAddress(bytes: last))
    }
}
