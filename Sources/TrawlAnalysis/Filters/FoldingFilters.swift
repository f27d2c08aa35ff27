internal import CICU

/// `asciifolding`: letters with marks, ligatures and typographic signs as plain ASCII.
struct ASCIIFoldingFilter: TokenFilter {
    let keepsOriginal: Bool
    var normalizes: Bool { true }
    var ignoresASCIICase: Bool { true }

    func apply(to buffer: inout TokenBuffer) {
        var originals: [(index: Int, token: Token)] = []
        for index in buffer.tokens.indices {
            let token = buffer.tokens[index]
            if let folded = Self.folded(buffer.term(of: token)) {
                if keepsOriginal { originals.append((index, token)) }
                buffer.replaceTerm(at: index, with: folded)
            }
        }
        if originals.isEmpty { return }
        var result: [Token] = []
        result.reserveCapacity(buffer.tokens.count + originals.count)
        var at = 0
        for (index, var original) in originals {
            result += buffer.tokens[at...index]
            original.positionIncrement = 0
            result.append(original)
            at = index + 1
        }
        buffer.tokens = result + buffer.tokens[at...]
    }

    static func folded(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        guard term.contains(where: { $0 >= 0x80 }) else { return nil }
        var result: [UInt8] = []
        var changed = false
        for scalar in Array(term).scalars {
            if scalar >= 0x80, let ascii = ASCIIFoldingTable.map[scalar] {
                result += ascii
                changed = true
            } else {
                result.appendScalar(scalar)
            }
        }
        return changed ? result : nil
    }
}

/// What `unicode_set_filter` makes of a filter of characters: those outside of the set stay as they
/// are.
struct LimitedMappingFilter: TermMappingFilter {
    let filter: any TermMappingFilter
    let set: CodePointSet
    var normalizes: Bool { true }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var changed = false
        let bytes = term.span
        var start = 0
        while start < bytes.count {
            // A run of characters that are all in the set, or all not.
            let first = bytes.scalar(at: start)
            let isInSet = set.contains(first.value)
            var end = start + first.byteCount
            while end < bytes.count {
                let next = bytes.scalar(at: end)
                if set.contains(next.value) != isInSet { break }
                end += next.byteCount
            }
            let run = term[term.startIndex + start..<term.startIndex + end]
            let new = isInSet ? filter.mapped(run) : nil
            result += new ?? Array(run)
            changed = changed || new != nil
            start = end
        }
        return changed ? result : nil
    }
}

/// `icu_normalizer` as a token filter.
struct NormalizerFilter: TermMappingFilter {
    let form: NormalForm
    var normalizes: Bool { true }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? { form.changed(term.span) }
}

/// `icu_folding`: NFKC case folding, and every mark that does not stand alone goes.
struct ICUFoldingFilter: TermMappingFilter {
    var normalizes: Bool { true }

    func mapped(_ term: ArraySlice<UInt8>) -> [UInt8]? {
        if !term.contains(where: { $0 >= 0x80 || $0 >= 0x41 && $0 <= 0x5A }) { return nil }
        let folded = NormalForm.nfkcCasefold.normalized(Array(term))
        let bare = NormalForm.nfd.normalized(folded).scalars.filter {
            cicu_general_category(Int32($0)) != 6
        }
        let result = NormalForm.nfc.normalized([UInt8](scalars: bare.map(Self.plain)))
        return result == Array(term) ? nil : result
    }

    private static func plain(_ scalar: UInt32) -> UInt32 {
        guard scalar >= 0x80 else { return scalar }
        let digit = cicu_digit_value(Int32(scalar))
        if digit >= 0 { return 0x30 + UInt32(digit) }
        switch scalar {
        case 0xF8: return 0x6F
        case 0x142: return 0x6C
        case 0x111: return 0x64
        case 0x127: return 0x68
        case 0x131: return 0x69
        default: return scalar
        }
    }
}

/// `icu_transform`: any of ICU's transliterations, such as `Traditional-Simplified`.
struct TransformFilter: TokenFilter {
    private let pool: ResourcePool<ICUTransform>
    var normalizes: Bool { true }

    init?(id: String, isReversed: Bool = false) {
        guard ICUTransform.exists(id, isReversed) else { return nil }
        pool = ResourcePool { ICUTransform(id: id, isReversed: isReversed) }
    }

    func apply(to buffer: inout TokenBuffer) {
        pool.borrow { transform in
            for index in buffer.tokens.indices {
                let term = buffer.term(of: buffer.tokens[index])
                if let changed = transform.changed(term.span) {
                    buffer.replaceTerm(at: index, with: changed)
                }
            }
        }
    }
}

/// One transliterator; for one thread at a time.
@safe final class ICUTransform {
    // From ICU: made in `init`, freed in `deinit`, never handed out.
    private let transform: OpaquePointer?

    static func exists(_ id: String, _ isReversed: Bool) -> Bool {
        let made = unsafe cicu_transform_new(id, isReversed ? 1 : 0)
        defer { unsafe cicu_transform_free(made) }
        return unsafe made != nil
    }

    init(id: String, isReversed: Bool) {
        unsafe transform = cicu_transform_new(id, isReversed ? 1 : 0)
    }

    deinit { unsafe cicu_transform_free(transform) }

    /// Longer terms are transformed in parts of this size: rules may look at all that follows.
    private static let longestPart = 4096

    func changed(_ term: Span<UInt8>) -> [UInt8]? {
        if term.count <= Self.longestPart { return changedPart(term) }
        var result: [UInt8] = []
        var at = 0
        while at < term.count {
            var end = min(at + Self.longestPart, term.count)
            while end < term.count, term[end] & 0xC0 == 0x80 { end -= 1 }
            let part = term.extracting(at..<end)
            if let changed = changedPart(part) {
                result += changed
            } else {
                for index in part.indices { result.append(part[index]) }
            }
            at = end
        }
        return result
    }

    private func changedPart(_ term: Span<UInt8>) -> [UInt8]? {
        let units = UTF16Text(term).units
        let result = unsafe UTF16Text.filled(startingWith: units.count * 2 + 32) {
            (target, capacity) in
            unsafe units.withUnsafeBufferPointer {
                unsafe cicu_transform_apply(
                    transform, $0.baseAddress, Int32($0.count), target, capacity)
            }
        }
        guard let result, result != units else { return nil }
        return UTF16Text.utf8(result[...])
    }
}
