extension Language {
    /// Sorani: normalization, digits, stop words and a light stemmer.
    static let sorani = Language(
        name: "sorani",
        steps: [
            .filter("sorani_normalization"), .lowercase, .filter("decimal_digit"), .stop,
            .stem("sorani"),
        ],
        stopWords: """
            و کە ی کرد ئەوەی سەر دوو هەروەها لەو دەکات چەند هەر ئەو ئەم من ئێمە تۆ ئێوە ئەوان بە
            پێ بەبێ بەدەم بەلای بەپێی بەرلە بەرەوی بەرەوە بەردەم بێ بێجگە بۆ دە تێ دەگەڵ دوای جگە
            لە لێ لەبەر لەبەینی لەبابەت لەبارەی لەباتی لەبن لەبرێتی لەدەم لەگەڵ لەلایەن لەناو
            لەنێو لەپێناوی لەرەوی لەرێ لەرێگا لەسەر لەژێر ناو نێوان پاش پێش وەک
            """)
}
