extension Language {
    /// English for ranking prose: as `english`, but every word that carries grammar alone is a
    /// stop word, and the stems are those of Snowball's English stemmer. Not Lucene's: queries
    /// made of such words alone find nothing, and "not" is not kept.
    static let englishCommon = Language(
        name: "english_common",
        steps: [.possessive, .lowercase, .stop, .stem("porter2")],
        // Determiners and quantities, pronouns, prepositions, conjunctions, auxiliaries and what
        // is left of them after an apostrophe, adverbs of degree, time, place and connection.
        stopWords: """
            a an the this that these those each every either neither both all any some such no
            none another other others own same few fewer fewest less least little lot lots many
            more most much several enough various
            i me my mine myself we us our ours ourselves you your yours yourself yourselves he
            him his himself she her hers herself it its itself they them their theirs themselves
            one ones oneself who whom whose whoever which whichever what whatever anybody anyone
            anything everybody everyone everything nobody nothing somebody someone something
            about above across after against along among amongst around as at before behind below
            beneath beside besides between beyond by despite down during except for from in inside
            into near of off on onto out outside over past per since than through throughout to
            toward towards under until unto up upon via with within without
            and but or nor so yet if unless whether while whereas although though because lest
            when whenever where wherever whereby wherein whereupon whence how however why once
            am is are was were be been being isn aren wasn weren have has had having haven hasn
            hadn do does did doing done don doesn didn will would shall should can could may might
            must ought cannot won wouldn shan shouldn couldn mightn mustn needn ll ve re s t d m
            not never ever also again almost already always apart away back else elsewhere even
            far further furthermore hence here hereby herein instead indeed just likewise maybe
            meanwhile moreover namely nearly nevertheless nonetheless now nowhere often only
            otherwise perhaps quite rather really seldom sometime sometimes somewhat somewhere
            somehow soon still then thence there thereafter thereby therefore therein thereof
            thereupon thus together too very well anyhow anyway anywhere everywhere
            became become becomes becoming came come comes get gets getting give given gives go
            goes going gone got kept like made make makes making put say says seem seemed seeming
            seems take taken takes took went
            etc ie eg mr mrs ms
            """)
}
