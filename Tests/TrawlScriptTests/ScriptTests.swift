internal import Testing
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlScript

@Suite("Script")
struct ScriptTests {
    private func run(
        _ text: String, on source: JSONObject, params: JSONObject = [:]
    ) throws -> (JSONValue, String) {
        let script = try Script(["source": .string(text), "params": .object(params)])
        var context = ScriptContext(source: source, operation: "index", id: "7", version: 3)
        try script.run(&context)
        return (.object(context.source), context.operation)
    }

    static let programs: [(text: String, before: JSONObject, after: JSONValue)] = [
        ("ctx._source.n += params.y", ["n": 1], ["n": 6]),
        ("ctx._source.n++; ctx._source.n -= 3", ["n": 1], ["n": -1]),
        ("ctx._source.a.b.c = 'x'", ["a": ["b": [:]]], ["a": ["b": ["c": "x"]]]),
        ("ctx._source['k'] = 1 + 2 * 3 - 4 / 2", [:], ["k": 5]),
        (
            "ctx._source.x = 7 / 2; ctx._source.y = 7 / 2.0; ctx._source.z = -7 % 3", [:],
            ["x": 3, "y": 3.5, "z": -1]
        ),
        ("ctx._source.tags.add(params.tag)", ["tags": ["a"]], ["tags": ["a", "t"]]),
        (
            "if (ctx._source.tags.contains('a')) { ctx._source.tags.remove("
                + "ctx._source.tags.indexOf('a')) }", ["tags": ["b", "a"]], ["tags": ["b"]]
        ),
        (
            "def l = ctx._source.l; l.add(3); l.removeIf(x -> x < 2)", ["l": [1, 2]],
            ["l": [2, 3]]
        ),
        ("ctx._source.remove('a')", ["a": 1, "b": 2], ["b": 2]),
        (
            "if (ctx._source.n == null) { ctx._source.n = 0 } else if (ctx._source.n > 5) "
                + "ctx._source.big = true; else ctx._source.big = false", ["n": 6],
            ["n": 6, "big": true]
        ),
        (
            "int sum = 0; for (def x : ctx._source.l) { sum += x } ctx._source.sum = sum",
            ["l": [1, 2, 3]], ["l": [1, 2, 3], "sum": 6]
        ),
        (
            "for (int i = 0; i < 5; i++) { if (i == 3) break; ctx._source.n = i }", [:],
            ["n": 2]
        ),
        (
            "ctx._source.s = ctx._source.s.toUpperCase() + ' ' + ctx._source.s.length() + true",
            ["s": "aé"], ["s": "AÉ 2true"]
        ),
        (
            "ctx._source.m = ['a': 1, 'b': [1, 2]]; ctx._source.m.put('c', null)", [:],
            ["m": ["a": 1, "b": [1, 2], "c": nil]]
        ),
        (
            "ctx._source.v = ctx._version > 2 && !ctx._source.containsKey('q') ? 'y' : 'n'", [:],
            ["v": "y"]
        ),
        ("ctx._source.a = ctx._source.b?.c ?: 'none'", [:], ["a": "none"]),
        ("ctx._source.n = Math.max(ctx._source.n, 10)", ["n": 3], ["n": 10]),
        ("ctx._source.n = (long) ctx._source.n * 2L // twice", ["n": 3], ["n": 6]),
        ("ctx._source.l[0].x = 9", ["l": [["x": 1]]], ["l": [["x": 9]]]),
    ]

    @Test("everyday programs do what they say")
    func programs() throws {
        for (text, before, after) in Self.programs {
            let result = try run(text, on: before, params: ["y": 5, "tag": "t"])
            #expect(result.0 == after, "\(text)")
        }
    }

    @Test("ctx.op says what becomes of the document")
    func operations() throws {
        #expect(try run("ctx.op = 'delete'", on: [:]).1 == "delete")
        #expect(try run("if (true) { ctx.op = 'none' }", on: [:]).1 == "none")
        #expect(try run("return; ctx.op = 'none'", on: [:]).1 == "index")
    }

    @Test(
        "what cannot be done is refused, and nothing runs for ever or grows without bound",
        arguments: [
            "ctx._source.a.b = 1", "ctx._source.n = 1 / 0", "while (true) { }", "x = 1", "ctx = 1",
            "params.y = 2", "ctx._source = 3", "ctx._source.l[5] = 1", "if (1) { }", "1 +", "{",
            "ctx._source.n = 'a' - 1", "System.exit(1)", "ctx._source.s.foo()", "'abc",
            "def s = 'x'; while (true) { s += s }", "ctx.op = 3", "a b c", "#",
            "for (int i = 0; ; i++) { ctx._source.l.add(i) }",
        ])
    func refused(text: String) {
        let error = #expect(throws: SchemaError.self, "\(text)") {
            _ = try run(text, on: ["l": [], "s": "t"])
        }
        #expect(error?.type == "illegal_argument_exception")
        #expect(error?.reason == "failed to execute script")
    }

    @Test("deep nesting is refused and does not end the process")
    func deep() {
        for text in [
            String(repeating: "(", count: 3000), String(repeating: "{", count: 3000),
            String(repeating: "!", count: 3000), String(repeating: "[", count: 3000),
            String(repeating: "if (true) ", count: 3000),
            String(repeating: "x", count: 100_000),
        ] {
            #expect(throws: SchemaError.self) { try run(text, on: [:]) }
        }
    }

    @Test("another language, a stored script, no script: named")
    func forms() {
        for json: JSONValue in [
            ["source": "1", "lang": "expression"], ["id": "x"], [:], 3,
        ] {
            let error = #expect(throws: SchemaError.self) { try Script(json) }
            #expect(error?.type == "illegal_argument_exception")
        }
    }
}
