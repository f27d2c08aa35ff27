extension Language {
    /// Arabic: lower case, digits, stop words, normalization and a light stemmer, as Lucene's ArabicAnalyzer.
    static let arabic = Language(
        name: "arabic",
        steps: [
            .lowercase, .filter("decimal_digit"), .stop, .filter("arabic_normalization"),
            .stem("arabic"),
        ],
        stopWords: """
            من ومن منها منه في وفي فيها فيه و ف ثم او أو ب بها به ا أ اى اي أي أى لا ولا الا ألا
            إلا لكن ما وما كما فما عن مع اذا إذا ان أن إن انها أنها إنها انه أنه إنه بان بأن فان
            فأن وان وأن وإن التى التي الذى الذي الذين الى الي إلى إلي على عليها عليه اما أما إما
            ايضا أيضا كل وكل لم ولم لن ولن هى هي هو وهى وهي وهو فهى فهي فهو انت أنت لك لها له هذه
            هذا تلك ذلك هناك كانت كان يكون تكون وكانت وكان غير بعض قد نحو بين بينما منذ ضمن حيث
            الان الآن خلال بعد قبل حتى عند عندما لدى جميع
            """)
}
