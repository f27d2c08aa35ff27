import Testing
import TrawlJSON
import TrawlSchema

@Suite("DocumentParser")
struct DocumentParserTests {
    @Test("fields become terms, numbers and values")
    func fields() throws {
        var schema = try Schema.fields(
            #"""
            {"t": {"type": "text"}, "k": {"type": "keyword"}, "n": {"type": "long"},
             "d": {"type": "double"}, "b": {"type": "boolean"}, "at": {"type": "date"}}
            """#)
        let parsed = try schema.parse(
            #"""
            {"t": "The quick  brown fox", "k": "Red Hat", "n": -5, "d": 1.5, "b": true,
             "at": "2014-11-18T14:27:32Z"}
            """#)
        #expect(parsed.terms("t") == ["the@0", "quick@1", "brown@2", "fox@3"])
        #expect(parsed.length("t") == 4)
        #expect(parsed.terms("k") == ["Red Hat@0"])
        #expect(parsed.values("k") == ["Red Hat"])
        #expect(parsed.numbers("n") == [-5])
        #expect(parsed.numbers("d") == [SortableNumber.encode(1.5)])
        #expect(parsed.numbers("b") == [1])
        #expect(parsed.terms("b") == ["T@0"])
        #expect(parsed.numbers("at") == [1_416_320_852_000])
        #expect(parsed.terms("_field_names").isEmpty)
    }

    @Test("values of an array lie a gap apart, and interleaved fields are gathered")
    func arrays() throws {
        var schema = try Schema()
        let parsed = try schema.parse(
            #"{"tags": ["red fish", "blue", ["one"]], "o": [{"x": "a", "y": 1}, {"x": "b"}]}"#)
        #expect(parsed.terms("tags") == ["red@0", "fish@1", "blue@102", "one@203"])
        #expect(parsed.length("tags") == 4)
        #expect(parsed.values("tags.keyword") == ["red fish", "blue", "one"])
        #expect(parsed.terms("tags.keyword").count == 3)
        #expect(parsed.terms("o.x") == ["a@0", "b@101"])
        #expect(parsed.numbers("o.y") == [1])
        let fields = parsed.document.terms.map(\.field)
        #expect(Set(fields).count == fields.count)
    }

    @Test("offsets run through all values of a field")
    func offsets() throws {
        var schema = try Schema.fields(#"{"t": {"type": "text"}}"#)
        let parsed = try schema.parse(#"{"t": ["ab cd", "ef"]}"#)
        #expect(parsed.document.occurrences.map(\.startByteOffset) == [0, 3, 6])
        #expect(parsed.document.occurrences.map(\.endByteOffset) == [2, 5, 8])
    }

    @Test("unknown fields are mapped by what they are")
    func dynamic() throws {
        var schema = try Schema()
        _ = try schema.parse(
            #"""
            {"s": "x", "l": 1, "f": 1.5, "b": false, "d": "2020-01-02", "d2": "2020/01/02",
             "n": null, "e": [], "o": {"p": {"q": 1}}, "x.y": "z"}
            """#)
        let text: JSONValue = [
            "type": "text", "fields": ["keyword": ["type": "keyword", "ignore_above": 256]],
        ]
        #expect(
            schema.mapping.json["properties"]
                == [
                    "s": text, "l": ["type": "long"], "f": ["type": "float"],
                    "b": ["type": "boolean"], "d": ["type": "date"],
                    "d2": [
                        "type": "date",
                        "format": "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis",
                    ],
                    "o": ["properties": ["p": ["properties": ["q": ["type": "long"]]]]],
                    "x": ["properties": ["y": text]],
                ])
    }

    @Test("dynamic false leaves out, strict refuses, both by object")
    func dynamicModes() throws {
        var schema = try Schema(
            #"""
            {"dynamic": false, "properties": {"k": {"type": "keyword"},
             "s": {"dynamic": "strict", "properties": {"a": {"type": "long"}}},
             "open": {"dynamic": true, "type": "object"}}}
            """#)
        let parsed = try schema.parse(#"{"k": "a", "u": {"v": [1, {"w": 2}]}, "open": {"n": 1}}"#)
        #expect(parsed.values("k") == ["a"])
        #expect(schema.mapping.field("u.v") == nil)
        #expect(parsed.numbers("open.n") == [1])
        let error = try schema.error(#"{"s": {"a": 1, "b": 2}}"#)
        #expect(error?.type == "strict_dynamic_mapping_exception")
        #expect(
            error?.reason
                == "mapping set to strict, dynamic introduction of [b] within [s] is not allowed")
        let strict = try Schema(#"{"dynamic": "strict"}"#)
        #expect(
            try strict.error(#"{"x": {"y": 1}}"#)?.reason
                == "mapping set to strict, dynamic introduction of [x] within [_doc] is not "
                + "allowed")
    }

    @Test("templates decide by name, path, kind and pattern, the first that fits")
    func templates() throws {
        var schema = try Schema(
            #"""
            {"numeric_detection": true, "dynamic_templates": [
              {"ids": {"match": "*_id", "unmatch": "long_*", "mapping": {"type": "keyword"}}},
              {"names": {"path_match": "name.*", "mapping": {"type": "text", "copy_to": "full"}}},
              {"regex": {"match_pattern": "regex", "match": "^p[0-9]+$",
                         "match_mapping_type": "string", "mapping": {"type": "keyword"}}},
              {"any_long": {"match_mapping_type": "long", "mapping": {"type": "integer"}}},
              {"named": {"match": "a_*", "mapping":
                  {"type": "{dynamic_type}", "meta": {"field": "{name}"}}}}
            ]}
            """#)
        let parsed = try schema.parse(
            #"""
            {"user_id": 7, "long_id": 7, "name": {"first": "Ada", "last": "Byron"}, "p12": "x",
             "p1x": "x", "a_n": 1.5, "num": "12", "real": "1.5"}
            """#)
        func typeName(_ path: String) -> String? { schema.mapping.field(path)?.type.typeName }
        #expect(typeName("user_id") == "keyword")
        #expect(parsed.values("user_id") == ["7"])
        #expect(typeName("long_id") == "integer")
        #expect(typeName("name.first") == "text")
        #expect(parsed.terms("full") == ["ada@0", "byron@101"])
        #expect(typeName("p12") == "keyword")
        #expect(typeName("p1x") == "text")
        #expect(typeName("a_n") == "float")
        #expect(schema.mapping.field("a_n")?.meta == ["field": "a_n"])
        #expect(typeName("num") == "integer")
        #expect(typeName("real") == "float")
    }

    @Test("exists has a place to look for every field")
    func existence() throws {
        var schema = try Schema.fields(
            #"""
            {"t": {"type": "text", "norms": false}, "u": {"type": "text", "index": false},
             "k": {"type": "keyword", "doc_values": false}, "i": {"type": "keyword"},
             "n": {"type": "long", "index": false, "doc_values": false}}
            """#)
        let parsed = try schema.parse(#"{"t": "a b", "u": "c", "k": "d", "i": "e", "n": 1}"#)
        #expect(
            Set(parsed.terms("_field_names").map { $0.split(separator: "@")[0] })
                == ["t", "u", "k", "n"])
        #expect(try schema.type("i").existence == .column)
    }

    @Test("ignore_above, ignore_malformed and null_value")
    func leniency() throws {
        var schema = try Schema.fields(
            #"""
            {"k": {"type": "keyword", "ignore_above": 3, "null_value": "none"},
             "n": {"type": "long", "ignore_malformed": true, "null_value": 7},
             "d": {"type": "date", "ignore_malformed": true}}
            """#)
        let parsed = try schema.parse(
            #"{"k": ["abc", "abcd", null, "äöü", "😀😀"], "n": ["x", null, 3], "d": "nope"}"#)
        #expect(parsed.values("k") == ["abc", "none", "äöü"])
        #expect(parsed.numbers("n") == [7, 3])
        #expect(Set(parsed.values("_ignored")) == ["k", "n", "d"])
    }

    @Test(
        "a value that does not fit is refused in the known words",
        arguments: [
            (
                #"{"type": "long"}"#, #""abc""#, "long", "abc", "illegal_argument_exception",
                #"For input string: "abc""#
            ),
            (
                #"{"type": "long"}"#, "123456789012345678901", "long", "123456789012345678901",
                "input_coercion_exception",
                "Numeric value (123456789012345678901) out of range of long "
                    + "(-9223372036854775808 - 9223372036854775807)"
            ),
            (
                #"{"type": "long"}"#, "1e999", "long", "1e999", "input_coercion_exception",
                "Numeric value (1e999) out of range of long "
                    + "(-9223372036854775808 - 9223372036854775807)"
            ),
            (
                #"{"type": "integer"}"#, #""abc""#, "integer", "abc", "number_format_exception",
                #"For input string: "abc""#
            ),
            (
                #"{"type": "byte"}"#, "300", "byte", "300", "illegal_argument_exception",
                "Value [300] is out of range for a byte"
            ),
            (
                #"{"type": "short", "coerce": false}"#, "1.5", "short", "1.5",
                "illegal_argument_exception",
                "1.5 cannot be converted to Short without data loss"
            ),
            (
                #"{"type": "integer", "coerce": false}"#, #""5""#, "integer", "5",
                "illegal_argument_exception", "Integer value passed as String"
            ),
            (
                #"{"type": "double"}"#, "1e999", "double", "1e999", "illegal_argument_exception",
                "[double] supports only finite values, but got [Infinity]"
            ),
            (
                #"{"type": "float"}"#, "1e300", "float", "1e300", "illegal_argument_exception",
                "[float] supports only finite values, but got [Infinity]"
            ),
            (
                #"{"type": "half_float"}"#, "70000", "half_float", "70000",
                "illegal_argument_exception",
                "[half_float] supports only finite values, but got [70000.0]"
            ),
            (
                #"{"type": "double"}"#, #""NaN""#, "double", "NaN", "illegal_argument_exception",
                "[double] supports only finite values, but got [NaN]"
            ),
            (
                #"{"type": "boolean"}"#, #""yes""#, "boolean", "yes", "illegal_argument_exception",
                "Failed to parse value [yes] as only [true] or [false] are allowed."
            ),
            (
                #"{"type": "date"}"#, #""tomorrow""#, "date", "tomorrow",
                "illegal_argument_exception",
                "failed to parse date field [tomorrow] with format "
                    + "[strict_date_optional_time||epoch_millis]"
            ),
            (
                #"{"type": "ip"}"#, #""1.2.3""#, "ip", "1.2.3", "illegal_argument_exception",
                "'1.2.3' is not an IP string literal."
            ),
            (
                #"{"type": "keyword"}"#, #"{"a": [1, "b"]}"#, "keyword", "{a=[1, b]}",
                "illegal_state_exception", "Can't get text on a START_OBJECT"
            ),
            (
                #"{"type": "long"}"#, "true", "long", "true", "json_parse_exception",
                "Current token (VALUE_TRUE) not numeric, can not use numeric value accessors"
            ),
            (
                #"{"type": "unsigned_long"}"#, "-1", "unsigned_long", "-1",
                "illegal_argument_exception",
                "Value [-1] is out of range for an unsigned long"
            ),
        ])
    func refused(
        definition: String, value: String, type: String, preview: String, causeType: String,
        cause: String
    ) throws {
        let schema = try Schema.fields("{\"x\": \(definition)}")
        let error = try #require(try schema.error("{\"x\": \(value)}", id: "7"))
        #expect(error.type == "mapper_parsing_exception")
        #expect(
            error.reason
                == "failed to parse field [x] of type [\(type)] in document with id '7'. Preview "
                + "of field's value: '\(preview)'")
        #expect(error.causes.first == .init(type: causeType, reason: cause))
    }

    @Test(
        "a document that is none is refused in the known words",
        arguments: [
            ("", "failed to parse, document is empty"),
            ("[1]", "Malformed content, must start with an object"),
            ("3", "Malformed content, must start with an object"),
            (
                #"{"o": 1}"#,
                "object mapping for [o] tried to parse field [o] as object, but found a concrete "
                    + "value"
            ),
            (
                #"{"_id": 1}"#,
                "Field [_id] is a metadata field and cannot be added inside a document. Use the "
                    + "index API request parameters."
            ),
            (
                #"{"n.x": 1}"#,
                "Cannot add a value for field [n.x] since one of the intermediate objects is "
                    + "mapped as a nested object: [n]"
            ),
            (
                #"{"l.x": 1}"#,
                "Could not dynamically add mapping for field [l.x]. Existing mapping for [l] "
                    + "must be of type object but found [long]."
            ),
        ])
    func malformed(source: String, expected: String) throws {
        let schema = try Schema.fields(
            #"{"o": {"type": "object"}, "n": {"type": "nested"}, "l": {"type": "long"}}"#)
        let error = try schema.error(source)
        #expect(error?.reason == expected)
        #expect(error?.type == "mapper_parsing_exception")
    }

    @Test(
        "names and text that JSON or the API refuse",
        arguments: [
            (#"{"a": 1, "a": 2}"#, "json_parse_exception", "Duplicate field 'a'"),
            (#"{"a": }"#, "json_parse_exception", "'}' found where"),
            (#"{"": 1}"#, "illegal_argument_exception", "field name cannot be an empty string"),
            (
                #"{"..": 1}"#, "illegal_argument_exception",
                "field name cannot contain only the character [.]"
            ),
            (
                #"{".a": 1}"#, "illegal_argument_exception",
                "object field starting or ending with a [.] makes object resolution ambiguous: "
                    + "[.a]"
            ),
            (#"{"al": 1}"#, "illegal_argument_exception", "Cannot write to a field alias [al]."),
        ])
    func malformedCause(source: String, type: String, prefix: String) throws {
        let schema = try Schema.fields(
            #"{"al": {"type": "alias", "path": "x"}, "x": {"type": "long"}}"#)
        let error = try schema.error(source)
        #expect(error?.reason == "failed to parse")
        #expect(error?.causes.first?.type == type)
        #expect(error?.causes.first?.reason.hasPrefix(prefix) == true)
    }

    @Test("nested objects become documents of their own, invisible from the root")
    func nested() throws {
        var schema = try Schema.fields(
            #"""
            {"n": {"type": "nested", "properties": {"a": {"type": "keyword"},
               "m": {"type": "nested", "include_in_parent": true,
                     "properties": {"b": {"type": "long"}}}}},
             "r": {"type": "nested", "include_in_root": true,
                   "properties": {"c": {"type": "text"}}},
             "k": {"type": "keyword"}}
            """#)
        let parsed = try schema.parse(
            #"""
            {"n": [{"a": "x", "m": [{"b": 1}, {"b": 2}]}, {"a": "y"}], "r": {"c": "red fish"},
             "k": "z"}
            """#)
        #expect(parsed.document.nested.map(\.path) == ["n", "n.m", "n.m", "n", "r"])
        #expect(parsed.document.nested.map(\.parent) == [nil, 0, 0, nil, nil])
        #expect(parsed.values("n.a").isEmpty)
        #expect(parsed.values("k") == ["z"])
        #expect(parsed.nested(0).values("n.a") == ["x"])
        #expect(parsed.nested(0).numbers("n.m.b") == [1, 2])
        #expect(parsed.nested(2).numbers("n.m.b") == [2])
        #expect(parsed.terms("r.c") == ["red@0", "fish@1"])
        #expect(parsed.nested(4).terms("r.c") == ["red@0", "fish@1"])
    }

    @Test("a term too long for an inverted list refuses its document")
    func immense() throws {
        let schema = try Schema.fields(#"{"k": {"type": "keyword"}}"#)
        let error = try schema.error("{\"k\": \"\(String(repeating: "a", count: 40_000))\"}")
        #expect(error?.type == "illegal_argument_exception")
        #expect(
            error?.reason.hasPrefix(
                "Document contains at least one immense term in field=\"k\" (whose UTF8 encoding "
                    + "is longer than the max length 32766), all of which were skipped.  Please "
                    + "correct the analyzer to not produce such terms.  The prefix of the first "
                    + "immense term is: '[97, 97, ") == true)
        #expect(
            error?.causes.first
                == .init(
                    type: "max_bytes_length_exceeded_exception",
                    reason: "bytes can be at most 32766 in length; got 40000"))
    }

    @Test("the source is kept to the byte unless the mapping filters it")
    func source() throws {
        let text = "{ \"a\" : 1.50 , \"b\":{\"c\":[{\"d\":2,\"f\":1}],\"e\":3} }"
        var whole = try Schema()
        #expect(try whole.parse(text).document.source == Array(text.utf8))
        var none = try Schema(#"{"_source": {"enabled": false}}"#)
        #expect(try none.parse(text).document.source.isEmpty)
        var some = try Schema(#"{"_source": {"includes": ["b"], "excludes": ["b.c.d"]}}"#)
        #expect(
            String(decoding: try some.parse(text).document.source, as: UTF8.self)
                == #"{"b":{"c":[{"f":1}],"e":3}}"#)
    }

    @Test("objects too deep, and a million values, are no danger")
    func hostile() throws {
        var schema = try Schema()
        let deep =
            String(repeating: "{\"a\":", count: 21) + "1" + String(repeating: "}", count: 21)
        #expect(
            try schema.error(deep)?.reason.hasPrefix("Limit of mapping depth [20]") == true)
        let arrays =
            "{\"a\":" + String(repeating: "[", count: 5_000)
            + String(repeating: "]", count: 5_000) + "}"
        #expect(try schema.error(arrays)?.reason == "failed to parse")
        let many = "{\"v\":[" + String(repeating: "1,", count: 200_000) + "2]}"
        #expect(try schema.parse(many).numbers("v").count == 200_001)
    }

    @Test("routing is a field of its own")
    func routing() throws {
        let schema = try Schema()
        let parser = try DocumentParser(mapping: schema.mapping, catalog: schema.catalog)
        var document = ParsedDocument()
        #expect(
            try parser.parse(
                id: "1", routing: "r", source: Array("{}".utf8), into: &document) == .parsed)
        let parsed = Parsed(document: document, mapping: schema.mapping)
        #expect(parsed.values("_routing") == ["r"])
        #expect(document.routing == "r")
    }
}

extension DocumentParserTests {
    @Test("a null below an object that is mapped asks for nothing")
    func nullBelowKnownObject() throws {
        var schema = try Schema.fields(#"{"o": {"type": "object"}}"#)
        let before = schema.mapping
        _ = try schema.parse(#"{"o": {"x": null, "y": [], "z": [null]}, "o.q": null}"#)
        #expect(schema.mapping == before)
    }
}

extension DocumentParserTests {
    @Test("positions that leave their numbers refuse the document, and dates beyond 64 bits too")
    func overflow() throws {
        let schema = try Schema.fields(
            #"{"t": {"type": "text", "position_increment_gap": 2000000000}, "d": {"type": "date"}}"#
        )
        #expect(
            try schema.error(#"{"t": ["a", "b", "c"]}"#)?.reason
                == "position 2147483520 is too large for field 't': max allowed "
                + "position=2147483519")
        #expect(try schema.error(#"{"t": ["a", "b"]}"#) == nil)
        let error = try schema.error(#"{"d": "+999999999-01-01"}"#)
        #expect(error?.causes.first == .init(type: "arithmetic_exception", reason: "long overflow"))
        #expect(try schema.error(#"{"d": "+99999-01-01"}"#) == nil)
    }
}
