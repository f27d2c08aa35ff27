internal import Testing
internal import TrawlJSON
internal import TrawlPipeline

@Suite("Pipeline")
struct PipelineTests {
    /// What a pipeline of one processor makes of a document; nil when it drops it.
    private func process(
        _ processor: JSONObject, _ source: JSONObject
    ) throws -> JSONObject? {
        let pipeline = try Pipeline(id: "p", ["processors": [.object(processor)]])
        var document = PipelineDocument(
            source: source, metadata: ["_index": "i", "_id": "1"], timestamp: "t")
        var run = PipelineRun { _ in nil }
        return try run.run(pipeline, on: &document) ? document.source : nil
    }

    struct Example: Sendable, CustomTestStringConvertible {
        var processor: JSONObject
        var before: JSONObject
        var after: JSONObject
        var testDescription: String { "\(JSONValue.object(processor))" }

        init(_ processor: JSONObject, _ before: JSONObject, _ after: JSONObject) {
            self.processor = processor
            self.before = before
            self.after = after
        }
    }

    static let examples: [Example] = [
        Example(
            ["set": ["field": "a.b", "value": "{{x}}-{{_index}}"]], ["x": 1],
            ["x": 1, "a": ["b": "1-i"]]),
        Example(["set": ["field": "x", "value": 2, "override": false]], ["x": 1], ["x": 1]),
        Example(["set": ["field": "y", "copy_from": "x"]], ["x": [1]], ["x": [1], "y": [1]]),
        Example(
            ["append": ["field": "x", "value": ["b", "{{y}}"]]], ["x": "a", "y": "c"],
            ["x": ["a", "b", "c"], "y": "c"]),
        Example(
            ["append": ["field": "x", "value": "a", "allow_duplicates": false]],
            ["x": ["a"]], ["x": ["a"]]),
        Example(
            ["remove": ["field": ["a.b", "c"]]], ["a": ["b": 1, "d": 2], "c": 3],
            ["a": ["d": 2]]),
        Example(["remove": ["field": "a", "ignore_missing": true]], ["b": 1], ["b": 1]),
        Example(["remove_by_pattern": ["field_pattern": "t*_x"]], ["ta_x": 1, "ta": 2], ["ta": 2]),
        Example(["rename": ["field": "a", "target_field": "b.c"]], ["a": 1], ["b": ["c": 1]]),
        Example(
            ["copy": ["source_field": "a", "target_field": "b", "remove_source": true]],
            ["a": 1], ["b": 1]),
        Example(["lowercase": ["field": "a"]], ["a": ["X", "Ý"]], ["a": ["x", "ý"]]),
        Example(
            ["trim": ["field": "a", "target_field": "b"]], ["a": " x "],
            ["a": " x ", "b": "x"]),
        Example(
            ["gsub": ["field": "a", "pattern": "(\\d+)-", "replacement": "$1/"]],
            ["a": "1-22-x"], ["a": "1/22/x"]),
        Example(
            ["split": ["field": "a", "separator": ",\\s*"]], ["a": "x, y,,z,,"],
            ["a": ["x", "y", "", "z"]]),
        Example(["join": ["field": "a", "separator": "-"]], ["a": [1, "b"]], ["a": "1-b"]),
        Example(["sort": ["field": "a", "order": "desc"]], ["a": [1, 3, 2]], ["a": [3, 2, 1]]),
        Example(["bytes": ["field": "a"]], ["a": "1.5kb"], ["a": 1536]),
        Example(["urldecode": ["field": "a"]], ["a": "%C3%A9+1"], ["a": "é 1"]),
        Example(["html_strip": ["field": "a"]], ["a": "x &amp; <b>y</b>"], ["a": "x & y"]),
        Example(["convert": ["field": "a", "type": "integer"]], ["a": ["1", 2]], ["a": [1, 2]]),
        Example(["convert": ["field": "a", "type": "auto"]], ["a": "1.5"], ["a": 1.5]),
        Example(["convert": ["field": "a", "type": "boolean"]], ["a": "TRUE"], ["a": true]),
        Example(
            ["date": ["field": "a", "formats": ["dd/MM/yyyy", "ISO8601"], "target_field": "d"]],
            ["a": "12/06/2010"], ["a": "12/06/2010", "d": "2010-06-12T00:00:00.000Z"]),
        Example(
            ["date": ["field": "a", "formats": ["UNIX"]]], ["a": 1_500_000_000],
            ["a": 1_500_000_000, "@timestamp": "2017-07-14T02:40:00.000Z"]),
        Example(["json": ["field": "a"]], ["a": "{\"b\": [1]}"], ["a": ["b": [1]]]),
        Example(
            ["json": ["field": "a", "add_to_root": true]], ["a": "{\"b\": 1}"],
            ["a": "{\"b\": 1}", "b": 1]),
        Example(
            ["kv": ["field": "a", "field_split": " ", "value_split": "="]],
            ["a": "b=1 c=x b=2"], ["a": "b=1 c=x b=2", "b": ["1", "2"], "c": "x"]),
        Example(
            ["csv": ["field": "a", "target_fields": ["b", "c", "d"]]],
            ["a": "1,,\"x,\"\"y\""], ["a": "1,,\"x,\"\"y\"", "b": "1", "d": "x,\"y"]),
        Example(
            [
                "dissect": [
                    "field": "a", "pattern": "%{x} [%{+y/2} %{+y/1}] %{?z}",
                    "append_separator": ":",
                ]
            ],
            ["a": "1 [2 3] 4"], ["a": "1 [2 3] 4", "x": "1", "y": "3:2"]),
        Example(
            [
                "grok": [
                    "field": "a",
                    "patterns": [
                        "%{IP:ip} %{WORD:verb} %{NUMBER:n:int} %{UNKNOWNTAG:tag}"
                    ],
                    "pattern_definitions": ["UNKNOWNTAG": "<[^>]+>"],
                ]
            ],
            ["a": "55.3.244.1 GET 15824 <x y>"],
            [
                "a": "55.3.244.1 GET 15824 <x y>", "ip": "55.3.244.1", "verb": "GET", "n": 15824,
                "tag": "<x y>",
            ]),
        Example(
            ["dot_expander": ["field": "a.b"]], ["a.b": 1, "a": ["c": 2]],
            ["a": ["c": 2, "b": 1]]),
        Example(
            [
                "foreach": [
                    "field": "a",
                    "processor": [
                        "uppercase":
                            ["field": "_ingest._value.n"]
                    ],
                ]
            ], ["a": [["n": "x"], ["n": "y"]]],
            ["a": [["n": "X"], ["n": "Y"]]]),
        Example(
            ["script": ["source": "ctx.n = ctx.a.length() * params.k", "params": ["k": 2]]],
            ["a": "xyz"], ["a": "xyz", "n": 6]),
        Example(
            ["set": ["if": "ctx.a == 2 || ctx.b?.c == null", "field": "z", "value": 1]],
            ["a": 3], ["a": 3, "z": 1]),
        Example(["set": ["if": "ctx.a == 2", "field": "z", "value": 1]], ["a": 3], ["a": 3]),
    ]

    @Test("a processor makes of a document what it says", arguments: examples)
    func processors(_ example: Example) throws {
        #expect(try process(example.processor, example.before) == example.after)
    }

    @Test("a dropped document is told apart from one that is kept")
    func drop() throws {
        #expect(try process(["drop": ["if": "ctx.a == 1"]], ["a": 1]) == nil)
        #expect(try process(["drop": ["if": "ctx.a == 1"]], ["a": 2]) == ["a": 2])
    }

    static let failures: [(JSONObject, JSONObject, String)] = [
        (["rename": ["field": "a", "target_field": "b"]], [:], "field [a] doesn't exist"),
        (
            ["rename": ["field": "a", "target_field": "b"]], ["a": 1, "b": 2],
            "field [b] already exists"
        ),
        (["remove": ["field": "{{x}}"]], [:], "field path cannot be null nor empty"),
        (["remove": ["field": "_index"]], [:], "cannot remove metadata field [_index]"),
        (
            ["uppercase": ["field": "a.b"]], ["a": [:]],
            "field [b] not present as part of path [a.b]"
        ),
        (["uppercase": ["field": "a"]], ["a": nil], "field [a] is null, cannot process it."),
        (
            ["split": ["field": "a", "separator": ","]], ["a": 1],
            "field [a] of type [java.lang.Integer] cannot be cast to [java.lang.String]"
        ),
        (
            ["convert": ["field": "a", "type": "integer"]], ["a": "x"],
            "unable to convert [x] to integer"
        ),
        (["date": ["field": "a", "formats": ["yyyy"]]], ["a": "x"], "unable to parse date [x]"),
        (
            ["grok": ["field": "a", "patterns": ["%{INT:n}$"]]], ["a": "x"],
            "Provided Grok expressions do not match field value: [x]"
        ),
        (["fail": ["message": "no {{a}}"]], ["a": 1], "no 1"),
        (
            ["set": ["field": "l.9", "value": 1]], ["l": []],
            "[9] is out of bounds for array with length [0] as part of path [l.9]"
        ),
    ]

    @Test("what cannot be done is said in the words that clients know", arguments: failures)
    func failure(_ processor: JSONObject, _ source: JSONObject, _ reason: String) throws {
        let error = #expect(throws: PipelineError.self) { _ = try process(processor, source) }
        #expect(error?.reason == reason)
    }

    static let refused: [(JSONObject, String)] = [
        (["set": ["field": "a"]], "[value] required property is missing"),
        (["set": ["value": "a"]], "[field] required property is missing"),
        (
            ["set": ["field": "a", "value": 1, "x": 2]],
            "processor [set] doesn't support one or more provided configuration parameters [x]"
        ),
        (["nope": [:]], "No processor type exists with name [nope]"),
        (
            ["convert": ["field": "a", "type": "x"]],
            "type [x] not supported, cannot convert field."
        ),
        (
            ["set": ["field": "a", "value": 1, "on_failure": []]],
            "[on_failure] processors list cannot be empty"
        ),
        (
            ["grok": ["field": "a", "patterns": ["%{NOPE:a}"]]],
            "[patterns] Invalid regex pattern found in: [%{NOPE:a}]. Unable to find pattern "
                + "[NOPE] in Grok's pattern dictionary"
        ),
    ]

    @Test("a pipeline that cannot work is refused when it is made", arguments: refused)
    func refusal(_ processor: JSONObject, _ reason: String) {
        let error = #expect(throws: PipelineError.self) {
            _ = try Pipeline(id: "p", ["processors": [.object(processor)]])
        }
        #expect(error?.reason == reason)
        #expect(error?.properties.contains { $0.name == "processor_type" } == true)
    }

    @Test("every pattern of the bank is a regular expression of ours")
    func patterns() throws {
        for name in GrokPatterns.all.keys {
            _ = try Pipeline(
                id: name,
                [
                    "processors": [["grok": ["field": "a", "patterns": [.string("%{\(name)}")]]]]
                ])
        }
    }

    @Test("after a failure the pipeline goes on with on_failure, which knows the message")
    func onFailure() throws {
        let pipeline = try Pipeline(
            id: "p",
            [
                "processors": [
                    ["set": ["field": "a", "value": 1]],
                    ["fail": ["message": "no", "tag": "f", "ignore_failure": true]],
                    ["fail": ["message": "late", "tag": "g"]],
                    ["set": ["field": "never", "value": 1]],
                ],
                "on_failure": [
                    [
                        "set": [
                            "field": "e",
                            "value":
                                "{{_ingest.on_failure_message}} {{_ingest.on_failure_processor_tag}}",
                        ]
                    ]
                ],
            ])
        var document = PipelineDocument(source: [:], metadata: [:], timestamp: "t")
        var run = PipelineRun(isTraced: true) { _ in nil }
        #expect(try run.run(pipeline, on: &document))
        #expect(document.source == ["a": 1, "e": "late g"])
        #expect(document.ingest == ["timestamp": "t"])
        #expect(run.traces.map(\.type) == ["set", "fail", "fail", "set"])
    }

    @Test("pipelines that name each other in a circle are found")
    func circle() throws {
        let a = try Pipeline(id: "a", ["processors": [["pipeline": ["name": "b"]]]])
        let b = try Pipeline(id: "b", ["processors": [["pipeline": ["name": "a"]]]])
        var document = PipelineDocument(source: [:], metadata: [:], timestamp: "t")
        var run = PipelineRun { $0 == "a" ? a : b }
        let error = #expect(throws: PipelineError.self) { _ = try run.run(a, on: &document) }
        #expect(error?.reason == "Cycle detected for pipeline: a")
    }
}
