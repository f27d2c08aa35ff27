package import TrawlAnalysis

/// How a completion lies among the terms of its field, so that a walk over the terms with a
/// prefix sees every completion with its weight and reads no document.
///
///     +------+-----------------------------+------+-------------+---------------+
///     | 0x00 | key: tokens, 0x1f between   | 0x00 | weight      | input, UTF-8  |
///     |      | them, 0x1e for a hole       |      | u32, big e. |               |
///     +------+-----------------------------+------+-------------+---------------+
///
/// The inputs themselves are terms as well, without any of this; none begins with 0x00. The
/// weight is stored as what it lacks to 2^31 - 1: of equal keys the heaviest comes first.
package enum CompletionTerm {
    package static let lead: UInt8 = 0x00
    package static let separator: UInt8 = 0x1f
    package static let hole: UInt8 = 0x1e
    private static let weightByteCount = 4

    package struct Rules: Sendable, Equatable {
        package var keepsSeparators = true
        package var keepsHoles = true
    }

    /// The key of a text: the first token at each position.
    package static func key(of buffer: TokenBuffer, _ rules: Rules) -> [UInt8] {
        var key: [UInt8] = []
        var isFirst = true
        for token in buffer.tokens where token.positionIncrement > 0 || isFirst {
            for _ in 1..<max(1, token.positionIncrement) where rules.keepsHoles {
                if !isFirst, rules.keepsSeparators { key.append(separator) }
                key.append(hole)
                isFirst = false
            }
            if !isFirst, rules.keepsSeparators { key.append(separator) }
            key += buffer.term(of: token)
            isFirst = false
        }
        return key
    }

    package static func encode(key: [UInt8], weight: Int, input: [UInt8]) -> [UInt8] {
        var term = [lead] + key + [lead]
        let lack = UInt32(Int32.max) - UInt32(clamping: min(weight, Int(Int32.max)))
        for shift in [24, 16, 8, 0] {
            term.append(UInt8(truncatingIfNeeded: lack >> UInt32(shift)))
        }
        return term + input
    }

    /// Nil for a term that is no completion: an input as it is.
    package static func decode(
        _ term: ArraySlice<UInt8>
    ) -> (key: ArraySlice<UInt8>, weight: Int, input: ArraySlice<UInt8>)? {
        guard term.first == lead else { return nil }
        let rest = term.dropFirst()
        guard let end = rest.firstIndex(of: lead), rest.endIndex - end > weightByteCount else {
            return nil
        }
        var lack: UInt32 = 0
        for byte in rest[(end + 1)...].prefix(weightByteCount) { lack = lack << 8 | UInt32(byte) }
        return (
            rest[..<end], Int(Int32.max) - Int(lack), rest[(end + 1 + weightByteCount)...]
        )
    }
}
