package import TrawlAnalysis

extension AnalyzerCatalog {
    /// The analyzer that a mapping names. `default` and `default_search` stand for what the
    /// index's settings make of them.
    package func analyzer(forMapping name: String) throws(SchemaError) -> Analyzer {
        switch name {
        case TextType.defaultAnalyzer: return defaultAnalyzer
        case "default_search": return defaultSearchAnalyzer
        default:
            do {
                return try analyzer(named: name)
            } catch {
                throw .mapperParsing("analyzer [\(name)] has not been configured in mappings")
            }
        }
    }
}

extension MappingContext {
    package init(limits: MappingLimits = MappingLimits(), catalog: AnalyzerCatalog) {
        self.init(
            limits: limits,
            hasAnalyzer: { name in
                name == TextType.defaultAnalyzer || name == "default_search"
                    || catalog.hasAnalyzer(named: name)
            },
            hasNormalizer: { catalog.hasNormalizer(named: $0) })
    }
}
