import Testing
import TrawlCapture
import TrawlJSON

@Suite("RecordMapping")
struct RecordMappingTests {
    private func event(
        _ format: String, _ key: String?, _ value: String?, keys: String = "", columns: String = ""
    ) throws -> RecordMapping.Event {
        let configuration = try CaptureConfiguration(
            json: [
                "index": "i", "from": "topic:t", "format": .string(format),
                "key": .string(keys), "columns": .string(columns),
            ])
        return try RecordMapping(configuration).event(
            key: key.map { Array($0.utf8) }, value: value.map { Array($0.utf8) })
    }

    private func put(_ id: String, _ source: String) -> RecordMapping.Event {
        .put(id: id, source: Array(source.utf8))
    }

    @Test("plain JSON: the key is the id, nothing says that it is gone, bytes stay as they are")
    func json() throws {
        #expect(try event("json", "7", #"{"a" : 1.50}"#) == put("7", #"{"a" : 1.50}"#))
        #expect(try event("json", "a b\"", #"{"a":1}"#) == put("a b\"", #"{"a":1}"#))
        #expect(try event("json", #""7""#, #"{"a":1}"#) == put("7", #"{"a":1}"#))
        #expect(try event("json", "7", nil) == .delete(id: "7"))
        #expect(try event("json", "7", "null") == .delete(id: "7"))
        #expect(
            try event("json", nil, #"{"a":1,"b":"x|y"}"#, keys: "a,b")
                == put("1|x%7Cy", #"{"a":1,"b":"x|y"}"#))
        #expect(try event("json", #"{"a":1}"#, nil, keys: "a") == .delete(id: "1"))
        #expect(
            try event("json", "7", #"{"a":1,"b":2,"c":3}"#, columns: "c:z,a")
                == put("7", #"{"z":3,"a":1}"#))
        for (key, value) in [("7", "[1]"), ("7", "x"), (nil, #"{"a":1}"#), (nil, nil)]
            as [(String?, String?)]
        {
            #expect(throws: RecordMapping.Refusal.self) { try event("json", key, value) }
        }
    }

    @Test("envelopes of Debezium, with and without their schema")
    func debezium() throws {
        let row = #"{"id":5,"name":"naïve","price":"AfQ="}"#
        for (key, open, close) in [
            (#"{"id":5}"#, "", ""),
            (
                #"{"schema":{"type":"struct"},"payload":{"id":5}}"#, #"{"schema":null,"payload":"#,
                "}"
            ),
        ] {
            for op in ["c", "r", "u"] {
                #expect(
                    try event(
                        "debezium", key,
                        open + #"{"before":null,"after":\#(row),"op":"\#(op)","ts_ms":1}"# + close)
                        == put("5", row))
            }
            #expect(
                try event(
                    "debezium", key, open + #"{"before":\#(row),"after":null,"op":"d"}"# + close)
                    == .delete(id: "5"))
        }
        #expect(try event("debezium", #"{"id":5}"#, nil) == .delete(id: "5"))
        #expect(try event("debezium", nil, #"{"op":"t"}"#) == .deleteAll)
        #expect(try event("debezium", nil, #"{"op":"m","message":{}}"#) == .nothing)
        #expect(try event("debezium", nil, #"{"status":"BEGIN","id":"1"}"#) == .nothing)
        #expect(try event("debezium", nil, #"{"ts_ms":1}"#) == .nothing)
        #expect(
            try event("debezium", nil, #"{"before":{"a":1,"b":true},"op":"d"}"#, keys: "a,b")
                == .delete(id: "1|true"))
        #expect(
            try event("debezium", #"{"o":"x","n":2}"#, #"{"after":{"z":1},"op":"c"}"#)
                == put("x|2", #"{"z":1}"#))
        for value in [
            #"{"op":"c"}"#, #"{"op":"q","after":{}}"#, #"{"x":1}"#, #"{"op":"d"}"#,
            #"{"op":"c","after":{"a":{}}}"#,
        ] {
            #expect(throws: RecordMapping.Refusal.self) {
                try event("debezium", nil, value, keys: "a")
            }
        }
    }
}
