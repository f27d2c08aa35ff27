extension Language {
    /// English: possessive, lower case, 33 stop words, Porter's stems, as Lucene's
    /// EnglishAnalyzer.
    static let english = Language(
        name: "english",
        steps: [.possessive, .lowercase, .stop, .stem("english")],
        stopWords: """
            a an and are as at be but by for if in into is it no not of on or such that the their
            then there these they this to was will with
            """)
}
