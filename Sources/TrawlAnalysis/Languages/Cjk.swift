extension Language {
    /// Chinese, Japanese and Korean: pairs of ideographs, kana and hangul.
    static let cjk = Language(
        name: "cjk",
        steps: [.filter("cjk_width"), .lowercase, .filter("cjk_bigram"), .stop],
        stopWords: """
            a and are as at be but by for if in into is it no not of on or s such t that the
            their then there these they this to was will with www
            """)
}
