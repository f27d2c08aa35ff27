internal import Testing
internal import TrawlJSON
internal import TrawlSchema
internal import TrawlScript

@Suite("TextTemplate")
struct TextTemplateTests {
    static let examples: [(text: String, values: JSONObject, result: String)] = [
        ("a {{x}} b", ["x": 1], "a 1 b"),
        ("{{x.y}} {{ x.z.1 }}", ["x": ["y": "q", "z": [1, 2]]], "q 2"),
        ("[{{gone}}]", [:], "[]"),
        ("{{#on}}yes{{/on}}{{^on}}no{{/on}}", ["on": true], "yes"),
        ("{{#on}}yes{{/on}}{{^on}}no{{/on}}", ["on": false], "no"),
        ("{{#l}}{{.}},{{/l}}", ["l": [1, "b"]], "1,b,"),
        ("{{#l}}{{n}}{{k}} {{/l}}", ["l": [["n": 1], ["n": 2]], "k": "x"], "1x 2x "),
        ("{{#toJson}}l{{/toJson}}", ["l": [1, ["a": "b"]]], "[1,{\"a\":\"b\"}]"),
        ("{{#join}}l{{/join}}", ["l": ["a", "b"]], "a,b"),
        ("{{#join delimiter='||'}}l{{/join delimiter='||'}}", ["l": ["a", "b"]], "a||b"),
        ("{{#url}}{{a}}/x{{/url}}", ["a": "é &"], "%C3%A9+%26%2Fx"),
        ("{{! nothing }}x", [:], "x"),
    ]

    @Test("values stand where their names stood", arguments: examples)
    func fill(_ text: String, _ values: JSONObject, _ result: String) throws {
        #expect(try TextTemplate(text).text(values) == result)
    }

    @Test("within JSON two braces escape and three do not")
    func escape() throws {
        let template = try TextTemplate("\"{{a}}\" {{{a}}}", escape: .json)
        #expect(template.text(["a": "x\"\n"]) == "\"x\\\"\\n\" x\"\n")
    }

    @Test("a section that is not closed is refused", arguments: ["{{#a}}", "{{#a}}{{/b}}", "{{a"])
    func refused(_ text: String) {
        #expect(throws: SchemaError.self) { _ = try TextTemplate(text) }
    }
}
