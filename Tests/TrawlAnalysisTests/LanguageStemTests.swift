import Testing
import TrawlAnalysis
import TrawlJSON

/// Words and the stems that Lucene 9.9.1's analyzers give them, exceptions of the rules among them.
/// Whole vocabularies were compared when the stemmers were written.
@Suite("Language analyzers against Lucene's stems")
struct LanguageStemTests {
    static let examples: [(language: String, stems: String)] = [
        (
            "brazilian",
            """
            boas=boas quilométricas=quilometr quilômetros=quilometr meninas=menin
            corações=coraco informações=inform rapidamente=rapid amavelmente=amavel
            nacionalidade=nacional felicidades=felic impossível=imposs amáveis=amav
            jogadores=jogador primeiras=primeir madeira=madeir ganhassem=ganh partiríamos=part
            cantaremos=cant comendo=com abriu=abriu falou=fal gerências=gerenc
            tecnologia=tecnolog tecnologias=tecnolog solução=soluca distingue=disting
            superfície=superfic chegue=cheg avô=avo casas=cas meninos=menin açaí=aca 3d=3d
            ótimo=otim vaga=vag cair=cair auxílio=auxili régua=regu gira=gir MAÇÃS=mac
            """
        ),
        (
            "galician",
            """
            bons=bon xamós=xam normais=norm papéis=papel espanhóis=espanhol caracois=caracol
            cadrís=cadril males=mal mares=mar luces=luz leises=leis animás=animal gases=gas
            casas=cas martes=martes cansadísimo=cans mulheraça=mulh alho=all anho=año
            garagem=garax irmao=irm felizmente=feliz vehemente=vehem fortísima=fort
            charlatana=charlat banana=banan homazo=homaz abrazo=abraz soutelo=sout camiño=camiñ
            pequeniño=pequen grandito=grand asteroide=aster cazola=caz cebola=cebol
            baratuco=barat pontella=pont lealdade=leal brasileiro=brasil hospitalario=hospital
            humorístico=humorist tenista=tenist lavado=lav estudo=estud agradábel=agrad
            fabricante=fabric ignorancia=ignor administración=administr expedición=exped
            comprensión=comprens garrafón=garraf amazona=amazon bretoa=bret carballal=carball
            nadador=nad profesora=profes garaxe=garax etiquetaxe=etiquet limpeza=limp
            rixidez=rixid cariñoso=cariñ negrume=negr altura=alt febril=febr amaba=am
            andabade=and chorabamo=chor cantando=cant azar=azar cantaríamos=cant bebera=beb
            cheguei=cheg barbear=barb partir=part funciona=func segue=seg alambique=alambiqu
            munxi=munx
            """
        ),
        (
            "indonesian",
            """
            memperbaiki=baik menyanyi=sanyi menulis=ulis mengajar=ajar membeli=beli
            melihat=lihat penyanyi=sanyi penulis=tulis pengajaran=ajar pembelian=beli
            peternak=ternak dipukul=pukul terbesar=besar kekasih=kasih belajar=ajar
            bekerja=kerja pelajar=ajar pertanyaan=tanya pekerjaan=kerja berlari=lari
            bukunya=buku rumahmu=rumah rumahku=rumah bacalah=baca dimanakah=mana makanan=makan
            perikanan=ikan pendidikan=didik keadaan=ada mempermainkan=main berkeinginan=keingin
            menyetujui=setuju situasi=situasi memakai=aka penyakit=sakit dibukukannya=buku
            """
        ),
        (
            "greek",
            """
            παιδιά=παιδ ανθρώπου=ανθρωπ καθεστώτος=καθεστ γεγονότα=γεγον φωτός=φω κρέατα=κρε
            τερατών=τερ γιαγιάδες=γιαγι τσελιγκάδες=τσελιγκαδ καφέδες=καφ κεφτέδες=κεφτ
            αλεπούδες=αλεπ παππούδες=παππ βασιλέως=βασιλ γαλέων=γαλε εκκλησία=εκκλησ
            ελληνικά=ελλην φυσικό=φυσικ αγαπήσαμε=αγαπ άγαμε=αγαμ αποθάναμε=αποθαν χάναμε=χαν
            ήρθανε=ηρθ τραγάνε=τραγαν αμερικάνε=αμερικ φορέσετε=φορεσ αναφέρετε=αναφερ
            άρχοντας=αρχοντ Κρέοντας=κρεωντ δουλεύοντας=δουλευ ερχόμαστε=ερχ πίεστε=πιεστ
            εκτελέστε=εκτελεστ προσθήκη=προσθηκ βρέθηκα=βρεθ δάγκωσε=δαγκωσ
            παρουσιάσεων=παρουσιασ ενδιαφέρουσα=ενδιαφερουσ αγόρασα=αγορασ προσταγές=προσταγ
            χωράφια=χωραφ δωδεκανήσου=δωδεκανησ χρήστε=χρηστ παίζουνε=παιζ πνεύματα=πνευμα
            στρώματος=στρωμα λυπόντουσαν=λυπ όμορφος=ομορφ ομορφότερος=ομορφ ΑΝΏΤΑΤΟΣ=αν
            τρέχω=τρεχ
            """
        ),
        (
            "bengali",
            """
            ছাত্রেরা=ছাত্র বইগুলো=বই খেলিতেছে=খেল করিয়াছিলাম=কর বাংলাদেশের=বাংলাদেস
            মানুষদেরকে=মানুস বাড়ি=বার ক্ষমা=ক্সম শিক্ষক=সিক্সক স্বাধীন=সাধিন রঙ=রং দুঃখ=দুখখ
            কিনিবেন=কিন
            """
        ),
        (
            "hindi",
            """
            लडकियों=लडक बेटियाँ=बेट जाएंगी=जाएंग किताबें=किताब अँग्रेज़ी=अंगरेज हिन्दी=हिंद
            क़लम=कलम आज़ादी=अजाद राजाओं=राज
            """
        ),
    ]

    @Test("every word has the stem it has in Lucene", arguments: examples)
    func stems(language: String, stems: String) throws {
        let analyzer = try AnalyzerCatalog().analyzer(named: language)
        for pair in stems.split(whereSeparator: \.isWhitespace) {
            let parts = pair.split(separator: "=").map(String.init)
            // By bytes: a String takes what looks alike as equal.
            let actual = analyzer.terms(parts[0]).map { Array($0.utf8) }
            #expect(actual == [Array(parts[1].utf8)], "\(pair)")
        }
    }

    @Test("a stemmer of its own is what each of these languages has, not Snowball's")
    func names() throws {
        let examples = [
            ("galician", "xamós", "xam"), ("minimal_galician", "xamós", "xamó"),
            ("indonesian", "membelikannya", "beli"), ("light_indonesian", "bukunya", "buku"),
            ("light_indonesian", "membelikan", "membelikan"), ("greek", "κρεοντασ", "κρεωντ"),
            ("brazilian", "corações", "coraco"), ("bengali", "বইগুলো", "বই"),
        ]
        for (name, word, stem) in examples {
            let analyzer = try AnalyzerCatalog().assemble(
                tokenizer: "keyword",
                filters: [["type": "stemmer", "language": .string(name)]])
            #expect(analyzer.terms(word) == [stem], "\(name)")
        }
    }

    @Test("an Irish hyphenation goes before elision, and format characters are not Sorani")
    func smallPrint() throws {
        let catalog = AnalyzerCatalog()
        #expect(try catalog.analyzer(named: "irish").terms("T-athair") == ["athair"])
        #expect(try catalog.analyzer(named: "irish").terms("n'athair") == ["n'athair"])
        #expect(
            try catalog.analyzer(named: "sorani").terms("zero\u{2060}\u{200C}join") == ["zerojoin"])
    }

    @Test("signs of Indian scripts that look like one become that one")
    func indic() throws {
        let analyzer = try AnalyzerCatalog().assemble(
            tokenizer: "keyword", filters: ["indic_normalization"])
        let examples = [
            ("\u{905}\u{93E}\u{945}", "\u{911}"), ("\u{905}\u{947}", "\u{905}\u{947}"),
            ("\u{9A4}\u{9CD}\u{200D}", "\u{9CE}"), ("\u{A72}\u{A3F}", "\u{A07}"),
            ("\u{A85}\u{AC7}", "\u{A8F}"), ("\u{CC6}\u{CC2}\u{CD5}", "\u{CCB}"),
            ("\u{D28}\u{D4D}\u{200D}", "\u{D7B}"), ("\u{B92}\u{BD7}", "\u{B94}"),
        ]
        for (signs, one) in examples {
            #expect(analyzer.terms(signs).map { Array($0.utf8) } == [Array(one.utf8)])
        }
    }
}
