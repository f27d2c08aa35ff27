import Glibc
import Testing
import TrawlTestKit

@testable import TrawlHTTP

/// Echoes what it was asked, so that tests see what arrived.
private struct Echo: HTTPHandler {
    var delay: UInt32 = 0

    func lane(for request: HTTPRequest) -> HTTPLane {
        request.path == "/now" ? .immediate : request.path == "/search" ? .search : .write
    }

    func respond(to request: HTTPRequest) -> HTTPResponse {
        if request.path == "/search" { usleep(delay) }
        let text =
            "\(request.method.rawValue) \(request.segments) "
            + request.parameters.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
            + " \(request.body.count) "
        return HTTPResponse(
            status: 200, headers: [("X-Echo", "yes")], body: Array(text.utf8) + request.body)
    }

    func refusal(of request: HTTPRequest, lane: HTTPLane) -> HTTPResponse {
        HTTPResponse(status: 429)
    }

    func rejection(_ error: HTTPError, method: String, target: String) -> HTTPResponse {
        let isLarge = if case .bodyTooLarge = error.problem { true } else { false }
        return HTTPResponse(status: isLarge ? 413 : 400, body: Array(error.description.utf8))
    }
}

extension HTTPClient {
    /// `send` with an untyped throw, which `#expect` takes.
    fileprivate func ask(
        _ method: HTTPRequest.Method, _ target: String,
        headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) throws -> HTTPResponse { try send(method, target, headers: headers, body: body) }
}

@Suite("MicrohttpdServer", .serialized)
struct MicrohttpdServerTests {
    private func serving(
        _ limits: HTTPLimits = HTTPLimits(), delay: UInt32 = 0,
        _ body: (MicrohttpdServer, HTTPClient) throws -> Void
    ) throws {
        let server = try MicrohttpdServer(
            host: "127.0.0.1", port: 0, limits: limits, handler: Echo(delay: delay))
        defer { server.stop(within: .seconds(5)) }
        try body(server, HTTPClient(base: "127.0.0.1:\(server.port)"))
    }

    private func text(_ response: HTTPResponse) -> String {
        String(decoding: response.body, as: UTF8.self)
    }

    @Test("path, parameters and body arrive decoded, an encoded slash within its segment")
    func arrival() throws {
        try serving { _, client in
            let answer = try client.ask(.post, "/a%2Fb/%E5%85%A8?q=x+y%26z&q2", body: [104, 105])
            #expect(answer.status == 200)
            #expect(answer.header("x-echo") == "yes")
            #expect(text(answer) == #"POST ["a/b", "全"] q=x y&z&q2= 2 hi"#)
            #expect(text(try client.ask(.get, "/now")) == #"GET ["now"]  0 "#)
            #expect(text(try client.ask(.get, "/x", body: [65])) == #"GET ["x"]  1 A"#)
            try #expect(client.ask(.head, "/x").body.isEmpty)
        }
    }

    @Test("a broken escape and bytes that are not UTF-8 are refused, and the server goes on")
    func brokenTargets() throws {
        try serving { _, client in
            try #expect(client.ask(.get, "/a%2").status == 400)
            try #expect(client.ask(.get, "/%FF%FE").status == 400)
            try #expect(client.ask(.get, "/a?x=%zz").status == 400)
            try #expect(client.ask(.get, "/now").status == 200)
        }
    }

    @Test("bodies over the limit are refused, announced or not, large ones under it pass")
    func bodyLimit() throws {
        var limits = HTTPLimits()
        limits.bodyByteCount = 1 << 20
        try serving(limits) { server, client in
            let fits = [UInt8](repeating: 65, count: 1 << 20)
            try #expect(client.ask(.post, "/x", body: fits).body.count > 1 << 20)
            let raw = RawConnection(port: server.port)
            raw.say("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n")
            #expect(raw.hear(until: "\r\n").contains("413"))
            raw.hangUp()
            let chunked = RawConnection(port: server.port)
            chunked.say("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            let piece = "10000\r\n" + String(repeating: "b", count: 0x10000) + "\r\n"
            for _ in 0..<20 { chunked.say(piece) }
            chunked.say("0\r\n\r\n")
            #expect(chunked.hear(until: "limit").contains("413"))
            chunked.hangUp()
        }
    }

    @Test("compressed bodies are read; a bomb, a cut and a lie are refused")
    func compressed() throws {
        var limits = HTTPLimits()
        limits.bodyByteCount = 1 << 20
        try serving(limits) { _, client in
            let gzip = [(name: "Content-Encoding", value: "gzip")]
            let packed = try #require(Gzip.deflate(Array("hello hello hello".utf8)))
            let answer = try client.ask(.post, "/x", headers: gzip, body: packed)
            #expect(text(answer).hasSuffix("17 hello hello hello"))
            let bomb = try #require(Gzip.deflate([UInt8](repeating: 0, count: 64 << 20)))
            #expect(bomb.count < 1 << 20)
            try #expect(client.ask(.post, "/x", headers: gzip, body: bomb).status == 413)
            let cut = Array(packed.dropLast(6))
            try #expect(client.ask(.post, "/x", headers: gzip, body: cut).status == 400)
            try #expect(client.ask(.post, "/x", headers: gzip, body: [1, 2]).status == 400)
            let large = Array(repeating: UInt8(97), count: 50_000)
            try #expect(client.ask(.post, "/x", body: large).body.count > 50_000)
        }
    }

    @Test("answers are compressed for those who accept it")
    func compressedAnswers() throws {
        try serving { server, _ in
            let raw = RawConnection(port: server.port)
            let body = String(repeating: "a", count: 5000)
            raw.say(
                "POST /x HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, deflate\r\n"
                    + "Content-Length: 5000\r\n\r\n\(body)")
            let head = raw.hear(until: "\r\n\r\n")
            #expect(head.contains("Content-Encoding: gzip"))
            raw.hangUp()
        }
    }

    @Test("a client that asks first is told to go on, and pipelined requests keep their order")
    func expectAndPipelining() throws {
        try serving { server, _ in
            let raw = RawConnection(port: server.port)
            raw.say(
                "PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            #expect(raw.hear(until: "\r\n\r\n").contains("100 Continue"))
            raw.say("abc")
            #expect(raw.hear(until: "3 abc").contains("200 OK"))
            raw.say(
                "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
            let heard = raw.hear(until: #"["3"]"#)
            let first = try #require(heard.firstRange(of: #"["1"]"#)).lowerBound
            let second = try #require(heard.firstRange(of: #"["2"]"#)).lowerBound
            let third = try #require(heard.firstRange(of: #"["3"]"#)).lowerBound
            #expect(first < second && second < third)
            raw.hangUp()
        }
    }

    @Test("headers over the limit are refused")
    func headerLimit() throws {
        try serving { server, client in
            let raw = RawConnection(port: server.port)
            raw.say("GET /x HTTP/1.1\r\nHost: a\r\n")
            for i in 0..<200 {
                if !raw.say("X-\(i): " + String(repeating: "h", count: 1000) + "\r\n") { break }
            }
            let heard = raw.hear(until: "\r\n")
            #expect(heard.isEmpty || heard.contains(" 431 ") || heard.contains(" 413 "))
            raw.hangUp()
            try #expect(client.ask(.get, "/now").status == 200)
        }
    }

    @Test("a full lane refuses at once, and the other lanes go on")
    func fullLane() throws {
        var limits = HTTPLimits()
        limits.searchThreads = 1
        limits.searchQueue = 2
        try serving(limits, delay: 300_000) { server, client in
            let connections = (0..<8).map { _ in RawConnection(port: server.port) }
            for connection in connections {
                connection.say("GET /search HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            let started = ContinuousClock.now
            try #expect(client.ask(.get, "/other").status == 200)
            #expect(ContinuousClock.now - started < .milliseconds(250))
            let heard = connections.map { $0.hear(until: "\r\n\r\n") }
            let refused = heard.count { $0.contains(" 429 ") }
            #expect(refused >= 5 && refused < 8)
            #expect(heard.count { $0.contains("200 OK") } == 8 - refused)
            for connection in connections { connection.hangUp() }
        }
    }

    @Test("stopping finishes what is under way and refuses what comes after")
    func gracefulStop() throws {
        let server = try MicrohttpdServer(
            host: "127.0.0.1", port: 0, handler: Echo(delay: 200_000))
        let raw = RawConnection(port: server.port)
        raw.say("GET /search HTTP/1.1\r\nHost: a\r\n\r\n")
        usleep(50_000)
        server.stop(within: .seconds(5))
        let heard = raw.hear(until: "search")
        #expect(heard.contains("200 OK"))
        raw.hangUp()
        let client = HTTPClient(base: "127.0.0.1:\(server.port)")
        #expect(throws: HTTPError.self) { try client.ask(.get, "/now") }
    }

    @Test("a port in use is an error that names it")
    func portInUse() throws {
        try serving { server, _ in
            let error = #expect(throws: HTTPError.self) {
                try MicrohttpdServer(host: "127.0.0.1", port: server.port, handler: Echo())
            }
            #expect(error?.description.contains("\(server.port)") == true)
        }
    }
}
