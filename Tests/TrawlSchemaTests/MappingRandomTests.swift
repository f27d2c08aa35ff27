import Testing
import TrawlJSON
import TrawlSchema
import TrawlTestKit

@Suite("Mappings and settings, random", .randomized(rounds: 3))
struct MappingRandomTests {
    private static let mapping: JSONValue = [
        "dynamic": "strict", "date_detection": true, "_source": ["includes": ["a*"]],
        "dynamic_date_formats": ["yyyy"],
        "dynamic_templates": [
            ["t": ["match": "a*", "match_pattern": "regex", "mapping": ["type": "keyword"]]]
        ],
        "properties": [
            "t": [
                "type": "text", "analyzer": "standard", "position_increment_gap": 3,
                "fields": ["k": ["type": "keyword", "ignore_above": 10]], "copy_to": ["s"],
            ],
            "s": ["type": "scaled_float", "scaling_factor": 100, "null_value": 1],
            "d": ["type": "date", "format": "yyyy-MM-dd", "null_value": "2020-01-01"],
            "n": ["type": "nested", "include_in_root": true, "properties": ["x": ["type": "ip"]]],
            "o": ["properties": ["l": ["type": "long", "null_value": 3]]],
            "g": ["type": "geo_point", "null_value": "1,2"],
            "c": ["type": "completion", "max_input_length": 7],
            "a": ["type": "alias", "path": "d"],
        ],
    ]
    private static let settings: JSONValue = [
        "index": [
            "number_of_shards": 2, "refresh_interval": "5s",
            "similarity": ["x": ["type": "BM25", "k1": 1.5]],
            "mapping": ["total_fields": ["limit": 100]],
            "merge": ["policy": ["max_merged_segment": "1gb"]],
        ]
    ]

    /// The value with one of its parts, or a name, replaced by something else.
    private func mutated(_ value: JSONValue, _ random: inout SplitMix64) -> JSONValue {
        let chance = Int.random(in: 0..<4, using: &random)
        if case .object(var object) = value, chance > 0, !object.isEmpty {
            let member = object.members.randomElement(using: &random)!
            if chance == 1 {
                object[member.key] = nil
                let names = [
                    "type", "fields", "properties", "index", "x.y", "", "..", "null_value",
                ]
                object[names.randomElement(using: &random)!] = member.value
            } else {
                object[member.key] = mutated(member.value, &random)
            }
            return .object(object)
        }
        if case .array(var list) = value, chance > 0, !list.isEmpty {
            let place = Int.random(in: 0..<list.count, using: &random)
            list[place] = mutated(list[place], &random)
            return .array(list)
        }
        let others: [JSONValue] = [
            nil, true, -1, 0, 2_147_483_648, 1e300, -1e-300, "", "keyword", "nested", "object",
            "yyyy[", "(((", "[a-", "{name}", "9999999999999999999999", [:], [], [[]],
            ["type": "long"], "a.b.c", "1e400", "NaN", "-5s", "99999999999999gb",
        ]
        return others.randomElement(using: &random)!
    }

    @Test("whatever a mapping says, it is taken and shown again, or refused")
    func mappings() throws {
        var random = RandomContext.generator()
        let base = try Schema()
        let parser = MappingParser(context: base.context)
        let good = try parser.parse(Self.mapping)
        var taken = 0
        for round in 0..<150 {
            var json = Self.mapping
            // The first is left as it is, and has to be taken.
            for _ in 0..<Int.random(in: min(round, 1)...min(round, 3), using: &random) {
                json = mutated(json, &random)
            }
            _ = try? good.merging(json, context: base.context)
            guard let mapping = try? parser.parse(json) else { continue }
            taken += 1
            let again = try parser.parse(.object(mapping.json))
            #expect(again == mapping, "\(json)")
            #expect(again.json == mapping.json, "\(json)")
            // Merging a mapping into itself changes nothing.
            #expect(try mapping.merging(.object(mapping.json), context: base.context) == mapping)
            let documents = try DocumentParser(mapping: mapping, catalog: base.catalog)
            var document = ParsedDocument()
            let source = #"{"t": "x", "s": null, "d": null, "n": [{"x": "::1"}], "q": [1, "a"]}"#
            _ = try? documents.parse(id: "1", source: Array(source.utf8), into: &document)
        }
        #expect(taken > 0)
    }

    @Test("whatever settings say, they are taken and shown again, or refused")
    func settings() throws {
        var random = RandomContext.generator()
        let good = try IndexSettings(Self.settings)
        for _ in 0..<150 {
            var json = Self.settings
            for _ in 0..<Int.random(in: 1...2, using: &random) { json = mutated(json, &random) }
            _ = try? good.updated(json, index: "[i]", isClosed: .random(using: &random))
            guard let settings = try? IndexSettings(json) else { continue }
            #expect(try IndexSettings(.object(settings.json)) == settings, "\(json)")
            #expect(try IndexSettings(.object(settings.flatJSON)) == settings, "\(json)")
            _ = settings.refreshInterval
        }
    }
}
