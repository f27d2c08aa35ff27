/// Text to tokens: char filters, a tokenizer, token filters.
///
/// An analyzer is a value that any number of threads may use at once. What needs state
/// (stemmers, ICU's iterators) is borrowed from pools inside.
///
///     var buffer = TokenBuffer()
///     analyzer.analyze(utf8, into: &buffer)
///     for token in buffer.tokens { use(buffer.term(of: token)) }
///
/// Bytes that are not UTF-8 are read as U+FFFD. Time is linear in the text, memory as well.
package final class Analyzer: Sendable {
    package let name: String
    package let charFilters: [NamedCharFilter]
    package let tokenizer: NamedTokenizer
    package let filters: [NamedTokenFilter]
    /// Between the values of a multi-valued field, when the settings of the analyzer say so.
    package let positionIncrementGap: Int?

    /// Where the lower-casing of ASCII letters may go before the tokenizer: the lowercase filter
    /// it stands for. The filter still sees texts that are not ASCII.
    private let lowercaseIndex: Int?
    private let normalizing: [any TokenFilter]

    package init(
        name: String, charFilters: [NamedCharFilter] = [], tokenizer: NamedTokenizer,
        filters: [NamedTokenFilter] = [], positionIncrementGap: Int? = nil
    ) {
        self.name = name
        self.charFilters = charFilters
        self.tokenizer = tokenizer
        self.filters = filters
        self.positionIncrementGap = positionIncrementGap
        normalizing = filters.map(\.filter).filter(\.normalizes)
        var index: Int?
        if tokenizer.tokenizer.ignoresASCIICase {
            for (place, named) in filters.enumerated() {
                if named.filter is LowercaseFilter {
                    index = place
                    break
                }
                if !named.filter.ignoresASCIICase { break }
            }
        }
        lowercaseIndex = index
    }

    /// Replaces what the buffer holds by the tokens of a text.
    package func analyze(_ utf8: Span<UInt8>, into buffer: inout TokenBuffer) {
        buffer.removeAll()
        if charFilters.isEmpty {
            unsafe utf8.withUnsafeBufferPointer { unsafe buffer.arena.append(contentsOf: $0) }
            let isASCII = UTF8Validity.isASCII(utf8)
            if isASCII || UTF8Validity.isValid(utf8) {
                return tokenize(&buffer, isASCII: isASCII, original: nil)
            }
        }
        let texts = filteredTexts(utf8)
        buffer.arena.removeAll(keepingCapacity: true)
        buffer.arena.append(contentsOf: texts.last!.bytes)
        let isASCII = UTF8Validity.isASCII(buffer.arena.span)
        tokenize(&buffer, isASCII: isASCII, original: texts)
    }

    package func analyze(_ utf8: UnsafeBufferPointer<UInt8>, into buffer: inout TokenBuffer) {
        unsafe analyze(utf8.span, into: &buffer)
    }

    package func analyze(_ utf8: [UInt8], into buffer: inout TokenBuffer) {
        analyze(utf8.span, into: &buffer)
    }

    package func analyze(_ text: String) -> TokenBuffer {
        var buffer = TokenBuffer()
        analyze(Array(text.utf8), into: &buffer)
        return buffer
    }

    /// The terms alone, for tests and small tools.
    package func terms(_ text: String) -> [String] {
        let buffer = analyze(text)
        return buffer.tokens.map(buffer.termString)
    }

    /// What a single term of a query (prefix, wildcard, range) or a value of a keyword field
    /// becomes: characters are filtered, nothing is cut, dropped or stemmed.
    package func normalize(_ term: [UInt8]) -> [UInt8] {
        var buffer = TokenBuffer()
        let bytes = UTF8Validity.isValid(term.span) ? term : UTF8Validity.repaired(term.span).bytes
        var text = FilteredText(bytes)
        for named in charFilters where named.filter.normalizes {
            text = named.filter.apply(to: text)
        }
        buffer.arena = text.bytes
        buffer.tokens = [Token(from: 0, to: text.bytes.count, type: .word)]
        for filter in normalizing { filter.apply(to: &buffer) }
        guard let token = buffer.tokens.first else { return [] }
        return Array(buffer.term(of: token))
    }

    package func normalize(_ term: String) -> String {
        String(decoding: normalize(Array(term.utf8)), as: UTF8.self)
    }

    /// The original (repaired when it was not UTF-8) and what each char filter made of it.
    func filteredTexts(_ utf8: Span<UInt8>) -> [FilteredText] {
        var texts = [
            UTF8Validity.isValid(utf8)
                ? FilteredText(unsafe utf8.withUnsafeBufferPointer { unsafe Array($0) })
                : UTF8Validity.repaired(utf8)
        ]
        for named in charFilters {
            texts.append(named.filter.apply(to: FilteredText(texts.last!.bytes)))
        }
        return texts
    }

    private func tokenize(_ buffer: inout TokenBuffer, isASCII: Bool, original: [FilteredText]?) {
        precondition(buffer.arena.count < 1 << 30, "a text of a gigabyte is not one text")
        if lowercaseIndex != nil { LowercaseFilter.lowercaseASCII(&buffer.arena) }
        tokenizer.tokenizer.tokenize(&buffer)
        if let original { Self.mapOffsets(&buffer, back: original) }
        for (index, named) in filters.enumerated() {
            if isASCII, index == lowercaseIndex { continue }
            named.filter.apply(to: &buffer)
        }
    }

    /// Offsets after the tokenizer are those of the last text; these of the first are reported.
    static func mapOffsets(_ buffer: inout TokenBuffer, back texts: [FilteredText]) {
        for text in texts.reversed() where text.changesOffsets {
            // Tokens ascend, nearly, so the walk goes forward, nearly.
            var start = 0
            var end = 0
            for index in buffer.tokens.indices {
                let first = text.inputOffset(
                    of: Int(buffer.tokens[index].startByteOffset), near: &start)
                let last = text.inputOffset(
                    of: Int(buffer.tokens[index].endByteOffset), near: &end)
                buffer.tokens[index].startByteOffset = Int32(first)
                buffer.tokens[index].endByteOffset = Int32(max(first, last))
            }
        }
    }
}

/// A char filter under the name that its settings or the catalogue gave it.
package struct NamedCharFilter: Sendable {
    package let name: String
    package let filter: any CharFilter
    package init(_ name: String, _ filter: any CharFilter) {
        self.name = name
        self.filter = filter
    }
}

package struct NamedTokenizer: Sendable {
    package let name: String
    package let tokenizer: any Tokenizer
    package init(_ name: String, _ tokenizer: any Tokenizer) {
        self.name = name
        self.tokenizer = tokenizer
    }
}

package struct NamedTokenFilter: Sendable {
    package let name: String
    package let filter: any TokenFilter
    package init(_ name: String, _ filter: any TokenFilter) {
        self.name = name
        self.filter = filter
    }
}
