import Testing
import TrawlAnalysis
import TrawlJSON

@Suite("AnalyzerCatalog")
struct AnalyzerCatalogTests {
    @Test("an analyzer of the settings is put together from named parts")
    func custom() throws {
        let catalog = try AnalyzerCatalog(
            settings: [
                "analysis": [
                    "filter": ["my_stop": ["type": "stop", "stopwords": ["the", "of"]]],
                    "analyzer": [
                        "mine": ["tokenizer": "whitespace", "filter": ["lowercase", "my_stop"]]
                    ],
                    "normalizer": ["low": ["type": "custom", "filter": ["lowercase"]]],
                ]
            ])
        #expect(try catalog.analyzer(named: "mine").terms("The Name OF-X") == ["name", "of-x"])
        #expect(try catalog.normalizer(named: "low").normalize("ÄÖ b") == "äö b")
    }

    @Test("settings may be flat")
    func flat() throws {
        let catalog = try AnalyzerCatalog(
            settings: [
                "index.analysis.analyzer.a.tokenizer": "keyword",
                "index.analysis.analyzer.a.filter": ["uppercase"],
            ])
        #expect(try catalog.analyzer(named: "a").terms("x y") == ["X Y"])
    }

    @Test("an unknown name is an error that says where and what was meant")
    func unknown() {
        #expect(
            throws: AnalysisError(
                .unknownComponent, setting: "analysis.analyzer.a.filter",
                "Custom Analyzer [a] failed to find filter under name [lowercaze] "
                    + "-> did you mean [lowercase]?")
        ) {
            try AnalyzerCatalog(
                settings: [
                    "analysis": [
                        "analyzer": ["a": ["tokenizer": "standard", "filter": ["lowercaze"]]]
                    ]
                ])
        }
        #expect(throws: AnalysisError.self) { try AnalyzerCatalog().analyzer(named: "nope") }
    }
}
