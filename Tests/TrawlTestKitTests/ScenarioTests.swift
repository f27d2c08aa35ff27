import Testing
import TrawlTestKit

@Suite("Scenario runner")
struct ScenarioRunnerTests {
    private let file = Array(
        #"""
        {"name": "counter", "steps": [
          {"do": "PUT /n/1", "body": {"n": 7}, "status": 201, "expect": {"id": {"$set": "id"}}},
          {"do": "GET /n/${id}", "header": {"X-Kind": "number"}, "text": "seven|7",
           "expect": {"n": 7.0, "list.1": "b", "list": {"$length": 2}, "gone": {"$exists": false},
                      "name": {"$match": "^s.*n$"}, "id": "${id}", "n2": {"$gte": 3}}}
        ]}
        """#.utf8)

    private func answer(_ request: Scenario.Request, _ second: String) -> Scenario.Answer {
        if request.method == "PUT" {
            return .init(status: 201, headers: [], body: Array(#"{"id": "x9"}"#.utf8))
        }
        return .init(
            status: request.target == "/n/x9" ? 200 : 404, headers: [("x-kind", "number")],
            body: Array(second.utf8))
    }

    @Test("requests are sent as written, with what was kept, and every check holds")
    func holds() throws {
        var requests: [Scenario.Request] = []
        try Scenario(file: file, name: "file").run { request in
            requests.append(request)
            return answer(
                request, #"{"n": 7, "list": ["a", "b"], "name": "seven", "id": "x9", "n2": 3}"#)
        }
        #expect(requests.map(\.target) == ["/n/1", "/n/x9"])
        #expect(String(decoding: requests[0].body, as: UTF8.self) == #"{"n":7}"#)
        #expect(requests[0].headers.map(\.name) == ["Content-Type"])
    }

    @Test(
        "an answer that differs in one place fails at its step, with the place",
        arguments: [
            ("n", #"{"n": 8, "list": ["a", "b"], "name": "seven", "id": "x9", "n2": 3, "s": 7}"#),
            ("list", #"{"n": 7, "list": ["a", "b", "c"], "name": "seven", "id": "x9", "n2": 3}"#),
            (
                "gone",
                #"{"n": 7, "list": ["a", "b"], "name": "seven", "id": "x9", "n2": 3, "gone": 1}"#
            ),
            ("name", #"{"n": 7, "list": ["a", "b"], "name": "even", "id": "x9", "n2": 3}"#),
            ("id", #"{"n": 7, "list": ["a", "b"], "name": "seven", "id": "x8", "n2": 3}"#),
            ("n2", #"{"n": 7, "list": ["a", "b"], "name": "seven", "id": "x9", "n2": 2}"#),
            ("text", #"{"n": 8}"#),
        ])
    func fails(_ place: String, _ second: String) throws {
        let scenario = try Scenario(file: file, name: "file")
        let failure = #expect(throws: Scenario.Failure.self) {
            try scenario.run { answer($0, second) }
        }
        #expect(failure?.description.hasPrefix("step 1 (GET /n/x9)") == true)
        #expect(failure?.description.contains(place) == true)
    }
}
