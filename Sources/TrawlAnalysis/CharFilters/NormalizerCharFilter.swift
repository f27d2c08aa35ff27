/// `icu_normalizer`: normalises the text, part by part, so that offsets stay right.
///
/// A part begins where normalisation never joins what comes before, or after a thousand combining
/// marks.
struct NormalizerCharFilter: CharFilter {
    let form: NormalForm
    /// Characters outside of it stay as they are; nil for no such limit.
    var set: CodePointSet?
    var normalizes: Bool { true }

    func apply(to text: FilteredText) -> FilteredText {
        let input = text.bytes
        let bytes = input.span
        var output = FilteredText()
        output.reserve(input.count + input.count / 8)
        let casefolds = form.name == .nfkcCasefold
        var at = 0
        while at < bytes.count {
            let first = bytes.scalar(at: at)
            var end = at + first.byteCount
            if form.inert.contains(first.value) || !isInSet(first.value) {
                output.copy(input[at..<end])
                at = end
                continue
            }
            // ASCII before ASCII is a part of its own; only capitals change.
            if first.value < 0x80, end == bytes.count || bytes[end] < 0x80 {
                let byte = UInt8(first.value)
                output.copy(casefolds && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
                at = end
                continue
            }
            var count = 1
            while end < bytes.count, count < 2 * NormalForm.longestRun {
                let next = bytes.scalar(at: end)
                if form.hasBoundary(before: next.value) || !isInSet(next.value) { break }
                end += next.byteCount
                count += 1
            }
            let part = input[at..<end]
            if let changed = form.changed(part.span) {
                output.replace(end - at, with: changed)
            } else {
                output.copy(part)
            }
            at = end
        }
        return output
    }
}

extension NormalizerCharFilter {
    private func isInSet(_ scalar: UInt32) -> Bool { set?.contains(scalar) ?? true }

    static let casefold = NormalizerCharFilter(form: .nfkcCasefold)
}
