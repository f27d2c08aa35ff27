extension Language {
    /// Japanese: NFKC case folding, words by ICU's dictionary and all pairs of characters beside
    /// them.
    static let japanese = Language(
        name: "japanese", charFilters: [("icu_normalizer", NormalizerCharFilter.casefold)],
        tokenizer: .icuWords(locale: "ja", addsBigrams: true), steps: [.stop])
}
