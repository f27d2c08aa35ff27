/// Ntais's stemmer of Greek, as Lucene's GreekStemFilter, for words in Greek lower case: without
/// accents, with σ at the end.
enum GreekStemming {
    private static let vowels = "αεηιουω"
    private static let vowelsButUpsilon = "αεηιοω"

    @Sendable static func stem(_ w: inout [UInt32]) {
        guard w.count >= 4 else { return }
        let length = w.count
        for rule in families { rule.apply(to: &w) }
        // The plain endings are for the words that belong to no family.
        if w.count == length { inflection.apply(to: &w) }
        comparison.apply(to: &w)
    }

    /// Each rule sees what the ones before it left.
    private static let families: [EndingRule] =
        irregularNouns + nouns + pastTenses + verbs + [
            EndingRule("ματων ματοσ ματα", leaving: "μα")
        ]

    private static let irregularNouns = [
        EndingRule("=καθεστωτοσ =καθεστωτων =καθεστωτα =καθεστωσ", leaving: "καθεστ"),
        EndingRule("=γεγονοτοσ =γεγονοτων =γεγονοτα =γεγονοσ", leaving: "γεγον"),
        EndingRule("=τατογιου =τατογιων =τατογια", leaving: "τατο"),
        EndingRule("=σκαγιου =σκαγιων =σκαγια", leaving: "σκα"),
        EndingRule("=ολογιου =ολογιων =ολογια", leaving: "ολο"),
        EndingRule("=σογιου =σογιων =σογια", leaving: "σο"),
        EndingRule("=φαγιου =φαγιων =φαγια", leaving: "φα"),
        EndingRule("=κρεατοσ =κρεατων =κρεατα =κρεασ", leaving: "κρε"),
        EndingRule("=περατοσ =περατων =περατα =περασ", leaving: "περ"),
        EndingRule("=τερατοσ =τερατων =τερατα =τερασ", leaving: "τερ"),
        EndingRule("=φωτοσ =φωτων =φωτα =φωσ", leaving: "φω"),
    ]

    private static let nouns = [
        EndingRule(
            "αδεσ αδων", leaving: "αδ",
            butNotAfter: StemList(
                "-οκ -μαμ -μαν -μπαμπ -πατερ -γιαγι -νταντ -κυρ -θει -πεθερ")),
        EndingRule(
            "εδεσ εδων", leaving: "εδ",
            after: StemList("-οπ -ιπ -εμπ -υπ -γηπ -δαπ -κρασπ -μιλ")),
        EndingRule(
            "ουδεσ ουδων", leaving: "ουδ",
            after: StemList(
                "-αρκ -καλιακ -πεταλ -λιχ -πλεξ -σκ -σ -φλ -φρ -βελ -λουλ -χν -σπ -τραγ -φε")),
        EndingRule("εωσ εων", leaving: "ε", after: StemList("θ δ ελ γαλ ν π ιδ παρ")),
        EndingRule("ια ιου ιων", leaving: "ι", after: StemList(orEndingIn: vowels)),
        EndingRule(
            "ικα ικο ικου ικων", leaving: "ικ",
            after: StemList(
                """
                αλ αδ ενδ αμαν αμμοχαλ ηθ ανηθ αντιδ φυσ βρωμ γερ εξωδ καλπ καλλιν καταδ μουλ μπαν
                μπαγιατ μπολ μποσ νιτ ξικ συνομηλ πετσ πιτσ πικαντ πλιατσ ποστελν πρωτοδ σερτ συναδ
                τσαμ υποδ φιλον φυλοδ χασ
                """, orEndingIn: vowels)),
    ]

    private static let pastTenses = [
        // As a whole word, αγαμε keeps its αμ.
        EndingRule("=ε", leaving: "ε", butNotAfter: StemList("αγαμ")),
        EndingRule("ηθηκαμε ουσαμε αγαμε ησαμε ηκαμε"),
        EndingRule(
            "αμε", leaving: "αμ",
            after: StemList("αναπ αποθ αποκ αποστ βουβ ξεθ ουλ πεθ πικρ ποτ σιχ χ")),
        EndingRule(
            """
            ιουντανε ιοντανε =ουντανε =ηθηκανε ιοτανε =οντανε =ουσανε αγανε =ησανε =οτανε =ηκανε
            """, leaving: "αγαν", after: StemList("τρ τσ")),
        EndingRule(
            "ανε", leaving: "αν",
            after: StemList(
                """
                βετερ βουλκ βραχμ γ δραδουμ θ καλπουζ καστελ κορμορ λαοπλ μωαμεθ μ μουσουλμ ν ουλ π
                πελεκ πλ πολισ πορτολ σαρακατσ σουλτ τσαρλατ ορφ τσιγγ τσοπ φωτοστεφ χ ψυχοπλ αγ
                γαλ γερ δεκ διπλ αμερικαν ουρ πιθ πουριτ σ ζωντ ικ καστ κοπ λιχ λουθηρ μαιντ μελ
                σιγ σπ στεγ τραγ τσαγ φ ερ αδαπ αθιγγ αμηχ ανικ ανοργ απηγ απιθ ατσιγγ βασ βασκ
                βαθυγαλ βιομηχ βραχυκ διατ διαφ ενοργ θυσ καπνοβιομηχ καταγαλ κλιβ κοιλαρφ λιβ
                μεγλοβιομηχ μικροβιομηχ νταβ ξηροκλιβ ολιγοδαμ ολογαλ πενταρφ περηφ περιτρ πλατ
                πολυδαπ πολυμηχ στεφ ταβ τετ υπερηφ υποκοπ χαμηλοδαπ ψηλοταβ
                """, orEndingIn: vowelsButUpsilon)),
    ]

    private static let verbs = [
        EndingRule("ησετε"),
        EndingRule(
            "ετε", leaving: "ετ",
            after: StemList(
                """
                αβαρ βεν εναρ αβρ αδ αθ αν απλ βαρον ντρ σκ κοπ μπορ νιφ παγ παρακαλ σερπ σκελ συρφ
                τοκ υ δ εμ θαρρ θ
                -οδ -αιρ -φορ -ταθ -διαθ -σχ -ενδ -ευρ -τιθ -υπερθ -ραθ -ενθ -ροθ -σθ -πυρ -αιν
                -συνδ -συν -συνθ -χωρ -πον -βρ -καθ -ευθ -εκθ -νετ -ρον -αρκ -βαρ -βολ -ωφελ
                """, orEndingIn: vowelsButUpsilon)),
        EndingRule("=κρεοντασ =κρεωντασ", leaving: "κρεωντ"),
        EndingRule("οντασ ωντασ", leaving: "οντ", after: StemList("αρχ")),
        EndingRule("ομαστε", leaving: "ομαστ", after: StemList("ον")),
        EndingRule(
            "ιεστε", leaving: "ιεστ", after: StemList("π απ συμπ ασυμπ ακαταπ αμεταμφ")),
        EndingRule(
            "εστε", leaving: "εστ", after: StemList("αλ αρ εκτελ ζ μ ξ παρακαλ προ νισ")),
        EndingRule("ηθηκεσ ηθηκα ηθηκε"),
        EndingRule(
            "ηκεσ ηκα ηκε", leaving: "ηκ",
            after: StemList(
                "διαθ θ παρακαταθ προσθ συνθ -σκωλ -σκουλ -ναρθ -σφ -οθ -πιθ")),
        EndingRule(
            "ουσεσ ουσα ουσε", leaving: "ουσ",
            after: StemList(
                """
                φαρμακ χαδ αγκ αναρρ βρομ εκλιπ λαμπιδ λεχ μ πατ ρ λ μεδ μεσαζ υποτειν αμ αιθ ανηκ
                δεσποζ ενδιαφερ δε δευτερευ καθαρευ πλε τσα
                -ποδαρ -βλεπ -πανταχ -φρυδ -μαντιλ -μαλλ -κυματ -λαχ -ληγ -φαγ -ομ -πρωτ
                """, orEndingIn: vowels)),
        EndingRule(
            "αγεσ αγα αγε", leaving: "αγ",
            after: StemList(
                """
                αβαστ πολυφ αδηφ παμφ ρ ασπ αφ αμαλ αμαλλι ανυστ απερ ασπαρ αχαρ δερβεν δροσοπ ξεφ
                νεοπ νομοτ ολοπ ομοτ προστ προσωποπ συμπ συντ τ υποτ χαρ αειπ αιμοστ ανυπ αποτ
                αρτιπ διατ εν επιτ κροκαλοπ σιδηροπ λ ναυ ουλαμ ουρ π τρ μ
                -οφ -πελ -χορτ -λλ -σφ -ρπ -φρ -πρ -λοχ -σμην
                """), butNotAfter: StemList("ψοφ ναυλοχ -κολλ")),
        EndingRule(
            "ησου ησε ησα", leaving: "ησ",
            after: StemList("ν χερσον δωδεκαν ερημον μεγαλον επταν")),
        EndingRule(
            "ηστε", leaving: "ηστ",
            after: StemList("ασβ σβ αχρ χρ απλ αειμν δυσχρ ευχρ κοινοχρ παλιμψ")),
        EndingRule(
            "ησουνε ηθουνε ουνε", leaving: "ουν",
            after: StemList("ν ρ σπι στραβομουτσ κακομουτσ εξων")),
        EndingRule(
            "ησουμε ηθουμε ουμε", leaving: "ουμ",
            after: StemList("παρασουσ φ χ ωριοπλ αζ αλλοσουσ ασουσ")),
    ]

    /// The longest ending first.
    private static let inflection = EndingRule(
        """
        ιοντουσαν
        ιομασταν ιοσασταν ιουμαστε οντουσαν
        ιεμαστε ιεσαστε ιομουνα ιοσαστε ιοσουνα ιουνται ιουνταν ηθηκατε ομασταν οσασταν ουμαστε
        ιομουν ιονταν ιοσουν ηθειτε ηθηκαν ομουνα οσαστε οσουνα ουνται ουνταν ουσατε
        αγατε ιεμαι ιεται ιεσαι ιοταν ιουμα ηθεισ ηθουν ηκατε ησατε ησουν ομουν ονται ονταν οσουν
        ουμαι ουσαν
        αγαν αμαι ασαι αται ειτε εσαι εται ηδεσ ηδων ηθει ηκαν ησαν ησει ησεσ ομαι οταν
        αει εισ ηθω ησω ουν ουσ
        αν ασ αω ει εσ ησ οι οσ ου υσ ων
        α ε η ι ο υ ω
        """)

    private static let comparison = EndingRule(
        "=εστερ =εστατ =οτερ =οτατ =υτερ =υτατ =ωτερ =ωτατ")
}
