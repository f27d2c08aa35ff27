extension Language {
    /// Chinese: NFKC case folding, words by ICU's dictionary and all pairs of characters beside
    /// them. With `"fold": "simplified"` traditional characters become simplified ones.
    static let chinese = Language(
        name: "chinese", charFilters: [("icu_normalizer", NormalizerCharFilter.casefold)],
        tokenizer: .icuWords(locale: "zh", addsBigrams: true), steps: [.folding, .stop])
}
