import Foundation
import Testing
import TrawlFiles
import TrawlHTTP
import TrawlJSON
import TrawlNode

@Suite("The log over HTTP")
struct LogOverHTTPTests {
    private struct Client {
        let http: HTTPClient

        func ask(
            _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil
        ) throws -> (status: Int, value: JSONValue) {
            let answer = try http.send(
                method, path, headers: [(name: "Content-Type", value: "application/json")],
                body: body?.serialized() ?? [])
            return (answer.status, try JSONValue.parse(answer.body))
        }

        func wait(_ what: String, _ condition: () throws -> Bool) throws {
            let deadline = ContinuousClock.now + .seconds(20)
            while !(try condition()) {
                try #require(ContinuousClock.now < deadline, "waited in vain: \(what)")
                usleep(5000)
            }
        }

        /// Until everything that is in the topic is delivered.
        func settle(_ route: String) throws {
            try wait("the route \(route) is at the end") {
                let routes = try ask(.get, "/_trawl/log/routes").value["routes"]?.arrayValue
                let mine = routes?.first { $0["route"]?.stringValue == route }
                return mine?["deliveries"]?.arrayValue?.allSatisfy { $0["lag"] == 0 } ?? false
            }
        }
    }

    private func with(
        _ store: MemoryFileStore = MemoryFileStore(), _ body: (Client) throws -> Void
    ) throws {
        let node = try Node(NodeConfiguration(host: "127.0.0.1", port: 0), store: store)
        defer { node.stop() }
        try body(Client(http: HTTPClient(base: node.url)))
    }

    @Test("topics are made and described; what is wrong is said with its status")
    func topics() throws {
        try with { client in
            let wanted: JSONValue = [
                "partitions": 2, "retention": ["hours": 1, "bytes": 1000], "compact": true,
            ]
            #expect(try client.ask(.put, "/_trawl/log/topics/t", wanted).status == 200)
            #expect(try client.ask(.put, "/_trawl/log/topics/t", wanted).status == 409)
            #expect(try client.ask(.put, "/_trawl/log/topics/u", ["partitons": 2]).status == 400)
            #expect(try client.ask(.put, "/_trawl/log/topics/%C3%A4").status == 400)
            let about = try client.ask(.get, "/_trawl/log/topics/t").value
            #expect(about["retention"] == ["hours": 1, "bytes": 1000])
            #expect(about["partitions"]?.arrayValue?.count == 2)
            #expect(
                try client.ask(.get, "/_trawl/log").value["topics"]
                    == [["topic": "t", "partitions": 2]])
            #expect(try client.ask(.get, "/_trawl/log/topics/none").status == 404)
            #expect(try client.ask(.delete, "/_trawl/log/topics/t").status == 200)
            #expect(try client.ask(.get, "/_trawl/log/topics/t").status == 404)
        }
    }

    @Test("a producer's batch that comes again is answered as before and not written again")
    func idempotence() throws {
        let store = MemoryFileStore()
        func batch(_ sequence: Int, _ values: [JSONValue]) -> JSONValue {
            [
                "producer": ["id": 7, "epoch": 0, "sequence": JSONValue(sequence)],
                "records": .array(values.map { ["key": "k", "value": $0] }),
            ]
        }
        let path = "/_trawl/log/topics/t/records"
        var first: JSONValue?
        try with(store) { client in
            _ = try client.ask(.put, "/_trawl/log/topics/t")
            first = try client.ask(.post, path, batch(0, ["a", "b"])).value
            #expect(try client.ask(.post, path, batch(0, ["a", "b"])).value == first)
            #expect(try client.ask(.post, path, batch(5, ["x"])).status == 409)
        }
        try with(store) { client in
            #expect(try client.ask(.post, path, batch(0, ["a", "b"])).value == first)
            let next = try client.ask(.post, path, batch(2, [["n": 1]])).value
            #expect(next["written"]?[0]?["first_offset"] == 2)
            let read = try client.ask(.get, path + "?offset=1").value
            let values = read["records"]?.arrayValue?.map { $0["value"] }
            #expect(values == ["b", "{\"n\":1}"])
            #expect(read["next_offset"] == 3)
            #expect(try client.ask(.get, path + "?offset=9").status == 404)
        }
    }

    @Test("bytes that are no text go through whole")
    func bytes() throws {
        try with { client in
            _ = try client.ask(.put, "/_trawl/log/topics/t")
            let path = "/_trawl/log/topics/t/records"
            for text in ["/w==", "/wA=", "/wAB", "gAECAw=="] {
                let record: JSONValue = ["value_base64": .string(text), "headers": ["h": "v"]]
                #expect(try client.ask(.post, path, ["records": [record]]).status == 200)
            }
            let bad: JSONValue = ["records": [["value_base64": "/w"]]]
            #expect(try client.ask(.post, path, bad).status == 400)
            let records = try client.ask(.get, path).value["records"]?.arrayValue ?? []
            #expect(
                records.map { $0["value_base64"]?.stringValue }
                    == ["/w==", "/wA=", "/wAB", "gAECAw=="])
            #expect(records.first?["headers"] == ["h": "v"])
        }
    }

    @Test("a reader that waits is woken by what comes, and a wait ends")
    func longPoll() throws {
        try with { client in
            _ = try client.ask(.put, "/_trawl/log/topics/t")
            let path = "/_trawl/log/topics/t/records"
            let began = ContinuousClock.now
            let empty = try client.ask(.get, path + "?offset=0&wait=100ms").value
            #expect(empty["records"] == [])
            #expect(ContinuousClock.now - began >= .milliseconds(90))
            let thread = Thread {
                usleep(200_000)
                _ = try? client.ask(.post, path, ["records": [["value": "news"]]])
            }
            thread.start()
            let woken = try client.ask(.get, path + "?offset=0&wait=20s").value
            #expect(woken["records"]?[0]?["value"] == "news")
            #expect(ContinuousClock.now - began < .seconds(10))
        }
    }

    @Test("a group goes on where it committed, and its lag is told")
    func groups() throws {
        let store = MemoryFileStore()
        let topic = "/_trawl/log/topics/t"
        try with(store) { client in
            _ = try client.ask(.put, topic)
            let records: [JSONValue] = (0..<5).map { ["value": JSONValue("\($0)")] }
            _ = try client.ask(.post, topic + "/records", ["records": .array(records)])
            let offsets: JSONValue = ["offsets": ["0": 3]]
            #expect(try client.ask(.put, topic + "/groups/g", offsets).status == 200)
            let beyond: JSONValue = ["offsets": ["0": 6]]
            #expect(try client.ask(.put, topic + "/groups/g", beyond).status == 404)
        }
        try with(store) { client in
            let group = try client.ask(.get, topic + "/groups/g").value
            #expect(group["offsets"] == ["0": 3] && group["lag"] == ["0": 2])
            let read = try client.ask(.get, topic + "/records?group=g").value
            #expect(read["records"]?[0]?["value"] == "3")
            #expect(try client.ask(.delete, topic + "/groups/g").status == 200)
            #expect(try client.ask(.get, topic + "/groups/g").status == 404)
        }
    }

    @Test("records become documents by their routes; what the index refuses is mended and replayed")
    func routes() throws {
        try with { client in
            let mapping: JSONValue = ["mappings": ["properties": ["n": ["type": "long"]]]]
            _ = try client.ask(.put, "/eu", mapping)
            _ = try client.ask(.put, "/_trawl/log/topics/orders")
            let route: JSONValue = ["topic": "orders", "index": ["eu", "all"], "pattern": "eu.*"]
            #expect(try client.ask(.put, "/_trawl/log/routes/r", route).status == 200)
            let two: JSONValue = ["topic": "orders", "index": "x", "pattern": "a", "exact": "b"]
            #expect(try client.ask(.put, "/_trawl/log/routes/bad", two).status == 400)
            let lost: JSONValue = ["topic": "lost", "index": "x"]
            #expect(try client.ask(.put, "/_trawl/log/routes/bad", lost).status == 404)
            func record(_ key: String, _ value: JSONValue, _ route: String) -> JSONValue {
                ["key": .string(key), "value": value, "headers": ["route": .string(route)]]
            }
            _ = try client.ask(
                .post, "/_trawl/log/topics/orders/records",
                [
                    "records": [
                        record("1", ["n": 1], "eu.de"), record("2", ["n": "none"], "eu.fr"),
                        record("3", ["n": 3], "us.ny"), record("4", ["n": 4], "eu.it"),
                        record("4", nil, "eu.it"),
                    ]
                ])
            try client.settle("r")
            #expect(try client.ask(.get, "/eu/_doc/1").status == 200)
            #expect(try client.ask(.get, "/all/_doc/3").status == 404)
            #expect(try client.ask(.get, "/eu/_doc/4").status == 404)
            // The index that has no mapping yet takes a number from the first document.
            let letters = try client.ask(.get, "/_trawl/log/letters").value["letters"]
            let names = letters?.arrayValue?.map { $0["letter"]?.stringValue }
            #expect(names == ["topic:orders/0/0", "topic:orders/0/1"])
            #expect(letters?[0]?["record"]?["value"] == "{\"n\":\"none\"}")
            let one = "/_trawl/log/letters/topic%3Aorders/0/0"
            #expect(try client.ask(.post, one + "/_replay").value["result"] == "refused")
            let mend = try client.ask(.post, one + "/_mend", ["document": ["n": 2]])
            #expect(mend.status == 200 && mend.value["tries"] == 1)
            #expect(try client.ask(.post, one + "/_replay").value["result"] == "created")
            #expect(try client.ask(.post, one + "/_replay").status == 409)
            let index = letters?[0]?["index"]?.stringValue ?? ""
            let found = try client.ask(.get, "/\(index)/_doc/2").value
            #expect(found["_source"] == ["n": 2])
            let rest = try client.ask(.post, "/_trawl/log/letters/topic%3Aorders/_discard")
            #expect(rest.value["results"]?.arrayValue?.count == 1)
            #expect(
                try client.ask(.get, "/_trawl/log/letters").value["letters"] == [])
            #expect(try client.ask(.delete, "/_trawl/log/topics/orders").status == 400)
            #expect(try client.ask(.delete, "/_trawl/log/routes/r").status == 200)
        }
    }

    @Test("a change that failed when it was applied is mended and applied once, also after a crash")
    func letters() throws {
        let store = MemoryFileStore()
        try with(store) { client in
            let answer = try client.http.send(
                .post, "/notes/_bulk", headers: [("Content-Type", "application/x-ndjson")],
                body: Array(
                    """
                    {"index": {"_id": "1"}}
                    {"n": 1}
                    {"update": {"_id": "1"}}
                    {"script": "ctx._source.n.x.y = 1"}

                    """.utf8))
            #expect(try JSONValue.parse(answer.body)["errors"] == true)
            let one = "/_trawl/log/letters/notes/0/0"
            let letter = try client.ask(.get, one).value
            #expect(letter["record"]?["headers"]?["op"] == "update", "\(letter)")
            #expect(try client.ask(.get, "/_trawl/log/letters/none").status == 404)
            #expect(try client.ask(.get, "/_trawl/log/letters/notes/0/9").status == 404)
            let bad: JSONValue = ["request": ["op": "upset"]]
            #expect(try client.ask(.post, one + "/_mend", bad).status == 400)
            let request: JSONValue = [
                "request": ["body": ["script": "ctx._source.n += 10"]]
            ]
            #expect(try client.ask(.post, one + "/_mend", request).status == 200)
        }
        store.disk.cutPower()
        try with(store) { client in
            let all = try client.ask(.post, "/_trawl/log/letters/notes/_replay").value
            #expect(all["results"]?[0]?["result"] == "updated", "\(all)")
            #expect(try client.ask(.get, "/notes/_doc/1").value["_source"] == ["n": 11])
            let again = try client.ask(.post, "/_trawl/log/letters/notes/_replay").value
            #expect(again["results"] == [])
        }
        store.disk.cutPower()
        try with(store) { client in
            #expect(try client.ask(.get, "/notes/_doc/1").value["_source"] == ["n": 11])
            let all = try client.ask(.get, "/_trawl/log/letters/notes?all").value["letters"]
            #expect(all?.arrayValue?.map { $0["status"] } == ["replayed"])
        }
    }
}
