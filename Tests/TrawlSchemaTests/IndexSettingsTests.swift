import Testing
import TrawlAnalysis
import TrawlJSON
import TrawlSchema

@Suite("IndexSettings")
struct IndexSettingsTests {
    private func settings(_ json: String) throws -> IndexSettings {
        try IndexSettings(try JSONValue.parse(json))
    }

    @Test("nested, flat and unprefixed settings mean the same, and values are text")
    func forms() throws {
        let forms = [
            #"{"index": {"number_of_shards": 2, "blocks": {"write": true}}}"#,
            #"{"index.number_of_shards": "2", "index.blocks.write": "true"}"#,
            #"{"number_of_shards": 2, "blocks.write": true}"#,
            #"{"settings": {"index": {"number_of_shards": 2, "blocks.write": true}}}"#,
        ]
        for form in forms {
            let settings = try settings(form)
            #expect(
                settings.json
                    == ["index": ["number_of_shards": "2", "blocks": ["write": "true"]]])
            #expect(
                settings.flatJSON
                    == ["index.number_of_shards": "2", "index.blocks.write": "true"])
            #expect(settings.numberOfShards == 2)
            #expect(settings.numberOfReplicas == 1)
            #expect(settings.refreshInterval == .seconds(1))
        }
        #expect(try settings(#"{"refresh_interval": -1}"#).refreshInterval == nil)
    }

    @Test(
        "what is no setting, or no value of one, is refused in the known words",
        arguments: [
            (
                #"{"number_of_shard": 1}"#,
                "unknown setting [index.number_of_shard] did you mean [index.number_of_shards]?"
            ),
            (
                #"{"foo": 1}"#,
                "unknown setting [index.foo] please check that any required plugins are "
                    + "installed, or check the breaking changes documentation for removed "
                    + "settings"
            ),
            (
                #"{"number_of_shards": 0}"#,
                "Failed to parse value [0] for setting [index.number_of_shards] must be >= 1"
            ),
            (
                #"{"number_of_shards": 1025}"#,
                "Failed to parse value [1025] for setting [index.number_of_shards] must be <= "
                    + "1024"
            ),
            (
                #"{"number_of_replicas": "x"}"#,
                "Failed to parse value [x] for setting [index.number_of_replicas]"
            ),
            (
                #"{"blocks.write": "maybe"}"#,
                "Failed to parse value [maybe] as only [true] or [false] are allowed."
            ),
            (
                #"{"refresh_interval": "10"}"#,
                "failed to parse setting [index.refresh_interval] with value [10] as a time "
                    + "value: unit is missing or unrecognized"
            ),
            (
                #"{"uuid": "x"}"#,
                "Validation Failed: 1: private index setting [index.uuid] can not be set "
                    + "explicitly;"
            ),
            (#"{"similarity.s.type": "DFR"}"#, "Unknown Similarity type [DFR] for [s]"),
            (
                #"{"similarity": {"s": {"type": "BM25", "b": 2}}}"#,
                "illegal b value: 2.0, must be between 0 and 1"
            ),
        ])
    func refused(json: String, expected: String) {
        #expect(schemaError { _ = try settings(json) }?.reason == expected)
    }

    @Test("static settings change on a closed index only, final ones never")
    func updates() throws {
        let first = try settings(#"{"number_of_shards": 2, "max_result_window": 5}"#)
        func update(_ json: String, closed: Bool = false) -> (IndexSettings?, String?) {
            var result: IndexSettings?
            let error = schemaError {
                result = try first.updated(
                    try JSONValue.parse(json), index: "[a/u]", isClosed: closed)
            }
            return (result, error?.reason)
        }
        #expect(update(#"{"index": {"max_result_window": 9}}"#).0?.maxResultWindow == 9)
        #expect(update(#"{"max_result_window": null}"#).0?.maxResultWindow == 10_000)
        #expect(
            update(#"{"number_of_shards": 3}"#).1
                == "Can't update non dynamic settings [[index.number_of_shards]] for open indices "
                + "[[a/u]]")
        #expect(update(#"{"codec": "best_compression"}"#).1 != nil)
        #expect(update(#"{"codec": "best_compression"}"#, closed: true).1 == nil)
        #expect(update(#"{"uuid": "u"}"#).1?.hasPrefix("can not update private setting") == true)
        let kept = try first.updated(
            ["max_result_window": 7, "number_of_replicas": 0], index: "a", isClosed: false,
            preservesExisting: true)
        #expect(kept.maxResultWindow == 5)
        #expect(kept.numberOfReplicas == 0)
    }

    @Test("analyzers and similarities of the settings reach the mapping")
    func analysis() throws {
        let settings = try settings(
            #"""
            {"analysis": {"analyzer": {"mine": {"tokenizer": "whitespace", "filter": ["lowercase"]}},
              "normalizer": {"low": {"filter": ["lowercase"]}}},
             "similarity": {"flat": {"type": "BM25", "k1": 0, "b": "0.5"}},
             "mapping": {"ignore_malformed": true, "total_fields.limit": 3}}
            """#)
        let catalog = try settings.analyzers()
        let context = try settings.mappingContext(catalog: catalog)
        let mapping = try MappingParser(context: context).parse([
            "properties": [
                "t": ["type": "text", "analyzer": "mine", "similarity": "flat"],
                "k": ["type": "keyword", "normalizer": "low"], "n": ["type": "long"],
            ]
        ])
        let parser = try DocumentParser(mapping: mapping, catalog: catalog)
        var document = ParsedDocument()
        let source = #"{"t": "A-b C", "k": "XY", "n": "bad"}"#
        _ = try parser.parse(id: "1", source: Array(source.utf8), into: &document)
        let parsed = Parsed(document: document, mapping: mapping)
        #expect(parsed.terms("t") == ["a-b@0", "c@1"])
        #expect(parsed.values("k") == ["xy"])
        #expect(parsed.values("_ignored") == ["n"])
        #expect(
            try settings.similarity(named: "flat")
                == .bm25(k1: 0, b: 0.5, discountsOverlaps: true))
        #expect(
            schemaError {
                _ = try MappingParser(context: context).parse([
                    "properties": ["t": ["type": "text", "similarity": "nope"]]
                ])
            }?.reason == "Unknown Similarity type [nope] for field [t]")
    }
}
