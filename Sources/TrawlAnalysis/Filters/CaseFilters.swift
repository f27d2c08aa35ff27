internal import CICU

/// Lower case, one code point for one, as Lucene's LowerCaseFilter.
struct LowercaseFilter: TokenFilter {
    var normalizes: Bool { true }
    var ignoresASCIICase: Bool { true }

    func apply(to buffer: inout TokenBuffer) {
        for index in buffer.tokens.indices {
            if let changed = Self.lowercased(buffer.term(of: buffer.tokens[index])) {
                buffer.replaceTerm(at: index, with: changed)
            }
        }
    }

    /// Nil when the term is in lower case already.
    static func lowercased(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        if !mayChange(term.span) { return nil }
        return mapped(term) { UInt32(bitPattern: cicu_to_lower(Int32(bitPattern: $0))) }
    }

    /// Most terms are in lower case, and most of the others are ASCII.
    private static func mayChange(_ term: Span<UInt8>) -> Bool {
        var at = 0
        while at < term.count {
            let byte = term[at]
            if byte < 0x80 {
                if byte &- 0x41 < 26 { return true }
                at += 1
            } else {
                let scalar = term.scalar(at: at)
                if changing.contains(scalar.value) { return true }
                at += scalar.byteCount
            }
        }
        return false
    }

    private static let changing = CodePointSet.property("Changes_When_Lowercased")

    static func mapped(_ term: ArraySlice<UInt8>, _ map: (UInt32) -> UInt32) -> [UInt8]? {
        var result: [UInt8]?
        let bytes = term.span
        var index = 0
        while index < bytes.count {
            let scalar = bytes.scalar(at: index)
            let new = map(scalar.value)
            if new != scalar.value, result == nil {
                result = Array(term[term.startIndex..<term.startIndex + index])
            }
            result?.appendScalar(new)
            index += scalar.byteCount
        }
        return result
    }

    /// Lower-cases the ASCII letters of a text in place; the compiler makes vectors of it.
    static func lowercaseASCII(_ text: inout [UInt8]) {
        let count = text.count
        unsafe text.withUnsafeMutableBufferPointer { text in
            for index in 0..<count {
                let byte = unsafe text[index]
                let isUpper: UInt8 = byte &- 0x41 < 26 ? 0x20 : 0
                unsafe text[index] = byte | isUpper
            }
        }
    }
}

/// Upper case, one code point for one.
struct UppercaseFilter: TokenFilter {
    var normalizes: Bool { true }

    func apply(to buffer: inout TokenBuffer) {
        for index in buffer.tokens.indices {
            let term = buffer.term(of: buffer.tokens[index])
            let changed = LowercaseFilter.mapped(term) {
                UInt32(bitPattern: cicu_to_upper(Int32(bitPattern: $0)))
            }
            if let changed { buffer.replaceTerm(at: index, with: changed) }
        }
    }
}

/// Lower case by the rules of Turkish, Greek or Irish.
struct LocaleLowercaseFilter: TokenFilter {
    enum Language: String, CaseIterable { case turkish, greek, irish }
    let language: Language
    var normalizes: Bool { true }

    func apply(to buffer: inout TokenBuffer) {
        for index in buffer.tokens.indices {
            let term = Array(buffer.term(of: buffer.tokens[index]))
            let changed = Self.lowercased(term, language)
            if changed != term { buffer.replaceTerm(at: index, with: changed) }
        }
    }

    static func lowercased(_ term: [UInt8], _ language: Language) -> [UInt8] {
        var scalars = term.scalars
        switch language {
        case .turkish: return turkish(scalars)
        case .irish:
            // An eclipsis t or n before a capital vowel is set off by a hyphen.
            if scalars.count > 1, scalars[0] == 0x6E || scalars[0] == 0x74,
                [0x41, 0x45, 0x49, 0x4F, 0x55, 0xC1, 0xC9, 0xCD, 0xD3, 0xDA].contains(scalars[1])
            {
                scalars.insert(0x2D, at: 1)
            }
            return [UInt8](scalars: scalars.map(lower))
        case .greek: return [UInt8](scalars: scalars.map(greek))
        }
    }

    private static func lower(_ scalar: UInt32) -> UInt32 {
        UInt32(bitPattern: cicu_to_lower(Int32(bitPattern: scalar)))
    }

    /// I is ı unless a combining dot above follows, which it swallows.
    private static func turkish(_ scalars: [UInt32]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < scalars.count {
            var scalar = lower(scalars[index])
            if scalars[index] == 0x130 { scalar = 0x69 }
            if scalars[index] == 0x49 {
                scalar = 0x131
                var next = index + 1
                while next < scalars.count, cicu_general_category(Int32(scalars[next])) == 6 {
                    if scalars[next] == 0x307 {
                        scalar = 0x69
                        result.appendScalar(scalar)
                        for mark in scalars[index + 1..<next] { result.appendScalar(mark) }
                        index = next
                        break
                    }
                    next += 1
                }
                if index == next {
                    index += 1
                    continue
                }
            }
            result.appendScalar(scalar)
            index += 1
        }
        return result
    }

    /// Lower case without tonos and dialytika, and every sigma the same.
    private static func greek(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case 0x3C2: 0x3C3
        case 0x386, 0x3AC: 0x3B1
        case 0x388, 0x3AD: 0x3B5
        case 0x389, 0x3AE: 0x3B7
        case 0x38A, 0x3AA, 0x3AF, 0x3CA, 0x390: 0x3B9
        case 0x38E, 0x3AB, 0x3CD, 0x3CB, 0x3B0: 0x3C5
        case 0x38C, 0x3CC: 0x3BF
        case 0x38F, 0x3CE: 0x3C9
        case 0x3A2: 0x3C2
        default: lower(scalar)
        }
    }
}
