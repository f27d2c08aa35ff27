/// Turns byte offsets of a text into offsets in UTF-16 code units, which is how Elasticsearch and
/// Lucene count.
///
/// Asking in ascending order costs one pass over the text in all; going back starts again.
package struct UTF16Offsets {
    private let text: [UInt8]
    private var byteOffset = 0
    private var unitOffset = 0

    package init(_ text: [UInt8]) { self.text = text }
    package init(_ text: String) { self.text = Array(text.utf8) }

    /// Offsets past the end count as the end.
    package mutating func units(at target: Int) -> Int {
        if target < byteOffset {
            byteOffset = 0
            unitOffset = 0
        }
        let end = min(target, text.count)
        while byteOffset < end {
            let byte = text[byteOffset]
            if byte & 0xC0 != 0x80 { unitOffset += byte >= 0xF0 ? 2 : 1 }
            byteOffset += 1
        }
        return unitOffset
    }
}
