internal import Testing
internal import TrawlJSON

@Suite("JSONValue")
struct JSONValueTests {
    @Test("text goes through a tree and comes back the same, numbers byte for byte")
    func roundTrip() throws {
        let text =
            #"{"a":[1,-0,1.50,1E+2,123456789012345678901234567890,true,null],"é":"x\n\"","o":{}}"#
        let value = try JSONValue.parse(text)
        #expect(value.description == text)
        #expect(value["a"]?[4]?.numberValue?.int64 == nil)
        #expect(value["a"]?[2]?.doubleValue == 1.5)
    }

    @Test("a key that comes twice is refused with its place")
    func duplicate() {
        #expect(throws: JSONError(.duplicateKey("a"), byteOffset: 8, line: 2, column: 1)) {
            try JSONValue.parse("{\"a\":1,\n\"\\u0061\":2}")
        }
    }

    @Test("pretty text is Elasticsearch's")
    func pretty() {
        let value: JSONValue = ["a": [1, 2], "b": [:], "c": []]
        let text = String(decoding: value.serialized(pretty: true), as: UTF8.self)
        #expect(text == "{\n  \"a\" : [\n    1,\n    2\n  ],\n  \"b\" : { },\n  \"c\" : [ ]\n}")
    }

    @Test("a slice of a member is as it was written")
    func slice() throws {
        let slice = try JSONSlice(parsing: Array(#" {"x" : {"y": 1.0 } , "z":[ ] } "#.utf8))
        #expect(slice["x"].map { String(decoding: $0.bytes, as: UTF8.self) } == #"{"y": 1.0 }"#)
        #expect(slice["x"]?["y"].map { String(decoding: $0.bytes, as: UTF8.self) } == "1.0")
        #expect(slice["z"].map { String(decoding: $0.bytes, as: UTF8.self) } == "[ ]")
    }
}
