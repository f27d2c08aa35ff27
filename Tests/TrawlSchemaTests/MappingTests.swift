import Testing
import TrawlJSON
import TrawlSchema

@Suite("Mapping")
struct MappingTests {
    private func message(_ json: String) -> String? {
        schemaError { _ = try Schema(json) }?.reason
    }

    private func mergeMessage(_ first: String, _ second: String) throws -> String? {
        let schema = try Schema(first)
        let update = try JSONValue.parse(second)
        return schemaError { _ = try schema.mapping.merging(update, context: schema.context) }?
            .reason
    }

    @Test("a mapping is shown with the parameters that differ from the standard")
    func shown() throws {
        let schema = try Schema(
            """
            {"dynamic": "strict", "_source": {"excludes": ["a.*"]}, "_meta": {"v": 1},
             "date_detection": false, "_routing": {"required": true},
             "properties": {
               "t": {"type": "text", "analyzer": "english", "index": "true", "norms": false,
                     "fields": {"raw": {"type": "keyword", "ignore_above": 100}}, "copy_to": "all"},
               "a.b": {"type": "long", "coerce": false}, "all": {"type": "text"},
               "o": {"type": "object", "dynamic": false, "enabled": false},
               "n": {"type": "nested", "properties": {"x": {"type": "date", "format": "yyyy"}}},
               "l": {"type": "alias", "path": "a.b"}
             }}
            """)
        let expected: JSONValue = [
            "_meta": ["v": 1], "dynamic": "strict", "date_detection": false,
            "_routing": ["required": true], "_source": ["excludes": ["a.*"]],
            "properties": [
                "a": ["properties": ["b": ["type": "long", "coerce": false]]],
                "all": ["type": "text"], "l": ["type": "alias", "path": "a.b"],
                "n": [
                    "type": "nested", "properties": ["x": ["type": "date", "format": "yyyy"]],
                ],
                "o": ["type": "object", "dynamic": "false", "enabled": false],
                "t": [
                    "type": "text", "norms": false, "analyzer": "english",
                    "fields": ["raw": ["type": "keyword", "ignore_above": 100]],
                    "copy_to": ["all"],
                ],
            ],
        ]
        #expect(JSONValue.object(schema.mapping.json) == expected)
        let again = try MappingParser(context: schema.context)
            .parse(.object(schema.mapping.json))
        #expect(again == schema.mapping)
    }

    @Test("fields keep their numbers when a mapping grows")
    func numbers() throws {
        let schema = try Schema.fields(#"{"m": {"type": "long"}, "z": {"type": "text"}}"#)
        let grown = try schema.mapping.merging(
            ["properties": ["a": ["type": "keyword"], "m": ["type": "long"]]],
            context: schema.context)
        for path in ["m", "z"] {
            #expect(grown.field(path)?.number == schema.mapping.field(path)?.number)
        }
        #expect(grown.field("a")?.number == FieldNumber(schema.mapping.fields.count))
        #expect(grown.fields.enumerated().allSatisfy { $0.element.number.value == $0.offset })
    }

    @Test(
        "a definition that makes no sense is refused in the known words",
        arguments: [
            (
                #"{"properties": {"a": {"type": "foo"}}}"#,
                "No handler for type [foo] declared on field [a]"
            ),
            (
                #"{"properties": {"a": {"type": "long", "analyzer": "x"}}}"#,
                "unknown parameter [analyzer] on mapper [a] of type [long]"
            ),
            (#"{"properties": {"a": {"index": true}}}"#, "No type specified for field [a]"),
            (
                #"{"properties": {"a": {"type": "text", "analyzer": "nope"}}}"#,
                "analyzer [nope] has not been configured in mappings"
            ),
            (
                #"{"properties": {"a": {"type": "keyword", "normalizer": "nope"}}}"#,
                "normalizer [nope] not found for field [a]"
            ),
            (
                #"{"properties": {"a": {"type": "text", "norms": null}}}"#,
                "[norms] on mapper [a] of type [text] must not have a [null] value"
            ),
            (
                #"{"properties": {"a": {"type": "text", "norms": "maybe"}}}"#,
                "Failed to parse value [maybe] as only [true] or [false] are allowed."
            ),
            (
                #"{"foo": "bar"}"#,
                "Root mapping definition has unsupported parameters:  [foo : bar]"
            ),
            (
                #"{"properties": {"o": {"type": "object", "foo": {"a": [1]}}}}"#,
                "Mapping definition for [o] has unsupported parameters:  [foo : {a=[1]}]"
            ),
            (#"{"dynamic": "runtime"}"#, "Could not convert [dynamic.dynamic] to boolean"),
            (
                #"{"properties": {"a": {"type": "alias", "path": "b"}}}"#,
                "Invalid [path] value [b] for field alias [a]: an alias must refer to an "
                    + "existing field in the mappings."
            ),
            (
                #"{"properties": {"a": {"type": "alias"}}}"#,
                "The [path] property must be specified for field [a]."
            ),
            (
                #"{"properties": {"d": {"type": "date", "format": "yyyy-bb"}}}"#,
                "Error parsing [format] on field [d]: Invalid format: [yyyy-bb]: "
                    + "Unknown pattern letter: b"
            ),
            (
                #"{"properties": {"s": {"type": "scaled_float"}}}"#,
                "Field [scaling_factor] is required"
            ),
            (
                #"{"dynamic_templates": [{"t": {"match_mapping_type": "int", "mapping": {}}}]}"#,
                "No field type matched on [int], possible values are [object, string, long, "
                    + "double, boolean, date, binary]"
            ),
            (
                #"{"properties": {"a": {"type": "text", "search_analyzer": "simple"}}}"#,
                "analyzer on field [a] must be set when search_analyzer is set"
            ),
        ])
    func refused(json: String, expected: String) {
        #expect(message(json) == expected)
    }

    @Test(
        "what cannot change is refused in the known words",
        arguments: [
            (
                #"{"x": {"type": "long"}}"#, #"{"x": {"type": "keyword"}}"#,
                "mapper [x] cannot be changed from type [long] to [keyword]"
            ),
            (
                #"{"x": {"type": "long"}}"#, #"{"x": {"properties": {"y": {"type": "long"}}}}"#,
                "mapper [x] cannot be changed from type [long] to [ObjectMapper]"
            ),
            (
                #"{"x": {"properties": {}}}"#, #"{"x": {"type": "long"}}"#,
                "can't merge a non object mapping [x] with an object mapping"
            ),
            (
                #"{"o": {"properties": {"x": {"type": "text", "analyzer": "english"}}}}"#,
                #"{"o": {"properties": {"x": {"type": "text", "index": false}}}}"#,
                "Mapper for [o.x] conflicts with existing mapper:\n\t"
                    + "Cannot update parameter [index] from [true] to [false]\n\t"
                    + "Cannot update parameter [analyzer] from [english] to [default]"
            ),
            (
                #"{"o": {"type": "object"}}"#, #"{"o": {"type": "nested"}}"#,
                "cannot change object mapping from non-nested to nested"
            ),
            (
                #"{"o": {"type": "nested"}}"#, #"{"o": {"type": "object"}}"#,
                "cannot change object mapping from nested to non-nested"
            ),
            (
                #"{"o": {"type": "object"}}"#, #"{"o": {"type": "object", "enabled": false}}"#,
                "the [enabled] parameter can't be updated for the object mapping [o]"
            ),
            (
                #"{"d": {"type": "date"}}"#, #"{"d": {"type": "date", "format": "yyyy"}}"#,
                "Mapper for [d] conflicts with existing mapper:\n\tCannot update parameter "
                    + "[format] from [strict_date_optional_time||epoch_millis] to [yyyy]"
            ),
        ])
    func conflicts(first: String, second: String, expected: String) throws {
        let message = try mergeMessage(
            "{\"properties\": \(first)}", "{\"properties\": \(second)}")
        #expect(message == expected)
    }

    @Test("parameters that may change do, and multi-fields are added")
    func updates() throws {
        let schema = try Schema.fields(
            #"{"k": {"type": "keyword", "ignore_above": 5, "fields": {"a": {"type": "text"}}}}"#)
        let merged = try schema.mapping.merging(
            [
                "properties": [
                    "k": [
                        "type": "keyword", "ignore_above": 9,
                        "fields": ["b": ["type": "long"]],
                    ]
                ]
            ], context: schema.context)
        #expect(
            merged.json["properties"]?["k"]
                == [
                    "type": "keyword", "ignore_above": 9,
                    "fields": ["a": ["type": "text"], "b": ["type": "long"]],
                ])
        #expect(merged.field("k.b")?.parent == merged.field("k")?.number)
    }

    @Test("limits are enforced in the known words")
    func limits() throws {
        func message(_ properties: JSONObject, _ change: (inout MappingLimits) -> Void) -> String? {
            var limits = MappingLimits()
            change(&limits)
            let parser = MappingParser(context: MappingContext(limits: limits))
            return schemaError { _ = try parser.parse(["properties": .object(properties)]) }?
                .reason
        }
        let five = JSONObject((0..<5).map { ("f\($0)", ["type": "long"]) })
        #expect(message(five) { $0.totalFields = 5 } == nil)
        #expect(
            message(five) { $0.totalFields = 4 }
                == "Limit of total fields [4] has been exceeded")
        let deep: JSONObject = ["a": ["properties": ["b": ["properties": ["c": ["type": "long"]]]]]]
        #expect(message(deep) { $0.depth = 3 } == nil)
        #expect(
            message(deep) { $0.depth = 2 }
                == "Limit of mapping depth [2] has been exceeded due to object field [a.b]")
        let nested: JSONObject = ["a": ["type": "nested"], "b": ["type": "nested"]]
        #expect(
            message(nested) { $0.nestedFields = 1 }
                == "Limit of nested fields [1] has been exceeded")
        #expect(
            message(["long_name": ["type": "long"]]) { $0.fieldNameLength = 5 }
                == "Field name [long_name] is longer than the limit of [5] characters")
    }

    @Test("a mapping nested a hundred thousand deep is refused, not followed")
    func hostileDepth() throws {
        let parts = Array(repeating: "a", count: 100_000).joined(separator: ".")
        let error = schemaError {
            _ = try MappingParser().parse(["properties": [parts: ["type": "long"]]])
        }
        #expect(error?.reason.hasPrefix("Limit of mapping depth [20]") == true)
    }

    @Test("wildcards find fields and aliases, multi-fields too")
    func wildcards() throws {
        let schema = try Schema.fields(
            #"""
            {"a": {"type": "text", "fields": {"k": {"type": "keyword"}}}, "ab": {"type": "long"},
             "al": {"type": "alias", "path": "ab"}}
            """#)
        #expect(schema.mapping.fields(matching: "a*").map(\.path) == ["a", "a.k", "ab", "al"])
        #expect(schema.mapping.fields(matching: "*.k").map(\.path) == ["a.k"])
        #expect(schema.mapping.field("al")?.path == "ab")
        #expect(schema.mapping.fields(matching: "nope").isEmpty)
    }
}

extension MappingTests {
    @Test("of several templates the later counts, field by field")
    func templates() throws {
        let merged = try MappingTemplates.merged([
            [
                "dynamic": false, "_meta": ["a": 1, "b": 1],
                "dynamic_templates": [["x": ["match": "x*", "mapping": [:]]]],
                "properties": [
                    "k": ["type": "keyword", "ignore_above": 5],
                    "o": ["properties": ["p": ["type": "long"]]],
                ],
            ],
            [
                "_doc": [
                    "_meta": ["b": 2],
                    "dynamic_templates": [
                        ["y": ["match": "y*", "mapping": [:]]],
                        ["x": ["match": "z*", "mapping": [:]]],
                    ],
                    "properties": [
                        "k": ["type": "text"], "o": ["properties": ["q": ["type": "date"]]],
                    ],
                ]
            ],
            nil,
        ])
        #expect(
            merged
                == [
                    "dynamic": false, "_meta": ["a": 1, "b": 2],
                    "dynamic_templates": [
                        ["x": ["match": "z*", "mapping": [:]]],
                        ["y": ["match": "y*", "mapping": [:]]],
                    ],
                    "properties": [
                        "k": ["type": "text"],
                        "o": ["properties": ["p": ["type": "long"], "q": ["type": "date"]]],
                    ],
                ])
    }

    @Test("capabilities and columns of fields")
    func capabilities() throws {
        let schema = try Schema.fields(
            #"""
            {"t": {"type": "text"}, "f": {"type": "text", "fielddata": true},
             "k": {"type": "keyword", "doc_values": false}, "n": {"type": "nested",
             "properties": {"x": {"type": "long", "index": false}}},
             "a": {"type": "alias", "path": "k"}}
            """#)
        let found = schema.mapping.capabilities(matching: ["*"])
        #expect(Set(found.keys) == ["t", "f", "k", "n", "n.x", "a"])
        #expect(found["n"]?.type == "nested")
        #expect(found["n.x"]?.isSearchable == false)
        #expect(found["n.x"]?.isAggregatable == true)
        #expect(found["a"]?.type == "keyword")
        func reason(_ path: String) throws -> String? {
            let field = try #require(schema.mapping.field(path))
            return schemaError { try field.requireColumn() }?.reason
        }
        #expect(try reason("f") == nil)
        #expect(try reason("t")?.contains("set fielddata=true on [t]") == true)
        #expect(
            try reason("k")
                == "Can't load fielddata on [k] because fielddata is unsupported on fields of type "
                + "[keyword]. Use doc values instead.")
    }
}
