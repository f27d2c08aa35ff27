internal import Foundation
internal import TrawlJSON

/// A scenario: requests in their order, and what their answers have to hold.
///
///     {"name": "…", "steps": [
///       {"do": "PUT /i/_doc/1?refresh", "body": {…}, "headers": {…},
///        "status": 201, "expect": {"result": "created", "hits.hits.0._id": "1"}}]}
///
/// `body` is JSON, or a list of JSON lines under `ndjson`, or text under `raw`. Keys of `expect`
/// are paths with dots, list elements by number; a dot within a name is written `\.`. A value
/// that is an object with one key `$…` is a check: `$exists`, `$length`, `$match` (a regular
/// expression), `$gte`, `$lte`, `$set` (keeps the value for later as `${name}`).
package struct Scenario {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    package struct Request {
        package var method: String
        package var target: String
        package var headers: [(name: String, value: String)]
        package var body: [UInt8]
    }

    package struct Answer {
        package var status: Int
        package var headers: [(name: String, value: String)]
        package var body: [UInt8]

        package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    package let name: String
    private let steps: [JSONValue]

    package init(file: [UInt8], name: String) throws {
        let value = try JSONValue.parse(file)
        self.name = value["name"]?.stringValue ?? name
        steps = value["steps"]?.arrayValue ?? []
    }

    /// Runs the steps against a server.
    package func run(_ send: (Request) throws -> Answer) throws {
        var kept: [String: String] = [:]
        for (place, step) in steps.enumerated() {
            let known = kept
            func fill(_ text: String) -> String {
                known.reduce(text) { $0.replacing("${\($1.key)}", with: $1.value) }
            }
            let line = fill(step["do"]?.stringValue ?? "")
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw Failure(description: "step \(place): no request in \"\(line)\"")
            }
            var headers = (step["headers"]?.objectValue ?? [:]).map {
                (name: $0.key, value: $0.value.stringValue ?? "")
            }
            var body: [UInt8] = []
            if let raw = step["raw"]?.stringValue {
                body = Array(fill(raw).utf8)
            } else if let lines = step["ndjson"]?.arrayValue {
                body = Array(fill(lines.map { $0.description + "\n" }.joined()).utf8)
            } else if let json = step["body"] {
                body = Array(fill(json.description).utf8)
            }
            if !body.isEmpty, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                headers.append(("Content-Type", "application/json"))
            }
            let response = try send(
                Request(method: parts[0], target: parts[1], headers: headers, body: body))
            let text = String(decoding: response.body, as: UTF8.self)
            func fail(_ what: String) -> Failure {
                Failure(
                    description:
                        "step \(place) (\(line)): \(what)\n  answer: \(response.status) \(text.prefix(2000))"
                )
            }
            let status = step["status"]?.intValue ?? 200
            if response.status != status { throw fail("status is not \(status)") }
            for (name, value) in step["header"]?.objectValue ?? [:] {
                if response.header(name) != value.stringValue {
                    throw fail("header \(name) is \(response.header(name) ?? "missing")")
                }
            }
            if let pattern = step["text"]?.stringValue {
                if text.range(of: pattern, options: .regularExpression) == nil {
                    throw fail("text does not match \(pattern)")
                }
            }
            guard let expect = step["expect"]?.objectValue else { continue }
            guard let answer = try? JSONValue.parse(response.body) else {
                throw fail("answer is no JSON")
            }
            for (path, wanted) in expect {
                let path = fill(path)
                let found = Self.find(answer, path)
                if let problem = Self.check(found, wanted, &kept, fill) {
                    throw fail("\(path): \(problem)")
                }
            }
        }
    }

    private static func find(_ value: JSONValue, _ path: String) -> JSONValue? {
        var current: JSONValue? = value
        if path.isEmpty { return value }
        for step in path.replacing("\\.", with: "\u{1}").split(separator: ".") {
            let name = step.replacing("\u{1}", with: ".")
            if case .array = current, let place = Int(name) {
                current = current?[place]
            } else {
                current = current?[String(name)]
            }
        }
        return current
    }

    private static func check(
        _ found: JSONValue?, _ wanted: JSONValue, _ kept: inout [String: String],
        _ fill: (String) -> String
    ) -> String? {
        let shown = found?.description ?? "nothing"
        if let object = wanted.objectValue, object.count == 1,
            let (key, value) = object.members.first,
            key.hasPrefix("$")
        {
            switch key {
            case "$exists":
                return (found != nil) == (value == true) ? nil : "found \(shown)"
            case "$length":
                let count =
                    found?.arrayValue?.count ?? found?.objectValue?.count
                    ?? found?.stringValue?.count
                return count == value.intValue ? nil : "has \(count ?? -1) elements: \(shown)"
            case "$match":
                let text = found?.stringValue ?? shown
                return text.range(of: value.stringValue!, options: .regularExpression) != nil
                    ? nil : "\(shown) does not match \(value)"
            case "$gte":
                return (found?.doubleValue ?? -.infinity) >= value.doubleValue!
                    ? nil : "is \(shown)"
            case "$lte":
                return (found?.doubleValue ?? .infinity) <= value.doubleValue! ? nil : "is \(shown)"
            case "$near":
                return abs((found?.doubleValue ?? .infinity) - value.doubleValue!) < 1e-4
                    ? nil : "is \(shown)"
            case "$same":
                let known = fill("${\(value.stringValue!)}")
                return known == shown ? nil : "is \(shown), not \(known)"
            case "$set":
                guard let found else { return "nothing to keep" }
                kept[value.stringValue!] = found.stringValue ?? found.description
                return nil
            default: return "unknown check \(key)"
            }
        }
        if case .string(let text) = wanted, fill(text) != text {
            return found == .string(fill(text)) ? nil : "is \(shown), not \(fill(text))"
        }
        guard let found else { return wanted.isNull ? nil : "missing, wanted \(wanted)" }
        return same(found, wanted) ? nil : "is \(shown), not \(wanted)"
    }

    /// Numbers are equal by value: 1.0 and 1 are.
    private static func same(_ a: JSONValue, _ b: JSONValue) -> Bool {
        switch (a, b) {
        case (.number(let x), .number(let y)): x == y || x.double == y.double
        case (.array(let x), .array(let y)):
            x.count == y.count && zip(x, y).allSatisfy(same)
        case (.object(let x), .object(let y)):
            x.count == y.count
                && x.allSatisfy { key, value in y[key].map { same(value, $0) } ?? false }
        default: a == b
        }
    }
}
